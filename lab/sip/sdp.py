"""Session descriptions (RFC 4566, RFC 3264) with one PCMU audio stream."""

import re
from dataclasses import dataclass

from lab.sip.errors import MalformedMessageError

PCMU = 0
"""The payload type of G.711 µ-law (RFC 3551)."""
TELEPHONE_EVENT = 101
"""The payload type that we propose for DTMF; in an answer it is the other side's."""

_MEDIA = re.compile(r"^m=audio (\d+)(?:/\d+)? \S+((?: \d+)+)\s*$", re.MULTILINE)
_CONNECTION = re.compile(r"^c=IN IP4 (\S+)", re.MULTILINE)
_TELEPHONE_EVENT = re.compile(r"^a=rtpmap:(\d+) telephone-event/8000", re.MULTILINE)
_DIRECTION = re.compile(r"^a=(sendrecv|sendonly|recvonly|inactive)\s*$", re.MULTILINE)
_ANSWERS = {"sendonly": "recvonly", "recvonly": "sendonly"}


@dataclass(frozen=True, slots=True)
class Session:
    """Where and how one side of a call takes audio."""

    host: str
    port: int
    has_pcmu: bool = True
    telephone_event: int | None = TELEPHONE_EVENT
    """The payload type of RFC 4733 events, None if they are not taken."""
    direction: str = "sendrecv"

    def answered_from(self, host: str, port: int) -> "Session":
        """Return what to answer to this offer when we take audio at `host` and `port`."""
        direction = _ANSWERS.get(self.direction, self.direction)
        return Session(host, port, True, self.telephone_event, direction)

    def __str__(self) -> str:
        formats = [PCMU] if self.telephone_event is None else [PCMU, self.telephone_event]
        lines = [
            "v=0",
            f"o=- 1 1 IN IP4 {self.host}",
            "s=-",
            f"c=IN IP4 {self.host}",
            "t=0 0",
            f"m=audio {self.port} RTP/AVP {' '.join(map(str, formats))}",
            f"a=rtpmap:{PCMU} PCMU/8000",
        ]
        if self.telephone_event is not None:
            lines += [
                f"a=rtpmap:{self.telephone_event} telephone-event/8000",
                f"a=fmtp:{self.telephone_event} 0-15",
            ]
        lines += ["a=ptime:20", f"a={self.direction}", ""]
        return "\r\n".join(lines)


def parse_session(text: str) -> Session:
    """Read a session description. Raises `MalformedMessageError` if it has no audio stream."""
    unified = text.replace("\r\n", "\n")
    media = _MEDIA.search(unified)
    # An address of the stream itself wins over that of the whole session.
    connection = media and (_CONNECTION.search(unified, media.end()) or _CONNECTION.search(unified))
    if media is None or connection is None:
        raise MalformedMessageError(f"no audio stream over IPv4 in {text!r}")
    event = _TELEPHONE_EVENT.search(unified, media.end())
    direction = _DIRECTION.search(unified)
    return Session(
        host=connection[1],
        port=int(media[1]),
        has_pcmu=str(PCMU) in media[2].split(),
        telephone_event=int(event[1]) if event else None,
        direction=direction[1] if direction else "sendrecv",
    )


def acceptable_offer(text: str) -> Session | None:
    """Read an offer; return None if there is nothing in it that this phone could take."""
    try:
        offer = parse_session(text)
    except MalformedMessageError:
        return None
    return offer if offer.has_pcmu else None
