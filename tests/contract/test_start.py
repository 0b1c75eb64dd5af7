"""The service starts whatever the database is doing, or says why it cannot."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from lab.ports import PortBlock
from lab.service import Service
from tests.contract.lonely import PATIENCE, lonely_service, says
from tests.databases import Databases

pytestmark = pytest.mark.contract


@pytest.fixture
async def service(database_url: str, ports: PortBlock, tmp_path: Path) -> AsyncIterator[Service]:
    """A service that finds neither Asterisk nor XMPP server, not yet started."""
    service = lonely_service(tmp_path, database_url, ports)
    yield service
    await service.stop()


async def test_a_database_that_is_away_at_the_start_is_waited_for(
    databases: Databases, database_url: str, service: Service
) -> None:
    async with databases.away(database_url):
        await service.start()
        await says(service, "not currently accepting connections")
    await service.ready()

    assert service.logged("database away")[0]["retry_in"] > 0


async def test_what_is_missing_is_named_and_how_to_mend_it_and_waited_for(
    databases: Databases, database_url: str, service: Service
) -> None:
    administrator = await asyncpg.connect(databases.server.url)
    name = urlsplit(database_url).path.removeprefix("/")
    await administrator.execute(f"ALTER DATABASE {name} RENAME TO {name}_later")
    await service.start()
    await says(service, "does not exist")
    await administrator.execute(f"ALTER DATABASE {name}_later RENAME TO {name}")
    await administrator.close()
    await service.ready()

    assert "create the database" in service.logged("database away")[0]["mend"]


async def test_a_database_that_hangs_while_it_is_read_is_waited_for(
    database_url: str, service: Service
) -> None:
    connection = await asyncpg.connect(database_url)
    async with connection.transaction():
        await connection.execute("LOCK TABLE calls")
        await service.start()
        await says(service, "reading")
        await says(service, "TimeoutError")
    await connection.close()
    await service.ready()


async def test_a_table_that_may_not_be_read_ends_it_with_a_clear_error(
    database_url: str, service: Service
) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute("ALTER TABLE calls RENAME TO phone_calls")
    await connection.close()
    await service.start()

    assert await service.process.wait() == 1
    assert 'the database cannot be read: UndefinedTableError: relation "calls" does not exist' in (
        service.log.read_text()
    )


async def test_a_schema_that_cannot_be_changed_ends_it_and_the_migration_is_named(
    database_url: str, service: Service
) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute("DELETE FROM _pogo_migration WHERE migration_id = '0017_made_anew'")
    await connection.close()
    await service.start()

    assert await service.process.wait() == 1
    assert "ivr-pubsub: Failed to apply 0017_made_anew: " in service.log.read_text()


@pytest.mark.parametrize("section", ["http", "agi"])
async def test_a_port_that_is_taken_ends_it_and_is_named_with_its_key(
    section: str, service: Service
) -> None:
    port = str(service.settings[section]["port"])
    other = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", port)
    async with other:
        await service.start()
        assert await service.process.wait() == 1

    *_, last = service.log.read_text().splitlines()
    assert last == (
        f"ivr-pubsub: [{section}] port: cannot listen on 127.0.0.1:{port}: Address already in use"
    )


async def test_calls_that_were_kept_for_long_enough_are_deleted(
    database_url: str, service: Service
) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "INSERT INTO calls (id, queue, channel, caller_number, caller_name, digits, state, attempt,"
        " tried, revision, entered_at, ended_at, outcome)"
        " SELECT age::text, 'support', 'c', '', '', '', 'ended', 0, '{}', 1,"
        " now() - age, now() - age, 'completed'"
        " FROM unnest(ARRAY[interval '1 hour', interval '2 days']) AS age"
    )
    await service.start()
    async with asyncio.timeout(PATIENCE):
        while (left := await connection.fetch("SELECT id FROM calls")) and len(left) > 1:
            await asyncio.sleep(0.1)
    await connection.close()
    assert [row["id"] for row in left] == ["01:00:00"]
