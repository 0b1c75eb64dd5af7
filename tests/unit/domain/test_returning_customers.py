"""A customer who was called back is passed on to a queue: what was asked for counts on."""

from dataclasses import replace

import pytest

from component.domain.commands import CallCustomer
from component.domain.events import BlindTransfer, CallbackExpired, CallerEntered, NumberLookedUp
from component.domain.kept_place import Asked
from component.domain.model import Caller
from component.domain.words import CallState, Outcome
from tests.unit.domain.callbacks import TERMS, CallbackCentre

pytestmark = pytest.mark.unit

CUSTOMER = "5550142"
OURS = Caller("5550199", "Support")
"""What the customer's phone shows; Asterisk then takes it for the customer's number."""


def passed_on(per_day: int) -> tuple[CallbackCentre, str]:
    """A customer who was called back, talked, and waits again, as nobody else is there."""
    centre = CallbackCentre(callback=replace(TERMS, per_day=per_day))
    call = centre.called(CUSTOMER)
    centre.customer_answers(call)
    centre.keys(call, "1")
    centre.answer(call)
    leg, channel = centre.call(call).leg, centre.call(call).channel
    centre.take(BlindTransfer(leg, "5000", "from-phones"))
    centre.take(NumberLookedUp(leg, "5000", "from-phones", exists=True))
    centre.leg_ends(leg)
    centre.state.forget_ended(list(centre.state.calls.values()))
    centre.take(CallerEntered("new", "support", channel, OURS))
    assert centre.call(call).state is CallState.WAITING
    return centre, call


def test_who_that_is_does_not_change_by_our_having_called() -> None:
    centre, call = passed_on(per_day=2)

    assert centre.call(call).caller == Caller(CUSTOMER)


def test_what_was_asked_for_goes_with_the_call_and_is_counted_with_what_is_asked_next() -> None:
    centre, call = passed_on(per_day=2)
    first = Asked(call, CUSTOMER, CUSTOMER, centre.now)
    assert centre.call(call).asked == (first,)
    centre.after(1)
    centre.keys(call, "2#1")

    asked = (first, replace(first, at=centre.now))
    assert centre.call(call).asked == tuple(centre.state.asked.values()) == asked
    centre.keys(centre.waiting(CUSTOMER), "2#1")
    assert centre.state.callbacks_to(CUSTOMER) == 1, "that is enough for a day"


def test_who_has_asked_often_enough_is_not_called_again_for_having_been_passed_on() -> None:
    centre, call = passed_on(per_day=1)
    centre.keys(call, "2#1")

    assert centre.call(call).state is CallState.WAITING


def test_who_was_to_be_called_back_and_is_still_there_comes_as_another_call_when_that_is_over() -> (
    None
):
    """Asterisk has not heard that the line was to be hung up."""
    centre, call = passed_on(per_day=2)
    centre.keys(call, "2#1")
    channel = centre.call(call).channel
    centre.after(TERMS.max_age.total_seconds())
    centre.take(CallbackExpired(call))
    assert centre.call(call).outcome is Outcome.EXPIRED
    centre.state.forget_ended(list(centre.state.calls.values()))
    centre.take(CallerEntered("again", "support", channel, OURS))

    assert centre.call("again").transfers == ()


def test_no_call_to_a_customer_is_taken_for_the_one_before() -> None:
    centre, call = passed_on(per_day=2)
    centre.keys(call, "2#1")
    centre.hang_up(call)
    centre.after(15)

    channels = [command.channel for command in centre.all(CallCustomer)]
    assert len(channels) == len(set(channels)) == 2
