"""Messages out: serialised once each, written in few large pieces, confirmed by the server.

A server handles a component's stanzas in order. So after messages a ping is sent to the
component's own domain, which the server routes back: when it returns, the server has dealt with
all that was written before it. One ping is under way at a time; it confirms everything since the
one before.

No more than a window is written ahead of what is confirmed. So a server that has much to do is
told from one that is dead: it returns a ping after each window. And answers to requests do not
have to wait behind a long queue.

Where the server has a multicast service (XEP-0033), messages to many go there once for all. It
works beside the rest of the server, in an order of its own. So the ping after such a message is a
request to that service, which answers it when it has passed the message on; and until then every
message goes the same way, lest it overtake an earlier one. If the service refuses anything, all
that is not confirmed is sent again, singly.

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

from component.handlers.namespaces import DISCO_INFO, PING
from component.markup import Markup, element
from component.ports import Outgoing
from component.xmpp.blanks import blanks_after
from component.xmpp.messages import fault, singly, together
from component.xmpp.multicast import Multicast

log = structlog.get_logger(__name__)

PIECE = 64 * 1024
"""Bytes, at least, that are written at once if there are so many."""

WINDOW = 256 * 1024
"""Bytes that may be unconfirmed. Several pieces, so that the server is never out of work while a
ping travels."""

MANY = 3
"""Recipients from which on a message goes to the multicast service, if there is one."""

_PING = re.compile("ping-([0-9a-f]{16})-")


class Wire(Protocol):
    """A connection that can be written to."""

    def write(self, data: bytes) -> None:
        """Write stanzas, soon."""
        ...

    def flush(self) -> None:
        """Let what was written leave now."""
        ...


class _Written:
    """Messages that were written, and how much that was."""

    def __init__(self) -> None:
        self.messages: list[Outgoing] = []
        self.size = 0
        self.together = False
        """Whether the multicast service has a part in it."""

    def add(self, later: "_Written") -> None:
        """Take over what was written later."""
        self.messages += later.messages
        self.size += later.size
        self.together |= later.together


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
        self._multicast: Multicast | None = None
        self._queue: deque[Outgoing | Markup] = deque()
        """What waits; the first may be written in part."""
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
        """Write messages, as soon as the window lets them: before anything else is done."""
        self._queue.extend(messages)
        self._sent += len(messages)
        self._write()
        self._wire.flush()

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

    def use(self, multicast: Multicast) -> None:
        """Send messages to many through this service from now on."""
        self._multicast = multicast

    def ask(self) -> None:
        """Ping, unless a ping is under way."""
        if self.ping is None:
            self.ping = f"ping-{self._since:016x}-{secrets.token_hex(8)}"
            self._covered, self._uncovered = self._uncovered, _Written()
            if self._covered.together and self._multicast is not None:
                self._wire.write(_question(self.ping, self._domain, self._multicast.address))
            else:
                self._wire.write(_ping(self.ping, self._domain))

    def ask_again(self) -> None:
        """Ping instead of the ping that is under way, if there is one: it may be lost."""
        self._covered.add(self._uncovered)
        self._uncovered = self._covered
        self.ping = None
        self.ask()

    def returned(self, stanza: ET.Element) -> bool:
        """Tell whether this stanza is the ping that is under way; if so, it has done its work."""
        if self.ping is None or stanza.get("id") != self.ping:
            return False
        if stanza.get("type") == "error" and self._covered.together:
            self._fall_back(stanza)
            return True
        self.ping = None
        if self._covered.messages:
            self._confirm([message.seq for message in self._covered.messages])
            self._settle(len(self._covered.messages))
        self._covered = _Written()
        self._write()
        return True

    def refused(self, stanza: ET.Element) -> bool:
        """Tell whether the multicast service refuses a message with this stanza; if so, do without.

        It comes before the answer to the ping that followed the message.
        """
        service = self._multicast
        if service is None or stanza.get("from") != service.address:
            return False
        if stanza.get("type") != "error" or not stanza.tag.endswith("message"):
            return False
        self._fall_back(stanza)
        return True

    def _fall_back(self, stanza: ET.Element) -> None:
        """Send all that is not confirmed again, and from now on to each recipient singly."""
        conditions = [child.tag.rpartition("}")[2] for child in stanza.iterfind("{*}error/*")]
        log.warning("multicast service refuses", service=stanza.get("from"), error=conditions)
        self._multicast = None
        self._covered.add(self._uncovered)
        self._queue.extendleft(reversed(self._covered.messages))
        self._covered, self._uncovered = _Written(), _Written()
        self._stanzas = self._serialise()
        self.ping = None
        self._write()

    def _settle(self, count: int) -> None:
        self._settled += count
        while self._settling and self._settling[0][0] <= self._settled:
            _, waiter = self._settling.popleft()
            if not waiter.done():
                waiter.set_result(None)

    def is_outdated_by(self, stanza: ET.Element) -> bool:
        """Tell whether this stanza is the ping of a newer connection of the same component."""
        service = None if self._multicast is None else self._multicast.address
        if stanza.get("from") not in (self._domain, service):
            return False
        ping = _PING.match(stanza.get("id", ""))
        return ping is not None and int(ping[1], 16) > self._since

    def _write(self) -> None:
        while self._covered.size + self._uncovered.size < WINDOW:
            before = len(self._uncovered.messages)
            piece = self._next_piece()
            if not piece:
                break
            self._wire.write(piece)
            self._wrote([message.seq for message in self._uncovered.messages[before:]])
            self._uncovered.size += len(piece)
            self.ask()
        if self._uncovered.messages:
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
            first = self._queue[0]
            if isinstance(first, str):
                self._queue.popleft()
                yield (first + blanks_after(first)).encode()
                continue
            yield from self._written(first)
            self._queue.popleft()
            self._uncovered.messages.append(first)

    def _written(self, message: Outgoing) -> Iterator[bytes]:
        """Yield the stanzas of one message."""
        found = fault(message, self._domain)
        if found is not None:
            # Left owed, it would end the stream again after each reconnect.
            log.error("message cannot be sent and is dropped", seq=message.seq, fault=found)
            return
        service = self._multicast
        if service is None or not (self._overtakes() or len(message.recipients) >= MANY):
            yield from singly(message)
            return
        for stanza in together(message, service):
            self._uncovered.together = True
            yield stanza

    def _overtakes(self) -> bool:
        """Tell whether what is sent singly might be there before what was written earlier."""
        return self._covered.together or self._uncovered.together


def _ping(ping_id: str, domain: str) -> bytes:
    """Return a ping (XEP-0199) from the component to itself."""
    content = element("ping", {"xmlns": PING})
    addresses = {"type": "get", "id": ping_id, "from": domain, "to": domain}
    return element("iq", addresses, content).encode()


def _question(ping_id: str, domain: str, service: str) -> bytes:
    """Return a request that every service answers (XEP-0030)."""
    content = element("query", {"xmlns": DISCO_INFO})
    addresses = {"type": "get", "id": ping_id, "from": domain, "to": service}
    return element("iq", addresses, content).encode()
