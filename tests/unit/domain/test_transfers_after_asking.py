"""An agent passes a call on to somebody whom he has asked, or is asking."""

import pytest

from component.domain.commands import (
    AnswerTransfer,
    Connect,
    Display,
    HangUpLeg,
    Join,
    Ring,
    ShowCall,
)
from component.domain.events import ConsultOver, LegAnswered
from component.domain.model import Leg
from component.domain.words import CallState, DeviceState, LegEnd, Outcome
from tests.unit.domain.call_centre import of_kind
from tests.unit.domain.transfers import FIRST, PEER, SECOND, THIRD, attended, blind, talking

pytestmark = pytest.mark.unit

LET_GO = [AnswerTransfer(FIRST, accepted=True), HangUpLeg(FIRST)]
"""What becomes of the first agent: Asterisk would tell the phone at its end that it failed."""


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
    assert centre.take(ConsultOver(SECOND)) == LET_GO


def test_who_answers_at_the_moment_of_the_transfer_is_fetched_and_the_first_agent_let_go() -> None:
    centre = talking("2000")
    centre.device("2000", DeviceState.RINGING)
    blind(centre, consult="consult1")
    commands = centre.take(LegAnswered(SECOND))

    assert of_kind(commands, Connect) == [Connect(SECOND, "channel1")]
    assert commands[-2:] == LET_GO
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
    assert commands[-2:] == LET_GO


def test_the_phone_of_who_is_fetched_displays_the_caller_from_then_on() -> None:
    centre = talking("2000")
    attended(centre)

    assert of_kind(centre.take(LegAnswered(SECOND)), Display) == [
        Display(SECOND, centre.call("call1").caller)
    ]


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
