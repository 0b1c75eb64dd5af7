"""A SIP phone: registers, makes calls and takes them."""

import asyncio
import contextlib
from collections.abc import Callable
from types import TracebackType
from typing import Self

from lab.sip.auth import CHALLENGES, Credentials
from lab.sip.behaviour import Behaviour, answering
from lab.sip.call import ALLOWED, Call
from lab.sip.dialog import Dialog
from lab.sip.endpoint import Endpoint
from lab.sip.errors import RefusedError
from lab.sip.incoming import IncomingCall
from lab.sip.media import Media
from lab.sip.message import (
    Header,
    Request,
    Response,
    format_address,
    parse_address,
    sip_uri,
    token,
)
from lab.sip.outgoing import OutgoingCall
from lab.sip.sdp import acceptable_offer
from lab.sip.transactions import ServerTransaction
from lab.sip.udp import PHONE_PORTS, PortPool
from lab.sip.waiting import PATIENCE

_FAREWELL_SECONDS = 10.0
_REGISTERED_SECONDS = 3600


class Phone:
    """A phone with one account at one server.

    As a context manager it opens, registers if it has a password, and on leaving hangs up all its
    calls, unregisters and closes:

        async with Phone("1000", password="secret", server=("127.0.0.1", 5060)) as phone:
            call = await phone.dial("0000")
            await call.answered()
    """

    def __init__(
        self,
        user: str,
        *,
        password: str | None = None,
        name: str = "",
        server: tuple[str, int] = ("127.0.0.1", 5060),
        host: str = "127.0.0.1",
        ports: PortPool = PHONE_PORTS,
    ) -> None:
        """`name` is shown to those who are called; `ports` serve SIP and audio alike."""
        self.user = user
        self.server = server
        self.on_call: Behaviour = answering()
        """What the phone does with a call that comes in."""
        self.times_called = 0
        """How many calls have come in."""
        self._name = name
        self._credentials = None if password is None else Credentials(user, password)
        self._host = host
        self._ports = ports
        self._endpoint: Endpoint | None = None
        self._registration: Dialog | None = None
        self._calls: dict[str, Call] = {}
        self._incoming: asyncio.Queue[IncomingCall] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        self.open()
        if self._credentials is not None:
            try:
                await self.register()
            except BaseException:
                self.drop()
                raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls that have not ended, the oldest first."""
        return tuple(self._calls.values())

    @property
    def is_registered(self) -> bool:
        """Whether the server has accepted our registration."""
        return self._registration is not None

    @property
    def uri(self) -> str:
        """Where the phone can be called past any server, while it is open."""
        return sip_uri(self.user, self._host, self._open.port)

    def open(self) -> None:
        """Take a port and listen. Raises `OSError` if no port is free."""
        wire = self._ports.open(self._host)
        self._endpoint = Endpoint(wire, self.server, self._take_request)

    async def close(self) -> None:
        """Hang up all calls, unregister, and close. Does nothing if that has been done."""
        if self._endpoint is None:
            return
        try:
            # A server that is gone need not be told.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_FAREWELL_SECONDS):
                    for call in self.calls:
                        await call.hang_up()
                    if self.is_registered:
                        await self.unregister()
        finally:
            self.drop()

    def drop(self) -> None:
        """Vanish without a word: the server is told nothing, all calls are forgotten."""
        for call in self.calls:
            call.vanish()
        if self._endpoint is not None:
            self._endpoint.close()
        self._endpoint = None
        self._registration = None

    async def register(self, within: float = PATIENCE) -> None:
        """Register with the server.

        Raises `RefusedError`, or `TimeoutError` after `within` seconds.
        """
        registration = self._registration or self._new_registration()
        await self._register(registration, _REGISTERED_SECONDS, within)
        self._registration = registration

    async def unregister(self, within: float = PATIENCE) -> None:
        """Take the registration back. Raises as `register` does."""
        if self._registration is not None:
            await self._register(self._registration, 0, within)
            self._registration = None

    async def dial(
        self, number: str, within: float = PATIENCE, *, headers: tuple[Header, ...] = ()
    ) -> OutgoingCall:
        """Call a number; return as soon as the server has let the call in, or refused it.

        The INVITE has these `headers` besides. Raises `TimeoutError` if the server does not react
        within `within` seconds.
        """
        dialog = self._new_dialog(
            local=sip_uri(self.user, self._host, self._open.port),
            remote=sip_uri(number, *self.server),
            target=sip_uri(number, *self.server),
        )
        call = OutgoingCall(
            number, dialog, self._open_media, self._forget, self._credentials, headers=headers
        )
        self._calls[call.call_id] = call
        try:
            await call.noticed(within)
        except TimeoutError:
            call.vanish()
            raise
        return call

    async def next_call(self, within: float = PATIENCE) -> IncomingCall:
        """Return the next call that comes in, or came; `on_call` has dealt with it already.

        Raises `TimeoutError` after `within` seconds.
        """
        try:
            async with asyncio.timeout(within):
                return await self._incoming.get()
        except TimeoutError:
            standing = "registered" if self.is_registered else "not registered"
            raise TimeoutError(
                f"no call came in at {self.user} ({standing}, {len(self.calls)} calls) "
                f"within {within:g} s"
            ) from None

    @property
    def _open(self) -> Endpoint:
        if self._endpoint is None:
            raise RuntimeError(f"phone {self.user} is not open")
        return self._endpoint

    def _contact(self) -> Header:
        return "Contact", format_address(self.uri)

    def _new_dialog(self, *, local: str, remote: str, target: str) -> Dialog:
        return Dialog(
            endpoint=self._open,
            call_id=token(),
            local=format_address(local, name=self._name, tag=token()),
            remote=format_address(remote),
            target=target,
            contact=self._contact(),
        )

    def _new_registration(self) -> Dialog:
        account = sip_uri(self.user, *self.server)
        host, port = self.server
        return self._new_dialog(local=account, remote=account, target=f"sip:{host}:{port}")

    async def _register(self, registration: Dialog, seconds: int, within: float) -> None:
        try:
            async with asyncio.timeout(within):
                response = await self._send_register(registration, seconds)
                if response.status in CHALLENGES and self._credentials is not None:
                    answer = self._credentials.answer(
                        response, method="REGISTER", uri=registration.target
                    )
                    response = await self._send_register(registration, seconds, answer)
        except TimeoutError:
            host, port = self.server
            raise TimeoutError(
                f"no response to REGISTER of {self.user} within {within:g} s: "
                f"is Asterisk running at {host}:{port}/udp?"
            ) from None
        if response.status != 200:
            raise RefusedError(
                response.status, f"REGISTER of {self.user} got {response.start_line}"
            )

    async def _send_register(
        self, registration: Dialog, seconds: int, *credentials: Header
    ) -> Response:
        headers = (("Expires", str(seconds)), *credentials)
        return await self._open.request(registration.request("REGISTER", headers=headers))

    def _open_media(self, on_change: Callable[[], None]) -> Media:
        return Media(self._ports.open(self._host), on_change)

    def _forget(self, call_id: str) -> None:
        self._calls.pop(call_id, None)

    def _take_request(self, transaction: ServerTransaction) -> None:
        request = transaction.request
        call = self._calls.get(request.call_id)
        if call is not None:
            call.handle(transaction)
            return
        is_first = not parse_address(request.get("To")).tag
        match request.method:
            case "INVITE" if is_first:
                self._take_call(transaction)
            case "OPTIONS" | "NOTIFY":
                transaction.respond(200, headers=(("Allow", ALLOWED),))
            case "INVITE" | "BYE" | "CANCEL" | "INFO" | "UPDATE":
                transaction.respond(481)
            case _:
                transaction.respond(405, headers=(("Allow", ALLOWED),))

    def _take_call(self, transaction: ServerTransaction) -> None:
        request = transaction.request
        if not self._is_for_us(request):
            transaction.respond(404)
            return
        offer = acceptable_offer(request.body)
        if offer is None:
            transaction.respond(488)
            return
        dialog = Dialog(
            endpoint=self._open,
            call_id=request.call_id,
            local=f"{request.get('To')};tag={transaction.tag}",
            remote=request.get("From"),
            target=parse_address(request.get("Contact")).uri,
            contact=self._contact(),
        )
        call = IncomingCall(transaction, offer, dialog, self._open_media, self._forget)
        self._calls[call.call_id] = call
        self._incoming.put_nowait(call)
        self.times_called += 1
        self.on_call(call)

    def _is_for_us(self, request: Request) -> bool:
        # Our port may have been that of another phone, whom the server still expects here.
        return parse_address(request.uri).user == self.user
