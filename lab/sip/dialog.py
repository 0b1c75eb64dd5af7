"""What the two ends of a call agree on (RFC 3261 section 12)."""

from dataclasses import dataclass
from urllib.parse import quote

from lab.sip.endpoint import Endpoint
from lab.sip.message import Header, Request, parse_address

CONTENT_TYPE_SDP: Header = ("Content-Type", "application/sdp")


@dataclass(slots=True)
class Dialog:
    """The identity of a call, and the counting of our requests in it.

    There is no route set: between this phone and its server there are no proxies.
    """

    endpoint: Endpoint
    call_id: str
    local: str
    """Our From, with the tag."""
    remote: str
    """Their To; it gets its tag from their first answer."""
    target: str
    """The URI that requests are sent to."""
    contact: Header
    cseq: int = 0

    def request(self, method: str, *, body: str = "", headers: tuple[Header, ...] = ()) -> Request:
        """Build the next request of the dialog."""
        self.cseq += 1
        return self._build(method, self.cseq, headers, body)

    def ack(self, number: int) -> Request:
        """Build the ACK for a 2xx to the INVITE of this number (section 13.2.2.4)."""
        return self._build("ACK", number, (), "")

    @property
    def replaces(self) -> str:
        """What names this dialog to the other side, in the parameter of a URI (RFC 3891)."""
        theirs, ours = parse_address(self.remote).tag, parse_address(self.local).tag
        return quote(f"{self.call_id};to-tag={theirs};from-tag={ours}", safe="")

    def agree(self, remote: str, contact: str) -> None:
        """Take over the tag and the address in the other side's answer."""
        self.remote = remote
        self.target = parse_address(contact).uri or self.target

    def _build(self, method: str, number: int, headers: tuple[Header, ...], body: str) -> Request:
        common = (
            self.endpoint.via(),
            ("Max-Forwards", "70"),
            ("From", self.local),
            ("To", self.remote),
            ("Call-ID", self.call_id),
            ("CSeq", f"{number} {method}"),
            self.contact,
        )
        return Request(method=method, uri=self.target, headers=(*common, *headers), body=body)
