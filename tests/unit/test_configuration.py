"""What the log says while the operator's changes are taken over."""

from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import pytest
from structlog.testing import capture_logs

from component.configuration import MOST_TOLD, Takeover
from component.domain.configuring import Configured
from component.domain.events import ConfigurationEvent
from component.domain.model import Agent, Member
from component.domain.step import step
from component.records import Ledger
from tests.small_centre import small_centre

pytestmark = pytest.mark.unit

NOW = datetime(2026, 1, 1, 9, tzinfo=UTC)


@pytest.fixture
def takeover() -> Takeover:
    state = small_centre(Ledger(), {"1000": "user1@example.com", "2000": "user2@example.com"})

    async def take(event: ConfigurationEvent) -> None:
        step(state, event, NOW, Random(0))

    return Takeover(state, take)


async def told(takeover: Takeover, configured: Configured) -> list[dict[str, object]]:
    """Return what is logged, without the levels."""
    with capture_logs() as lines:
        await takeover(configured)
    return [{k: v for k, v in line.items() if k != "log_level"} for line in lines]


async def test_each_change_is_a_line_that_names_queue_and_agent(takeover: Takeover) -> None:
    queue = takeover._state.queues["support"]
    configured = Configured(
        {"support": replace(queue, weight=3)},
        {"1000": Agent("1000", "PJSIP/9", "user1@example.com"), "2000": None},
        {("support", "1000"): Member("support", "1000", 2), ("support", "2000"): None},
    )
    assert await told(takeover, configured) == [
        {"event": "configuration changed", **change}
        for change in (
            {"change": "member_removed", "queue": "support", "agent": "2000"},
            {"change": "agent_removed", "agent": "2000"},
            {"change": "queue_changed", "queue": "support"},
            {"change": "agent_changed", "agent": "1000"},
            {"change": "member_changed", "queue": "support", "agent": "1000"},
        )
    ]
    assert await told(takeover, configured) == []
    assert await told(takeover, Configured({"support": None}, {}, {})) == [
        {"event": "configuration changed", "change": "queue_removed", "queue": "support"}
    ]


async def test_what_is_refused_is_named_in_the_same_way(takeover: Takeover) -> None:
    unknown = Configured({}, {}, {("sales", "1000"): Member("sales", "1000")})
    (line,) = await told(takeover, unknown)
    assert (line["event"], line["change"], line["queue"], line["agent"]) == (
        "change refused", "member_changed", "sales", "1000",
    )  # fmt: skip


async def test_of_many_changes_the_number_is_told(takeover: Takeover) -> None:
    names = [str(number) for number in range(3000, 3001 + MOST_TOLD)]
    agents = {name: Agent(name, f"PJSIP/{name}", "a@example.com") for name in names}
    assert await told(takeover, Configured({}, agents, {})) == [
        {"event": "configuration taken over", "changes": MOST_TOLD + 1}
    ]
