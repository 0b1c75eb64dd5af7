"""An agent passes a call on to a number: to another agent, whom the item follows, or elsewhere."""

from dataclasses import replace
from datetime import timedelta

import pytest

from component.domain.asterisk_ids import talk_bridge
from component.domain.commands import (
    AnswerTransfer,
    Connect,
    EndCall,
    HangUpLeg,
    HideCall,
    Hold,
    Part,
    Redirect,
    Release,
    Ring,
    SeekNumber,
    ShowCall,
)
from component.domain.events import LegAnswered, NumberLookedUp, QueueChanged
from component.domain.model import Leg, Transfer
from component.domain.words import (
    AgentState,
    CallState,
    DeviceState,
    LegEnd,
    OfferEnd,
    Outcome,
    QueueStatus,
)
from tests.unit.domain.call_centre import SUPPORT, CallCentre, of_kind
from tests.unit.domain.transfers import (
    FIRST,
    SECOND,
    THIRD,
    attended,
    blind,
    talking,
    transfer_rows,
)

pytestmark = pytest.mark.unit


def test_the_item_goes_to_the_other_agent_whose_phone_rings_and_the_first_is_let_go() -> None:
    centre = talking("2000")
    commands = blind(centre)

    [hidden] = of_kind(commands, HideCall)
    assert (hidden.extension, hidden.reason) == ("1000", OfferEnd.TRANSFERRED)
    [shown] = of_kind(commands, ShowCall)
    assert (shown.extension, shown.call.state) == ("2000", CallState.OFFERED)
    assert shown.call.transfers == (Transfer("1000", centre.now, attended=False),)
    assert [(ring.leg, ring.device) for ring in of_kind(commands, Ring)] == [(SECOND, "PJSIP/2000")]
    assert commands.index(shown) < commands.index(of_kind(commands, Ring)[0])
    assert commands[-2:] == [AnswerTransfer(FIRST, accepted=True), HangUpLeg(FIRST)]


def test_the_caller_hears_music_meanwhile() -> None:
    centre = talking("2000")
    commands = blind(centre)

    [part], [hold] = of_kind(commands, Part), of_kind(commands, Hold)
    assert part == Part("call1", talk_bridge(FIRST, "channel1"))
    assert commands.index(part) < commands.index(hold)


def test_the_other_agent_is_connected_and_the_item_says_where_the_call_was() -> None:
    centre = talking("2000")
    blind(centre)
    centre.leg_ends(FIRST)
    commands = centre.take(LegAnswered(SECOND))

    assert of_kind(commands, Connect) == [Connect(SECOND, "channel1")]
    [shown] = of_kind(commands, ShowCall)
    assert (shown.extension, shown.call.state) == ("2000", CallState.ANSWERED)
    assert [transfer.extension for transfer in shown.call.transfers] == ["1000"]
    assert centre.agent("2000").state is AgentState.ON_CALL
    assert of_kind(centre.leg_ends(SECOND), EndCall) == [
        EndCall("call1", "channel1", talk_bridge(SECOND, "channel1"))
    ]


def test_the_first_agents_call_ends_when_it_was_passed_on() -> None:
    centre = talking("2000", wrapuptime=timedelta(seconds=10))
    blind(centre)
    centre.leg_ends(FIRST)

    assert centre.agent("1000").state is AgentState.WRAP_UP
    assert (centre.agent("1000").last_call, centre.agent("1000").calls_taken) == (centre.now, 1)
    before = centre.agent("1000").last_call
    centre.take(LegAnswered(SECOND))
    centre.after(30)
    centre.leg_ends(SECOND)
    assert centre.agent("1000").last_call == before, "the rest is the other agent's"
    assert centre.agent("2000").last_call == centre.now


def test_an_agent_who_is_no_member_can_be_passed_a_call() -> None:
    centre = talking()
    centre.state.members.delete(("support", "2000"))
    blind(centre)
    centre.leg_ends(FIRST)
    centre.take(LegAnswered(SECOND))
    centre.leg_ends(SECOND)

    assert centre.agent("2000").state is AgentState.AVAILABLE
    assert centre.call("call1").outcome is Outcome.COMPLETED


def test_who_is_no_member_and_does_not_take_it_leaves_the_caller_to_a_member_at_once() -> None:
    centre = talking("3000")
    centre.state.members.delete(("support", "2000"))
    blind(centre)
    centre.leg_ends(FIRST)
    centre.pause("1000")
    centre.decided.clear()
    centre.leg_ends(SECOND, LegEnd.REJECTED)

    assert centre.rung() == ["3000"]


def test_paperwork_may_be_disturbed_by_a_colleague() -> None:
    centre = talking("2000", wrapuptime=timedelta(seconds=60))
    second = centre.enter()
    leg = centre.call(second).leg
    centre.answer(second)
    centre.leg_ends(leg)
    assert centre.agent("2000").state is AgentState.WRAP_UP
    blind(centre)
    assert centre.agent("2000").state is AgentState.RESERVED
    centre.after(5)

    centre.take(LegAnswered(SECOND))
    centre.after(60)
    assert centre.agent("2000").state is AgentState.ON_CALL, "the old timer does not count"


def test_paperwork_goes_on_to_its_end_when_a_colleagues_call_is_not_taken() -> None:
    centre = talking("2000", wrapuptime=timedelta(seconds=60))
    second = centre.enter()
    leg = centre.call(second).leg
    centre.answer(second)
    centre.leg_ends(leg)
    until = centre.agent("2000").wrap_up_until
    blind(centre)
    centre.leg_ends(FIRST)
    centre.after(5)
    centre.leg_ends(SECOND, LegEnd.REJECTED)

    agent = centre.agent("2000")
    assert (agent.state, agent.wrap_up_until) == (AgentState.WRAP_UP, until)
    centre.after(55)
    assert centre.agent("2000").state is not AgentState.WRAP_UP


@pytest.mark.parametrize("device", [DeviceState.INUSE, DeviceState.UNAVAILABLE])
def test_a_transfer_to_a_phone_that_cannot_be_rung_is_refused_and_the_talk_goes_on(
    device: DeviceState,
) -> None:
    centre = talking("2000")
    centre.device("2000", device)

    assert blind(centre) == [AnswerTransfer(FIRST, accepted=False)]
    assert centre.call("call1").state is CallState.ANSWERED
    assert centre.agent("1000").state is AgentState.ON_CALL


def test_a_phone_that_rings_is_rung_though_asterisk_does_not_tell_for_whom() -> None:
    centre = talking("2000")
    centre.device("2000", DeviceState.RINGING)
    commands = blind(centre)

    assert [(ring.leg, ring.instead_of) for ring in of_kind(commands, Ring)] == [(SECOND, "")]
    assert commands[-2:] == [AnswerTransfer(FIRST, accepted=True), HangUpLeg(FIRST)]


def test_a_transfer_to_who_has_another_call_is_refused() -> None:
    centre = talking("2000")
    centre.answer(centre.enter())

    assert blind(centre) == [AnswerTransfer(FIRST, accepted=False)]
    assert attended(centre) == [AnswerTransfer(FIRST, accepted=False)]


def test_a_transfer_to_oneself_is_refused() -> None:
    centre = talking()

    assert blind(centre, "1000") == [AnswerTransfer(FIRST, accepted=False)]


@pytest.mark.parametrize("end", [LegEnd.BUSY, LegEnd.REJECTED, LegEnd.NO_ANSWER])
def test_who_does_not_take_it_leaves_the_caller_first_in_the_queue(end: LegEnd) -> None:
    centre = talking("3000")
    centre.pause("3000")
    blind(centre)
    centre.leg_ends(FIRST)
    centre.leg_ends(SECOND, end)
    assert centre.call("call1").state is CallState.WAITING
    centre.enter()  # who comes later is served later
    centre.decided.clear()
    centre.unpause("3000")

    assert [ring.leg for ring in centre.all(Ring)] == [THIRD]


def test_who_passed_it_on_gets_it_back_if_nobody_else_is_there() -> None:
    centre = talking()
    blind(centre)
    centre.leg_ends(FIRST)
    centre.leg_ends(SECOND, LegEnd.REJECTED)
    assert centre.ringing() == []
    centre.after(5)

    assert centre.ringing() == ["1000"]


def passed_on_in_vain() -> CallCentre:
    """A caller who has talked for ten minutes waits, and nobody is there for him."""
    centre = talking("2000")
    centre.after(600)
    blind(centre)
    centre.leg_ends(FIRST)
    centre.pause("1000")
    centre.leg_ends(SECOND, LegEnd.REJECTED)
    centre.pause("2000")
    return centre


def test_a_caller_who_was_passed_on_waits_for_as_long_as_one_who_has_just_come() -> None:
    centre = passed_on_in_vain()
    centre.after(59)
    assert centre.all(Release) == []
    centre.after(1)

    assert centre.all(Release) == [Release("call1", "channel1", QueueStatus.TIMEOUT)]


def test_a_caller_who_was_passed_on_waits_for_as_long_as_the_queue_then_allows() -> None:
    centre = passed_on_in_vain()
    centre.take(QueueChanged(replace(SUPPORT, max_wait=timedelta(seconds=90))))
    centre.after(89)
    assert centre.all(Release) == []
    centre.after(1)

    assert centre.all(Release) == [Release("call1", "channel1", QueueStatus.TIMEOUT)]


def test_that_a_caller_talked_before_coming_back_is_no_hold_time() -> None:
    centre = talking()
    held = centre.state.holdtime("support")
    blind(centre)
    centre.leg_ends(FIRST)
    centre.leg_ends(SECOND, LegEnd.REJECTED)
    centre.after(5)
    centre.answer("call1")

    assert centre.state.holdtime("support") == held


def test_a_caller_who_hangs_up_meanwhile_stops_the_phone() -> None:
    centre = talking("2000")
    blind(centre)
    centre.leg_ends(FIRST)
    commands = centre.hang_up("call1")

    assert [type(command) for command in commands] == [HideCall, HangUpLeg]
    assert centre.call("call1").outcome is Outcome.ABANDONED


def test_to_somebody_who_is_no_agent_the_caller_goes_by_the_dialplan() -> None:
    centre = talking()
    assert blind(centre, "4000") == [SeekNumber(FIRST, "channel1", "from-phones", "4000")]
    commands = centre.take(NumberLookedUp(FIRST, "4000", "from-phones", exists=True))

    assert of_kind(commands, Redirect) == [Redirect("call1", "channel1", "from-phones", "4000")]
    assert of_kind(commands, HangUpLeg) == [HangUpLeg(FIRST)]
    [part], [redirect] = of_kind(commands, Part), of_kind(commands, Redirect)
    assert commands.index(part) < commands.index(redirect)
    told = commands.index(AnswerTransfer(FIRST, accepted=True))
    assert told < commands.index(HangUpLeg(FIRST))
    assert [(s.extension, s.call.state) for s in of_kind(commands, ShowCall)] == [
        ("1000", CallState.ENDED)
    ]
    assert centre.call("call1").outcome is Outcome.TRANSFERRED
    centre.leg_ends(FIRST)
    assert centre.agent("1000").calls_taken == 1


def test_a_number_that_does_not_exist_is_refused_and_the_talk_goes_on() -> None:
    centre = talking()
    blind(centre, "5000")
    refused = [AnswerTransfer(FIRST, accepted=False)]
    assert centre.take(NumberLookedUp(FIRST, "5000", "from-phones", exists=False)) == refused
    assert centre.call("call1").state is CallState.ANSWERED
    assert centre.agent("1000").state is AgentState.ON_CALL
    assert transfer_rows(centre) == []
    blind(centre, "2000")
    assert centre.call("call1").extension == "2000"


@pytest.mark.parametrize("exists", [True, False])
def test_a_number_that_is_looked_up_too_late_changes_nothing(exists: bool) -> None:
    centre = talking()
    blind(centre, "4000")
    centre.hang_up("call1")
    assert centre.take(NumberLookedUp(FIRST, "4000", "from-phones", exists)) == []


def test_a_call_can_be_passed_on_again() -> None:
    centre = talking("2000")
    blind(centre)
    centre.leg_ends(FIRST)
    centre.take(LegAnswered(SECOND))
    blind(centre, "3000", SECOND)

    assert [t.extension for t in centre.call("call1").transfers] == ["1000", "2000"]
    assert centre.ringing() == ["3000"]


@pytest.mark.parametrize("leg", [SECOND, Leg("call9", 1)])
def test_a_transfer_of_a_call_that_is_not_there_is_nothing(leg: Leg) -> None:
    centre = talking("2000")

    assert blind(centre, leg=leg) == attended(centre, leg=leg) == []


def test_a_transfer_told_twice_is_one() -> None:
    centre = talking("2000")
    blind(centre)

    assert blind(centre) == []
