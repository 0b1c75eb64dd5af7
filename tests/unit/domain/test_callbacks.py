"""Callers who keep the place and are called when it is their turn."""

from dataclasses import replace
from datetime import timedelta

import pytest

from component.domain.asterisk_ids import talk_bridge
from component.domain.commands import (
    Announce,
    CallCustomer,
    Connect,
    EndCall,
    HangUpCustomer,
    HideCall,
    Hold,
    Release,
    Ring,
    Say,
    ShowCall,
)
from component.domain.events import (
    AgentRemoved,
    CallbackTimedOut,
    CallerEntered,
    DeviceStateChanged,
    LogOff,
    MemberChanged,
    MemberRemoved,
    QueueChanged,
    QueueRemoved,
    Withdraw,
)
from component.domain.model import Caller
from component.domain.queue import MessageTo, StrategyName
from component.domain.terms import Need, Terms
from component.domain.words import AgentState, CallState, DeviceState, Outcome, QueueStatus
from tests.unit.domain.call_centre import of_kind
from tests.unit.domain.callbacks import TERMS, CallbackCentre

pytestmark = pytest.mark.unit


# Waiting to be called ---------------------------------------------------------------------------


def test_whoever_keeps_the_place_is_served_before_who_came_later() -> None:
    centre = CallbackCentre()
    kept, later = centre.kept(), centre.waiting()
    assert centre.state.position(centre.call(later)) == 2
    centre.free("call1")
    assert centre.call(kept).state is CallState.CALLING
    assert centre.call(later).state is CallState.WAITING


def test_nobody_is_called_who_is_still_on_the_line() -> None:
    centre = CallbackCentre()
    call = centre.waiting()
    centre.keys(call, "2#1")
    centre.free("call1")
    assert centre.called_numbers() == []
    centre.hang_up(call)
    assert centre.called_numbers() == ["PJSIP/5550102@trunk"]


def test_who_hangs_up_without_having_asked_is_abandoned() -> None:
    centre = CallbackCentre()
    call = centre.waiting()
    centre.keys(call, "2#")
    centre.hang_up(call)
    assert centre.call(call).outcome is Outcome.ABANDONED


def test_who_is_to_be_called_takes_no_place_of_a_caller_on_the_line() -> None:
    centre = CallbackCentre(maxlen=1)
    centre.kept()
    assert centre.state.callers("support") == 0
    assert centre.call(centre.waiting()).state is CallState.WAITING


def test_the_queues_maximum_wait_is_for_those_on_the_line() -> None:
    centre = CallbackCentre()
    call = centre.kept()
    centre.after(3599)
    assert centre.call(call).state is CallState.AWAY


def test_a_call_that_is_too_old_is_given_up() -> None:
    centre = CallbackCentre()
    call = centre.kept()
    centre.after(3600)
    assert centre.call(call).outcome is Outcome.EXPIRED
    assert centre.logged()[-1] == (
        "channel2", "NONE", "CALLBACKFAILED", ("expired", "1", "1", "3600")
    )  # fmt: skip


def test_a_greatest_age_that_is_lowered_holds_for_those_who_wait() -> None:
    centre = CallbackCentre()
    call = centre.kept()
    centre.after(100)
    queue = centre.state.queues["support"]
    sooner = replace(TERMS, max_age=timedelta(seconds=90))
    centre.take(QueueChanged(replace(queue, callback=sooner)))
    centre.after(0)
    assert centre.call(call).outcome is Outcome.EXPIRED


def test_an_empty_queue_is_left_by_those_on_the_line_only() -> None:
    centre = CallbackCentre()
    kept, on_the_line = centre.kept(), centre.waiting()
    centre.take(LogOff("PJSIP/1000", "support"))
    assert centre.call(on_the_line).outcome is Outcome.LEAVEEMPTY
    assert centre.call(kept).state is CallState.AWAY


def test_whoever_is_to_be_called_may_be_withdrawn() -> None:
    centre = CallbackCentre()
    call = centre.kept()
    assert centre.take(Withdraw(call, "closing time")) == []
    assert centre.call(call).outcome is Outcome.WITHDRAW


def test_nobody_is_called_back_for_a_queue_that_is_removed() -> None:
    centre = CallbackCentre(("1000", "2000"))
    kept = centre.kept()
    called = centre.called()
    channel = centre.call(kept).channel
    decided = centre.take(QueueRemoved("support"))
    assert decided == [HangUpCustomer(kept, channel)]
    assert centre.call(called).outcome is centre.call(kept).outcome is Outcome.WITHDRAW
    assert centre.agent("1000").state is AgentState.AVAILABLE


def test_all_who_were_kept_free_are_free_before_anybody_of_another_queue_is_served() -> None:
    centre = CallbackCentre(("1000", "2000"))
    centre.take(QueueChanged(replace(centre.state.queues["support"], name="sales")))
    for made, extension in enumerate(("1000", "2000"), start=1):
        centre.take(MemberChanged("sales", extension, penalty=0, made=made))
        centre.log_on_to("sales", extension)
    kept, urgent = centre.kept(), "call8"
    centre.take(CallerEntered(urgent, "support", "channel8", Caller("5550108"), priority=1))
    centre.keys(urgent, "2#1")
    centre.hang_up(urgent)
    centre.free("call2")
    centre.after(5)
    centre.free("call1")
    assert centre.agent("2000").leg == centre.call(urgent).leg
    assert centre.agent("1000").leg == centre.call(kept).leg

    centre.take(CallerEntered("call9", "sales", "channel9", Caller("5550109")))
    centre.take(QueueRemoved("support"))
    assert centre.call("call9").extension == "2000"


def test_who_was_called_back_talks_on_when_the_queue_is_removed() -> None:
    centre = CallbackCentre()
    call = centre.called()
    channel = centre.call(call).channel
    centre.customer_answers(call)
    centre.keys(call, "1")
    centre.answer(call)
    centre.take(QueueRemoved("support"))
    assert centre.take(CallbackTimedOut(channel)) == []  # that of the confirmation still ran
    assert centre.call(call).state is CallState.ANSWERED


def test_skills_are_waived_for_who_is_not_on_the_line_too() -> None:
    centre = CallbackCentre(skills_timeout=timedelta(minutes=5))
    french = Terms(Need(skills=frozenset({("french", 1)})))
    call = centre.enter(terms=french)
    centre.keys(call, "2#1")
    centre.hang_up(call)
    centre.free("call1")
    assert centre.called_numbers() == []
    centre.after(300)
    assert centre.called_numbers() == ["PJSIP/5550102@trunk"]


def test_nobody_is_called_whom_the_operator_allows_no_more() -> None:
    centre = CallbackCentre()
    centre.kept()
    queue = centre.state.queues["support"]
    centre.take(QueueChanged(replace(queue, callback=replace(TERMS, numbers=("_9.",)))))
    centre.free("call1")
    assert centre.called_numbers() == []
    assert centre.agent("1000").state is AgentState.AVAILABLE


# Calling ----------------------------------------------------------------------------------------


def test_the_customer_is_called_first_and_an_agent_kept_free() -> None:
    centre = CallbackCentre()
    call = centre.kept()
    decided = centre.free("call1")
    assert of_kind(decided, CallCustomer) == [
        CallCustomer(
            call, "ivrcallback-call2.1", "PJSIP/5550102@trunk", Caller("5550199"),
            timedelta(seconds=25), "1000",
        )
    ]  # fmt: skip
    assert of_kind(decided, Ring) == []
    assert [show.call.id for show in of_kind(decided, ShowCall)] == ["call1"]
    assert centre.agent("1000").state is AgentState.RESERVED


def test_no_more_customers_are_called_than_agents_are_free() -> None:
    centre = CallbackCentre(("1000", "2000"))
    for _ in range(3):
        centre.kept()
    centre.free("call1")
    assert len(centre.called_numbers()) == 1
    centre.free("call2")
    assert len(centre.called_numbers()) == 2


def test_where_all_phones_would_ring_one_agent_is_kept_free() -> None:
    centre = CallbackCentre(("1000", "2000"), strategy=StrategyName.LEASTRECENT)
    centre.kept()
    later = centre.waiting()
    queue = replace(centre.state.queues["support"], strategy=StrategyName.RINGALL)
    centre.take(QueueChanged(queue))
    centre.free("call1")
    centre.free("call2")
    assert centre.ringing() == ["2000"]
    assert centre.call(later).state is CallState.OFFERED


def test_the_customer_is_asked_to_press_a_key() -> None:
    centre = CallbackCentre()
    call = centre.called()
    decided = centre.customer_answers(call)
    assert [type(command) for command in decided][:2] == [Hold, Say]
    assert of_kind(centre.said(call), Say) != []


def test_who_presses_1_is_offered_to_the_agent_who_was_kept_free() -> None:
    centre = CallbackCentre()
    call = centre.called()
    centre.customer_answers(call)
    decided = centre.keys(call, "1")
    kinds = [type(command) for command in decided if isinstance(command, ShowCall | Ring)]
    assert kinds == [ShowCall, Ring]
    assert centre.ringing() == ["1000"]
    centre.answer(call)
    assert centre.all(Connect)[-1].channel == "ivrcallback-call2.1"


def test_where_the_agent_is_told_by_message_it_is_when_the_call_is_offered() -> None:
    centre = CallbackCentre(message_to=MessageTo.AGENT)
    call = centre.called()
    centre.customer_answers(call)
    [told] = of_kind(centre.keys(call, "1"), Announce)
    assert told.extensions == ("1000",)


def test_the_call_ends_as_any_other() -> None:
    centre = CallbackCentre()
    call = centre.called()
    centre.customer_answers(call)
    centre.keys(call, "1")
    centre.talk(call)
    channel = "ivrcallback-call2.1"
    bridge = talk_bridge(centre.call(call).leg, channel)
    assert centre.all(EndCall)[-1] == EndCall(call, channel, bridge)
    assert centre.call(call).outcome is Outcome.COMPLETED


def test_the_queue_log_names_the_call_as_before() -> None:
    centre = CallbackCentre()
    call = centre.called()
    centre.after(5)
    centre.customer_answers(call)
    centre.keys(call, "1")
    centre.talk(call)
    assert [entry for entry in centre.logged() if entry[0] == "channel2"] == [
        ("channel2", "NONE", "ENTERQUEUE", ("", "5550102", "1")),
        ("channel2", "NONE", "CALLBACK", ("5550102", "0")),
        ("channel2", "NONE", "CALLBACKCALL", ("1",)),
        ("channel2", "NONE", "CALLBACKTAKEN", ("1", "5")),
        ("channel2", "1000", "CONNECT", ("5", "ivr-call2.1", "0")),
        ("channel2", "1000", "COMPLETEAGENT", ("5", "10", "1")),
    ]


def test_how_long_they_were_away_is_not_what_callers_on_the_line_wait() -> None:
    centre = CallbackCentre()
    call = centre.kept()
    centre.after(3000)
    centre.free("call1")
    centre.customer_answers(call)
    centre.keys(call, "1")
    centre.answer(call)
    assert centre.state.holdtime("support") == 0


def test_if_the_agent_takes_it_not_the_customer_waits_on_the_line() -> None:
    centre = CallbackCentre()
    call = centre.called()
    centre.customer_answers(call)
    centre.keys(call, "1")
    centre.reject(call)
    assert centre.call(call).state is CallState.WAITING
    centre.after(5)
    assert centre.ringing() == ["1000"]


def test_who_was_called_back_waits_as_long_as_any_caller() -> None:
    centre = CallbackCentre()
    call = centre.called()
    centre.after(10)
    centre.customer_answers(call)
    centre.keys(call, "1")
    centre.reject(call)
    centre.device("1000", DeviceState.UNAVAILABLE)
    centre.after(59)
    assert centre.call(call).state is CallState.WAITING
    centre.after(1)
    assert centre.all(Release)[-1] == Release(call, "ivrcallback-call2.1", QueueStatus.TIMEOUT)


def test_who_hangs_up_while_the_agents_phone_rings_is_abandoned() -> None:
    centre = CallbackCentre()
    call = centre.called()
    centre.customer_answers(call)
    centre.keys(call, "1")
    assert of_kind(centre.hang_up(call), HideCall) != []
    assert centre.call(call).outcome is Outcome.ABANDONED


@pytest.mark.parametrize(
    "what",
    [
        "logs off", "is paused", "uses the phone", "loses the phone", "wants no calls",
        "is no member any more", "is removed",
    ],
)  # fmt: skip
def test_an_agent_who_is_there_no_more_is_not_rung(what: str) -> None:
    centre = CallbackCentre(("1000", "2000"))
    call = centre.called()
    match what:
        case "logs off":
            centre.log_off("1000")
        case "is paused":
            centre.pause("1000")
        case "uses the phone":
            centre.device("1000", DeviceState.INUSE)
        case "loses the phone":
            centre.device("1000", DeviceState.UNAVAILABLE)
        case "wants no calls":
            centre.take(DeviceStateChanged("Custom:DND1000", DeviceState.BUSY))
        case "is no member any more":
            centre.take(MemberRemoved("support", "1000"))
        case "is removed":
            centre.take(AgentRemoved("1000"))
    centre.customer_answers(call)
    centre.keys(call, "1")
    assert centre.call(call).state is CallState.WAITING
    centre.free("call2")
    assert centre.ringing() == ["2000"]


def test_who_answers_and_says_no_is_not_called_again() -> None:
    centre = CallbackCentre()
    call = centre.called()
    centre.customer_answers(call)
    assert centre.keys(call, "2") == [HangUpCustomer(call, "ivrcallback-call2.1")]
    assert centre.call(call).outcome is Outcome.DECLINED
    assert centre.agent("1000").state is AgentState.AVAILABLE
    assert centre.logged()[-1][2:] == ("CALLBACKFAILED", ("declined", "1", "1", "0"))
