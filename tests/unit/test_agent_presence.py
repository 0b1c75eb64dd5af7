"""What contacts see of an agent."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from component.agent_presence import agent_presence
from component.domain.model import Agent, Leg, Member, Talk
from component.domain.words import AgentState, DeviceState
from component.pubsub.presence import OFFLINE, Presence, Show

pytestmark = pytest.mark.unit

NOW = datetime(2026, 1, 1, 9, tzinfo=UTC)
AGENT = Agent("1000", "PJSIP/1000", "user1@example.com")
SUPPORT = Member("support", "1000", logged_on_at=NOW)
SALES = replace(SUPPORT, queue="sales")
LEG = Leg("call1", 1)


def agent(**changes: Any) -> Agent:
    return replace(AGENT, **changes)


def paused(member: Member, reason: str = "") -> Member:
    return replace(member, paused_at=NOW, pause_reason=reason)


RESERVED = agent(state=AgentState.RESERVED, leg=LEG, queue="support")
ON_CALL = agent(state=AgentState.ON_CALL, leg=LEG, queue="support", device_state=DeviceState.INUSE)
ON_TWO = replace(ON_CALL, others=(Talk(Leg("call2", 1), "sales"),))
WRAP_UP = agent(state=AgentState.WRAP_UP, queue="support", wrap_up_until=NOW)


@pytest.mark.parametrize(
    ("who", "members", "shown"),
    [
        (AGENT, [SUPPORT, SALES], Presence(True, Show.CHAT, "Free (support, sales)")),
        (AGENT, [paused(SUPPORT), SALES], Presence(True, Show.CHAT, "Free (sales)")),
        (RESERVED, [SUPPORT], Presence(True, Show.DND, "Ringing (support)")),
        (ON_CALL, [SUPPORT], Presence(True, Show.DND, "On a call (support)")),
        (ON_CALL, [paused(SUPPORT)], Presence(True, Show.DND, "On a call (support)")),
        (ON_TWO, [SUPPORT], Presence(True, Show.DND, "On 2 calls (sales, support)")),
        (WRAP_UP, [SUPPORT], Presence(True, Show.AWAY, "Wrap-up (support)")),
        (AGENT, [paused(SUPPORT, "lunch")], Presence(True, Show.AWAY, "Paused: lunch")),
        (
            AGENT,
            [paused(SUPPORT, "lunch"), paused(SALES, "training")],
            Presence(True, Show.AWAY, "Paused: lunch, training"),
        ),
        (AGENT, [paused(SUPPORT)], Presence(True, Show.AWAY, "Paused")),
        (
            agent(device_state=DeviceState.INUSE),
            [SUPPORT],
            Presence(True, Show.DND, "On the telephone"),
        ),
        (
            agent(device_state=DeviceState.RINGING),
            [SUPPORT],
            Presence(True, Show.DND, "Telephone rings"),
        ),
    ],
)
def test_an_agent_is_shown(who: Agent, members: list[Member], shown: Presence) -> None:
    assert agent_presence(who, members) == shown


@pytest.mark.parametrize(
    ("who", "members"),
    [
        (AGENT, []),
        (AGENT, [replace(SUPPORT, logged_on_at=None)]),
        (WRAP_UP, [replace(SUPPORT, logged_on_at=None)]),
        (agent(device_state=DeviceState.UNAVAILABLE), [SUPPORT]),
        (agent(device_state=DeviceState.INVALID), [paused(SUPPORT, "lunch")]),
    ],
)
def test_nobody_is_there(who: Agent, members: list[Member]) -> None:
    assert agent_presence(who, members) == OFFLINE


def test_who_logs_off_during_a_call_is_on_the_call_until_it_ends() -> None:
    logged_off = replace(SUPPORT, logged_on_at=None)
    assert agent_presence(ON_CALL, [logged_off]).status == "On a call (support)"
