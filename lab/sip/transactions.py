"""Transactions over UDP (RFC 3261 section 17): nothing is lost because one datagram was."""

import asyncio
from collections.abc import Callable

from lab.sip.message import Header, Request, Response, respond, token

T1 = 0.5
"""Seconds until the first retransmission."""
T2 = 4.0
"""The longest interval between retransmissions, but those of an INVITE."""
LIFETIME = 64 * T1
"""Seconds after which the other side is given up, and a transaction forgotten."""

Send = Callable[[bytes], None]


class Retransmission:
    """Sends a datagram at once, then at growing intervals until stopped or given up."""

    def __init__(
        self, send: Callable[[], None], give_up: Callable[[], None], longest: float = T2
    ) -> None:
        self._send = send
        self._give_up = give_up
        self._longest = longest
        self._loop = asyncio.get_running_loop()
        self._deadline = self._loop.time() + LIFETIME
        self._interval = T1
        send()
        self._timer = self._loop.call_later(T1, self._again)

    def stop(self) -> None:
        """Send no more."""
        self._timer.cancel()

    def _again(self) -> None:
        if self._loop.time() >= self._deadline:
            self._give_up()
            return
        self._send()
        self._interval = min(2 * self._interval, self._longest)
        self._timer = self._loop.call_later(self._interval, self._again)


class ClientTransaction:
    """A request that we sent, until its final response.

    `on_response` gets each response that means something new; of an INVITE also each repeated 2xx,
    for each wants an ACK from the call. `on_failure` is called instead if none ever comes.
    """

    def __init__(
        self,
        request: Request,
        send: Send,
        on_response: Callable[[Response], None],
        on_failure: Callable[[Exception], None],
    ) -> None:
        self.request = request
        self.is_over = False
        self._send = send
        self._on_response = on_response
        self._on_failure = on_failure
        datagram = request.to_bytes()
        self._retransmission = Retransmission(
            lambda: send(datagram),
            self._timed_out,
            longest=LIFETIME if request.method == "INVITE" else T2,
        )

    def receive(self, response: Response) -> None:
        """Take a response."""
        is_invite = self.request.method == "INVITE"
        is_final = response.status >= 200
        is_repeated = self.is_over
        if is_invite or is_final:
            self._retransmission.stop()
        if is_invite and response.status >= 300:
            self._send(_ack_of_failure(self.request, response).to_bytes())
        self.is_over = self.is_over or is_final
        if not is_repeated or (is_invite and 200 <= response.status < 300):
            self._on_response(response)

    def stop(self) -> None:
        """Expect nothing more."""
        self.is_over = True
        self._retransmission.stop()

    def fail(self, error: Exception) -> None:
        """Give up, unless it is over."""
        if not self.is_over:
            self.stop()
            self._on_failure(error)

    def _timed_out(self) -> None:
        self.fail(TimeoutError(f"no response to {self.request.method} within {LIFETIME:g} s"))


class ServerTransaction:
    """A request that we received, and what we said to it."""

    def __init__(
        self,
        request: Request,
        arrived: float,
        send: Send,
        on_over: Callable[[], None],
    ) -> None:
        """`on_over` is called when the final response to an INVITE needs no more repeating."""
        self.request = request
        self.arrived = arrived
        """When the request came in, on the clock of `time.monotonic()`."""
        self.tag = token()
        """What makes our side of the dialog, should the request begin one."""
        self.on_acknowledged: Callable[[], None] = _do_nothing
        """Called once, when an ACK for our final response to an INVITE came."""
        self.on_unacknowledged: Callable[[], None] = _do_nothing
        """Called if that ACK never comes."""
        self._send = send
        self._on_over = on_over
        self._last = b""
        self._retransmission: Retransmission | None = None

    @property
    def awaits_ack(self) -> bool:
        """Whether a final response to an INVITE has been sent, and no ACK has come."""
        return self._retransmission is not None

    def respond(self, status: int, *, body: str = "", headers: tuple[Header, ...] = ()) -> None:
        """Send a response; a final one to an INVITE again and again until its ACK."""
        response = respond(self.request, status, tag=self.tag, body=body, headers=headers)
        self._last = response.to_bytes()
        if self.request.method == "INVITE" and status >= 200:
            self._retransmission = Retransmission(self.repeat, self._timed_out)
        else:
            self.repeat()

    def repeat(self) -> None:
        """Send the last response again, if there is one."""
        if self._last:
            self._send(self._last)

    def acknowledge(self) -> None:
        """Take an ACK."""
        if self.awaits_ack:
            self.stop()
            self.on_acknowledged()

    def stop(self) -> None:
        """Send nothing more of its own accord."""
        if self._retransmission is not None:
            self._retransmission.stop()
            self._retransmission = None
            self._on_over()

    def _timed_out(self) -> None:
        self.stop()
        self.on_unacknowledged()


def _ack_of_failure(invite: Request, response: Response) -> Request:
    """Build the ACK of a final response other than 2xx (section 17.1.1.3)."""
    headers = (
        ("Via", invite.get("Via")),
        ("Max-Forwards", "70"),
        ("From", invite.get("From")),
        ("To", response.get("To")),
        ("Call-ID", invite.call_id),
        ("CSeq", f"{invite.cseq.number} ACK"),
    )
    return Request(method="ACK", uri=invite.uri, headers=headers)


def _do_nothing() -> None:
    pass
