"""A call that a phone makes."""

import time
from collections.abc import Callable

from lab.sip.auth import CHALLENGES, Credentials
from lab.sip.call import Call, CallState, Ending
from lab.sip.dialog import CONTENT_TYPE_SDP, Dialog
from lab.sip.media import Media
from lab.sip.message import Header, Request, Response, parse_address
from lab.sip.sdp import acceptable_offer
from lab.sip.transactions import ClientTransaction
from lab.sip.waiting import PATIENCE


class OutgoingCall(Call):
    """A call to a number."""

    def __init__(
        self,
        number: str,
        dialog: Dialog,
        media: Callable[[Callable[[], None]], Media],
        on_end: Callable[[str], None],
        credentials: Credentials | None,
        *,
        headers: tuple[Header, ...] = (),
    ) -> None:
        """Send the INVITE, with these headers besides; `credentials` answer a challenge."""
        super().__init__(dialog, media, on_end)
        self.number = number
        self._credentials = credentials
        self._headers = headers
        self._was_noticed = False
        self._is_cancelled = False
        self.times["invite"] = time.monotonic()
        self._transaction = self._invite()

    @property
    def description(self) -> str:
        """Who calls whom."""
        return f"the call from {self.user} to {self.number}"

    async def noticed(self, within: float = PATIENCE) -> None:
        """Wait until the server has let the call in, or refused it. Raises `TimeoutError`."""
        await self._until(
            lambda: self._was_noticed or self.ending is not None, within, "got no reaction"
        )

    async def ringing(self, within: float = PATIENCE) -> None:
        """Wait until it rings at the other side, or did.

        Raises `CallEndedError` if the call ends first, `TimeoutError` after `within` seconds.
        """
        await self._until_or_end(lambda: "ringing" in self.times, within, "did not ring")

    async def hang_up(self) -> None:
        """End the call: cancel it if it is not answered yet, and wait for the confirmation.

        Does nothing if it has ended. Raises `TimeoutError` if there is no confirmation.
        """
        if not self._is_confirmed and self.ending is None:
            self._cancel()
            # The answer may have crossed our CANCEL: then there is a call to hang up.
            await self._confirmed_or_over("was not confirmed as cancelled")
        await super().hang_up()

    def vanish(self) -> None:
        """Forget the call without a word to the other side."""
        self._dialog.endpoint.forget(self._transaction)
        super().vanish()

    def _invite(self, *credentials: Header) -> ClientTransaction:
        request = self._dialog.request(
            "INVITE",
            body=str(self._media.local),
            headers=(CONTENT_TYPE_SDP, *self._headers, *credentials),
        )
        return self._dialog.endpoint.start(request, self._take, self._fail)

    def _take(self, response: Response) -> None:
        if response.status < 200:
            self._proceed(response)
        elif response.status < 300:
            self._accept(response)
        elif not self._try_to_authenticate(response):
            reason = response.get("Reason") or response.reason
            self._end(Ending(response.status, by_us=self._is_cancelled, reason=reason))

    def _proceed(self, response: Response) -> None:
        is_first = not self._was_noticed
        self._was_noticed = True
        self._take_session(response)
        if parse_address(response.get("To")).tag:  # the dialog is there, if but early
            self._dialog.agree(response.get("To"), response.get("Contact"))
        if response.status in (180, 183) and self.state is CallState.CALLING:
            self._reach(CallState.RINGING)
        if is_first and self._is_cancelled:
            self._send_cancel()
        self._changes.notify()

    def _accept(self, response: Response) -> None:
        self._was_noticed = True
        is_new = not self._is_confirmed and self.ending is None
        if is_new:
            self._dialog.agree(response.get("To"), response.get("Contact"))
            self._take_session(response)
        # A repeated 2xx means that our ACK was lost.
        self._dialog.endpoint.send(self._dialog.ack(response.cseq.number).to_bytes())
        if is_new:
            self._confirm()

    def _take_session(self, response: Response) -> None:
        session = acceptable_offer(response.body)
        if session is not None:
            self._media.remote = session

    def _try_to_authenticate(self, response: Response) -> bool:
        credentials, self._credentials = self._credentials, None  # they are good for one attempt
        if response.status not in CHALLENGES or credentials is None or self._is_cancelled:
            return False
        answer = credentials.answer(response, method="INVITE", uri=self._dialog.target)
        self._transaction = self._invite(answer)
        return True

    def _fail(self, error: Exception) -> None:
        self._end(Ending(408, by_us=self._is_cancelled, reason=str(error)))

    def _cancel(self) -> None:
        if not self._is_cancelled:
            self._is_cancelled = True
            # Before the first response the server may not know yet what to cancel
            # (RFC 3261 section 9.1).
            if self._was_noticed:
                self._send_cancel()

    def _send_cancel(self) -> None:
        invite = self._transaction.request
        headers = (
            ("Via", invite.get("Via")),
            ("Max-Forwards", "70"),
            ("From", invite.get("From")),
            ("To", invite.get("To")),
            ("Call-ID", invite.call_id),
            ("CSeq", f"{invite.cseq.number} CANCEL"),
        )
        cancel = Request(method="CANCEL", uri=invite.uri, headers=headers)
        self._dialog.endpoint.start(cancel, _ignore, self._fail)


def _ignore(_response: Response) -> None:
    """Do nothing: what became of the call is told by the response to its INVITE."""
