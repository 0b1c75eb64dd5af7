"""Whose turn it was by what this service keeps: its choices, and when calls ended.

By the telephones' clocks two agents who hang up within milliseconds may change places on their way
through Asterisk, which tells of each by another of its threads. What an agent has been idle since
is, for a queue, when it was told so.
"""

import heapq
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

CHOICES = """
    SELECT choices.at, choices.offered[1] AS extension, choices.passed_over, calls.ended_at
    FROM choices JOIN calls ON calls.id = choices.call_id
    WHERE choices.queue = $1 AND choices.at >= $2 AND calls.ended_at IS NOT NULL
    ORDER BY choices.at, choices.call_id"""


@dataclass(frozen=True, slots=True)
class Choice:
    """An offer that was taken."""

    at: datetime
    extension: str
    ended_at: datetime
    """When the call was over, and the agent idle."""
    passed_over: frozenset[str]
    """Who could not be offered it: on a call, or the telephone was still in use."""


async def choices(url: str, queue: str, since: datetime) -> list[Choice]:
    """Return the choices of a queue, the first first."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(CHOICES, queue, since)
    finally:
        await connection.close()
    return [
        Choice(row["at"], row["extension"], row["ended_at"], _names(row["passed_over"]))
        for row in rows
    ]


def in_turn(made: Sequence[Choice], agents: int) -> list[bool]:
    """Return of each choice, once all agents have had a call, whether it was the agent's turn."""
    idle: dict[str, datetime] = {}
    over: list[tuple[datetime, str]] = []
    had_a_call: set[str] = set()
    found = []
    for choice in made:
        while over and over[0][0] <= choice.at:
            ended_at, extension = heapq.heappop(over)
            idle[extension] = ended_at
        since = idle.pop(choice.extension, None)
        if since is not None and len(had_a_call) == agents:
            others = (at for name, at in idle.items() if name not in choice.passed_over)
            found.append(since <= min(others, default=since))
        had_a_call.add(choice.extension)
        heapq.heappush(over, (choice.ended_at, choice.extension))
    return found


def _names(passed_over: str) -> frozenset[str]:
    groups: Iterable[dict[str, list[str]]] = json.loads(passed_over).values()
    return frozenset(name for group in groups for name in group["extensions"])
