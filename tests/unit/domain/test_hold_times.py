"""How long callers wait on average, which is said to those who wait."""

from datetime import timedelta

import pytest

from component.domain.events import NotConnected
from component.domain.hold_times import COUNTED, HoldTime, average
from tests.unit.domain.call_centre import SUPPORT, CallCentre
from tests.unit.domain.transfers import FIRST, SECOND, blind, talking

pytestmark = pytest.mark.unit


def held(*seconds: int) -> list[HoldTime]:
    return [HoldTime("any", some) for some in seconds]


def test_a_new_hold_time_counts_for_a_quarter() -> None:
    assert average(held(40, 80)) == 50
    assert average(held(40, 80, 8)) == 39


def test_the_first_hold_time_is_all_that_is_known() -> None:
    assert average(held()) == 0
    assert average(held(40)) == 40


def test_the_average_is_of_those_who_were_answered() -> None:
    centre = CallCentre(["1000"])
    centre.log_on("1000")
    for wait in (12, 4):
        call = centre.enter()
        centre.after(wait)
        centre.talk(call)
    assert centre.state.holdtime(SUPPORT.name) == (3 * 12 + 4) // 4


def test_only_those_who_were_answered_last_are_kept_in_mind() -> None:
    centre = CallCentre(["1000"])
    centre.log_on("1000")
    calls = []
    for _ in range(COUNTED + 1):
        calls.append(centre.enter())
        centre.talk(calls[-1])
    assert [one.call_id for one in centre.state.holdtimes["support"]] == calls[1:]


def test_who_could_not_be_connected_is_counted_once_somebody_hears_him() -> None:
    centre = CallCentre(["1000", "2000"], timeout=timedelta(seconds=60))
    centre.log_on("1000", "2000")
    call = centre.enter()
    centre.after(40)
    centre.answer(call)
    assert centre.state.holdtime("support") == 40

    centre.take(NotConnected(centre.call(call).leg))
    assert centre.state.holdtime("support") == 0
    centre.after(8)
    centre.answer(call)
    assert centre.state.holdtime("support") == 48


def test_who_has_talked_before_was_counted_then_whatever_comes_of_another_talk() -> None:
    centre = talking("2000")
    counted = centre.state.holdtimes["support"]
    blind(centre)
    centre.leg_ends(FIRST)
    centre.answer("call1")
    centre.take(NotConnected(SECOND))
    assert centre.state.holdtimes["support"] == counted != ()
