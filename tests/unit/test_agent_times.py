"""What a member does, as seen from one queue, while the agent has several calls in hand."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from component.agent_times import Activity, activity
from component.domain.model import Agent, Leg, Member, Talk
from component.domain.words import AgentState
from tests.unit.domain.call_centre import SUPPORT

pytestmark = pytest.mark.unit

NOW = datetime(2026, 1, 1, 9, tzinfo=UTC)
MEMBER = Member("support", "1000", logged_on_at=NOW)
AGENT = Agent("1000", "PJSIP/1000", "user1@example.com", max_calls=2)
RUNG_BY_SALES = replace(
    AGENT,
    state=AgentState.RESERVED,
    leg=Leg("call2", 1),
    queue="sales",
    others=(Talk(Leg("call1", 1), "support"),),
)


def test_who_talks_for_a_queue_talks_though_another_call_rings() -> None:
    assert activity(RUNG_BY_SALES, MEMBER, SUPPORT) is Activity.TALKING
    assert activity(replace(RUNG_BY_SALES, queue="support"), MEMBER, SUPPORT) is Activity.TALKING


def test_for_the_queue_whose_call_rings_it_rings() -> None:
    member = replace(MEMBER, queue="sales")
    assert activity(RUNG_BY_SALES, member, replace(SUPPORT, name="sales")) is Activity.RINGING
