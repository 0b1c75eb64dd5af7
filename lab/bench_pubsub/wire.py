"""Clients that cost next to nothing: what is measured are the servers.

They speak XMPP over plain sockets and count what comes in without parsing it.
"""

import base64
import re
import select
import socket
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count, islice

NOTIFICATION = b"</message>"
REPLY = b"<iq "

PATIENCE = 300.0
"""Seconds without a sign of life until a measurement is given up: a server with 100,000 nodes says
nothing for long when it starts, and for several times as long on a busy machine."""

WINDOW = 50
"""Requests that are under way at once when as many as possible are to be answered."""

_ERROR = re.compile(rb"<iq [^>]*type=['\"]error['\"].*", re.DOTALL)


Request = tuple[str, str]
"""The type of an IQ, get or set, and its content."""


class LostError(Exception):
    """What was waited for did not come."""


class Counter:
    """Counts stanzas in a stream that comes in pieces."""

    def __init__(self) -> None:
        self.notifications = 0
        self.replies = 0
        self._rest = b""

    def feed(self, piece: bytes) -> int:
        """Count what is in a piece; return how many notifications end in it."""
        data = self._rest + piece
        notifications = data.count(NOTIFICATION)
        self.notifications += notifications
        self.replies += data.count(REPLY)
        # A mark that came in two pieces is counted with the second one.
        begin = data.rfind(b"<", -len(NOTIFICATION) + 1)
        end = data[begin:] if begin >= 0 else b""
        cut = any(mark.startswith(end) and mark != end for mark in (NOTIFICATION, REPLY))
        self._rest = end if cut else b""
        return notifications


class Client(Counter):
    """A user's connection."""

    _ids = count(1)

    def __init__(self, port: int, jid: str, password: str) -> None:
        """Log in (RFC 6120, SASL PLAIN without encryption). `jid` is a full one."""
        super().__init__()
        self.jid = jid
        account, _, resource = jid.partition("/")
        user, _, host = account.partition("@")
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.settimeout(PATIENCE)
        self._open(host)
        plain = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
        sasl = "urn:ietf:params:xml:ns:xmpp-sasl"
        self._say(f"<auth xmlns='{sasl}' mechanism='PLAIN'>{plain}</auth>", b"<success")
        self._open(host)
        bind = (
            f"<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>{resource}</resource></bind>"
        )
        self._say(f"<iq type='set' id='bind'>{bind}</iq>", b"</iq>")

    def fileno(self) -> int:
        """Return the descriptor to wait for."""
        return self._socket.fileno()

    def appear(self) -> None:
        """Become available for messages to the bare JID."""
        self._socket.sendall(b"<presence/>")

    def request(self, to: str, *requests: Request) -> None:
        """Send requests."""
        iqs = (
            f"<iq type='{type_}' id='{next(self._ids)}' to='{to}'>{content}</iq>"
            for type_, content in requests
        )
        self._socket.sendall("".join(iqs).encode())

    def read(self) -> int:
        """Count what has come; return how many of it are notifications. Raises `LostError`."""
        data = self._socket.recv(1 << 18, socket.MSG_DONTWAIT)
        if not data:
            raise LostError(f"the server closed the connection of {self.jid}")
        if REPLY in data and (error := _ERROR.search(data)) is not None:
            raise LostError(f"{self.jid} was refused: {error[0][:400]!r}")
        return self.feed(data)

    def close(self) -> None:
        """Go without a word."""
        self._socket.close()

    def _open(self, host: str) -> None:
        self._say(
            "<?xml version='1.0'?><stream:stream xmlns='jabber:client' version='1.0'"
            f" xmlns:stream='http://etherx.jabber.org/streams' to='{host}'>",
            b"</stream:features>",
        )

    def _say(self, text: str, until: bytes) -> None:
        self._socket.sendall(text.encode())
        received = b""
        while until not in received:
            data = self._socket.recv(65536)
            if not data or b"<failure" in data:
                raise LostError(f"{self.jid} cannot log in: {received + data!r}")
            received += data


class Audience:
    """Clients that are read together; notes when notifications came."""

    def __init__(self, clients: Iterable[Client]) -> None:
        self._clients = {client.fileno(): client for client in clients}
        self._poll = select.epoll()
        for descriptor in self._clients:
            self._poll.register(descriptor, select.EPOLLIN)
        self.received = 0
        """Notifications since the last `forget`."""
        self.first_at = self.last_at = 0.0
        """When the first and the last of them came, by `time.perf_counter`."""

    def forget(self) -> None:
        """Begin to count anew."""
        self.received = 0

    def wait(self, done: Callable[[], bool]) -> None:
        """Read until it is done. Raises `LostError`."""
        while not done():
            ready = self._poll.poll(PATIENCE)
            if not ready:
                raise LostError(f"nothing comes any more after {self.received} notifications")
            for descriptor, _ in ready:
                came = self._clients[descriptor].read()
                if came:
                    self.last_at = time.perf_counter()
                    if not self.received:
                        self.first_at = self.last_at
                    self.received += came

    def ask(
        self, client: Client, to: str, requests: Iterable[Request], window: int = WINDOW
    ) -> None:
        """Send requests, a window of them ahead of the replies; wait for all replies."""
        waiting, due = iter(requests), client.replies
        while batch := list(islice(waiting, window - (due - client.replies))):
            client.request(to, *batch)
            due += len(batch)
            self._wait_for_replies({client: due - window // 2})
        self._wait_for_replies({client: due})

    def ask_all(self, to: str, requests: Mapping[Client, Sequence[Request]]) -> None:
        """Let many clients ask, each for itself, some of them at a time."""
        asking = list(requests.items())
        while asking:
            group, asking = asking[:WINDOW], asking[WINDOW:]
            expected = {client: client.replies + len(asked) for client, asked in group}
            for client, asked in group:
                client.request(to, *asked)
            self._wait_for_replies(expected)

    def _wait_for_replies(self, expected: Mapping[Client, int]) -> None:
        self.wait(lambda: all(client.replies >= due for client, due in expected.items()))

    def settle(self, seconds: float = 0.3) -> None:
        """Read until it has been quiet for a while."""
        while ready := self._poll.poll(seconds):
            for descriptor, _ in ready:
                self._clients[descriptor].read()

    def close(self) -> None:
        """Close all."""
        self._poll.close()
        for client in self._clients.values():
            client.close()
