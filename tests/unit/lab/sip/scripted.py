"""The other side of a phone's wires, played by the test."""

import asyncio
import time

from lab.sip.message import Message, Request, Response, format_address, parse, parse_address
from lab.sip.udp import PortPool, Receive, Wire

SERVER = ("127.0.0.1", 5060)
OFFER = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 16000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n"
)


class ScriptedWire:
    """Keeps what the phone sends, and brings it what the test wants to arrive."""

    host = "127.0.0.1"

    def __init__(self, port: int) -> None:
        self.port = port
        self.sent: list[bytes] = []
        self.destinations: list[tuple[str, int]] = []
        self.is_closed = False

    def listen(self, receive: Receive) -> None:
        self._receive = receive

    def send(self, datagram: bytes, address: tuple[str, int]) -> None:
        assert not self.is_closed
        self.sent.append(datagram)
        self.destinations.append(address)

    def catch_up(self) -> None:
        """Do nothing: what is brought is handed over at once."""

    def close(self) -> None:
        self.is_closed = True

    def bring(self, datagram: bytes, arrived: float | None = None) -> None:
        self._receive(datagram, time.monotonic() if arrived is None else arrived)


class ScriptedWires(PortPool):
    """Hands out scripted wires: the first is the phone's SIP, each further one a call's audio."""

    def __init__(self) -> None:
        super().__init__(range(30000, 32000, 2))
        self.opened: list[ScriptedWire] = []

    def open(self, host: str) -> Wire:
        wire = ScriptedWire(30000 + 2 * len(self.opened))
        self.opened.append(wire)
        return wire


class Server:
    """A SIP server that says what the test lets it say."""

    def __init__(self, wires: ScriptedWires) -> None:
        self._wires = wires
        self._read = 0
        self._branches = 0

    @property
    def wire(self) -> ScriptedWire:
        return self._wires.opened[0]

    def hears(self) -> list[str]:
        """Return the start of each message since the last look: `INVITE`, `200 INVITE`."""
        return [
            f"{m.status} {m.cseq.method}" if isinstance(m, Response) else m.cseq.method
            for m in self.messages()
        ]

    def messages(self) -> list[Request | Response]:
        """Return the messages sent by the phone since the last look."""
        new = self.wire.sent[self._read :]
        self._read = len(self.wire.sent)
        return [parse(datagram) for datagram in new]

    async def request_heard(self, method: str) -> Request:
        """Wait for the phone's next message, which is to be this request."""
        async with asyncio.timeout(20):
            while len(self.wire.sent) == self._read:
                await asyncio.sleep(0)
        request = parse(self.wire.sent[self._read])
        self._read += 1
        assert isinstance(request, Request)
        assert request.method == method
        return request

    def asks(
        self,
        method: str,
        *,
        call_id: str = "call-1",
        number: int = 1,
        user: str = "1000",
        to_tag: str = "",
        body: str = "",
        branch: str = "",
        headers: tuple[tuple[str, str], ...] = (),
        arrived: float | None = None,
    ) -> Request:
        """Send a request to the phone."""
        self._branches += 1
        branch = branch or f"z9hG4bK{self._branches}"
        uri = f"sip:{user}@127.0.0.1:30000"
        request = Request(
            method=method,
            uri=uri,
            headers=(
                ("Via", f"SIP/2.0/UDP 127.0.0.1:5060;branch={branch}"),
                ("From", '"Ada Lovelace" <sip:2000@127.0.0.1>;tag=server'),
                ("To", format_address(uri, tag=to_tag)),
                ("Call-ID", call_id),
                ("CSeq", f"{number} {method}"),
                ("Contact", "<sip:asterisk@127.0.0.1:5060>"),
                *headers,
            ),
            body=body,
        )
        self.wire.bring(request.to_bytes(), arrived)
        return request

    def answers(
        self, request: Request, status: int, *headers: tuple[str, str], body: str = ""
    ) -> None:
        """Send a response to a request of the phone's."""
        to = request.get("To")
        if status > 100 and not parse_address(to).tag:
            to += ";tag=server"
        copied = [(name, request.get(name)) for name in ("Via", "From", "Call-ID", "CSeq")]
        contact = ("Contact", "<sip:asterisk@127.0.0.1:5060>")
        response = Response(
            headers=(*copied, ("To", to), contact, *headers),
            status=status,
            reason="As the test wants it",
            body=body,
        )
        self.wire.bring(response.to_bytes())


def tag_of(message: Message) -> str:
    """Return the tag that the phone gave its side in a response."""
    return parse_address(message.get("To")).tag
