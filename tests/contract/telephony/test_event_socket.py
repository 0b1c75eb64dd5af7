"""The event socket against a server that does what Asterisk does seldom."""

import asyncio
from collections.abc import AsyncIterator

import picows
import pytest
from picows import WSCloseCode, WSFrame, WSMsgType, WSTransport, WSUpgradeRequest

from component.telephony import event_socket
from component.telephony.errors import AriError, AriUnreachableError
from component.telephony.event_socket import EventSocket, connect

pytestmark = pytest.mark.contract

PATIENCE = 20.0


class Server(picows.WSListener):
    """The other end: it takes everything, and does by itself nothing."""

    def __init__(self) -> None:
        self.port = 0
        self.greeted = asyncio.Event()
        self.heard: list[bytes] = []
        self.ended = asyncio.Event()
        self.is_polite = True
        """Whether it answers a goodbye."""
        self.transport: WSTransport

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport
        self.greeted.set()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is WSMsgType.CLOSE and self.is_polite:
            transport.send_close(frame.get_close_code())
            transport.disconnect()
        elif frame.msg_type is WSMsgType.TEXT:
            self.heard.append(frame.get_payload_as_bytes())

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.ended.set()


def _welcome(server: Server, request: WSUpgradeRequest) -> Server | None:
    """Let in who has the right credentials."""
    return server if request.headers.get("Authorization") == "Basic YQ==" else None


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    listening = await picows.ws_create_server(
        lambda request: _welcome(server, request), "127.0.0.1", 0, enable_auto_pong=False
    )
    server.port = listening.sockets[0].getsockname()[1]
    yield server
    listening.close()


async def opened(server: Server, credentials: str = "Basic YQ==") -> EventSocket:
    headers = {"Authorization": credentials}
    socket = await connect(f"ws://127.0.0.1:{server.port}/x", headers, None, PATIENCE)
    await asyncio.wait_for(server.greeted.wait(), PATIENCE)
    return socket


async def test_texts_come_in_order_and_whole(server: Server) -> None:
    socket = await opened(server)
    server.transport.send(WSMsgType.TEXT, b"one")
    server.transport.send(WSMsgType.TEXT, b"t", fin=False)
    server.transport.send(WSMsgType.CONTINUATION, b"w", fin=False)
    server.transport.send_ping(b"are you there?")
    server.transport.send(WSMsgType.CONTINUATION, b"o")
    async with asyncio.timeout(PATIENCE):
        assert [await socket.receive(), await socket.receive()] == [b"one", b"two"]
    await socket.close(PATIENCE)


async def test_texts_that_came_before_the_end_are_read_before_it_is_told(server: Server) -> None:
    socket = await opened(server)
    server.transport.send(WSMsgType.TEXT, b"last words")
    server.transport.send_close(WSCloseCode.GOING_AWAY)
    async with asyncio.timeout(PATIENCE):
        assert await socket.receive() == b"last words"
        with pytest.raises(AriUnreachableError, match="1001"):
            await socket.receive()
    assert socket.closed
    with pytest.raises(AriUnreachableError):
        socket.send(b"{}")


async def test_what_is_sent_is_heard(server: Server) -> None:
    socket = await opened(server)
    socket.send(b"first")
    socket.send(b"second")
    await socket.close(PATIENCE)
    assert server.heard == [b"first", b"second"]


async def test_who_is_not_let_in_is_told_the_status(server: Server) -> None:
    with pytest.raises(AriError) as caught:
        await opened(server, "Basic Yg==")
    assert not isinstance(caught.value, AriUnreachableError)
    assert caught.value.status == 404


async def test_a_server_that_is_dead_is_noticed(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_socket, "HEARTBEAT_SECONDS", 0.05)
    monkeypatch.setattr(event_socket, "ECHO_SECONDS", 0.05)
    socket = await opened(server)
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(AriUnreachableError, match="closed"):
            await socket.receive()


async def test_a_goodbye_is_not_waited_for_for_ever(server: Server) -> None:
    server.is_polite = False
    socket = await opened(server)
    await socket.close(0.05)
    await asyncio.wait_for(server.ended.wait(), PATIENCE)
