"""Messages out: serialised once each, written in few large pieces, confirmed by the server.

A server handles a component's stanzas in order. So after messages a ping is sent to the
component's own domain, which the server routes back: when it returns, the server has dealt with
all that was written before it. One ping is under way at a time; it confirms everything since the
one before.

No more than a window is written ahead of what is confirmed. So a server that has much to do is
told from one that is dead: it returns a ping after each window. And answers to requests do not
have to wait behind a long queue.

A ping carries the time at which its connection was made. ejabberd lets in a second connection of
the same component and gives each stanza to either, at random, pings too. So who gets the ping of a
newer connection knows that it should go, as Prosody would have told it.
"""

import asyncio
import re
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol
from xml.etree import ElementTree as ET

import structlog

from component.markup import MAX_STANZA, Markup, attribute, element, flaw
from component.ports import Outgoing
from component.pubsub.addresses import bare

log = structlog.get_logger(__name__)

PIECE = 64 * 1024
"""Bytes, at least, that are written at once if there are so many."""

WINDOW = 256 * 1024
"""Bytes that may be unconfirmed. Several pieces, so that the server is never out of work while a
ping travels."""

_PING = re.compile("ping-([0-9a-f]{16})-")


class Wire(Protocol):
    """A connection that can be written to."""

    def write(self, data: bytes) -> None:
        """Write stanzas."""
        ...


class _Written:
    """Messages that were written, and how much that was."""

    def __init__(self) -> None:
        self.seqs: list[int] = []
        self.size = 0


class Outbound:
    """What leaves by one connection. It dies with the connection: what is owed, the engine knows.

    `confirm` is told the sequence numbers of messages that the server has dealt with, `wrote` those
    of messages that were written.
    """

    def __init__(
        self,
        wire: Wire,
        domain: str,
        confirm: Callable[[Sequence[int]], None],
        wrote: Callable[[Sequence[int]], None] = lambda _: None,
    ) -> None:
        self._wire = wire
        self._domain = domain
        self._confirm = confirm
        self._wrote = wrote
        self._since = time.time_ns()
        self._queue: deque[Outgoing | Markup] = deque()
        self._stanzas = self._serialise()
        self._covered = _Written()
        """What the ping that is under way will confirm."""
        self._uncovered = _Written()
        """What was written after it."""
        self.ping: str | None = None
        """The id of the ping that is under way."""
        self._sent = 0
        self._settled = 0
        """How many messages were sent, and how many of them confirmed."""
        self._settling: deque[tuple[int, asyncio.Future[None]]] = deque()
        """Who waits until so many are confirmed."""

    def send(self, messages: Sequence[Outgoing]) -> None:
        """Write messages, as soon as the window lets them."""
        self._queue.extend(messages)
        self._sent += len(messages)
        self._write()

    def announce(self, presences: Sequence[Markup]) -> None:
        """Write presence stanzas after the messages before them. Nobody waits for these."""
        self._queue.extend(presences)
        self._write()

    async def settled(self) -> None:
        """Wait until the server has dealt with everything that was sent so far."""
        if self._settled < self._sent:
            waiter = asyncio.get_running_loop().create_future()
            self._settling.append((self._sent, waiter))
            await waiter

    def ask(self) -> None:
        """Ping, unless a ping is under way."""
        if self.ping is None:
            self.ping = f"ping-{self._since:016x}-{secrets.token_hex(8)}"
            self._covered, self._uncovered = self._uncovered, _Written()
            self._wire.write(_ping(self.ping, self._domain))

    def ask_again(self) -> None:
        """Ping instead of the ping that is under way, if there is one: it may be lost."""
        self._uncovered.seqs = self._covered.seqs + self._uncovered.seqs
        self._uncovered.size += self._covered.size
        self.ping = None
        self.ask()

    def returned(self, stanza: ET.Element) -> bool:
        """Tell whether this stanza is the ping that is under way; if so, it has done its work."""
        if self.ping is None or stanza.get("id") != self.ping:
            return False
        self.ping = None
        if self._covered.seqs:
            self._confirm(self._covered.seqs)
            self._settle(len(self._covered.seqs))
        self._covered = _Written()
        self._write()
        return True

    def _settle(self, count: int) -> None:
        self._settled += count
        while self._settling and self._settling[0][0] <= self._settled:
            _, waiter = self._settling.popleft()
            if not waiter.done():
                waiter.set_result(None)

    def is_outdated_by(self, stanza: ET.Element) -> bool:
        """Tell whether this stanza is the ping of a newer connection of the same component."""
        if stanza.get("from") != self._domain:
            return False
        ping = _PING.match(stanza.get("id", ""))
        return ping is not None and int(ping[1], 16) > self._since

    def _write(self) -> None:
        while self._covered.size + self._uncovered.size < WINDOW:
            before = len(self._uncovered.seqs)
            piece = self._next_piece()
            if not piece:
                break
            self._wire.write(piece)
            self._wrote(self._uncovered.seqs[before:])
            self._uncovered.size += len(piece)
            self.ask()
        if self._uncovered.seqs:
            self.ask()

    def _next_piece(self) -> bytes:
        stanzas, size = [], 0
        for stanza in self._stanzas:
            if stanza is None:
                break
            stanzas.append(stanza)
            size += len(stanza)
            if size >= PIECE:
                break
        return b"".join(stanzas)

    def _serialise(self) -> Iterator[bytes | None]:
        """Yield what waits, stanza by stanza; None as often as nothing waits."""
        while True:
            if not self._queue:
                yield None
                continue
            message = self._queue.popleft()
            if isinstance(message, str):
                yield message.encode()
                continue
            yield from _stanzas(message, self._domain)
            self._uncovered.seqs.append(message.seq)


def _stanzas(message: Outgoing, domain: str) -> Iterator[bytes]:
    """Yield a message once for each recipient; only the address differs."""
    fault = _fault(message, domain)
    if fault is not None:
        # Left owed, it would end the stream again after each reconnect.
        log.error("message cannot be sent and is dropped", seq=message.seq, fault=fault)
        return
    # The same whenever it is sent: who gets it again after a reconnect knows it by its id.
    head = (
        f"<message type='{attribute(message.type)}' id='{message.seq}'"
        f" from='{attribute(message.sender)}' to='"
    ).encode()
    tail = f"'>{message.body}</message>".encode()
    for recipient in message.recipients:
        yield head + attribute(recipient).encode() + tail


def _fault(message: Outgoing, domain: str) -> str | None:
    """Return why the server would end the stream over this message, None if it would not."""
    if bare(message.sender).rpartition("@")[2] != domain:
        return f"{message.sender} is not an address of {domain}"
    fault = flaw(message.body)
    if fault is None and len(message.body.encode()) > MAX_STANZA:
        return "it is larger than a stanza may be"
    return fault


def _ping(ping_id: str, domain: str) -> bytes:
    """Return a ping (XEP-0199) from the component to itself."""
    content = element("ping", {"xmlns": "urn:xmpp:ping"})
    addresses = {"type": "get", "id": ping_id, "from": domain, "to": domain}
    return element("iq", addresses, content).encode()
