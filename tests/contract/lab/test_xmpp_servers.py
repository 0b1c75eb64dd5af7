"""XMPP servers with the project's configuration, seen through plain sockets and a client."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from component.mended_slixmpp import Client
from lab.ports import NoFreePortError, PortBlock
from lab.xmpp_server import COMPONENT, HOST, XmppServer, XmppServerSettings
from tests.xmpp_servers import NAMES, SERVERS

pytestmark = pytest.mark.contract

PATIENCE = 20


@pytest.fixture
def settings(ports: PortBlock) -> XmppServerSettings:
    return XmppServerSettings(c2s_port=ports.take(), component_port=ports.take())


@pytest.fixture(params=SERVERS, ids=NAMES)
async def server(
    request: pytest.FixtureRequest, tmp_path: Path, settings: XmppServerSettings
) -> AsyncIterator[XmppServer]:
    async with request.param(tmp_path, settings) as server:
        yield server


class Component:
    """A component's stream."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def authenticate(self, secret: str) -> str:
        """Say hello and who we are; return what the server says to that."""
        self._writer.write(
            f"<stream:stream xmlns='jabber:component:accept' to='{COMPONENT}'"
            " xmlns:stream='http://etherx.jabber.org/streams'>".encode()
        )
        header = await self.reads(">(?=$|<)|'>|\">")
        stream_id = re.search(r"id=['\"]([^'\"]+)", header)
        assert stream_id is not None
        # XEP-0114: SHA-1 of stream id and secret.
        digest = hashlib.sha1((stream_id[1] + secret).encode()).hexdigest()
        self._writer.write(f"<handshake>{digest}</handshake>".encode())
        return await self.reads("<handshake/>|</stream:stream>")

    async def reads(self, pattern: str) -> str:
        """Read until what was received matches; return it. Raises `TimeoutError`."""
        received = ""
        async with asyncio.timeout(PATIENCE):
            while not re.search(pattern, received):
                data = await self._reader.read(4096)
                assert data, f"the server closed the connection after {received!r}"
                received += data.decode()
        return received

    async def close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()


async def connect(settings: XmppServerSettings) -> Component:
    return Component(*await asyncio.open_connection("127.0.0.1", settings.component_port))


async def test_the_component_is_let_in_with_its_secret(
    server: XmppServer, settings: XmppServerSettings
) -> None:
    component = await connect(settings)
    assert "<handshake/>" in await component.authenticate(settings.component_secret)
    await component.close()


async def test_a_wrong_secret_is_refused(server: XmppServer, settings: XmppServerSettings) -> None:
    component = await connect(settings)
    assert "not-authorized" in await component.authenticate("wrong")
    await component.close()


async def test_a_component_that_comes_back_is_let_in_beside_its_old_connection(
    server: XmppServer, settings: XmppServerSettings
) -> None:
    old, new = await connect(settings), await connect(settings)
    await old.authenticate(settings.component_secret)
    assert "<handshake/>" in await new.authenticate(settings.component_secret)
    if server.name == "prosody":
        assert "conflict" in await old.reads("</stream:stream>")
    await old.close()
    await new.close()


async def logs_in(settings: XmppServerSettings, user: str, password: str) -> bool:
    """Whether a client is let in."""
    client = Client(f"{user}@{HOST}", password, plaintext=True)
    outcome: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    client.add_event_handler("session_start", lambda _: outcome.set_result(True))
    client.add_event_handler("failed_all_auth", lambda _: outcome.set_result(False))
    client.connect("127.0.0.1", settings.c2s_port)
    try:
        async with asyncio.timeout(PATIENCE):
            return await outcome
    finally:
        await client.disconnect()


async def test_users_log_in_with_their_own_password(
    server: XmppServer, settings: XmppServerSettings
) -> None:
    assert await logs_in(settings, "user1", settings.passwords["user1"])
    assert not await logs_in(settings, "user1", settings.passwords["user2"])


async def test_nothing_is_wrong_with_the_configuration(server: XmppServer) -> None:
    started = r"Activated service 'component'|Start accepting .* for ejabberd_service"
    async with asyncio.timeout(PATIENCE):
        while not re.search(started, server.log.read_text()):  # ejabberd writes a little later
            await asyncio.sleep(0.02)
    complaints = re.findall(r".*(?:\t|\[)(?:warn|error|critical).*", server.log.read_text())
    # ejabberd 24 misses what nothing here has a use for, whenever it starts.
    assert not [complaint for complaint in complaints if "captcha_cmd" not in complaint]


async def test_it_can_be_started_again_after_a_crash(
    server: XmppServer, settings: XmppServerSettings
) -> None:
    component = await connect(settings)
    await component.authenticate(settings.component_secret)
    await server.process.kill()
    await component.close()
    await server.start()
    assert await logs_in(settings, "user3", settings.passwords["user3"])


async def test_a_port_that_is_taken_is_named(
    server: XmppServer, settings: XmppServerSettings, tmp_path: Path
) -> None:
    with pytest.raises(NoFreePortError, match=str(settings.c2s_port)):
        await type(server)(tmp_path / "other", settings).start()
