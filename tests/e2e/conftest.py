import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from lab.asterisk import Asterisk, AsteriskSettings, Installation
from lab.ports import PortBlock
from lab.prosody import Prosody, ProsodySettings
from tests.databases import Databases
from tests.e2e.world import World


@pytest.fixture(scope="session")
def ports() -> Iterator[PortBlock]:
    with PortBlock() as block:
        yield block


@pytest.fixture(scope="session")
def asterisk(ports: PortBlock) -> Iterator[Asterisk]:
    settings = AsteriskSettings(
        sip_port=ports.take(),
        http_port=ports.take(),
        agi_port=ports.take(),
        rtp_ports=ports.take_range(200),
    )
    with tempfile.TemporaryDirectory(prefix="ivr") as directory:
        server = Asterisk(Installation.find(), Path(directory), settings)
        asyncio.run(server.start())
        yield server
        asyncio.run(server.stop())


@pytest.fixture(scope="session")
def prosody(ports: PortBlock, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prosody]:
    settings = ProsodySettings(c2s_port=ports.take(), component_port=ports.take())
    server = Prosody(tmp_path_factory.mktemp("prosody"), settings)
    asyncio.run(server.start())
    yield server
    asyncio.run(server.stop())


@pytest.fixture
async def world(
    request: pytest.FixtureRequest,
    asterisk: Asterisk,
    prosody: Prosody,
    databases: Databases,
    ports: PortBlock,
    tmp_path: Path,
) -> AsyncIterator[World]:
    """Everything, with a service and a database of its own; `queue` marks set the queue up."""
    marks = request.node.iter_markers("queue")
    queue = {name: value for mark in marks for name, value in mark.kwargs.items()}
    async with (
        databases.fresh() as url,
        World(asterisk, prosody, url, tmp_path, ports.take(), queue) as world,
    ):
        yield world
