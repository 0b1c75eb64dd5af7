"""Two services on one database: one serves, the other stands by."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from component.storage.writer import LOCK
from lab.ports import PortBlock
from lab.service import Service
from tests.contract.lonely import lonely_service, says

pytestmark = pytest.mark.contract


@pytest.fixture
async def first(database_url: str, ports: PortBlock, tmp_path: Path) -> AsyncIterator[Service]:
    """Serves."""
    async with lonely_service(tmp_path / "first", database_url, ports) as service:
        yield service


@pytest.fixture
async def second(
    first: Service, database_url: str, ports: PortBlock, tmp_path: Path
) -> AsyncIterator[Service]:
    """Has been started after the first."""
    del first
    service = lonely_service(tmp_path / "second", database_url, ports)
    await service.start()
    await says(service, "standing by: another service has it")
    yield service
    await service.stop()


async def cut_off_the_holder(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks"
        f" WHERE locktype = 'advisory' AND objid = {LOCK} AND granted"
    )
    await connection.close()


async def test_the_second_takes_over_when_the_first_is_killed(
    first: Service, second: Service
) -> None:
    agi_port = int(str(second.settings["agi"]["port"]))
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", agi_port)
    await first.process.kill()
    await second.ready()

    [line] = second.logged("another service has the database, standing by")
    assert line["level"] == "warning"
    assert line["holder"].startswith("its own machine, PostgreSQL process ")
    assert second.logged("database taken over")[0]["stood_by"] > 0


async def test_the_second_takes_over_when_the_first_is_stopped(
    first: Service, second: Service
) -> None:
    await first.stop()
    await second.ready()
    await first.start()
    await says(first, "standing by")


async def test_who_stands_by_can_be_stopped(first: Service, second: Service) -> None:
    await second.process.stop()
    assert await second.process.wait() == 0
    assert (await first.status())["database"]["ready"]


async def test_who_was_replaced_ends_and_says_why(
    database_url: str, first: Service, second: Service
) -> None:
    first.process.freeze()
    await cut_off_the_holder(database_url)
    await second.ready()
    first.process.thaw()

    assert await first.process.wait() == 1
    *_, last = first.log.read_text().splitlines()
    assert last == (
        "ivr-pubsub: another service has taken over the database, so this one must not write to it"
        " any more"
    )
    assert (await second.status())["database"]["ready"]
