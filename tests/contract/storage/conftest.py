from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from component.domain.model import Agent, Customer, Member
from component.domain.queue import Queue
from component.storage.memory import MemoryStore
from component.storage.postgres import PostgresStore

AnyStore = PostgresStore | MemoryStore


@pytest.fixture
async def postgres(database_url: str) -> AsyncIterator[PostgresStore]:
    async with PostgresStore(database_url) as store:
        yield store


@pytest.fixture
def memory() -> MemoryStore:
    """A store in memory with what `sql/demo.sql` has."""
    seconds = timedelta(seconds=1)
    extensions = ("1000", "2000", "3000")
    return MemoryStore(
        queues=[Queue("support", timeout=15 * seconds, retry=5 * seconds, max_wait=60 * seconds)],
        agents=[Agent(e, f"PJSIP/{e}", f"user{e[0]}@example.com") for e in extensions],
        members=[Member("support", e) for e in extensions],
        customers=[Customer(1, "1111", "Company 1", {"contract": "gold"})],
    )


@pytest.fixture(params=["postgres", "memory"])
def store(request: pytest.FixtureRequest) -> AnyStore:
    found: AnyStore = request.getfixturevalue(request.param)
    return found
