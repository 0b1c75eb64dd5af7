"""What agents have in hand when the service starts, though the database knows less of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from component.domain.model import Agent, Call, Caller, Leg, Offer, Talk, Turn
from component.domain.restoring import in_hand
from component.domain.state import State
from component.domain.words import AgentState, CallState, Outcome
from component.records import Ledger

pytestmark = pytest.mark.unit

NOW = datetime(2026, 1, 1, 9, tzinfo=UTC)
ADA = Agent("1000", "PJSIP/1000", "ada@example.com")


def call(number: int, state: CallState = CallState.ANSWERED, *extensions: str) -> Call:
    """A call that came as the how many-th, and rings, or is talked, at extensions."""
    call_id, at = f"call{number}", NOW + timedelta(seconds=number)
    offers = tuple(
        Offer(extension, Leg(call_id, attempt), at)
        for attempt, extension in enumerate(extensions or ("1000",), start=1)
    )
    return Call(call_id, "support", "channel", Caller(""), at, state=state, offers=offers)


def test_who_has_the_calls_that_the_database_knows_of_stays_as_he_is() -> None:
    ada = replace(ADA, state=AgentState.ON_CALL, leg=Leg("call1", 1), queue="support")
    idle = replace(ADA, extension="2000", device="PJSIP/2000")
    assert in_hand([ada, idle], [call(1)]) == [ada, idle]


def test_who_logs_on_comes_behind_whose_turn_it_was_though_nobody_is_logged_on_any_more() -> None:
    state = State(Ledger())
    state.load([], [], [], [], [Turn("support", "1000", 7)])
    assert state.next_logon_order() == 8


def test_who_talks_at_an_extension_that_is_removed_has_the_call_in_hand() -> None:
    [agent] = in_hand([], [call(1)])
    assert (agent.extension, agent.device, agent.devices, agent.account) == ("1000", "", (), "")
    assert (agent.state, agent.leg, agent.queue) == (AgentState.ON_CALL, Leg("call1", 1), "support")


def test_who_talks_at_an_extension_that_was_removed_and_added_has_the_call_in_hand() -> None:
    [agent] = in_hand([ADA], [call(1)])
    assert agent.state is AgentState.ON_CALL
    assert replace(agent, state=ADA.state, leg=None, queue=None) == ADA


@pytest.mark.parametrize("state", [CallState.OFFERED, CallState.CONNECTING])
def test_who_is_not_heard_yet_is_reserved(state: CallState) -> None:
    [agent] = in_hand([], [call(1, state)])
    assert (agent.state, agent.legs) == (AgentState.RESERVED, (Leg("call1", 1),))


def test_several_phones_that_ring_are_in_several_hands() -> None:
    agents = in_hand([ADA], [call(1, CallState.OFFERED, "1000", "2000")])
    assert [agent.legs for agent in agents] == [(Leg("call1", 1),), (Leg("call1", 2),)]


def test_of_several_calls_that_which_rings_is_foremost_and_then_the_newest() -> None:
    [agent] = in_hand([], [call(1, CallState.OFFERED), call(3), call(2)])
    assert (agent.state, agent.leg) == (AgentState.RESERVED, Leg("call1", 1))
    assert agent.others == (Talk(Leg("call2", 1), "support"), Talk(Leg("call3", 1), "support"))


def test_a_call_that_is_over_is_in_no_hand() -> None:
    over = replace(call(1), state=CallState.ENDED, outcome=Outcome.COMPLETED)
    assert in_hand([], [over]) == []
