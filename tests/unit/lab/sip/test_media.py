import pytest

from lab.sip import CallEndedError, NoTalkPathError
from lab.sip.media import Media
from lab.sip.rtp import Packet, Source, event_payloads, unpack
from lab.sip.sdp import Session
from tests.unit.lab.sip.scripted import ScriptedWire

pytestmark = pytest.mark.unit


@pytest.fixture
def wire() -> ScriptedWire:
    return ScriptedWire(30000)


@pytest.fixture
def media(wire: ScriptedWire) -> Media:
    """Audio between us and somebody who takes telephone-events as payload type 96."""
    media = Media(wire, lambda: None)
    media.remote = Session("127.0.0.1", 16000, telephone_event=96)
    return media


def key(wire: ScriptedWire, digit: str, timestamp: int, payload_type: int = 101) -> None:
    """Let the other side key a digit."""
    source = Source()
    for payload, _ in event_payloads(digit, 0.06):
        wire.bring(source.pack(Packet(payload_type, timestamp, payload)))


def test_audio_is_kept_in_the_order_of_arrival(wire: ScriptedWire, media: Media) -> None:
    source = Source()
    for frame in (b"one", b"two"):
        wire.bring(source.pack(Packet(0, 0, frame)))
    assert media.heard == b"onetwo"


def test_each_digit_counts_once_however_often_its_end_is_told(
    wire: ScriptedWire, media: Media
) -> None:
    key(wire, "1", timestamp=0)
    key(wire, "1", timestamp=1120)
    key(wire, "#", timestamp=2240)
    assert media.digits == "11#"


def test_an_answer_settles_which_payload_type_means_digits(
    wire: ScriptedWire, media: Media
) -> None:
    media.accept(Session("127.0.0.1", 16000, telephone_event=97))
    key(wire, "1", timestamp=0, payload_type=101)
    key(wire, "2", timestamp=1120, payload_type=97)
    assert media.digits == "2"


async def test_a_digit_goes_out_as_one_event_of_the_other_sides_type(
    wire: ScriptedWire, media: Media
) -> None:
    await media.key("5", 0.06)
    packets = [unpack(datagram) for datagram in wire.sent]
    assert [packet.payload for packet in packets] == [
        payload for payload, _ in event_payloads("5", 0.06)
    ]
    assert {packet.payload_type for packet in packets} == {96}
    assert len({packet.timestamp for packet in packets}) == 1


async def test_audio_goes_out_in_packets_of_twenty_milliseconds(
    wire: ScriptedWire, media: Media
) -> None:
    audio = bytes(range(200))
    await media.play(audio)
    first, second = (unpack(datagram) for datagram in wire.sent)
    assert first.payload + second.payload == audio
    assert second.timestamp - first.timestamp == len(first.payload) == 160


async def test_nothing_can_be_sent_before_the_other_side_said_where(media: Media) -> None:
    media.remote = None
    with pytest.raises(NoTalkPathError, match="not yet said where it takes audio"):
        await media.play(b"audio")


async def test_digits_cannot_be_sent_to_who_takes_none(media: Media) -> None:
    media.remote = Session("127.0.0.1", 16000, telephone_event=None)
    with pytest.raises(NoTalkPathError, match="key by SIP INFO"):
        await media.key("1", 0.06)


async def test_nothing_can_be_sent_after_the_end(media: Media) -> None:
    media.close()
    with pytest.raises(CallEndedError, match="the call ended while something was being sent"):
        await media.play(b"audio")
