"""The stream in between: bytes in from the server, stanzas out to us, and the reverse."""

import asyncio
import hashlib
from xml.etree import ElementTree as ET

import pytest

from component.xmpp.stream import ComponentStream
from tests.unit.transport import FakeTransport

pytestmark = pytest.mark.unit

HEADER = (
    b"<?xml version='1.0'?><stream:stream xmlns:stream='http://etherx.jabber.org/streams'"
    b" xmlns='jabber:component:accept' id='stream-id' from='ivr.example.com'>"
)


class Opened:
    """A stream on a fake connection."""

    def __init__(self) -> None:
        self.stanzas: list[ET.Element] = []
        self.stream = ComponentStream("ivr.example.com", "secret")
        self.connect()

    def connect(self) -> None:
        self.stream.begin(self.stanzas.append)
        self.transport = FakeTransport()
        self.stream.connection_made(self.transport)

    def accept(self) -> None:
        self.stream.data_received(HEADER + b"<handshake/>")


@pytest.fixture
async def opened() -> Opened:
    return Opened()


async def test_the_secret_is_proved_and_not_told(opened: Opened) -> None:
    opened.stream.data_received(HEADER)
    proof = hashlib.sha1(b"stream-idsecret").hexdigest()
    assert f">{proof}</handshake>".encode() in opened.transport.written
    assert b"secret" not in opened.transport.written
    assert not opened.stream.accepted.done()


async def test_the_stream_is_opened_for_the_component(opened: Opened) -> None:
    """XEP-0114 §3: the component's name stands where a client has the server's."""
    opened.stream.data_received(HEADER)
    header = opened.transport.written.partition(b">")[0] + b"/>"
    root = ET.fromstring(header)
    assert root.tag == "{http://etherx.jabber.org/streams}stream"
    assert root.get("to") == "ivr.example.com"
    assert b"xmlns='jabber:component:accept'" in header.replace(b'"', b"'")


async def test_the_server_accepts(opened: Opened) -> None:
    opened.accept()
    assert opened.stream.accepted.done()


async def test_stanzas_arrive_as_they_are_parsed(opened: Opened) -> None:
    opened.accept()
    for byte in b"<iq id='1'><ping xmlns='urn:xmpp:ping'/></iq><message id='2'/>":
        opened.stream.data_received(bytes([byte]))
    assert [stanza.get("id") for stanza in opened.stanzas] == ["1", "2"]
    assert opened.stanzas[0][0].tag == "{urn:xmpp:ping}ping"


async def test_nothing_arrives_before_the_server_has_accepted(opened: Opened) -> None:
    opened.stream.data_received(HEADER + b"<iq id='1'/>")
    assert not opened.stanzas


async def test_nothing_is_answered_without_us(opened: Opened) -> None:
    opened.accept()
    opened.transport.written = b""
    opened.stream.data_received(
        b"<iq type='get' id='1' from='a@b' to='ivr.example.com'><unknown xmlns='urn:x'/></iq>"
        b"<presence type='subscribe' from='a@b' to='ivr.example.com'/>"
        b"<presence type='probe' from='a@b' to='ivr.example.com'/>"
        b"<iq type='set' id='2' from='a@b' to='ivr.example.com'>"
        b"<query xmlns='jabber:iq:roster'/></iq>"
    )
    await asyncio.sleep(0)
    assert not opened.transport.written
    assert len(opened.stanzas) == 4


async def test_what_is_written_in_one_turn_leaves_together(opened: Opened) -> None:
    opened.accept()
    before = opened.transport.written
    opened.stream.write(b"<message id='1'/>")
    opened.stream.write(b"<message id='2'/>")
    assert opened.transport.written == before
    await asyncio.sleep(0)
    assert opened.transport.written == before + b"<message id='1'/><message id='2'/>"


async def test_what_is_waited_for_leaves_at_once_after_what_was_written_before(
    opened: Opened,
) -> None:
    opened.accept()
    before = opened.transport.written
    opened.stream.write(b"<message id='1'/>")
    opened.stream.flush()
    assert opened.transport.written == before + b"<message id='1'/>"
    opened.stream.write(b"<message id='2'/>")
    await asyncio.sleep(0)
    assert opened.transport.written == before + b"<message id='1'/><message id='2'/>"


async def test_why_the_server_refuses_is_understood(opened: Opened) -> None:
    opened.stream.data_received(
        HEADER + b"<stream:error><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
        b"<text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>Wrong token</text></stream:error>"
    )
    assert opened.stream.refusal is not None
    assert opened.stream.refusal.condition == "not-authorized"
    assert str(opened.stream.refusal) == "not-authorized: Wrong token"


async def test_where_the_server_sends_us_is_told_to_the_operator(opened: Opened) -> None:
    """RFC 6120 §4.9.3.19. Nobody goes there: whom the service trusts, its operator says."""
    opened.stream.data_received(
        HEADER + b"<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>"
        b"other.example.com:5347</see-other-host></stream:error>"
    )
    assert str(opened.stream.refusal) == "see-other-host: other.example.com:5347"


async def test_a_refusal_without_a_reason_is_one_too(opened: Opened) -> None:
    opened.stream.data_received(HEADER + b"<stream:error/>")
    assert str(opened.stream.refusal) == "undefined-condition"


async def test_the_end_of_the_stream_ends_the_connection(opened: Opened) -> None:
    opened.accept()
    opened.stream.data_received(b"</stream:stream>")
    assert opened.transport.closing


async def test_leaving_counts_as_a_refusal(opened: Opened) -> None:
    opened.accept()
    opened.stream.leave("conflict", "somebody else is there")
    assert opened.transport.closing
    assert opened.stream.refusal is not None
    assert opened.stream.refusal.condition == "conflict"


async def test_what_is_not_xml_ends_the_connection(opened: Opened) -> None:
    opened.accept()
    opened.stream.data_received(b"<iq></message>")
    await asyncio.sleep(0)
    assert b"not-well-formed" in opened.transport.written
    assert opened.transport.written.endswith(b"</stream:stream>")
    opened.stream.connection_lost(None)
    await asyncio.sleep(0)


async def test_it_serves_one_connection_after_another(opened: Opened) -> None:
    opened.accept()
    opened.stream.data_received(b"<message id='half")
    opened.stream.connection_lost(ConnectionResetError())
    assert opened.stream.ended.done()

    opened.connect()
    assert not opened.stream.ended.done()
    opened.accept()
    opened.stream.data_received(b"<message id='whole'/>")
    assert [stanza.get("id") for stanza in opened.stanzas] == ["whole"]


async def test_what_is_written_together_leaves_together(opened: Opened) -> None:
    opened.accept()
    before = opened.transport.written
    opened.stream.write(b"<message/>")
    opened.stream.write(b"<iq/>")
    assert opened.transport.written == before
    await asyncio.sleep(0)
    assert opened.transport.written == before + b"<message/><iq/>"


async def test_what_is_written_without_a_connection_is_dropped(opened: Opened) -> None:
    opened.accept()
    opened.stream.connection_lost(None)
    opened.stream.write(b"<message/>")
    opened.connect()
    await asyncio.sleep(0)
    assert b"message" not in opened.transport.written


async def test_it_closes_though_connecting_was_given_up_just_when_it_succeeded() -> None:
    """uvloop then never says that the connection is gone: the service did not end."""

    class GivenUp(ComponentStream):
        def connection_made(
            self, transport: asyncio.BaseTransport, send_event: bool = True
        ) -> None:
            super().connection_made(transport, send_event)
            connecting.cancel()

    async with await asyncio.start_server(lambda _, w: w.close(), "127.0.0.1", 0) as server:
        stream = GivenUp("ivr.example.com", "secret")
        stream.begin(lambda _: None)
        connecting = asyncio.create_task(stream.reach(*server.sockets[0].getsockname()))
        with pytest.raises(asyncio.CancelledError):
            await connecting
        async with asyncio.timeout(20):
            await stream.close(0.01)
