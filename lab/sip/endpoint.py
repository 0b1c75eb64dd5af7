"""One end of a SIP conversation over UDP: matches what arrives to its transaction."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from lab.sip.message import BRANCH_PREFIX, VERSION, Header, Request, Response, parse, token
from lab.sip.transactions import LIFETIME, ClientTransaction, ServerTransaction
from lab.sip.udp import Wire

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Recent(Generic[K, V]):
    """A mapping that forgets its entries when they have become `LIFETIME` old."""

    def __init__(self) -> None:
        self._entries: dict[K, V] = {}
        self._ages: deque[tuple[float, K]] = deque()

    def get(self, key: K) -> V | None:
        """Return an entry, None if there is none."""
        return self._entries.get(key)

    def put(self, key: K, value: V) -> None:
        """Add an entry, and forget the old ones."""
        now = time.monotonic()
        while self._ages and self._ages[0][0] < now - LIFETIME:
            _, oldest = self._ages.popleft()
            self._entries.pop(oldest, None)
        self._ages.append((now, key))
        self._entries[key] = value


class Endpoint:
    """Sends requests to one server, and hands over each request that comes in, once."""

    def __init__(
        self,
        wire: Wire,
        server: tuple[str, int],
        on_request: Callable[[ServerTransaction], None],
    ) -> None:
        self._wire = wire
        self.server = server
        self._on_request = on_request
        self._clients: dict[tuple[str, str], ClientTransaction] = {}
        self._past_invites: Recent[tuple[str, str], ClientTransaction] = Recent()
        self._served: Recent[tuple[str, str], ServerTransaction] = Recent()
        self._invites: dict[tuple[str, int], ServerTransaction] = {}
        wire.listen(self._receive)

    @property
    def host(self) -> str:
        """The address that we listen at."""
        return self._wire.host

    @property
    def port(self) -> int:
        """The port that we listen at."""
        return self._wire.port

    def via(self) -> Header:
        """Return the Via of a new transaction."""
        branch = BRANCH_PREFIX + token()
        return "Via", f"{VERSION}/UDP {self.host}:{self.port};rport;branch={branch}"

    def send(self, datagram: bytes) -> None:
        """Send to the server."""
        self._wire.send(datagram, self.server)

    def start(
        self,
        request: Request,
        on_response: Callable[[Response], None],
        on_failure: Callable[[Exception], None],
    ) -> ClientTransaction:
        """Send a request; its responses, or its failure, are told to the callbacks."""
        key = request.branch, request.method

        def failed(error: Exception) -> None:
            del self._clients[key]
            on_failure(error)

        transaction = ClientTransaction(request, self.send, on_response, failed)
        self._clients[key] = transaction
        return transaction

    async def request(self, request: Request) -> Response:
        """Send a request other than INVITE and return its final response.

        Raises `TimeoutError` if there is none, `ConnectionAbortedError` if we close meanwhile.
        """
        final: asyncio.Future[Response] = asyncio.get_running_loop().create_future()

        # Who waits may have been cancelled in this very turn of the loop: then nobody wants it.
        def take(response: Response) -> None:
            if response.status >= 200 and not final.done():
                final.set_result(response)

        def fail(error: Exception) -> None:
            if not final.done():
                final.set_exception(error)

        transaction = self.start(request, take, fail)
        try:
            return await final
        finally:
            self.forget(transaction)

    def forget(self, transaction: ClientTransaction) -> None:
        """Stop a transaction whose outcome is of no interest any more."""
        transaction.stop()
        self._clients.pop((transaction.request.branch, transaction.request.method), None)

    def close(self) -> None:
        """Stop every transaction, without a word to the server, and close the wire."""
        for client in list(self._clients.values()):
            client.fail(ConnectionAbortedError("the phone was closed"))
        for invite in list(self._invites.values()):
            invite.stop()
        self._invites.clear()
        self._wire.close()

    def _receive(self, datagram: bytes, arrived: float) -> None:
        if not datagram.strip():
            return  # a keep-alive (RFC 5626 section 4.4.1)
        message = parse(datagram)
        if isinstance(message, Response):
            self._take_response(message)
        elif message.method == "ACK":
            invite = self._invites.get((message.call_id, message.cseq.number))
            if invite is not None:
                invite.acknowledge()
        else:
            self._take_request(message, arrived)

    def _take_response(self, response: Response) -> None:
        key = response.branch, response.cseq.method
        client = self._clients.get(key) or self._past_invites.get(key)
        if client is None:
            return  # repeated, or too late: what it answers is over
        client.receive(response)
        if client.is_over and key in self._clients:
            del self._clients[key]
            if client.request.method == "INVITE":
                self._past_invites.put(key, client)

    def _take_request(self, request: Request, arrived: float) -> None:
        key = request.branch, request.method
        known = self._served.get(key)
        if known is not None:
            known.repeat()
            return

        def forget_invite() -> None:
            self._invites.pop((request.call_id, request.cseq.number), None)

        transaction = ServerTransaction(request, arrived, self.send, on_over=forget_invite)
        self._served.put(key, transaction)
        if request.method == "INVITE":
            self._invites[request.call_id, request.cseq.number] = transaction
        self._on_request(transaction)
