"""An `Outbound` on a wire that keeps what is written."""

from xml.etree import ElementTree as ET

from component.ports import Outgoing
from component.xmpp.outbound import Outbound

DOMAIN = "ivr.example.com"


class FakeWire:
    """Keeps what is written."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.flushed = 0
        """How many pieces have left."""

    def write(self, data: bytes) -> None:
        self.pieces.append(data)

    def flush(self) -> None:
        self.flushed = len(self.pieces)

    def stanzas(self) -> list[ET.Element]:
        return list(ET.fromstring(b"<stream>" + b"".join(self.pieces) + b"</stream>"))

    def messages(self) -> list[ET.Element]:
        return [stanza for stanza in self.stanzas() if stanza.tag == "message"]

    def pings(self) -> list[ET.Element]:
        return [stanza for stanza in self.stanzas() if stanza.tag == "iq"]


class Sending:
    """An `Outbound` on a fake wire, and the numbers that it confirmed."""

    def __init__(self) -> None:
        self.wire = FakeWire()
        self.confirmed: list[int] = []
        self.outbound = Outbound(self.wire, DOMAIN, self.confirmed.extend)

    def send(self, *messages: Outgoing) -> None:
        self.outbound.send(messages)

    def return_ping(self, type_: str | None = None) -> None:
        """Return the last ping, or answer it with a stanza of this type."""
        ping = self.wire.pings()[-1]
        if type_ is not None:
            ping.set("type", type_)
        assert self.outbound.returned(ping)


def message(seq: int, *recipients: str, body: str = "<event/>", sender: str = DOMAIN) -> Outgoing:
    return Outgoing(seq, sender, recipients or ("user1@example.com",), "headline", body)
