"""RTP packets (RFC 3550) and the telephone-events in them (RFC 4733), without any I/O."""

import secrets
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from lab.sip.errors import MalformedMessageError

DTMF = "0123456789*#ABCD"
"""The digits, each at the place of its event code."""
TICKS_PER_SECOND = 8000
"""The RTP clock of both PCMU and its telephone-events."""
PACKET_SECONDS = 0.02

_HEADER = struct.Struct("!BBHII")
_EVENT = struct.Struct("!BBH")
_VERSION = 0x80
_MARKER = 0x80
_END = 0x80
_VOLUME = 10
"""Of a digit, in -dBm0."""
_END_REPEATS = 3
"""How often the end of an event is sent, lest it be lost (RFC 4733 section 2.5.1.4)."""


@dataclass(frozen=True, slots=True)
class Packet:
    """An RTP packet, without the fields that nothing here looks at."""

    payload_type: int
    timestamp: int
    payload: bytes


@dataclass(slots=True)
class Source:
    """What the packets that we send have in common."""

    ssrc: int = field(default_factory=lambda: secrets.randbits(32))
    sequence: int = field(default_factory=lambda: secrets.randbits(15))

    def pack(self, packet: Packet, *, is_first: bool = False) -> bytes:
        """Return the datagram of the next packet; `is_first` marks the start of a talkspurt."""
        self.sequence = (self.sequence + 1) & 0xFFFF
        kind = packet.payload_type | (_MARKER if is_first else 0)
        timestamp = packet.timestamp & 0xFFFFFFFF
        header = _HEADER.pack(_VERSION, kind, self.sequence, timestamp, self.ssrc)
        return header + packet.payload


def unpack(datagram: bytes) -> Packet:
    """Read a datagram. Raises `MalformedMessageError`."""
    if len(datagram) < _HEADER.size or datagram[0] >> 6 != 2:
        raise MalformedMessageError(f"not an RTP packet: {datagram[:16]!r}")
    first, kind, _, timestamp, _ = _HEADER.unpack_from(datagram)
    sources = first & 0x0F
    start = _HEADER.size + 4 * sources
    end = len(datagram)
    if first & 0x10:
        words = int.from_bytes(datagram[start + 2 : start + 4])
        start += 4 + 4 * words
    if first & 0x20:
        end -= datagram[-1]
    return Packet(kind & 0x7F, timestamp, datagram[start:end])


def event_payloads(digit: str, seconds: float) -> Iterator[tuple[bytes, bool]]:
    """Yield the payloads of one digit, one per packet time, each with whether it is the end.

    The end comes several times; these need no pause between them. Raises `ValueError` if `digit`
    is not a DTMF digit.
    """
    code = DTMF.find(digit) if len(digit) == 1 else -1
    if code < 0:
        raise ValueError(f"not a DTMF digit: {digit!r}")
    steps = max(1, round(seconds / PACKET_SECONDS))
    ticks = round(PACKET_SECONDS * TICKS_PER_SECOND)
    for step in range(1, steps):
        yield _EVENT.pack(code, _VOLUME, step * ticks), False
    for _ in range(_END_REPEATS):
        yield _EVENT.pack(code, _END | _VOLUME, steps * ticks), True


def ended_digit(payload: bytes) -> str | None:
    """Return the digit whose end a telephone-event payload tells, None if it tells none."""
    if len(payload) < _EVENT.size:
        raise MalformedMessageError(f"not a telephone-event: {payload!r}")
    code, flags, _ = _EVENT.unpack_from(payload)
    return DTMF[code] if flags & _END and code < len(DTMF) else None
