import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from lab.ports import PortBlock
from lab.xmpp_server import XmppServer, XmppServerSettings
from tests.contract.xmpp.client import Client
from tests.contract.xmpp.service import Service
from tests.xmpp_servers import NAMES, SERVERS


@pytest.fixture(scope="module", params=SERVERS, ids=NAMES)
def server_of_the_module(
    request: pytest.FixtureRequest, ports: PortBlock, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[XmppServer]:
    """Started once, for ejabberd takes a second or two."""
    settings = XmppServerSettings(c2s_port=ports.take(), component_port=ports.take())
    server: XmppServer = request.param(tmp_path_factory.mktemp("server"), settings)
    asyncio.run(server.start())
    yield server
    asyncio.run(server.stop())


@pytest.fixture
async def xmpp_server(server_of_the_module: XmppServer) -> XmppServer:
    """Running, whatever the test before has done to it."""
    server_of_the_module.process.thaw()
    if not server_of_the_module.process.is_running:
        await server_of_the_module.start()
    return server_of_the_module


@pytest.fixture
def settings(xmpp_server: XmppServer) -> XmppServerSettings:
    return xmpp_server.settings


@pytest.fixture
async def service(settings: XmppServerSettings) -> AsyncIterator[Service]:
    """Connected."""
    async with Service(settings) as service:
        await service.is_up()
        yield service


@pytest.fixture
async def client(service: Service, settings: XmppServerSettings) -> AsyncIterator[Client]:
    """user1, who may see extension 1000."""
    async with Client(settings) as client:
        yield client
