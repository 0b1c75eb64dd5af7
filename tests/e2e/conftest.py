import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from lab.asterisk import Asterisk, AsteriskSettings, Installation
from lab.ports import PortBlock
from lab.prosody import Prosody
from lab.sip import Phone
from lab.xmpp_server import XmppServer, XmppServerSettings
from tests.databases import Databases
from tests.e2e import app_queue, exchange
from tests.e2e.world import RINGING, World
from tests.line import Line


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
        additions=exchange.configuration(app_queue.configuration(ports.take())),
    )
    with tempfile.TemporaryDirectory(prefix="ivr") as directory:
        server = Asterisk(Installation.find(), Path(directory), settings)
        asyncio.run(server.start())
        yield server
        asyncio.run(server.stop())


@pytest.fixture(scope="session")
def xmpp_server(
    request: pytest.FixtureRequest, ports: PortBlock, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[XmppServer]:
    """Prosody, unless the test is marked `on_every_xmpp_server`."""
    kind: type[XmppServer] = getattr(request, "param", Prosody)
    settings = XmppServerSettings(c2s_port=ports.take(), component_port=ports.take())
    server = kind(tmp_path_factory.mktemp(kind.name), settings)
    asyncio.run(server.start())
    yield server
    asyncio.run(server.stop())


@pytest.fixture
async def line(asterisk: Asterisk, ports: PortBlock) -> AsyncIterator[Line]:
    """What the service may reach Asterisk by: a module then says that this is `ari_port`."""
    async with Line(ports.take(), asterisk.settings.http_port) as line:
        yield line


@pytest.fixture
def ari_port(asterisk: Asterisk) -> int:
    """Where the service reaches Asterisk; a test may put something between."""
    return asterisk.settings.http_port


@pytest.fixture
def prepared() -> str:
    """SQL that is run before the service starts; a module may have its own."""
    return ""


@pytest.fixture
async def world(
    request: pytest.FixtureRequest,
    asterisk: Asterisk,
    xmpp_server: XmppServer,
    databases: Databases,
    ports: PortBlock,
    ari_port: int,
    prepared: str,
    tmp_path: Path,
) -> AsyncIterator[World]:
    """Everything, with a service and a database of its own; `queue` marks set the queue up."""
    marks = request.node.iter_markers("queue")
    queue = {"timeout": RINGING}
    for mark in marks:
        queue |= mark.kwargs
    async with (
        databases.fresh() as url,
        World(
            asterisk, xmpp_server, url, tmp_path, ports.take(), queue, ari_port, prepared
        ) as world,
    ):
        yield world
    assert "Traceback" not in world.service.log.read_text(), "the service has a fault"


@pytest.fixture
async def agent(world: World) -> Phone:
    """Extension 1000, logged on."""
    return await world.agent("1000")


@pytest.fixture
async def operator(world: World) -> Phone:
    """Extension 3000, which takes the calls that nobody else can."""
    return await world.phone("3000")


@pytest.fixture
async def servers_are_up_again(world: World) -> AsyncIterator[None]:
    """Leave no dead server to the next test."""
    yield
    if not world.asterisk.process.is_running:
        await world.asterisk.start()
    if not world.xmpp.process.is_running:
        await world.xmpp.start()
