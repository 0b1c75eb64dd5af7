"""A second service stands by on the same database, and takes over."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from component.storage.writer import LOCK
from lab.ports import PortBlock
from lab.service import Service
from lab.sip import Phone
from tests.e2e.scene import begin
from tests.e2e.talks import PATIENCE
from tests.e2e.world import World
from tests.talking import hear_each_other

pytestmark = pytest.mark.e2e


@pytest.fixture
async def spare(world: World, ports: PortBlock, tmp_path: Path) -> AsyncIterator[Service]:
    """Stands by, with an address of its own, as on another machine."""
    directory = tmp_path / "spare"
    settings = {
        **world.service.settings,
        "agi": {"host": "127.0.0.2", "port": world.asterisk.settings.agi_port},
        "http": {"port": ports.take()},
        "control": {"socket": str(directory / "control.sock")},
    }
    service = Service(directory, settings)
    await service.start()
    async with asyncio.timeout(PATIENCE):
        while not service.logged("another service has the database, standing by"):
            await asyncio.sleep(0.1)
    yield service
    await service.stop()
    assert "Traceback" not in service.log.read_text(), "the spare has a fault"


async def test_the_service_is_killed_and_the_spare_takes_up_all_calls(
    world: World, agent: Phone, spare: Service
) -> None:
    begun = await begin(world, agent)
    await world.service.process.kill()
    await spare.ready()
    await hear_each_other(begun.caller, begun.taken)
    await begun.taken.hang_up()
    await begun.goes_on()


async def test_the_service_is_cut_off_from_the_database_and_leaves_all_calls_to_the_spare(
    world: World, agent: Phone, spare: Service
) -> None:
    """It hangs meanwhile: connected to Asterisk and the XMPP server, and deaf."""
    begun = await begin(world, agent)
    world.service.process.freeze()
    await world.sql(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks"
        " WHERE locktype = 'advisory' AND objid::bigint = $1 AND granted",
        LOCK,
    )
    spare.needs = ("asterisk", "database")
    await spare.ready()
    await begun.taken.hang_up()
    world.service.process.thaw()
    assert await world.service.process.wait() == 1
    spare.needs = Service.needs
    await spare.ready()

    await begun.goes_on()
