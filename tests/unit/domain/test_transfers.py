"""An agent passes a call on: to another agent, whom the item follows, or to somebody else."""

from datetime import timedelta
from typing import Any

import pytest

from component.domain.commands import (
    AnswerTransfer,
    Command,
    Connect,
    EndCall,
    HangUpLeg,
    HideCall,
    Hold,
    Join,
    Part,
    Redirect,
    Release,
    Ring,
    SeekNumber,
    ShowCall,
)
from component.domain.events import (
    AttendedTransfer,
    BlindTransfer,
    ConsultOver,
    LegAnswered,
    NumberLookedUp,
)
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
from tests.unit.domain.call_centre import CallCentre, of_kind

pytestmark = pytest.mark.unit

FIRST, SECOND, THIRD = (Leg("call1", attempt) for attempt in (1, 2, 3))
PEER = "PJSIP/2000-00000007"


def talking(*extensions: str, **settings: Any) -> CallCentre:
    """1000 talks with a caller who waited for 3 s; the others are logged on."""
    centre = CallCentre(["1000", "2000", "3000"], **settings)
    centre.log_on("1000", *extensions)
    call = centre.enter()
    centre.after(3)
    centre.answer(call)
    centre.after(20)
    centre.decided.clear()
    return centre


def blind(
    centre: CallCentre, number: str = "2000", leg: Leg = FIRST, consult: str = ""
) -> list[Command]:
    return centre.take(BlindTransfer(leg, number, "from-phones", consult))


def attended(centre: CallCentre, device: str = "PJSIP/2000", leg: Leg = FIRST) -> list[Command]:
    return centre.take(AttendedTransfer(leg, device, PEER))


def transfer_rows(centre: CallCentre) -> list[tuple[str, str, tuple[str, ...]]]:
    """What the log tells of the call after it was answered."""
    rows = [entry[1:] for entry in centre.logged() if entry[0] == "channel1"]
    return rows[[event for _, event, _ in rows].index("CONNECT") + 1 :]


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

    assert of_kind(commands, Part) == [Part("call1")]
    [hold] = of_kind(commands, Hold)
    assert commands.index(Part("call1")) < commands.index(hold)


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
    assert of_kind(centre.leg_ends(SECOND), EndCall) == [EndCall("call1", "channel1")]


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


@pytest.mark.parametrize("device", [DeviceState.INUSE, DeviceState.UNAVAILABLE])
def test_a_transfer_to_a_phone_that_cannot_be_rung_is_refused_and_the_talk_goes_on(
    device: DeviceState,
) -> None:
    centre = talking("2000")
    centre.device("2000", device)

    assert blind(centre) == [AnswerTransfer(FIRST, accepted=False)]
    assert centre.call("call1").state is CallState.ANSWERED
    assert centre.agent("1000").state is AgentState.ON_CALL


def test_a_phone_that_rings_because_the_first_agent_asks_there_is_rung_by_the_caller_instead() -> (
    None
):
    centre = talking("2000")
    centre.device("2000", DeviceState.RINGING)
    commands = blind(centre, consult="consult1")

    assert [(ring.leg, ring.instead_of) for ring in of_kind(commands, Ring)] == [
        (SECOND, "consult1")
    ]
    assert of_kind(commands, HangUpLeg) == [], "his phone would end the second call, too"
    let_go = [AnswerTransfer(FIRST, accepted=True), HangUpLeg(FIRST)]
    assert centre.take(ConsultOver(SECOND)) == let_go


def test_a_phone_that_rings_is_rung_though_asterisk_does_not_tell_for_whom() -> None:
    centre = talking("2000")
    centre.device("2000", DeviceState.RINGING)
    commands = blind(centre)

    assert [(ring.leg, ring.instead_of) for ring in of_kind(commands, Ring)] == [(SECOND, "")]
    assert commands[-2:] == [AnswerTransfer(FIRST, accepted=True), HangUpLeg(FIRST)]


def test_who_answers_at_the_moment_of_the_transfer_is_fetched_and_the_first_agent_let_go() -> None:
    centre = talking("2000")
    centre.device("2000", DeviceState.RINGING)
    blind(centre, consult="consult1")
    commands = centre.take(LegAnswered(SECOND))

    assert of_kind(commands, Connect) == [Connect(SECOND, "channel1")]
    assert of_kind(commands, HangUpLeg) == [HangUpLeg(FIRST)]
    assert centre.take(ConsultOver(SECOND)) == [], "it came to nothing meanwhile"


@pytest.mark.parametrize("leg", [FIRST, THIRD, Leg("call9", 1)])
def test_that_the_second_call_of_nobody_is_over_is_nothing(leg: Leg) -> None:
    centre = talking("2000")

    assert centre.take(ConsultOver(leg)) == []


@pytest.mark.parametrize("device", [DeviceState.RINGINUSE, DeviceState.UNAVAILABLE])
@pytest.mark.parametrize("consult", ["", "consult1"])
def test_a_phone_that_is_in_use_as_well_or_not_there_is_not_rung(
    device: DeviceState, consult: str
) -> None:
    centre = talking("2000")
    centre.device("2000", device)

    assert blind(centre, consult=consult) == [AnswerTransfer(FIRST, accepted=False)]


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


def test_a_caller_who_was_passed_on_waits_for_as_long_as_one_who_has_just_come() -> None:
    centre = talking("2000")
    centre.after(600)
    blind(centre)
    centre.leg_ends(FIRST)
    centre.pause("1000")
    centre.leg_ends(SECOND, LegEnd.REJECTED)
    centre.pause("2000")
    centre.after(59)
    assert centre.all(Release) == []
    centre.after(1)

    assert centre.all(Release) == [Release("call1", "channel1", QueueStatus.TIMEOUT)]


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
    assert commands.index(Part("call1")) < commands.index(of_kind(commands, Redirect)[0])
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


def test_who_talks_with_the_first_agent_is_fetched_before_that_one_is_let_go() -> None:
    centre = talking("2000")
    centre.device("2000", DeviceState.INUSE)
    commands = attended(centre)

    assert [(ring.leg, ring.peer) for ring in of_kind(commands, Ring)] == [(SECOND, PEER)]
    assert of_kind(commands, HangUpLeg) == []
    assert [(s.extension, s.call.state) for s in of_kind(commands, ShowCall)] == [
        ("2000", CallState.OFFERED)
    ]
    commands = centre.take(LegAnswered(SECOND))
    assert of_kind(commands, Connect) == [Connect(SECOND, "channel1")]
    assert of_kind(commands, HangUpLeg) == [HangUpLeg(FIRST)]


def test_if_nobody_can_be_fetched_the_first_agent_is_let_go_and_the_caller_waits() -> None:
    centre = talking("2000")
    centre.device("2000", DeviceState.INUSE)
    attended(centre)
    commands = centre.leg_ends(SECOND, LegEnd.UNAVAILABLE)

    assert of_kind(commands, HangUpLeg) == [HangUpLeg(FIRST)]
    assert centre.call("call1").state is CallState.WAITING


def test_a_caller_who_leaves_before_anybody_is_fetched_leaves_no_agent_on_a_dead_line() -> None:
    centre = talking("2000")
    centre.device("2000", DeviceState.INUSE)
    attended(centre)
    commands = centre.hang_up("call1")

    assert commands[-3:] == [
        HangUpLeg(SECOND),
        AnswerTransfer(FIRST, accepted=True),  # that phone then ends the consultation, too
        HangUpLeg(FIRST),
    ]


def test_with_somebody_who_is_no_agent_the_caller_is_connected_by_the_dialplan() -> None:
    centre = talking()
    commands = attended(centre, "PJSIP/anonymous")

    assert of_kind(commands, Join) == [Join("call1", "channel1", PEER)]
    assert centre.call("call1").outcome is Outcome.TRANSFERRED


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


def test_the_queue_log_tells_of_a_blind_transfer_and_of_nothing_after_it() -> None:
    centre = talking("2000")
    blind(centre)
    centre.leg_ends(FIRST)
    centre.take(LegAnswered(SECOND))
    centre.leg_ends(SECOND)

    times = ("3", "20", "1")
    assert transfer_rows(centre) == [("1000", "BLINDTRANSFER", ("2000", "from-phones", *times))]


@pytest.mark.parametrize("device", ["PJSIP/2000", "PJSIP/anonymous"])
def test_the_queue_log_tells_of_an_attended_transfer(device: str) -> None:
    centre = talking("2000")
    attended(centre, device)

    times = ("3", "20", "1")
    assert transfer_rows(centre) == [("1000", "ATTENDEDTRANSFER", ("BRIDGE", "ivr-call1", *times))]


def test_the_queue_log_tells_that_a_caller_came_back() -> None:
    centre = talking()
    blind(centre)
    centre.leg_ends(FIRST)
    centre.leg_ends(SECOND, LegEnd.REJECTED)
    centre.hang_up("call1")

    assert transfer_rows(centre)[1:] == [
        ("NONE", "ENTERQUEUE", ("", "5550101", "1")),
        ("NONE", "ABANDON", ("1", "1", "23")),
    ]
