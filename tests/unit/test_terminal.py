"""What the command line shows, on a terminal that is a text."""

from collections.abc import Mapping
from datetime import UTC, datetime
from io import StringIO

import pytest
from rich.console import Console

from component import terminal
from component.domain.events import CallerEntered
from component.domain.model import Caller
from component.operations.model import Answer
from component.terminal import in_terminal, top
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
    console.print(in_terminal(await desk.ask("agents", SUPERVISOR)))
    head, first, second = shown(console)
    assert head.split() == [
        "Extension", "State", "Queues", "Since", "Reason", "Calls", "Last", "call", "Device",
        "Account",
    ]  # fmt: skip
    assert first.split() == [
        "1000",
        "free",
        "support",
        "0:00",
        "0",
        "PJSIP/1000",
        "user1@example.com",
    ]
    assert second.split()[:3] == ["2000", "logged", "off"]


async def test_words_alone_are_shown_as_they_are(desk: FrontDesk, console: Console) -> None:
    console.print(in_terminal(Answer("[red]Done.")))
    assert shown(console) == ["[red]Done."]


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
    assert ["1000", "ringing", "support", "0:07", "0"] in [line.split() for line in lines]
