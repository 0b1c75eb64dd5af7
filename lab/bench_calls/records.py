"""Whose turn it was by what this service keeps: its choices, and when calls ended.

By the telephones' clocks two agents who hang up within milliseconds may change places on their way
through Asterisk, which tells of each by another of its threads. What an agent has been idle since
is, for a queue, when it was told so.
"""

import heapq
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

CHOICES = """
    SELECT choices.at, choices.offered[1] AS extension, choices.passed_over, choices.line,
           calls.ended_at
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
    candidates: frozenset[str] | None = None
    """The first who could, where so many were passed over that not all are named; else None."""

    def concerns(self, extension: str) -> bool:
        """Tell whether an agent is known to have been free for it."""
        if extension in self.passed_over:
            return False
        return self.candidates is None or extension in self.candidates


async def choices(url: str, queue: str, since: datetime) -> list[Choice]:
    """Return the choices of a queue, the first first."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(CHOICES, queue, since)
    finally:
        await connection.close()
    return [_choice(row) for row in rows]


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
            others = (at for name, at in idle.items() if choice.concerns(name))
            found.append(since <= min(others, default=since))
        had_a_call.add(choice.extension)
        heapq.heappush(over, (choice.ended_at, choice.extension))
    return found


def _choice(row: Any) -> Choice:
    groups = json.loads(row["passed_over"]).values()
    passed_over = frozenset(name for group in groups for name in group["extensions"])
    candidates = None
    if any(group["number"] > len(group["extensions"]) for group in groups):
        candidates = frozenset(rank["extension"] for rank in json.loads(row["line"]))
    return Choice(row["at"], row["extension"], row["ended_at"], passed_over, candidates)
