"""One connection to the server: slixmpp's component stream, without what it does by itself.

slixmpp opens the stream, proves the secret and takes the incoming XML apart. Everything above that
is bypassed: its stanza objects (five times the cost of what is done with them here), its handlers
that answer by themselves, and its queue, which would replay what is stale after a reconnect.
"""

import asyncio
from collections.abc import Callable
from xml.etree import ElementTree as ET

from slixmpp.componentxmpp import ComponentXMPP
from slixmpp.xmlstream.stanzabase import StanzaBase

from component.stream_parser import StreamParser

_STREAM_ERROR = "{http://etherx.jabber.org/streams}error"
_CONDITIONS = "{urn:ietf:params:xml:ns:xmpp-streams}"
_HANDSHAKE = "{jabber:component:accept}handshake"


class StreamRefusedError(Exception):
    """The server ended the stream and said why (RFC 6120 §4.9)."""

    def __init__(self, condition: str, explanation: str | None) -> None:
        super().__init__(f"{condition}: {explanation}" if explanation else condition)
        self.condition = condition


class ComponentStream(ComponentXMPP):
    """A component stream for one connection after another.

    It is kept because making one reads the certificates of the whole machine (50 ms).
    """

    accepted: asyncio.Future[None]
    """Done when the server has accepted the secret."""
    ended: asyncio.Future[None]
    """Done when the connection is gone."""
    refusal: StreamRefusedError | None
    """Why the stream was ended, if the server said so or we had to `leave`."""
    alive_at: float
    """When the server last gave a sign of life, by the loop's clock."""

    def __init__(self, domain: str, secret: str) -> None:
        super().__init__(domain, secret)  # type: ignore[no-untyped-call]  # slixmpp's has no types

    def begin(self, on_stanza: Callable[[ET.Element], None]) -> None:
        """Prepare for the next connection; `on_stanza` gets each stanza as it is parsed."""
        self._on_stanza = on_stanza
        self.accepted = self.loop.create_future()
        self.ended = self.loop.create_future()
        self.refusal = None
        self.alive_at = self.loop.time()
        self._unwritten: list[bytes] = []

    async def reach(self, host: str, port: int) -> None:
        """Connect to the server. Raises OSError."""
        try:
            await self.loop.create_connection(lambda: self, host, port)
        except BaseException:
            # Cancelled just when it had succeeded, the loop has closed what it opened, and told us
            # of the beginning. Of the end uvloop never tells.
            self.transport = None
            raise

    def write(self, data: bytes) -> None:
        """Write stanzas; what is written when the connection is gone is dropped.

        What is written in one turn of the event loop leaves together: each system call costs more
        than many a stanza, here and at the server that is woken by it.
        """
        if not self._unwritten:
            self.loop.call_soon(self.flush)
        self._unwritten.append(data)

    def flush(self) -> None:
        """Let what was written leave now: somebody waits for it."""
        data = b"".join(self._unwritten)
        self._unwritten.clear()
        if data and self.transport is not None and not self.transport.is_closing():
            self.transport.write(data)

    def leave(self, condition: str, explanation: str) -> None:
        """Cut the connection, as if the server had refused it for this reason."""
        self.refusal = StreamRefusedError(condition, explanation)
        self.abort()

    async def close(self, patience: float) -> None:
        """End the stream; cut it if the server does not end it too within so many seconds."""
        if self.transport is None:
            return
        self.write(self.stream_footer.encode())
        await asyncio.wait({self.ended}, timeout=patience)
        self.abort()
        await self.ended

    # What asyncio calls. ------------------------------------------------------------------------

    def data_received(self, data: bytes | str) -> None:
        """Take what the server sends."""
        self.alive_at = self.loop.time()
        super().data_received(data)

    def connection_lost(self, exception: BaseException | None) -> None:
        """Learn that the connection is gone."""
        super().connection_lost(exception)
        self.ended.set_result(None)

    # What slixmpp calls. ------------------------------------------------------------------------

    def init_parser(self) -> None:
        """Begin to parse a stream."""
        super().init_parser()
        self.parser = StreamParser()  # type: ignore[assignment]  # it has all that is used

    def send(self, data: StanzaBase | str, use_filters: bool = True) -> None:  # noqa: ARG002 - slixmpp's signature
        """Write at once what slixmpp itself has to say: the handshake, a stream error."""
        self.write(str(data).encode())
        self.flush()

    def _spawn_event(self, xml: ET.Element) -> None:
        """Take a child of the stream before it is made a stanza object."""
        if xml.tag == _STREAM_ERROR:
            self.refusal = _refusal(xml)
        elif self.accepted.done():
            self._on_stanza(xml)
        elif xml.tag == _HANDSHAKE:
            self.accepted.set_result(None)


def _refusal(error: ET.Element) -> StreamRefusedError:
    """Return what a stream error says; a condition may contain where to go (RFC 6120 §4.9.3.19)."""
    condition = next((child for child in error if child.tag != f"{_CONDITIONS}text"), None)
    explanation = error.findtext(f"{_CONDITIONS}text")
    if condition is None:
        return StreamRefusedError("undefined-condition", explanation)
    name = condition.tag.removeprefix(_CONDITIONS)
    return StreamRefusedError(name, explanation or condition.text)
