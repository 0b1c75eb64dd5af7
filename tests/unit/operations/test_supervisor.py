"""What supervisors ask for: how things stand, and what agents have forgotten to do."""

from datetime import timedelta

import pytest

from component.domain.errors import NotLoggedOnError
from component.domain.events import CallerEntered
from component.domain.model import Caller, MemberState
from component.operations.model import Answer, ArgumentError
from tests.unit.operations.front_desk import DOMAIN, SUPERVISOR, FrontDesk

pytestmark = pytest.mark.unit


def rows(answer: Answer) -> list[dict[str, object]]:
    assert answer.table is not None
    return [dict(zip(answer.table.columns, row, strict=True)) for row in answer.table.rows]


def enter(desk: FrontDesk, number: int = 1, queue: str = "support") -> str:
    desk.take(CallerEntered(f"call{number}", queue, f"channel{number}", Caller(f"555{number}")))
    return f"call{number}"


async def test_agents_at_a_glance(desk: FrontDesk) -> None:
    await desk.ask("log-on", account="user2@example.com")
    await desk.ask("pause", account="user2@example.com", reason="lunch")
    desk.after(90)
    answer = await desk.ask("agents", account=SUPERVISOR)
    assert answer.text == "Logged on: 1. Logged off: 1."
    first, second = rows(answer)
    assert (first["extension"], first["state"], first["reason"]) == ("2000", "paused", "lunch")
    assert (first["queues"], first["since"]) == ("support", timedelta(seconds=90))
    assert (second["extension"], second["state"]) == ("1000", "logged off")


async def test_queues_at_a_glance(desk: FrontDesk) -> None:
    await desk.ask("log-on")
    await desk.ask("log-on", account="user2@example.com")
    await desk.ask("pause", account="user2@example.com")
    enter(desk, 1)
    enter(desk, 2)
    desk.after(5)
    answer = await desk.ask("queues", account=SUPERVISOR)
    assert answer.text == "Queues: 1. Callers who wait: 2."
    (queue,) = rows(answer)
    assert (queue["queue"], queue["waiting"], queue["longest_wait"]) == (
        "support", 2, timedelta(seconds=5),
    )  # fmt: skip
    assert (queue["logged_on"], queue["free"], queue["paused"], queue["busy"]) == (2, 0, 1, 1)


async def test_calls_at_a_glance(desk: FrontDesk) -> None:
    await desk.ask("log-on")
    enter(desk, 1)
    desk.after(5)
    enter(desk, 2)
    answer = await desk.ask("calls", account=SUPERVISOR)
    assert answer.text == "Calls: 2."
    rung, waiting = rows(answer)
    assert (rung["call"], rung["state"], rung["agent"], rung["position"]) == (
        "call1", "offered", "1000", 1,
    )  # fmt: skip
    assert (waiting["call"], waiting["state"], waiting["waited"]) == (
        "call2", "waiting", timedelta(0),
    )  # fmt: skip


async def test_a_supervisor_pauses_an_agent_and_logs_one_off(desk: FrontDesk) -> None:
    await desk.ask("log-on")
    member = ("support", "1000")
    answer = await desk.ask("pause-agent", SUPERVISOR, agent="1000", reason="meeting")
    assert answer.text == "1000 is paused: meeting."
    assert desk.state.members[member].state is MemberState.PAUSED
    await desk.ask("resume-agent", SUPERVISOR, agent="1000")
    assert desk.state.members[member].state is MemberState.READY
    await desk.ask("log-off-agent", SUPERVISOR, f"ext1000@{DOMAIN}")
    assert desk.state.members[member].state is MemberState.LOGGED_OFF


async def test_only_those_are_offered_who_are_logged_on(desk: FrontDesk) -> None:
    await desk.ask("log-on")
    form = await desk.form("log-off-agent", SUPERVISOR)
    assert form is not None
    assert form.blanks[0].choices is not None
    assert [(c.value, c.label) for c in form.blanks[0].choices] == [("1000", "1000 (free)")]
    with pytest.raises(ArgumentError):
        await desk.ask("log-off-agent", SUPERVISOR, agent="2000")
    with pytest.raises(NotLoggedOnError):
        await desk.ask("log-off-agent", SUPERVISOR, f"ext2000@{DOMAIN}")
