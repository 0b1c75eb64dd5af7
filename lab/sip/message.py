"""SIP messages (RFC 3261 section 7): parsing and building, without any I/O."""

import re
import secrets
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import quote, unquote

from lab.sip.errors import MalformedMessageError

VERSION = "SIP/2.0"
BRANCH_PREFIX = "z9hG4bK"
"""Marks a branch that identifies its transaction (RFC 3261 section 8.1.1.7)."""

Header = tuple[str, str]

_COMPACT_FORMS = {
    "c": "content-type",
    "f": "from",
    "i": "call-id",
    "k": "supported",
    "l": "content-length",
    "m": "contact",
    "t": "to",
    "v": "via",
}
_REQUIRED = ("Via", "From", "To", "Call-ID", "CSeq")
_REASONS = {
    100: "Trying",
    180: "Ringing",
    200: "OK",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    603: "Decline",
}
_USER_UNRESERVED = "-_.!~*'()&=+$,;?/"
_ADDRESS = re.compile(r'\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^<"]*))\s*<(?P<uri>[^>]*)>')
_CSEQ = re.compile(r"(\d+)\s+(\S+)")
_BRANCH = re.compile(r";\s*branch=([^;,\s]+)", re.IGNORECASE)
_TAG = re.compile(r";\s*tag=([^;,\s]+)", re.IGNORECASE)
_USER = re.compile(r"sips?:([^@:;?]*)(?::[^@]*)?@", re.IGNORECASE)


class CSeq(NamedTuple):
    """The CSeq header: the number of a request within its dialog, and its method."""

    number: int
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(ABC):
    """What requests and responses have in common."""

    headers: tuple[Header, ...]
    body: str = ""

    @property
    @abstractmethod
    def start_line(self) -> str:
        """The first line."""

    def all(self, name: str) -> tuple[str, ...]:
        """Return every value of a header, in order; compact forms count as their long ones."""
        return _values(self.headers, name)

    def get(self, name: str) -> str:
        """Return the first value of a header, empty if there is none."""
        return next(iter(self.all(name)), "")

    @property
    def call_id(self) -> str:
        """The Call-ID."""
        return self.get("Call-ID")

    @property
    def cseq(self) -> CSeq:
        """The CSeq. Raises `MalformedMessageError`."""
        match = _CSEQ.fullmatch(self.get("CSeq"))
        if match is None:
            raise MalformedMessageError(f"not a CSeq: {self.get('CSeq')!r}")
        return CSeq(int(match[1]), match[2])

    @property
    def branch(self) -> str:
        """The branch of the topmost Via, which identifies the transaction."""
        match = _BRANCH.search(self.get("Via"))
        return match[1] if match else ""

    def to_bytes(self) -> bytes:
        """Return the datagram, with the Content-Length that the body has."""
        body = self.body.encode()
        lines = [self.start_line]
        lines += [f"{key}: {value}" for key, value in self.headers]
        lines += [f"Content-Length: {len(body)}", "", ""]
        return "\r\n".join(lines).encode() + body


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(Message):
    """A SIP request."""

    method: str
    uri: str

    @property
    def start_line(self) -> str:
        """The Request-Line."""
        return f"{self.method} {self.uri} {VERSION}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Response(Message):
    """A SIP response."""

    status: int
    reason: str

    @property
    def start_line(self) -> str:
        """The Status-Line."""
        return f"{VERSION} {self.status} {self.reason}"


@dataclass(frozen=True, slots=True)
class Address:
    """A value of From, To, Contact or P-Asserted-Identity."""

    name: str
    uri: str
    tag: str

    @property
    def user(self) -> str:
        """The user part of the URI, unescaped; empty if it has none."""
        match = _USER.match(self.uri)
        return unquote(match[1]) if match else ""


def parse(datagram: bytes) -> Request | Response:
    """Read a datagram. Raises `MalformedMessageError` saying what is wrong with it."""
    head, _, rest = datagram.partition(b"\r\n\r\n")
    try:
        text = head.decode()
    except UnicodeDecodeError as error:
        raise MalformedMessageError(f"the header is not UTF-8: {error}") from error
    start_line, *lines = re.sub(r"\r\n[ \t]+", " ", text).split("\r\n")
    headers = tuple(_parse_header(line) for line in lines)
    message = _parse_start_line(start_line, headers, _parse_body(headers, rest))
    for name in _REQUIRED:
        if not message.get(name):
            raise MalformedMessageError(f"no {name} header in {start_line!r}")
    if isinstance(message, Request) and message.cseq.method != message.method:
        raise MalformedMessageError(f"CSeq {message.get('CSeq')!r} in {start_line!r}")
    return message


def respond(
    request: Request, status: int, *, tag: str, body: str = "", headers: Iterable[Header] = ()
) -> Response:
    """Build the response to a request (RFC 3261 section 8.2.6); `tag` is ours, for its To."""
    to = request.get("To")
    if not parse_address(to).tag:
        to = f"{to};tag={tag}"
    copied = [("Via", via) for via in request.all("Via")]
    copied += [
        ("From", request.get("From")),
        ("To", to),
        ("Call-ID", request.call_id),
        ("CSeq", request.get("CSeq")),
    ]
    return Response(
        headers=(*copied, *headers),
        body=body,
        status=status,
        reason=_REASONS.get(status, "Unspecified"),
    )


def parse_address(value: str) -> Address:
    """Read an address with or without a display name and angle brackets (section 20.10)."""
    match = _ADDRESS.match(value)
    if match is None:
        uri, _, _ = value.partition(";")
        return Address("", uri.strip(), _tag(value))
    quoted = match["quoted"]
    name = match["plain"].strip() if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
    return Address(name, match["uri"], _tag(value[match.end() :]))


def format_address(uri: str, *, name: str = "", tag: str = "") -> str:
    """Write an address for From, To or Contact."""
    escaped = re.sub(r'(["\\])', r"\\\1", name)
    display = f'"{escaped}" ' if name else ""
    return f"{display}<{uri}>" + (f";tag={tag}" if tag else "")


def sip_uri(user: str, host: str, port: int) -> str:
    """Write a SIP URI. What the grammar allows in a user part, `*` too, stays as it is."""
    return f"sip:{quote(user, safe=_USER_UNRESERVED)}@{host}:{port}"


def token() -> str:
    """Return a new token, unique enough for tags, branches and Call-IDs."""
    return secrets.token_hex(8)


def _values(headers: Iterable[Header], name: str) -> tuple[str, ...]:
    return tuple(value for key, value in headers if _canonical(key) == name.lower())


def _canonical(name: str) -> str:
    lower = name.lower()
    return _COMPACT_FORMS.get(lower, lower)


def _tag(parameters: str) -> str:
    match = _TAG.search(parameters)
    return match[1] if match else ""


def _parse_header(line: str) -> Header:
    name, colon, value = line.partition(":")
    if not colon or not name.strip():
        raise MalformedMessageError(f"not a header: {line!r}")
    return name.strip(), value.strip()


def _parse_body(headers: tuple[Header, ...], rest: bytes) -> str:
    for declared in _values(headers, "Content-Length"):
        if not declared.isdecimal() or int(declared) > len(rest):
            raise MalformedMessageError(f"Content-Length {declared} of a body of {len(rest)} bytes")
        rest = rest[: int(declared)]
    return rest.decode(errors="replace")


def _parse_start_line(line: str, headers: tuple[Header, ...], body: str) -> Request | Response:
    match line.split(" ", 2):
        case [version, status, reason] if version == VERSION and status.isdecimal():
            return Response(headers=headers, body=body, status=int(status), reason=reason)
        case [method, uri, version] if version == VERSION:
            return Request(headers=headers, body=body, method=method, uri=uri)
        case _:
            raise MalformedMessageError(f"not a start line of SIP: {line!r}")
