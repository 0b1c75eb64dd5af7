"""Answers of the service in a terminal: tables, and a live view of queues and agents."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table as RichTable
from rich.text import Text

from component.operations.model import Answer, Cell, Table, label, written

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

TOP_QUEUES = ("queue", "state", "waiting", "longest_wait", "logged_on", "free", "paused", "busy")
TOP_AGENTS = ("extension", "state", "queues", "since", "reason", "calls")
"""The columns that are watched."""


def show_in(console: Console, answer: Answer) -> None:
    """Show an answer: its table, or else its text, in one line.

    What is not shown on a terminal is read by a program: nothing of a table is cut off then.
    """
    if not console.is_terminal:
        console.width = UNCUT
    if answer.table is None:
        console.print(Text(answer.text), soft_wrap=True)
    else:
        console.print(as_table(answer.table))


def as_table(table: Table, columns: tuple[str, ...] = (), title: str = "") -> RenderableType:
    """Return a table as it is shown; `columns` are those that are, none is all."""
    shown = columns or table.columns
    made = RichTable(title=title or None, title_justify="left", box=None, pad_edge=False)
    for column in shown:
        is_number = any(isinstance(cell, int) for cell in _cells(table, column))
        made.add_column(label(column), justify="right" if is_number else "left", no_wrap=True)
    for row in zip(*(_cells(table, column) for column in shown), strict=True):
        made.add_row(*(Text(text, STYLES.get(text, "")) for text in map(written, row)))
    return made


async def top(ask: Ask, console: Console, now: Callable[[], datetime], rounds: int = 0) -> None:
    """Show queues and agents, anew each second, until interrupted or so many times (0: no end).

    Raises what `ask` raises.
    """
    shown = 0
    with Live(console=console, auto_refresh=False, screen=console.is_terminal) as live:
        while True:
            live.update(await _screen(ask, now()), refresh=True)
            shown += 1
            if shown == rounds:
                return
            await asyncio.sleep(REFRESH_SECONDS)


async def top_in_json(ask: AskPlainly, write: Callable[[str], None], rounds: int = 0) -> None:
    """Write queues and agents, a line each second; else as `top`."""
    shown = 0
    while True:
        queues, agents = await asyncio.gather(ask("queues", {}), ask("agents", {}))
        write(json.dumps({"queues": queues["rows"], "agents": agents["rows"]}))
        shown += 1
        if shown == rounds:
            return
        await asyncio.sleep(REFRESH_SECONDS)


async def _screen(ask: Ask, now: datetime) -> RenderableType:
    queues, agents = await asyncio.gather(ask("queues", {}), ask("agents", {}))
    assert queues.table is not None
    assert agents.table is not None
    return Group(
        Text(f"ivr-pubsub  {now:%Y-%m-%d %H:%M:%S}", "bold"),
        Text(queues.text),
        as_table(queues.table, TOP_QUEUES),
        Text(""),
        Text(agents.text),
        as_table(agents.table, TOP_AGENTS),
    )


def _cells(table: Table, column: str) -> list[Cell]:
    place = table.columns.index(column)
    return [row[place] for row in table.rows]
