"""`ivr-pubsub why`: whom a call was offered to, and why them, as the database keeps it."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import asyncpg
from rich.console import Console
from rich.table import Table
from rich.text import Text

from component.database import database_url
from component.domain.why import LISTED
from component.settings import DatabaseConfig

CALL = """
    SELECT id, queue, channel, state, outcome, entered_at, answered_at, ended_at FROM calls
    WHERE id = $1 OR channel = $1 ORDER BY entered_at DESC LIMIT 1"""

CHOICES = """
    SELECT attempt, queue, at, chosen_by, strategy, offered, line, candidates, passed_over
    FROM choices WHERE call_id = $1 ORDER BY attempt"""

Explained = dict[str, Any]


class UnknownCallError(Exception):
    """There is no such call."""


async def explain(database: DatabaseConfig, call: str) -> Explained:
    """Return a call, named by its id or its channel's, and the choices that were made for it.

    Raises `UnknownCallError`, `OSError`, or as asyncpg does.
    """
    async with database_url(database) as url:
        connection = await asyncpg.connect(url)
        try:
            found = await connection.fetchrow(CALL, call)
            if found is None:
                raise UnknownCallError(f"there is no call {call}, nor one on such a channel")
            choices = await connection.fetch(CHOICES, found["id"])
        finally:
            await connection.close()
    return {**found, "choices": [_choice(row) for row in choices]}


def as_json(explained: Explained) -> str:
    """Return it for scripts."""
    return json.dumps(explained, indent=2, ensure_ascii=False, default=datetime.isoformat)


def show(explained: Explained) -> None:
    """Print it for people."""
    console = Console(highlight=False)
    state = explained["outcome"] or explained["state"]
    console.print(f"call {explained['id']} in queue {explained['queue']}: {state}", markup=False)
    if not explained["choices"]:
        console.print("It was offered to nobody, or that is no longer kept.")
    for choice in explained["choices"]:
        console.print()
        for part in _rendered(choice, explained["queue"]):
            console.print(part, soft_wrap=isinstance(part, Text))


def _choice(row: asyncpg.Record) -> Explained:
    return {**row, "line": json.loads(row["line"]), "passed_over": json.loads(row["passed_over"])}


def _rendered(choice: Explained, queue: str) -> Iterator[Text | Table]:
    """Yield what is said of a choice; its queue, if the call was moved to another one later."""
    at = choice["at"].isoformat(" ", "milliseconds").removesuffix("+00:00")
    where = "" if choice["queue"] == queue else f" in queue {choice['queue']}"
    yield Text(f"{at} UTC  offered{where} to {', '.join(choice['offered'])}: {_reason(choice)}")
    line = choice["line"]
    if line:
        yield _table(choice, line)
    if len(line) < choice["candidates"]:
        yield Text(f"and {choice['candidates'] - len(line)} more candidates")
    for reason, passed_over in sorted(choice["passed_over"].items()):
        some = ", ".join(passed_over["extensions"])
        more = " ..." if len(passed_over["extensions"]) < passed_over["number"] else ""
        yield Text(f"passed over, {reason}: {passed_over['number']} ({some}{more})")


def _reason(choice: Explained) -> str:
    match choice["chosen_by"]:
        case "sticky":
            return "spoke with the customer last (sticky)"
        case "transfer":
            return "a colleague passed the call on"
        case _:
            return f"strategy {choice['strategy']}, {choice['candidates']} candidates"


def _table(choice: Explained, line: list[Explained]) -> Table:
    table = Table("", *(name.replace("_", " ") for name in line[0]), "")
    for place, candidate in enumerate(line, start=1):
        offered = "offered" if candidate["extension"] in choice["offered"] else ""
        # Who comes after those that are listed in order was drawn, or known to the customer.
        where = str(place) if place <= LISTED else "..."
        table.add_row(where, *map(_cell, candidate.values()), offered)
    return table


def _cell(value: object) -> Text:
    """Return a value as it is to be read; moments are text in JSON."""
    return Text(str(value).replace("T", " ").removesuffix("+00:00"))
