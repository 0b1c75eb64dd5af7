"""One service writes to a database: the other stands by, or ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from component.ports import (
    Changes,
    Outgoing,
    StoreLostError,
    StoreTakenError,
    StoreUnavailableError,
)
from component.storage import writer
from component.storage.postgres import PostgresStore
from tests.databases import Databases

pytestmark = pytest.mark.contract

PATIENCE = 30.0

CHANGES = Changes(outgoing=[Outgoing(1, "ivr.example.com", ("a@example.com",), "chat", "<body/>")])


@asynccontextmanager
async def serving(url: str) -> AsyncIterator[PostgresStore]:
    """Provide a store as a service has it that has read everything."""
    async with PostgresStore(url) as store:
        await take(store)
        yield store


async def take(store: PostgresStore) -> None:
    async with asyncio.timeout(PATIENCE):
        await store.claim(lambda _: None)
    await store.load()


async def come_and_go(url: str) -> None:
    """Be another service for a moment."""
    async with serving(url):
        pass


@asynccontextmanager
async def standing_by(url: str) -> AsyncIterator[asyncio.Task[None]]:
    """Provide the waiting of another service, which has begun."""
    begun = asyncio.Event()

    async def wait(store: PostgresStore) -> None:
        while True:
            try:
                await store.claim(lambda _: begun.set())
            except StoreUnavailableError:
                await asyncio.sleep(0.05)
            else:
                return

    async with PostgresStore(url) as store:
        waiting = asyncio.create_task(wait(store))
        try:
            async with asyncio.timeout(PATIENCE):
                await begun.wait()
            yield waiting
        finally:
            waiting.cancel()
            await asyncio.wait([waiting])


async def gone(store: PostgresStore) -> None:
    """Wait until the database is away."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                await store.ping()
            except StoreUnavailableError:
                return
            await asyncio.sleep(0.05)


async def again(store: PostgresStore) -> None:
    """Commit, as often as it takes."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                return await store.commit(CHANGES)
            except StoreUnavailableError:
                await asyncio.sleep(0.1)


async def holders(url: str) -> int:
    connection = await asyncpg.connect(url)
    count: int = await connection.fetchval(
        "SELECT count(*) FROM pg_locks JOIN pg_database ON oid = database"
        " WHERE locktype = 'advisory' AND objid = $1 AND granted AND datname = current_database()",
        writer.LOCK,
    )
    await connection.close()
    return count


async def test_the_second_of_two_stands_by_until_the_first_is_gone(database_url: str) -> None:
    told: list[str] = []
    async with PostgresStore(database_url) as second:
        async with serving(database_url):
            waiting = asyncio.create_task(second.claim(told.append))
            await asyncio.sleep(3 * writer.LOOK_SECONDS)
            assert not waiting.done()
        async with asyncio.timeout(PATIENCE):
            await waiting
        await second.load()
        await second.commit(CHANGES)
    [holder] = told
    assert holder.startswith("its own machine, PostgreSQL process ")


async def test_a_service_that_has_not_read_anything_does_not_write_beside_another(
    database_url: str,
) -> None:
    async with serving(database_url), PostgresStore(database_url) as second:
        with pytest.raises(StoreTakenError):
            await second.commit(CHANGES)
        with pytest.raises(StoreTakenError):
            await second.load()


async def test_after_a_restart_of_postgresql_the_first_goes_on_and_the_second_stands_by_on(
    databases: Databases, database_url: str
) -> None:
    async with serving(database_url) as first, standing_by(database_url) as waiting:
        async with databases.killed():
            await gone(first)
        await asyncio.sleep(5 * writer.LOOK_SECONDS)  # it may have nothing to do for a second
        await again(first)
        assert await holders(database_url) == 1
        assert not waiting.done()


async def test_who_stood_by_takes_over_though_all_connections_were_lost(
    databases: Databases, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "HEAD_START_SECONDS", 0.2)
    async with serving(database_url) as first, standing_by(database_url) as waiting:
        async with databases.away(database_url):
            pass
        async with asyncio.timeout(PATIENCE):
            await waiting
        for attempt in (first.ping(), first.commit(CHANGES)):
            with pytest.raises(StoreLostError):
                await attempt


async def test_who_has_been_replaced_meanwhile_does_not_write_though_nobody_else_is_left(
    databases: Databases, database_url: str
) -> None:
    async with serving(database_url) as first:
        async with databases.away(database_url):
            pass
        await come_and_go(database_url)
        with pytest.raises(StoreLostError):
            await first.commit(CHANGES)

        await take(first)  # as a service that is started anew does
        await first.commit(CHANGES)


async def test_a_session_of_ours_that_postgresql_believes_to_be_alive_does_not_shut_us_out(
    database_url: str,
) -> None:
    """As if the network had swallowed the end of the connection: only we know of it."""
    connections: list[asyncpg.Connection] = []

    async def connect() -> asyncpg.Connection:
        connections.append(await asyncpg.connect(database_url))
        return connections[-1]

    ours = writer.Writer(connect, patience=5.0)
    await ours.begin()
    transport = connections[0]._transport
    with transport.get_extra_info("socket").dup():
        transport.abort()
        while not connections[0].is_closed():
            await asyncio.sleep(0)
        assert await holders(database_url) == 1

        await ours.run("SELECT 1")
        assert await holders(database_url) == 1
    await ours.close()


async def test_signs_of_life_and_a_lost_connection_leave_no_commit_without_the_lock(
    database_url: str, databases: Databases
) -> None:
    async with serving(database_url) as first:
        async with databases.away(database_url):
            pass
        await asyncio.gather(first.ping(), first.commit(CHANGES), first.ping())
        assert await holders(database_url) == 1
