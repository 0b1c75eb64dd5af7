"""Many telephones on one UDP port: all agents and all callers, without any sound.

Who is rung picks up at once, and hangs up when the scenario says so.
"""

import asyncio
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from lab.sip.dialog import CONTENT_TYPE_SDP, Dialog
from lab.sip.endpoint import Endpoint
from lab.sip.message import (
    Header,
    Request,
    Response,
    format_address,
    parse_address,
    sip_uri,
    token,
)
from lab.sip.sdp import Session
from lab.sip.transactions import ServerTransaction
from lab.sip.udp import UdpSocket

HOST = "127.0.0.1"

PATIENCE = 20.0


@dataclass(slots=True, eq=False)
class Call:
    """What a caller makes."""

    number: str
    dialog: Dialog
    sent: float
    """When the INVITE left (`time.monotonic()`)."""
    over: asyncio.Future[float]
    """When it ended, or was refused."""
    is_answered: bool = False
    is_given_up: bool = False


@dataclass(slots=True, eq=False)
class Offer:
    """An INVITE at an agent's telephone."""

    agent: str
    number: str
    """The caller's."""
    arrived: float
    """When the INVITE came."""
    dialog: Dialog
    is_over: bool = False


@dataclass(slots=True)
class Phones:
    """All telephones. `on_offer` returns for how long the agent talks, in seconds."""

    port: int
    server: tuple[str, int]
    on_offer: Callable[[Offer], float] = lambda _: 0.0
    on_free: Callable[[str, float], None] = lambda _agent, _at: None
    """Told when an agent has hung up."""
    calls: dict[str, Call] = field(default_factory=dict)
    offers: dict[str, Offer] = field(default_factory=dict)
    """Those that are going on, by Call-ID."""
    _idle: asyncio.Event = field(default_factory=asyncio.Event)
    _number: int = 5_000_000
    _endpoint: Endpoint | None = None
    _rtp: socket.socket | None = None

    def open(self) -> None:
        """Listen. Raises `OSError` if the port is taken."""
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind((HOST, self.port))
        self._endpoint = Endpoint(UdpSocket(udp), self.server, self._take)
        # What is heard there is lost: nobody reads it.
        self._rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._rtp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 0)
        self._rtp.bind((HOST, 0))

    def close(self) -> None:
        """Vanish without a word."""
        if self._endpoint is not None:
            self._endpoint.close()
        if self._rtp is not None:
            self._rtp.close()

    def call(self, extension: str) -> Call:
        """Call an extension, from a new number."""
        self._number += 1
        self._idle.clear()
        number = str(self._number)
        dialog = self._dialog(number, token(), format_address(self._uri(extension)))
        over = asyncio.get_running_loop().create_future()
        call = self.calls[dialog.call_id] = Call(number, dialog, time.monotonic(), over)
        invite = dialog.request("INVITE", body=self._session, headers=(CONTENT_TYPE_SDP,))
        self.endpoint.start(
            invite, lambda response: self._answered(call, response), lambda _: self._end(call)
        )
        return call

    def hang_up(self, call: Call) -> None:
        """Have the caller hang up: at once, or as soon as the call is answered."""
        call.is_given_up = True
        if call.is_answered and not call.over.done():
            self._bye(call.dialog)
            self._end(call)

    async def quiet(self) -> None:
        """Have all hang up, and wait until all telephones are idle."""
        for call in list(self.calls.values()):
            self.hang_up(call)
        for offer in list(self.offers.values()):
            self._finish(offer)
        await self.idle()

    async def idle(self) -> None:
        """Wait until all telephones are idle. Raises `TimeoutError`."""
        self._settle()
        async with asyncio.timeout(PATIENCE):
            await self._idle.wait()

    @property
    def endpoint(self) -> Endpoint:
        """Where everything is sent from."""
        assert self._endpoint is not None, "the telephones are used between `open` and `close`"
        return self._endpoint

    @property
    def _session(self) -> str:
        assert self._rtp is not None, "as above"
        return str(Session(HOST, self._rtp.getsockname()[1]))

    def _uri(self, extension: str) -> str:
        return sip_uri(extension, *self.server)

    def _dialog(self, user: str, call_id: str, remote: str, tag: str = "") -> Dialog:
        uri = sip_uri(user, HOST, self.port)
        local = format_address(uri, tag=tag or token())
        target = parse_address(remote).uri
        contact: Header = ("Contact", format_address(uri))
        return Dialog(self.endpoint, call_id, local, remote, target, contact)

    # What the server says to callers. -----------------------------------------------------------

    def _answered(self, call: Call, response: Response) -> None:
        if response.status < 200:
            return
        if response.status >= 300:
            self._end(call)
            return
        if not call.is_answered:
            call.dialog.agree(response.get("To"), response.get("Contact"))
        self.endpoint.send(call.dialog.ack(response.cseq.number).to_bytes())
        call.is_answered = True
        if call.is_given_up:
            self.hang_up(call)

    def _end(self, call: Call) -> None:
        self.calls.pop(call.dialog.call_id, None)
        self._settle()
        if not call.over.done():
            call.over.set_result(time.monotonic())

    # What the server asks. ----------------------------------------------------------------------

    def _take(self, transaction: ServerTransaction) -> None:
        request = transaction.request
        match request.method:
            case "INVITE" if request.call_id in self.offers or request.call_id in self.calls:
                self._session_changed(transaction)
            case "INVITE":
                self._offered(transaction)
            case "BYE":
                transaction.respond(200)
                self._bye_came(request)
            case _:  # CANCEL, too: we had picked up, and a BYE is to come
                transaction.respond(200)

    def _offered(self, transaction: ServerTransaction) -> None:
        invite = transaction.request
        agent = invite.uri.partition(":")[2].partition("@")[0]
        remote = invite.get("From")
        dialog = self._dialog(agent, invite.call_id, remote, transaction.tag)
        dialog.target = parse_address(invite.get("Contact")).uri
        number = parse_address(remote).user
        self._idle.clear()
        offer = self.offers[invite.call_id] = Offer(agent, number, transaction.arrived, dialog)
        talk = self.on_offer(offer)

        # Asterisk loses a BYE that overtakes the ACK, now and then (RFC 3261 section 15).
        def talked() -> None:
            asyncio.get_running_loop().call_later(talk, self._finish, offer)

        transaction.on_acknowledged = talked
        transaction.on_unacknowledged = lambda: self._gone(offer)
        transaction.respond(200, body=self._session, headers=(dialog.contact, CONTENT_TYPE_SDP))

    def _session_changed(self, transaction: ServerTransaction) -> None:
        call_id = transaction.request.call_id
        there = self.offers.get(call_id) or self.calls[call_id]
        transaction.respond(
            200, body=self._session, headers=(there.dialog.contact, CONTENT_TYPE_SDP)
        )

    def _bye_came(self, request: Request) -> None:
        call = self.calls.get(request.call_id)
        if call is not None:
            self._end(call)
        offer = self.offers.get(request.call_id)
        if offer is not None:
            self._gone(offer)

    def _finish(self, offer: Offer) -> None:
        """Have an agent hang up."""
        if not offer.is_over:
            self._gone(offer)
            self._bye(offer.dialog)

    def _gone(self, offer: Offer) -> None:
        if not offer.is_over:
            offer.is_over = True
            self.offers.pop(offer.dialog.call_id, None)
            self.on_free(offer.agent, time.monotonic())
            self._settle()

    def _settle(self) -> None:
        if not self.calls and not self.offers:
            self._idle.set()

    def _bye(self, dialog: Dialog) -> None:
        self.endpoint.start(dialog.request("BYE"), _ignore, _ignore)


def _ignore(_: object) -> None:
    pass
