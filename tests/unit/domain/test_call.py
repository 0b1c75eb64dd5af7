"""The life of a call: what is decided at each fact."""

from datetime import timedelta

import pytest

from component.domain.asterisk_ids import talk_bridge
from component.domain.commands import (
    Announce,
    Connect,
    EndCall,
    HangUpLeg,
    HideCall,
    Hold,
    Part,
    Release,
    Ring,
    ShowCall,
    WakeAt,
)
from component.domain.events import (
    AsteriskFound,
    AsteriskLost,
    CallerEntered,
    CallerLeft,
    LegAnswered,
)
from component.domain.model import Caller
from component.domain.words import (
    AgentState,
    CallState,
    LegEnd,
    OfferEnd,
    Outcome,
    QueueStatus,
    TurnedAway,
)
from tests.unit.domain.call_centre import COMPANY_1, CallCentre, of_kind

pytestmark = pytest.mark.unit


def test_a_caller_is_announced_shown_rung_and_held() -> None:
    centre = CallCentre()
    centre.log_on("1000", "2000")
    centre.enter(COMPANY_1)

    kinds = [type(command) for command in centre.decided]
    assert kinds == [Announce, WakeAt, ShowCall, Ring, WakeAt, Hold]
    assert centre.all(Announce)[0].extensions == ("1000", "2000")
    assert centre.all(ShowCall)[0].extension == "1000"


def test_the_agents_phone_displays_the_customers_name() -> None:
    centre = CallCentre()
    centre.log_on("1000")
    centre.enter(COMPANY_1)

    assert centre.all(Ring)[0].caller == Caller("5550101", "Company 1")


def test_an_unidentified_caller_is_displayed_as_the_network_has_it() -> None:
    centre = CallCentre()
    centre.log_on("1000")
    centre.enter(None)

    assert centre.all(Ring)[0].caller == Caller("5550101", "Caller")


def test_an_answered_call_is_connected_and_shown_as_answered() -> None:
    centre = CallCentre()
    centre.log_on("1000")
    call = centre.enter()
    leg = centre.call(call).leg
    centre.after(3)
    commands = centre.answer(call)

    assert of_kind(commands, Connect) == [Connect(leg, "channel1")]
    [shown] = of_kind(commands, ShowCall)
    assert (shown.extension, shown.call.state) == ("1000", CallState.ANSWERED)
    assert centre.agent("1000").state is AgentState.ON_CALL


def test_when_the_agent_hangs_up_the_call_ends_and_the_agent_is_free() -> None:
    centre = CallCentre()
    centre.log_on("1000")
    call = centre.enter()
    leg = centre.call(call).leg
    centre.answer(call)
    commands = centre.leg_ends(leg)

    assert of_kind(commands, EndCall) == [EndCall(call, "channel1", talk_bridge(leg, "channel1"))]
    assert [shown.call.state for shown in of_kind(commands, ShowCall)] == [CallState.ENDED]
    assert centre.call(call).outcome is Outcome.COMPLETED
    assert centre.agent("1000").state is AgentState.AVAILABLE
    assert centre.agent("1000").last_call == centre.now


def test_when_the_caller_hangs_up_the_agent_is_free_once_the_leg_is_gone() -> None:
    centre = CallCentre()
    centre.log_on("1000")
    call = centre.enter()
    leg = centre.call(call).leg
    centre.answer(call)
    commands = centre.hang_up(call)

    assert of_kind(commands, HangUpLeg) == [HangUpLeg(leg)]
    assert of_kind(commands, Part) == [Part(call, talk_bridge(leg, "channel1"))]
    assert of_kind(commands, EndCall) == [], "somebody else may have taken the caller over"
    assert centre.call(call).outcome is Outcome.COMPLETED
    assert centre.agent("1000").state is AgentState.ON_CALL
    centre.leg_ends(leg)
    assert centre.agent("1000").state is AgentState.AVAILABLE
    assert centre.agent("1000").calls_taken == 1


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (LegEnd.BUSY, OfferEnd.BUSY),
        (LegEnd.REJECTED, OfferEnd.REJECTED),
        (LegEnd.NO_ANSWER, OfferEnd.NO_ANSWER),
        (LegEnd.UNAVAILABLE, OfferEnd.UNAVAILABLE),
        (LegEnd.HUNG_UP, OfferEnd.LOST),
    ],
)
def test_a_withdrawal_says_why(end: LegEnd, reason: OfferEnd) -> None:
    centre = CallCentre(["1000"])
    centre.log_on("1000")
    centre.leg_ends(centre.call(centre.enter()).leg, end)

    assert [hidden.reason for hidden in centre.all(HideCall)] == [reason]


def test_no_answer_withdraws_the_offer_and_the_next_agent_is_rung_at_once() -> None:
    centre = CallCentre()
    centre.log_on("1000", "2000")
    call = centre.enter()
    leg = centre.call(call).leg
    centre.after(14.9)
    assert centre.ringing() == ["1000"]
    centre.after(0.1)

    assert centre.ringing() == ["2000"]
    assert [hidden.extension for hidden in centre.all(HideCall)] == ["1000"]
    assert centre.all(HangUpLeg) == [HangUpLeg(leg)]


def test_an_agent_is_not_offered_another_call_while_the_old_leg_is_taken_down() -> None:
    centre = CallCentre(["1000"])
    centre.log_on("1000")
    call = centre.enter()
    leg = centre.call(call).leg
    centre.after(15)
    centre.enter()
    assert centre.ringing() == []

    centre.leg_ends(leg)
    assert centre.ringing() == ["1000"]


def test_the_old_phone_is_shown_the_withdrawal_before_the_new_one_is_shown_the_call() -> None:
    centre = CallCentre()
    centre.log_on("1000", "2000")
    call = centre.enter()
    centre.decided.clear()
    centre.reject(call)

    kinds = [type(c) for c in centre.decided if not isinstance(c, WakeAt)]
    assert kinds == [HideCall, ShowCall, Ring]


def test_the_revision_grows_with_everything_that_is_published() -> None:
    centre = CallCentre()
    centre.log_on("1000", "2000")
    call = centre.enter()
    centre.reject(call)
    centre.talk(call)

    published = [c for c in centre.decided if isinstance(c, ShowCall | HideCall)]
    assert [c.call.revision for c in published] == [1, 2, 3, 4, 5]


def test_a_caller_who_hangs_up_while_waiting_is_abandoned() -> None:
    centre = CallCentre(["1000"])
    centre.log_on("1000")
    centre.enter()
    second = centre.enter()
    commands = centre.hang_up(second)

    assert commands == []
    assert centre.call(second).outcome is Outcome.ABANDONED


def test_a_caller_who_hangs_up_while_ringing_stops_the_phone_and_retracts_the_item() -> None:
    centre = CallCentre(["1000"])
    centre.log_on("1000")
    call = centre.enter()
    leg = centre.call(call).leg
    commands = centre.hang_up(call)

    assert [type(command) for command in commands] == [HideCall, HangUpLeg]
    assert centre.call(call).outcome is Outcome.ABANDONED
    centre.leg_ends(leg)
    assert centre.agent("1000").state is AgentState.AVAILABLE
    assert centre.agent("1000").last_call is None


def test_a_phone_answered_while_it_is_being_taken_down_is_hung_up() -> None:
    centre = CallCentre(["1000"])
    centre.log_on("1000")
    call = centre.enter()
    leg = centre.call(call).leg
    centre.hang_up(call)

    assert centre.take(LegAnswered(leg)) == [HangUpLeg(leg)]


def test_an_answer_told_twice_does_not_end_the_talk() -> None:
    centre = CallCentre(["1000"])
    centre.log_on("1000")
    call = centre.enter()
    centre.answer(call)

    assert centre.answer(call) == []
    assert centre.call(call).state is CallState.ANSWERED


def test_with_nobody_logged_on_the_caller_goes_back_with_joinempty() -> None:
    centre = CallCentre()
    call = centre.enter()

    assert centre.decided == [Release(call, "channel1", QueueStatus.JOINEMPTY)]
    assert centre.call(call).outcome is Outcome.JOINEMPTY


def test_when_the_last_member_logs_off_waiting_callers_go_back_with_leaveempty() -> None:
    centre = CallCentre(["1000"])
    centre.log_on("1000")
    centre.enter()
    waiting = centre.enter()
    commands = centre.log_off("1000")

    assert commands == [Release(waiting, "channel2", QueueStatus.LEAVEEMPTY)]


def test_a_caller_waits_no_longer_than_the_queue_allows() -> None:
    centre = CallCentre(["1000"])
    centre.log_on("1000")
    centre.answer(centre.enter())
    waiting = centre.enter()
    centre.after(60)

    assert centre.all(Release) == [Release(waiting, "channel2", QueueStatus.TIMEOUT)]


def test_a_call_that_rings_when_the_wait_is_over_is_withdrawn_first() -> None:
    centre = CallCentre(["1000"])
    centre.log_on("1000")
    first = centre.enter()
    leg = centre.call(first).leg
    centre.answer(first)
    waiting = centre.enter()
    centre.after(50)
    centre.leg_ends(leg)
    assert centre.ringing() == ["1000"]
    centre.decided = [c for c in centre.decided if isinstance(c, WakeAt)]
    centre.after(10)

    kinds = [type(c) for c in centre.decided if not isinstance(c, WakeAt)]
    assert kinds == [HideCall, HangUpLeg, Release]
    assert centre.call(waiting).outcome is Outcome.TIMEOUT


def test_a_caller_for_a_queue_that_does_not_exist_goes_back_to_the_dialplan() -> None:
    centre = CallCentre()
    commands = centre.take(CallerEntered("x", "sales", "channel1", Caller("5550100")))

    why = TurnedAway.NO_SUCH_QUEUE
    turned_away = Release("x", "channel1", QueueStatus.UNAVAILABLE, turned_away=why, queue="sales")
    assert commands == [turned_away]


def test_a_caller_told_of_twice_is_one_call() -> None:
    centre = CallCentre()
    centre.log_on("1000")
    centre.enter()
    again = centre.take(CallerEntered("again", "support", "channel1", Caller("5550101")))

    assert again == []
    assert len(centre.state.calls) == 1


def test_that_a_caller_was_missed_in_one_call_does_not_end_the_next() -> None:
    """The dialplan has sent the caller again by the time that a request was refused."""
    centre = CallCentre(["1000"])
    centre.log_on("1000")
    first = centre.enter()
    channel = centre.call(first).channel
    centre.hang_up(first)
    centre.take(CallerEntered("again", "support", channel, Caller("5550101")))

    assert centre.take(CallerLeft(channel, call_id=first)) == []
    assert centre.call("again").outcome is None


def test_nothing_is_offered_while_asterisk_is_away() -> None:
    centre = CallCentre()
    centre.log_on("1000")
    centre.take(AsteriskLost())
    centre.enter()
    assert centre.rung() == []

    centre.take(AsteriskFound())
    assert centre.rung() == ["1000"]


def test_while_asterisk_is_away_nobody_knows_how_long_a_phone_rings() -> None:
    centre = CallCentre()
    centre.log_on("1000")
    call = centre.enter()
    centre.take(AsteriskLost())
    centre.after(20)
    assert centre.call(call).state is CallState.OFFERED

    centre.take(AsteriskFound())
    centre.after(0)
    assert [hidden.reason for hidden in centre.all(HideCall)] == [OfferEnd.NO_ANSWER]


def test_asterisk_takes_back_a_caller_whom_the_service_forgot() -> None:
    centre = CallCentre()
    centre.log_on("1000")
    centre.enter()

    assert centre.all(Hold)[0].at_most == timedelta(seconds=90)
    assert centre.all(Ring)[0].at_most == timedelta(seconds=20)


def test_a_leg_that_nobody_waits_for_ends_without_consequence() -> None:
    centre = CallCentre(["1000"])
    centre.log_on("1000")
    call = centre.enter()
    leg = centre.call(call).leg
    centre.leg_ends(leg, LegEnd.BUSY)

    assert centre.leg_ends(leg, LegEnd.BUSY) == []
