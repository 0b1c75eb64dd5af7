"""The audio of one call: what is heard, and sending sound and keyed digits."""

import asyncio
import time
from collections.abc import Callable

from lab.sip import pcmu
from lab.sip.errors import CallEndedError, NoTalkPathError
from lab.sip.rtp import (
    PACKET_SECONDS,
    TICKS_PER_SECOND,
    Packet,
    Source,
    ended_digit,
    event_payloads,
    unpack,
)
from lab.sip.sdp import PCMU, Session
from lab.sip.udp import Wire

_FRAME = round(PACKET_SECONDS * pcmu.RATE)


class Media:
    """An RTP session over a socket of its own."""

    def __init__(self, wire: Wire, on_change: Callable[[], None]) -> None:
        """`on_change` is called whenever something is heard."""
        self.heard = bytearray()
        """The PCMU audio received so far, in order of arrival."""
        self.digits = ""
        """The digits received so far as telephone-events."""
        self.remote: Session | None = None
        """Where the other side takes audio, once it has said so."""
        self.is_closed = False
        self._on_change = on_change
        self._wire = wire
        self.local = Session(wire.host, wire.port)
        """Where we take audio: our offer, or our answer."""
        self._source = Source()
        self._last_event: int | None = None
        wire.listen(self._receive)

    def accept(self, offer: Session) -> Session:
        """Connect to where an offer says, and return the answer to it."""
        self.remote = offer
        self.local = offer.answered_from(self.local.host, self.local.port)
        return self.local

    def close(self) -> None:
        """Close the socket; its port is free again.

        What ends the call comes by another one, and may be read before all that was heard.
        """
        self.is_closed = True
        self._wire.catch_up()
        self._wire.close()

    def start_talking(self) -> None:
        """Send one packet of silence.

        Asterisk's `Answer()` waits half a second for the caller's first audio.
        """
        self._send(PCMU, _now(), pcmu.silence(PACKET_SECONDS), is_first=True)

    async def play(self, audio: bytes) -> None:
        """Send PCMU audio at the pace at which it is heard.

        Raises `CallEndedError` if the call ends meanwhile.
        """
        loop = asyncio.get_running_loop()
        started, first = loop.time(), _now()
        for start in range(0, len(audio), _FRAME):
            frame = audio[start : start + _FRAME]
            self._send(PCMU, first + start, frame, is_first=start == 0)
            await asyncio.sleep(started + (start + _FRAME) / pcmu.RATE - loop.time())

    async def key(self, digit: str, seconds: float) -> None:
        """Key a digit as telephone-event.

        Raises `CallEndedError` if the call ends meanwhile, `NoTalkPathError` if the other side
        takes no telephone-events, `ValueError` for what is no digit.
        """
        pressed = _now()
        is_first = True
        for payload, is_end in event_payloads(digit, seconds):
            self._send(self._event_type(), pressed, payload, is_first=is_first)
            is_first = False
            if not is_end:
                await asyncio.sleep(PACKET_SECONDS)

    def _event_type(self) -> int:
        remote = self._reachable()
        if remote.telephone_event is None:
            raise NoTalkPathError("the other side takes no telephone-events: key by SIP INFO")
        return remote.telephone_event

    def _reachable(self) -> Session:
        if self.is_closed:
            raise CallEndedError("the call ended while something was being sent")
        if self.remote is None or self.remote.port == 0:
            raise NoTalkPathError("the other side has not yet said where it takes audio")
        return self.remote

    def _send(self, payload_type: int, timestamp: int, payload: bytes, *, is_first: bool) -> None:
        remote = self._reachable()
        packet = Packet(payload_type, timestamp, payload)
        datagram = self._source.pack(packet, is_first=is_first)
        self._wire.send(datagram, (remote.host, remote.port))

    def _receive(self, datagram: bytes, _arrived: float) -> None:
        packet = unpack(datagram)
        if packet.payload_type == PCMU:
            self.heard += packet.payload
        elif packet.payload_type == self.local.telephone_event:
            self._take_event(packet)
        self._on_change()

    def _take_event(self, packet: Packet) -> None:
        digit = ended_digit(packet.payload)
        # The end of an event is sent several times, always with the timestamp of its beginning.
        if digit is not None and packet.timestamp != self._last_event:
            self._last_event = packet.timestamp
            self.digits += digit


def _now() -> int:
    """Return the time on the RTP clock."""
    return round(time.monotonic() * TICKS_PER_SECOND)
