"""Customers who are called back, and with whom nobody gets to talk."""

from dataclasses import replace
from datetime import timedelta

import pytest

from component.domain.commands import (
    CallCustomer,
    HangUpCustomer,
    Ring,
)
from component.domain.events import (
    CallerLeft,
    CustomerAnswered,
    LegAnswered,
    QueueChanged,
)
from component.domain.words import AgentState, CallState, LegEnd, Outcome
from tests.unit.domain.callbacks import TERMS, CallbackCentre

pytestmark = pytest.mark.unit


def test_a_customer_who_does_not_answer_is_called_again_in_the_old_place() -> None:
    centre = CallbackCentre()
    call = centre.called()
    centre.after(20)
    assert centre.all(HangUpCustomer) == [HangUpCustomer(call, "ivrcallback-call2.1")]
    assert centre.agent("1000").state is AgentState.AVAILABLE
    centre.after(59)
    assert len(centre.called_numbers()) == 1
    centre.after(1)
    assert centre.all(CallCustomer)[-1].channel == "ivrcallback-call2.2"


@pytest.mark.parametrize("seconds", [20, 100])
def test_who_was_not_reached_is_called_again_when_the_queue_now_says_so(seconds: int) -> None:
    centre = CallbackCentre()
    centre.customer_hangs_up(centre.called())
    terms = replace(TERMS, retry=timedelta(seconds=seconds))
    centre.after(10)
    centre.take(QueueChanged(replace(centre.state.queues["support"], callback=terms)))
    centre.after(seconds - 11)
    assert len(centre.called_numbers()) == 1
    centre.after(1)
    assert len(centre.called_numbers()) == 2


def test_meanwhile_the_agent_serves_others() -> None:
    centre = CallbackCentre()
    call = centre.called()
    later = centre.waiting()
    centre.customer_hangs_up(call, LegEnd.BUSY)
    assert centre.call(later).state is CallState.OFFERED


@pytest.mark.parametrize(
    ("reached", "reason", "logged"),
    [
        (False, LegEnd.BUSY, "busy"),
        (False, LegEnd.REJECTED, "rejected"),
        (True, LegEnd.HUNG_UP, "unconfirmed"),
    ],
)
def test_why_it_came_to_nothing_is_logged(reached: bool, reason: LegEnd, logged: str) -> None:
    centre = CallbackCentre()
    call = centre.called()
    centre.after(3)
    if reached:
        centre.customer_answers(call)
    centre.customer_hangs_up(call, reason)
    assert centre.logged()[-1] == ("channel2", "NONE", "CALLBACKMISSED", (logged, "1", "3"))


def test_an_answering_machine_is_no_customer() -> None:
    centre = CallbackCentre()
    call = centre.called()
    centre.after(19)
    centre.customer_answers(call)
    centre.after(19)
    assert centre.call(call).state is CallState.CALLING
    centre.after(1)
    assert centre.call(call).state is CallState.AWAY
    assert centre.logged()[-1][3] == ("unconfirmed", "1", "39")


def test_who_is_not_reached_often_enough_is_given_up() -> None:
    centre = CallbackCentre()
    call = centre.called()
    centre.customer_hangs_up(call)
    centre.after(60)
    centre.customer_hangs_up(call)
    assert centre.call(call).outcome is Outcome.UNREACHED
    assert [entry[2] for entry in centre.logged()][-2:] == ["CALLBACKMISSED", "CALLBACKFAILED"]


def test_who_is_not_reached_in_time_is_given_up_when_the_call_is_over() -> None:
    centre = CallbackCentre()
    call = centre.kept()
    centre.after(3595)
    centre.free("call1")
    centre.after(10)
    assert centre.call(call).state is CallState.CALLING
    centre.after(10)
    assert centre.call(call).outcome is Outcome.EXPIRED


def test_who_answers_a_call_that_is_not_wanted_any_more_is_hung_up() -> None:
    centre = CallbackCentre()
    call = centre.called()
    centre.after(20)
    late = CustomerAnswered(call, "ivrcallback-call2.1")
    assert centre.take(late) == [HangUpCustomer(call, "ivrcallback-call2.1")]
    assert centre.take(CallerLeft("ivrcallback-call2.1")) == []
    assert centre.call(call).state is CallState.AWAY


def test_what_is_told_twice_is_done_once() -> None:
    centre = CallbackCentre()
    call = centre.called()
    centre.customer_answers(call)
    assert centre.customer_answers(call) == []
    centre.keys(call, "1")
    assert centre.customer_answers(call) == []
    assert len(centre.all(Ring)) == 2


def test_a_leg_that_was_never_made_is_not_answered() -> None:
    centre = CallbackCentre()
    call = centre.called()
    centre.take(LegAnswered(centre.call(call).leg))
    assert centre.call(call).state is CallState.CALLING
