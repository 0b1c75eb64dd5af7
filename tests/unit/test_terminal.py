"""What the command line shows, on a terminal that is a text."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from component import terminal
from component.control_client import ControlError
from component.domain.events import CallerEntered
from component.domain.model import Caller
from component.operations.model import Answer, Table
from component.operations.wire import as_json
from component.terminal import show_in, top, top_in_json
from tests.unit.operations.front_desk import SUPERVISOR, FrontDesk

pytestmark = pytest.mark.unit


@pytest.fixture
def desk() -> FrontDesk:
    return FrontDesk()


@pytest.fixture
def console() -> Console:
    return Console(file=StringIO(), width=120)


def shown(console: Console) -> list[str]:
    assert isinstance(console.file, StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


async def test_a_table_is_shown_with_its_headings(desk: FrontDesk, console: Console) -> None:
    await desk.ask("log-on")
    show_in(console, await desk.ask("agents", SUPERVISOR))
    head, first, second = shown(console)
    assert head.split() == [
        "Extension", "State", "For", "Queues", "Reason", "Calls", "Last", "call", "Logged", "on",
        "at", "Device", "Account",
    ]  # fmt: skip
    assert first.split() == [
        "1000",
        "free",
        "0:00",
        "support",
        "0",
        "2026-01-01",
        "09:00",
        "UTC",
        "PJSIP/1000",
        "user1@example.com",
    ]
    assert second.split()[:3] == ["2000", "logged", "off"]


async def test_words_alone_are_shown_as_they_are(desk: FrontDesk, console: Console) -> None:
    show_in(console, Answer("[red]Done."))
    assert shown(console) == ["[red]Done."]


async def test_on_a_narrow_terminal_there_is_less(desk: FrontDesk) -> None:
    await desk.ask("log-on")
    answer = await desk.ask("agents", SUPERVISOR)
    headings = []
    for width in (160, 60):
        console = Console(file=StringIO(), width=width, force_terminal=True, color_system=None)
        show_in(console, answer)
        headings.append(shown(console)[0].split())
    assert {"Device", "Account"} <= set(headings[0])
    assert headings[1] == ["Extension", "State", "For", "Queues", "Reason", "Calls"]


def test_what_tells_the_rows_apart_is_never_cut() -> None:
    console = Console(file=StringIO(), width=40, force_terminal=True, color_system=None)
    show_in(console, Answer("", Table(("call", "customer"), (("c" * 32, "Company " * 5),))))
    assert shown(console)[1].startswith("c" * 32 + "  Com")


def test_what_is_read_by_a_program_is_neither_wrapped_nor_cut(console: Console) -> None:
    show_in(console, Answer("word " * 100))
    show_in(console, Answer("", Table(("setting", "value"), (("dial", "x" * 1000), ("key", "")))))
    words, head, first, second = shown(console)
    assert words == ("word " * 100).rstrip()
    assert head.split() == ["Setting", "Value"]
    assert first.split() == ["dial", "x" * 1000]
    assert second == "key"


async def test_the_live_view_is_a_line_of_json_each_time(
    desk: FrontDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal, "REFRESH_SECONDS", 0.0)
    lines: list[str] = []

    async def ask(name: str, given: Mapping[str, str]) -> dict[str, Any]:
        return as_json(await desk.ask(name, SUPERVISOR, **given))

    await top_in_json(ask, lines.append, rounds=2)
    first, second = map(json.loads, lines)
    assert first == second
    assert [row["queue"] for row in first["queues"]] == ["support"]
    assert [row["extension"] for row in first["agents"]] == ["1000", "2000"]


async def test_the_live_view_follows(
    desk: FrontDesk, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal, "REFRESH_SECONDS", 0.0)
    rounds = 0

    async def ask(name: str, given: Mapping[str, str]) -> Answer:
        nonlocal rounds
        rounds += name == "queues"
        if rounds == 2 and name == "queues":
            await desk.ask("log-on")
            desk.take(CallerEntered("call1", "support", "channel1", Caller("5550100")))
            desk.after(7)
        return await desk.ask(name, SUPERVISOR, **given)

    await top(ask, console, lambda: datetime(2026, 1, 1, 9, tzinfo=UTC), rounds=2)
    assert rounds == 2
    lines = shown(console)
    assert "ivr-pubsub  2026-01-01 09:00:00" in lines
    assert "Queues: 1. Callers who wait: 1." in lines
    assert ["support", "open", "1", "0:07", "1", "0", "0", "1"] in [line.split() for line in lines]
    assert ["1000", "ringing", "0:07", "support", "0"] in [line.split() for line in lines]


@pytest.mark.parametrize(
    ("rounds", "seen"),
    [(2, "the service does not run here"), (3, "Queues: 1. Callers who wait: 0.")],
)
async def test_the_live_view_outlasts_a_restart(
    desk: FrontDesk, console: Console, monkeypatch: pytest.MonkeyPatch, rounds: int, seen: str
) -> None:
    monkeypatch.setattr(terminal, "REFRESH_SECONDS", 0.0)
    looked = 0

    async def ask(name: str, given: Mapping[str, str]) -> Answer:
        nonlocal looked
        looked += name == "queues"
        if looked == 2:
            raise ControlError("the service does not run here")
        return await desk.ask(name, SUPERVISOR, **given)

    await top(ask, console, lambda: datetime(2026, 1, 1, 9, tzinfo=UTC), rounds)
    assert shown(console)[1] == seen


async def test_there_is_no_live_view_of_a_service_that_does_not_run(console: Console) -> None:
    async def ask(_name: str, _given: Mapping[str, str]) -> Answer:
        raise ControlError("the service does not run here")

    with pytest.raises(ControlError):
        await top(ask, console, lambda: datetime(2026, 1, 1, 9, tzinfo=UTC), rounds=1)
