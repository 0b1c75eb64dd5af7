"""A call that comes in at a phone."""

import asyncio
from collections.abc import Callable

from lab.sip.call import Call, CallState, Ending
from lab.sip.dialog import CONTENT_TYPE_SDP, Dialog
from lab.sip.media import Media
from lab.sip.message import Request, parse_address, sip_uri
from lab.sip.sdp import Session
from lab.sip.transactions import ServerTransaction
from lab.sip.waiting import PATIENCE


class IncomingCall(Call):
    """A call to this phone, unanswered until `answer`."""

    def __init__(
        self,
        transaction: ServerTransaction,
        offer: Session,
        dialog: Dialog,
        media: Callable[[Callable[[], None]], Media],
        on_end: Callable[[str], None],
    ) -> None:
        """`transaction` is that of the INVITE, and `offer` what its session description says."""
        super().__init__(dialog, media, on_end)
        self._transaction = transaction
        self._offer = offer
        self.times["invite"] = transaction.arrived
        self._caller = parse_address(self.invite.get("From"))
        self._note_caller(self.invite)

    @property
    def invite(self) -> Request:
        """The request that began the call."""
        return self._transaction.request

    @property
    def caller_number(self) -> str:
        """The caller's number, as the last P-Asserted-Identity or else From tells it."""
        return self._caller.user

    @property
    def caller_name(self) -> str:
        """The caller's name, from the same header as the number; empty if there is none."""
        return self._caller.name

    async def displays(self, number: str, name: str, within: float = PATIENCE) -> None:
        """Wait until the phone is told that this is the caller. Raises as `answered` does."""
        await self._until_or_end(
            lambda: (self.caller_number, self.caller_name) == (number, name),
            within,
            f"does not display {name} {number}",
        )

    @property
    def description(self) -> str:
        """Who calls whom."""
        return f"the call from {self.caller_number} to {self.user}"

    def ring(self) -> None:
        """Say that the phone rings."""
        self._transaction.respond(180, headers=(self._dialog.contact,))
        self._reach(CallState.RINGING)

    def answer(self) -> None:
        """Pick up. The call is `answered` when the other side has confirmed that.

        Does nothing if the caller has just hung up, or the call has been picked up before.
        """
        if self.state in (CallState.CALLING, CallState.RINGING):
            session = self._media.accept(self._offer)
            self._transaction.on_acknowledged = self._confirm
            self._transaction.on_unacknowledged = self._lose
            headers = (self._dialog.contact, CONTENT_TYPE_SDP)
            self._transaction.respond(200, body=str(session), headers=headers)
            self._reach(CallState.PICKED_UP)

    def answer_after(self, seconds: float) -> None:
        """Pick up later, unless the call has ended by then."""
        asyncio.get_running_loop().call_later(seconds, self.answer)

    def reject(self, status: int = 486) -> None:
        """Refuse the call: 486 is busy, 603 declined, 480 unavailable.

        Does nothing if the caller has just hung up, or the call has been picked up before.
        """
        if self.state in (CallState.CALLING, CallState.RINGING):
            self._transaction.respond(status)
            self._end(Ending(status, by_us=True))

    def forward(self, number: str) -> None:
        """Ask for the call to be sent to another number (302).

        Does nothing if the caller has just hung up, or the call has been picked up before.
        """
        if self.state in (CallState.CALLING, CallState.RINGING):
            elsewhere = f"<{sip_uri(number, *self._dialog.endpoint.server)}>"
            self._transaction.respond(302, headers=(("Contact", elsewhere),))
            self._end(Ending(302, by_us=True))

    async def hang_up(self) -> None:
        """End the call: decline it if it is not answered yet.

        Does nothing if it has ended. Raises `TimeoutError` if there is no confirmation.
        """
        self.reject(603)
        if self.state is CallState.PICKED_UP:
            # Asterisk loses a BYE that overtakes the ACK, now and then (RFC 3261 section 15).
            await self._confirmed_or_over("was not acknowledged")
        await super().hang_up()

    def handle(self, transaction: ServerTransaction) -> None:
        """Answer a request that came within this call."""
        if transaction.request.method == "CANCEL":
            transaction.respond(200)
            if self.state in (CallState.CALLING, CallState.RINGING):
                self._transaction.respond(487)
                reason = transaction.request.get("Reason")
                self._end(Ending(487, by_us=False, reason=reason))
            return
        super().handle(transaction)
        self._note_caller(transaction.request)
        if self.ending is not None:
            # Hung up before our answer was acknowledged: it need not be any more.
            self._transaction.stop()

    def _note_caller(self, request: Request) -> None:
        """Take note of who calls, if a request within the call tells it (RFC 3325)."""
        asserted = request.get("P-Asserted-Identity")
        if asserted:
            self._caller = parse_address(asserted)
            self._changes.notify()

    def _lose(self) -> None:
        self._end(Ending(408, by_us=False, reason="our answer was never acknowledged"))
