"""What Prometheus is told of callers who keep the place and are called back."""

import pytest

from tests.unit.domain.callbacks import TERMS, CallbackCentre
from tests.unit.observed import ObservedCentre

pytestmark = pytest.mark.unit


class ObservedCallbacks(CallbackCentre, ObservedCentre):
    """A queue that calls back, seen by the observer. Its one agent talks to begin with."""

    def __init__(self) -> None:
        ObservedCentre.__init__(self, "1000", callback=TERMS)
        self.log_on("1000")
        self.answer(self.enter())


def test_who_is_to_be_called_back_is_counted_apart() -> None:
    observed = ObservedCallbacks()
    observed.kept()
    observed.waiting()
    assert observed.support("ivr_callbacks_waiting") == 1
    assert observed.support("ivr_callers_waiting") == 1


def test_the_wait_on_the_line_ends_when_the_caller_hangs_up() -> None:
    observed = ObservedCallbacks()
    call = observed.waiting()
    observed.after(7)
    observed.keys(call, "2#1")
    observed.hang_up(call)
    assert observed.support("ivr_wait_seconds_sum", result="kept") == 7
    observed.after(600)
    assert observed.support("ivr_longest_wait_seconds") == 0


def test_who_is_called_back_and_connected_has_waited_once() -> None:
    observed = ObservedCallbacks()
    call = observed.called()
    observed.customer_answers(call)
    observed.keys(call, "1")
    observed.talk(call)
    assert observed.support("ivr_calls_total", outcome="completed") == 2
    assert observed.support("ivr_wait_seconds_count", result="answered") == 1
    assert observed.support("ivr_wait_seconds_count", result="kept") == 1
    assert observed.support("ivr_callbacks_waiting") == 0


def test_who_is_not_reached_has_an_outcome_of_its_own() -> None:
    observed = ObservedCallbacks()
    call = observed.called()
    observed.customer_hangs_up(call)
    observed.after(60)
    observed.customer_hangs_up(call)
    assert observed.support("ivr_calls_total", outcome="unreached") == 1
    assert observed.support("ivr_wait_seconds_count", result="abandoned") == 0
