"""Answers of the service in a terminal: tables, and a live view of queues and agents."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.measure import Measurement
from rich.table import Table as RichTable
from rich.text import Text

from component.control_client import ControlError
from component.operations.model import Answer, Table, label, written
from component.operations.views import briefly

REFRESH_SECONDS = 1.0

UNCUT = 100_000
"""Columns of characters that no table needs."""

Ask = Callable[[str, Mapping[str, str]], Awaitable[Answer]]
"""Has an operation carried out by the running service."""

AskPlainly = Callable[[str, Mapping[str, str]], Awaitable[dict[str, Any]]]
"""The same; the answer is as `component.operations.wire` writes it."""

STYLES = {
    "free": "green", "open": "green", "ringing": "yellow", "offered": "yellow",
    "on call": "cyan", "answered": "cyan", "wrap-up": "magenta", "paused": "blue",
    "closed": "red", "no telephone": "red", "logged off": "dim",
}  # fmt: skip
"""Of words that tell how somebody or something is."""


def show_in(console: Console, answer: Answer) -> None:
    """Show an answer: its table, or else its text, in one line.

    What is not shown on a terminal is read by a program: nothing of a table is cut off then. On a
    terminal that is too narrow columns are left out that are not looked at all day.
    """
    if not console.is_terminal:
        console.width = UNCUT
    if answer.table is None:
        console.print(Text(answer.text), soft_wrap=True)
    else:
        fits = _width(console, as_table(answer.table)) <= console.width
        console.print(as_table(answer.table if fits else briefly(answer.table)))


def as_table(table: Table) -> RenderableType:
    """Return a table as it is shown. Where it does not fit, the first column is not cut."""
    made = RichTable(box=None, pad_edge=False)
    for place, column in enumerate(table.columns):
        longest = max((len(written(row[place])) for row in table.rows), default=0)
        is_number = any(isinstance(row[place], int | timedelta) for row in table.rows)
        made.add_column(
            label(column),
            justify="right" if is_number else "left",
            no_wrap=True,
            min_width=0 if place else longest,
        )
    for row in table.rows:
        made.add_row(*(Text(text, STYLES.get(text, "")) for text in map(written, row)))
    return made


def _width(console: Console, shown: RenderableType) -> int:
    return Measurement.get(console, console.options.update(width=UNCUT), shown).maximum


async def top(ask: Ask, console: Console, now: Callable[[], datetime], rounds: int = 0) -> None:
    """Show queues and agents, anew each second, until interrupted or so many times (0: no end).

    It outlasts a restart of the service: only without a first answer it raises `ControlError`.
    """
    shown, screen = 0, await _screen(ask)
    with Live(console=console, auto_refresh=False, screen=console.is_terminal) as live:
        while True:
            head = Text(f"ivr-pubsub  {now():%Y-%m-%d %H:%M:%S}", "bold")
            live.update(Group(head, screen), refresh=True)
            shown += 1
            if shown == rounds:
                return
            await asyncio.sleep(REFRESH_SECONDS)
            try:
                screen = await _screen(ask)
            except ControlError as error:
                screen = Text(str(error), "red")


async def top_in_json(ask: AskPlainly, write: Callable[[str], None], rounds: int = 0) -> None:
    """Write queues and agents, a line each second. Raises `ControlError` if there is no answer."""
    shown = 0
    while True:
        queues, agents = await asyncio.gather(ask("queues", {}), ask("agents", {}))
        write(json.dumps({"queues": queues["rows"], "agents": agents["rows"]}))
        shown += 1
        if shown == rounds:
            return
        await asyncio.sleep(REFRESH_SECONDS)


async def _screen(ask: Ask) -> RenderableType:
    queues, agents = await asyncio.gather(ask("queues", {}), ask("agents", {}))
    assert queues.table is not None
    assert agents.table is not None
    return Group(
        Text(queues.text),
        as_table(briefly(queues.table)),
        Text(""),
        Text(agents.text),
        as_table(briefly(agents.table)),
    )
