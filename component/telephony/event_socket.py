"""Asterisk's event socket: a WebSocket on which texts come, and texts are sent.

A call takes some twenty-five texts, each by itself: what is done for each between the system's call
and ours counts. picows does that in C, and calls us at once.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Mapping
from contextlib import suppress

import picows
from picows import WSCloseCode, WSFrame, WSMsgType, WSTransport

from component.telephony.errors import AriError, AriUnreachableError

HEARTBEAT_SECONDS = 4.0
"""Silence on the event socket before it is pinged."""
ECHO_SECONDS = 2.0
"""How long the answer to that may take."""


class EventSocket(picows.WSListener):
    """One connection, opened by `connect`. Texts wait here until they are asked for."""

    def __init__(self) -> None:
        self.closed = False
        self._transport: WSTransport | None = None
        self._texts: deque[bytes] = deque()
        self._begun: list[bytes] = []
        """A text of which more is to come."""
        self._arrival: asyncio.Future[None] | None = None
        self._close_code = WSCloseCode.ABNORMAL_CLOSURE

    async def receive(self) -> bytes:
        """Wait for the next text. Raises `AriUnreachableError` when there is none to come."""
        while not self._texts:
            if self.closed:
                code = self._close_code.value
                raise AriUnreachableError(f"the event socket was closed (code {code})")
            self._arrival = asyncio.get_running_loop().create_future()
            await self._arrival
        return self._texts.popleft()

    def send(self, text: bytes) -> None:
        """Send a text. Raises `AriUnreachableError` if nothing can be sent any more."""
        if self._transport is None or self.closed:
            raise AriUnreachableError("the event socket is closed")
        self._transport.send(WSMsgType.TEXT, text)

    async def close(self, patience: float) -> None:
        """Say goodbye; cut the connection if the other end does not within so many seconds."""
        if self._transport is None or self.closed:
            return
        self._transport.send_close(WSCloseCode.OK)
        with suppress(TimeoutError, picows.WSError):
            async with asyncio.timeout(patience):
                await self._transport.wait_disconnected()
        self._transport.disconnect(graceful=False)

    # What picows calls. -------------------------------------------------------------------------

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Learn that it is open."""
        self._transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Take in a text, or a part of one (RFC 6455 §5.4), or the end."""
        if frame.msg_type is WSMsgType.CLOSE:
            self._close_code = frame.get_close_code()
            transport.send_close(WSCloseCode.OK)
            transport.disconnect()
        elif frame.msg_type in (WSMsgType.TEXT, WSMsgType.CONTINUATION):
            self._begun.append(frame.get_payload_as_bytes())
            if frame.fin:
                self._texts.append(b"".join(self._begun))
                self._begun.clear()
                self._wake()

    def on_ws_disconnected(self, transport: WSTransport) -> None:  # noqa: ARG002 - picows' signature
        """Learn that the connection is gone."""
        self.closed = True
        self._wake()

    def _wake(self) -> None:
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)


async def connect(
    url: str, headers: Mapping[str, str], tls: ssl.SSLContext | None, seconds: float
) -> EventSocket:
    """Open a WebSocket, within so many seconds, that notices by itself when the other end is dead.

    Raises `AriError` if Asterisk refuses, `AriUnreachableError` if there is no answer.
    """
    try:
        async with asyncio.timeout(seconds):
            _, socket = await picows.ws_connect(
                EventSocket,
                url,
                ssl_context=tls,
                extra_headers=headers,
                max_redirects=0,  # the credentials are for nobody else
                websocket_handshake_timeout=seconds,
                enable_auto_ping=True,
                auto_ping_idle_timeout=HEARTBEAT_SECONDS,
                auto_ping_reply_timeout=ECHO_SECONDS,
            )
    except TimeoutError:
        raise AriUnreachableError(f"no answer within {seconds:g} s") from None
    except picows.WSInvalidStatusError as error:
        status = 0 if error.response is None else error.response.status.value
        raise AriError(status, "the event socket was refused") from None
    except (picows.WSError, OSError) as error:
        raise AriUnreachableError(str(error) or type(error).__name__) from None
    assert isinstance(socket, EventSocket), "it was made above"
    return socket
