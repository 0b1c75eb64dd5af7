"""One call, whichever side began it."""

import asyncio
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal

from lab.sip.dialog import CONTENT_TYPE_SDP, Dialog
from lab.sip.errors import CallEndedError, RefusedError
from lab.sip.media import Media
from lab.sip.message import parse_address, sip_uri
from lab.sip.sdp import acceptable_offer
from lab.sip.transactions import LIFETIME, ServerTransaction
from lab.sip.waiting import PATIENCE, Changes

ALLOWED = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, NOTIFY"

_DIGIT_SECONDS = 0.08
_PAUSE_SECONDS = 0.06
_SIP_FRAGMENT = re.compile(r"^SIP/2\.0 (\d{3})", re.MULTILINE)
"""The status line in a NOTIFY about a transfer (RFC 3420)."""
_SIGNAL = re.compile(r"^\s*Signal\s*=\s*([0-9*#A-D])\s*$", re.MULTILINE)


class CallState(StrEnum):
    """Where a call stands."""

    CALLING = "calling"
    RINGING = "ringing"
    PICKED_UP = "picked up"
    """We answered, and the other side has not yet confirmed that."""
    ANSWERED = "answered"
    HANGING_UP = "hanging up"
    """Our BYE is on its way."""
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a call is over."""

    status: int
    """The final status of the INVITE if that failed (486, 487, 603, ...), 200 for a call that was
    answered and then hung up, 0 if the phone was dropped."""
    by_us: bool
    reason: str = ""
    """The Reason header (RFC 3326) of what ended it, or what went wrong."""


class Call(ABC):
    """A call of a phone. What is common to both directions; see `OutgoingCall`, `IncomingCall`."""

    def __init__(
        self,
        dialog: Dialog,
        media: Callable[[Callable[[], None]], Media],
        on_end: Callable[[str], None],
    ) -> None:
        """`media(on_change)` opens the audio; `on_end(call_id)` is called once, at the end."""
        self.state = CallState.CALLING
        self.times: dict[str, float] = {}
        """When what happened, on the clock of `time.monotonic()`: `invite` (sent or arrived),
        `ringing`, `answered` (and known to both), `keyed` (our last digit was complete), `ended`
        (our BYE was sent, or what ended it arrived)."""
        self.ending: Ending | None = None
        self._dialog = dialog
        self._changes = Changes()
        self._media = media(self._changes.notify)
        self._on_end = on_end
        self._digits_by_info = ""
        self._is_confirmed = False
        self._transfer_statuses: list[int] = []

    @property
    @abstractmethod
    def description(self) -> str:
        """Who calls whom."""

    def __str__(self) -> str:
        ending = f" with {self.ending.status} {self.ending.reason}" if self.ending else ""
        return f"{self.description} ({self.state}{ending.rstrip()})"

    @property
    def user(self) -> str:
        """The user of the phone whose call this is."""
        return parse_address(self._dialog.local).user

    @property
    def call_id(self) -> str:
        """The Call-ID."""
        return self._dialog.call_id

    @property
    def heard(self) -> bytes:
        """The PCMU audio received so far."""
        return bytes(self._media.heard)

    @property
    def digits(self) -> str:
        """The digits received so far, as telephone-events or else by SIP INFO."""
        return self._media.digits or self._digits_by_info

    async def answered(self, within: float = PATIENCE) -> None:
        """Wait until the call is answered and both sides know it.

        Raises `CallEndedError` if it ends first, `TimeoutError` after `within` seconds.
        """
        await self._until_or_end(lambda: self._is_confirmed, within, "was not answered")

    async def ended(self, within: float = PATIENCE) -> Ending:
        """Wait until the call is over, and return why. Raises `TimeoutError`."""
        await self._until(lambda: self.ending is not None, within, "did not end")
        assert self.ending is not None
        return self.ending

    async def hears(self, audio: bytes, within: float = PATIENCE, *, times: int = 1) -> None:
        """Wait until this PCMU audio has been received so many times, each without a gap.

        Raises `CallEndedError` if the call ends first, `TimeoutError` after `within` seconds.
        """
        heard = self._media.heard
        await self._until_or_end(
            lambda: heard.count(audio) >= times, within, "did not hear that audio"
        )

    async def receives_digits(self, digits: str, within: float = PATIENCE) -> None:
        """Wait until these digits, and before them no others, have been received.

        Raises `CallEndedError` if the call ends first, `TimeoutError` after `within` seconds.
        """
        await self._until_or_end(
            lambda: self.digits.startswith(digits), within, f"did not get the digits {digits}"
        )

    async def play(self, audio: bytes) -> None:
        """Send PCMU audio at the pace at which it is heard.

        Raises `CallEndedError` if the call ends meanwhile.
        """
        await self._media.play(audio)

    async def send_digits(self, digits: str, by: Literal["rfc4733", "info"] = "rfc4733") -> None:
        """Key digits, as telephone-events in the audio or as SIP INFO requests.

        Raises `CallEndedError` if the call ends meanwhile, `NoTalkPathError` if the other side
        takes no telephone-events, `RefusedError` if it refuses an INFO, `TimeoutError` if it does
        not answer one.
        """
        for digit in digits:
            if by == "rfc4733":
                await self._media.key(digit, _DIGIT_SECONDS)
            else:
                await self._send_info(digit)
            self.times["keyed"] = time.monotonic()
            await asyncio.sleep(_PAUSE_SECONDS)

    async def transfer(self, number: str) -> None:
        """Pass the call on to a number (RFC 3515: blind). It ends when the other side says so.

        Raises `RefusedError` if the other side refuses, `TimeoutError` if it does not answer.
        """
        await self._refer(sip_uri(number, *self._dialog.endpoint.server))

    async def transfer_to(self, consulted: "Call") -> None:
        """Connect the other side with that of another call of this phone (RFC 3891: attended).

        Raises as `transfer` does.
        """
        await self._refer(f"{consulted._dialog.target}?Replaces={consulted._dialog.replaces}")

    async def transferred(self, within: float = PATIENCE) -> int:
        """Wait until we are told what became of our transfer: the final status (RFC 3515).

        Raises `CallEndedError` if the call ends first, `TimeoutError` after `within` seconds.
        """
        statuses = self._transfer_statuses
        await self._until_or_end(
            lambda: any(status >= 200 for status in statuses), within, "was told of no transfer"
        )
        return statuses[-1]

    async def hold(self) -> None:
        """Put the other side on hold: we take no audio from it (RFC 3264 section 8.4).

        Raises `RefusedError` or `TimeoutError`.
        """
        await self._redirect_audio("sendonly")

    async def unhold(self) -> None:
        """Take the other side back. Raises as `hold` does."""
        await self._redirect_audio("sendrecv")

    async def hang_up(self) -> None:
        """End the call, whatever its state, and wait until the other side has confirmed that.

        Does nothing if it has ended. Raises `TimeoutError` if there is no confirmation.
        """
        if self.state is CallState.ANSWERED:
            self.state = CallState.HANGING_UP
            sent = time.monotonic()
            try:
                await self._dialog.endpoint.request(self._dialog.request("BYE"))
            finally:
                self._end(Ending(200, by_us=True), at=sent)
        await self.ended(within=LIFETIME)

    def vanish(self) -> None:
        """Forget the call without a word to the other side."""
        self._end(Ending(0, by_us=True, reason="dropped"))

    def handle(self, transaction: ServerTransaction) -> None:
        """Answer a request that came within this call."""
        request = transaction.request
        match request.method:
            case "BYE":
                transaction.respond(200)
                self._end(Ending(200, by_us=False, reason=request.get("Reason")))
            case "INVITE" | "UPDATE":
                self._renegotiate(transaction)
            case "INFO":
                self._digits_by_info += "".join(_SIGNAL.findall(request.body.replace("\r", "")))
                transaction.respond(200)
                self._changes.notify()
            case "OPTIONS" | "NOTIFY":
                transaction.respond(200, headers=(("Allow", ALLOWED),))
                self._transfer_statuses += map(int, _SIP_FRAGMENT.findall(request.body))
                self._changes.notify()
            case _:
                transaction.respond(405, headers=(("Allow", ALLOWED),))

    def _renegotiate(self, transaction: ServerTransaction) -> None:
        contact = self._dialog.contact
        request = transaction.request
        offer = acceptable_offer(request.body)
        if offer is not None:
            answer = str(self._media.accept(offer))
            transaction.respond(200, body=answer, headers=(contact, CONTENT_TYPE_SDP))
        elif request.body:
            transaction.respond(488)
        elif request.method == "INVITE":
            ours = str(self._media.local)
            transaction.respond(200, body=ours, headers=(contact, CONTENT_TYPE_SDP))
        else:
            transaction.respond(200, headers=(contact,))

    async def _refer(self, target: str) -> None:
        us = parse_address(self._dialog.local).uri
        headers = (("Refer-To", f"<{target}>"), ("Referred-By", f"<{us}>"))
        response = await self._dialog.endpoint.request(
            self._dialog.request("REFER", headers=headers)
        )
        if response.status != 202:
            raise RefusedError(response.status, f"{self}: REFER got {response.start_line}")

    async def _redirect_audio(self, direction: str) -> None:
        """Offer the audio that there is anew, in another direction (RFC 3261 section 14)."""
        self._media.local = replace(self._media.local, direction=direction)
        request = self._dialog.request(
            "INVITE", body=str(self._media.local), headers=(CONTENT_TYPE_SDP,)
        )
        response = await self._dialog.endpoint.request(request)
        if response.status != 200:
            raise RefusedError(response.status, f"{self}: INVITE got {response.start_line}")
        self._dialog.endpoint.send(self._dialog.ack(response.cseq.number).to_bytes())

    async def _send_info(self, digit: str) -> None:
        body = f"Signal={digit}\r\nDuration={round(_DIGIT_SECONDS * 1000)}\r\n"
        kind = ("Content-Type", "application/dtmf-relay")
        request = self._dialog.request("INFO", body=body, headers=(kind,))
        response = await self._dialog.endpoint.request(request)
        if response.status != 200:
            raise RefusedError(response.status, f"{self}: INFO got {response.start_line}")

    def _reach(self, state: CallState, at: float | None = None) -> None:
        self.state = state
        self.times.setdefault(state.value, time.monotonic() if at is None else at)
        self._changes.notify()

    def _confirm(self) -> None:
        """Note that both sides know that the call is answered: only now may we send a BYE."""
        self._is_confirmed = True
        self._reach(CallState.ANSWERED)
        self._media.start_talking()

    def _end(self, ending: Ending, at: float | None = None) -> None:
        if self.ending is None:
            self.ending = ending
            self._media.close()
            self._on_end(self.call_id)
            self._reach(CallState.ENDED, at)

    async def _confirmed_or_over(self, complaint: str) -> None:
        """Wait until a BYE may be sent, or none is needed."""
        await self._until(
            lambda: self._is_confirmed or self.ending is not None, LIFETIME, complaint
        )

    async def _until(self, reached: Callable[[], bool], within: float, complaint: str) -> None:
        await self._changes.until(reached, within, lambda: f"{self} {complaint}")

    async def _until_or_end(
        self, reached: Callable[[], bool], within: float, complaint: str
    ) -> None:
        await self._until(lambda: reached() or self.ending is not None, within, complaint)
        if not reached():
            raise CallEndedError(f"{self} {complaint}")
