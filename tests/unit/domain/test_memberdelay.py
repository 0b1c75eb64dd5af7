"""`memberdelay`: an agent has answered, and does not hear the caller yet."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from component.domain.commands import (
    AnswerTransfer,
    Connect,
    HangUpLeg,
    HideCall,
    Hold,
    Release,
    SeekExit,
    ShowCall,
)
from component.domain.events import (
    AgentRemoved,
    BlindTransfer,
    DigitPressed,
    ExitFound,
    LegAnswered,
    QueueChanged,
    QueueRemoved,
    RingTimedOut,
)
from component.domain.model import Leg, Offer
from component.domain.queue import AutoPause, StrategyName
from component.domain.state import State
from component.domain.words import (
    AgentState,
    CallState,
    DeviceState,
    OfferEnd,
    Outcome,
    QueueStatus,
)
from component.ports import Snapshot, WaitingChannel
from component.records import Ledger
from component.recovery import compare, timers
from tests.unit.domain.call_centre import CallCentre, of_kind

pytestmark = pytest.mark.unit

TWO_SECONDS = timedelta(seconds=2)


def connecting(*extensions: str, **settings: Any) -> tuple[CallCentre, str, Leg]:
    """The first agent has answered, of a queue in which callers are heard two seconds later."""
    extensions = extensions or ("1000",)
    centre = CallCentre(extensions, memberdelay=TWO_SECONDS, **settings)
    centre.log_on(*extensions)
    call = centre.enter()
    leg = centre.call(call).offers[0].leg
    centre.after(3)
    centre.take(LegAnswered(leg))
    return centre, call, leg


def events_of(centre: CallCentre) -> list[tuple[str, str, tuple[str, ...]]]:
    """What the queue log tells of the call: agent, event, data."""
    return [entry[1:] for entry in centre.logged() if entry[0] == "channel1"]


def test_the_agent_hears_the_caller_after_the_delay() -> None:
    centre, call, leg = connecting()
    centre.after(1.9)
    assert centre.all(Connect) == []
    assert centre.call(call).state is CallState.CONNECTING
    assert centre.agent("1000").state is AgentState.RESERVED
    centre.after(0.1)
    assert centre.all(Connect) == [Connect(leg, "channel1")]
    assert centre.call(call).state is CallState.ANSWERED
    assert centre.agent("1000").state is AgentState.ON_CALL


def test_a_key_leads_nowhere_once_an_agent_has_answered() -> None:
    centre, call, _ = connecting(context="exits")
    assert of_kind(centre.take(DigitPressed("channel1", "0")), SeekExit) == []
    assert centre.take(ExitFound(call, "0", "exits")) == [], "found too late"
    assert centre.call(call).digits.endswith("0")


def test_the_call_is_answered_on_the_screen_when_it_is_connected() -> None:
    centre, _, _ = connecting()
    assert [show.call.state for show in centre.all(ShowCall)] == [CallState.OFFERED]
    centre.after(2)
    shown = centre.all(ShowCall)[-1].call
    assert (shown.state, shown.answered_at) == (CallState.ANSWERED, centre.now)


def test_the_delay_is_part_of_the_hold_time_and_not_of_the_ringing() -> None:
    centre, _, _ = connecting()
    centre.after(2)
    assert events_of(centre)[1:] == [("1000", "CONNECT", ("5", "ivr-call1.1", "3"))]


def test_that_the_agent_answered_is_no_news_twice() -> None:
    centre, call, leg = connecting()
    assert centre.take(LegAnswered(leg)) == []
    centre.after(2)
    assert centre.take(LegAnswered(leg)) == []
    assert centre.call(call).state is CallState.ANSWERED


def test_whose_phone_was_answered_rings_no_longer() -> None:
    centre, call, leg = connecting(timeout=timedelta(seconds=4))
    centre.after(1)
    assert centre.take(RingTimedOut(leg)) == []
    assert centre.call(call).state is CallState.CONNECTING


def test_the_other_phones_stop_ringing_at_once() -> None:
    centre, _, _ = connecting("1000", "2000", strategy=StrategyName.RINGALL)
    assert centre.all(HangUpLeg) == [HangUpLeg(Leg("call1", 2), answered_elsewhere=True)]
    assert [(hide.extension, hide.reason) for hide in centre.all(HideCall)] == [
        ("2000", OfferEnd.ANSWERED_ELSEWHERE)
    ]


# The agent hangs up ------------------------------------------------------------------------------


def test_a_caller_whose_agent_hangs_up_keeps_the_place() -> None:
    centre, call, leg = connecting()
    other = centre.enter()
    decided = centre.leg_ends(leg)
    assert [(hide.extension, hide.reason) for hide in of_kind(decided, HideCall)] == [
        ("1000", OfferEnd.HUNG_UP)
    ]
    assert centre.call(call).state is CallState.WAITING
    assert [waiting.id for waiting in centre.state.waiting("support")] == [call]
    assert centre.call(other).extension == "1000"  # who had not tried this one yet


def test_a_caller_whose_agent_hangs_up_is_offered_to_the_next_one() -> None:
    centre, call, leg = connecting("1000", "2000")
    centre.leg_ends(leg)
    assert centre.ringing() == ["2000"]
    centre.answer(call)
    centre.after(2)
    assert centre.call(call).state is CallState.ANSWERED


def test_who_hung_up_is_rung_again_after_the_others() -> None:
    centre, call, leg = connecting()
    centre.leg_ends(leg)
    centre.after(5)
    assert centre.call(call).extension == "1000"


def test_who_hung_up_has_had_no_call() -> None:
    centre, _, leg = connecting(wrapuptime=timedelta(seconds=30), autopause=AutoPause.YES)
    centre.leg_ends(leg)
    agent, member = centre.agent("1000"), centre.member("1000")
    assert (agent.state, agent.calls_taken, agent.last_call) == (AgentState.AVAILABLE, 0, None)
    assert (member.calls_taken, member.paused_at) == (0, None)
    assert centre.state.holdtime("support") == 0


def test_that_the_agent_hung_up_is_logged_as_app_queue_does() -> None:
    centre, _, leg = connecting()
    centre.leg_ends(leg)
    assert events_of(centre)[1:] == [("1000", "AGENTDUMP", ())]


def test_nobody_is_connected_with_an_agent_who_hung_up() -> None:
    centre, _, leg = connecting()
    centre.leg_ends(leg)
    centre.after(4)
    assert centre.all(Connect) == []


def test_the_wait_of_who_was_let_down_is_over_in_time() -> None:
    centre, call, leg = connecting("1000", max_wait=timedelta(seconds=4))
    centre.after(1.5)  # the wait is over, and somebody is there
    assert centre.call(call).state is CallState.CONNECTING
    centre.leg_ends(leg)
    centre.after(0)
    assert centre.call(call).outcome is Outcome.TIMEOUT


# The end of the wait -----------------------------------------------------------------------------


def test_asterisk_takes_nobody_back_whom_an_agent_answered_at_the_end_of_the_wait() -> None:
    minute = timedelta(seconds=60)
    centre = CallCentre(["1000"], max_wait=minute, memberdelay=minute)
    centre.log_on("1000")
    centre.enter()
    [held] = centre.all(Hold)
    assert held.at_most > minute + minute


def test_who_waits_while_the_delay_is_made_longer_may_stay_for_longer() -> None:
    centre = CallCentre(["1000"], max_wait=timedelta(seconds=60))
    centre.log_on("1000")
    centre.enter()
    changed = replace(centre.state.queues["support"], memberdelay=timedelta(seconds=60))
    [held] = of_kind(centre.take(QueueChanged(changed)), Hold)
    assert held.at_most > timedelta(seconds=120)


# The caller hangs up -----------------------------------------------------------------------------


def test_a_caller_who_hangs_up_was_not_answered() -> None:
    centre, call, leg = connecting()
    decided = centre.hang_up(call)
    assert [hide.reason for hide in of_kind(decided, HideCall)] == [OfferEnd.CALLER_LEFT]
    assert of_kind(decided, HangUpLeg) == [HangUpLeg(leg)]
    assert events_of(centre)[1:] == [("1000", "ABANDON", ("1", "1", "3"))]
    centre.leg_ends(leg)
    centre.after(2)
    assert centre.all(Connect) == []
    assert centre.agent("1000").state is AgentState.AVAILABLE


# What else may happen ----------------------------------------------------------------------------


@pytest.mark.parametrize("state", [DeviceState.UNAVAILABLE, DeviceState.INVALID])
def test_a_phone_that_goes_away_is_given_up(state: DeviceState) -> None:
    centre, call, leg = connecting()
    assert HangUpLeg(leg) in centre.device("1000", state)
    assert centre.call(call).state is CallState.WAITING


def test_an_agent_who_is_removed_leaves_the_caller_to_the_others() -> None:
    centre, call, leg = connecting("1000", "2000")
    assert HangUpLeg(leg) in centre.take(AgentRemoved("1000"))
    assert centre.call(call).extension == "2000"


def test_the_caller_of_a_queue_that_is_removed_goes_back_to_the_dialplan() -> None:
    centre, call, leg = connecting()
    decided = centre.take(QueueRemoved("support"))
    assert of_kind(decided, HangUpLeg) == [HangUpLeg(leg)]
    assert of_kind(decided, Release) == [Release(call, "channel1", QueueStatus.WITHDRAW)]


def test_nobody_passes_on_whom_he_does_not_hear_yet() -> None:
    centre, call, leg = connecting("1000", "2000")
    assert centre.take(BlindTransfer(leg, "2000", "from-phones")) == [AnswerTransfer(leg, False)]
    assert centre.call(call).state is CallState.CONNECTING


def test_a_call_that_is_passed_on_is_connected_at_once() -> None:
    centre, call, leg = connecting("1000", "2000")
    centre.after(2)
    centre.take(BlindTransfer(leg, "2000", "from-phones"))
    centre.answer(call)
    assert centre.all(Connect)[-1] == Connect(centre.call(call).leg, "channel1")


# Recovery ----------------------------------------------------------------------------------------


def loaded(centre: CallCentre) -> State:
    """What another process finds in the store."""
    state = State(Ledger())
    old = centre.state
    state.load(old.queues.values(), old.agents.values(), old.members.values(), old.calls.values())
    return state


def found(centre: CallCentre, *answered: Leg) -> Snapshot:
    """What Asterisk has: the caller, and legs."""
    now = centre.now + timedelta(seconds=1)
    caller = WaitingChannel("channel1", "support", "1111", "5550101", "Caller", now)
    return Snapshot(now, (caller,), frozenset(), frozenset(answered), {}, {})


def test_after_a_crash_the_agent_hears_the_caller_after_the_delay() -> None:
    centre, call, leg = connecting()
    state = loaded(centre)
    due = [timer for timer in timers(state, centre.now) if timer.at == centre.now + TWO_SECONDS]
    assert [type(timer.event).__name__ for timer in due] == ["ConnectDue"]
    comparison = compare(state, found(centre, leg))
    assert comparison.events == ()
    assert [type(command) for command in comparison.commands] == [Hold, AnswerTransfer]
    assert Offer("1000", leg, centre.call(call).entered_at, centre.now) in state.calls[call].offers


def test_who_hung_up_during_a_crash_is_found_out() -> None:
    centre, call, _ = connecting()
    for event in compare(centre.state, found(centre)).events:
        centre.take(event)
    assert centre.call(call).state is CallState.WAITING
