"""The reference software and what differs from one XMPP server to the other."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from lab.ports import PortBlock
from lab.xmpp_server import XmppServer, XmppServerSettings
from tests.contract.subscriber.watched import Log, Watched, refusal
from tests.xmpp_servers import NAMES, SERVERS

pytestmark = pytest.mark.contract


@pytest.fixture(scope="module", params=SERVERS, ids=NAMES)
def server(
    request: pytest.FixtureRequest, ports: PortBlock, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[XmppServer]:
    """Without the service."""
    settings = XmppServerSettings(c2s_port=ports.take(), component_port=ports.take())
    server: XmppServer = request.param(tmp_path_factory.mktemp("server"), settings)
    asyncio.run(server.start())
    yield server
    asyncio.run(server.stop())


@pytest.fixture
def login(server: XmppServer) -> dict[str, Any]:
    return {"port": server.settings.c2s_port, "password": server.settings.passwords["user1"]}


async def test_a_service_that_is_away_is_waited_for(login: dict[str, Any], log: Log) -> None:
    async with Watched(**login):
        await log.says("asking again")
        await log.says("asking again")


async def test_a_wrong_password_is_final(login: dict[str, Any]) -> None:
    assert "password" in await refusal(**(login | {"password": "wrong"}))


async def test_a_server_without_encryption_is_not_trusted(login: dict[str, Any]) -> None:
    assert "cannot log in" in await refusal(**login, plaintext=False)


async def test_a_server_that_restarts_is_found_again(
    server: XmppServer, login: dict[str, Any], log: Log
) -> None:
    async with Watched(**login):
        await log.says("asking again")
        await server.process.kill()
        await log.says("the connection is lost")
        await server.start()
        await log.says("asking again")
