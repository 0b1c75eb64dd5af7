"""What there is at some moment, and what has become more since another."""

import asyncio
import gc
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from lab.bench_pubsub.usage import memory_kib

LEAST = 1.0
"""Per thousand calls: what grows by less, in whatever unit, is not shown."""

TABLES = """
    SELECT relname, pg_total_relation_size(relid) / 1024 AS size FROM pg_stat_user_tables"""


@dataclass(frozen=True, slots=True)
class Found:
    """How much there is of all, after so many calls."""

    calls: int
    amounts: Mapping[str, int]


async def look(calls: int, database: asyncpg.Connection) -> Found:
    """See how much there is."""
    gc.collect()
    objects = Counter(type(one) for one in gc.get_objects())
    tables = {f"table {name}, KiB": size for name, size in await database.fetch(TABLES)}
    return Found(
        calls,
        {
            "memory, KiB": int(memory_kib(os.getpid())),
            "descriptors": _descriptors(),
            "tasks": len(asyncio.all_tasks()),
            "objects": objects.total(),
            **tables,
            **{f"{kind.__module__}.{kind.__qualname__}": n for kind, n in objects.items()},
        },
    )


def _descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def growth(before: Found, after: Found) -> Iterator[tuple[str, float]]:
    """Yield what has become more, and by how much per thousand calls, the most first."""
    thousands = (after.calls - before.calls) / 1000
    grown = {
        name: (amount - before.amounts.get(name, 0)) / thousands
        for name, amount in after.amounts.items()
    }
    for name, by in sorted(grown.items(), key=lambda one: -one[1]):
        if by >= LEAST:
            yield name, by
