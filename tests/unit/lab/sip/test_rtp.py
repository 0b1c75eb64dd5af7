import pytest

from lab.sip.errors import MalformedMessageError
from lab.sip.rtp import Packet, Source, ended_digit, event_payloads, unpack

pytestmark = pytest.mark.unit


def test_what_is_packed_is_unpacked() -> None:
    packet = Packet(0, 123456, b"audio")
    assert unpack(Source().pack(packet)) == packet


def test_packets_of_a_source_are_numbered_and_the_first_of_a_talkspurt_is_marked() -> None:
    source = Source(ssrc=0x01020304, sequence=0xFFFE)
    first = source.pack(Packet(101, 160, b""), is_first=True)
    second = source.pack(Packet(101, 160, b""))
    assert first == bytes.fromhex("80e5ffff000000a001020304")
    assert second == bytes.fromhex("80650000000000a001020304")


def test_a_timestamp_wraps() -> None:
    assert unpack(Source().pack(Packet(0, (1 << 32) + 7, b""))).timestamp == 7


def test_extension_sources_and_padding_are_not_audio() -> None:
    header = bytes.fromhex("b1000001000000a001020304")
    source, extension, padding = b"\1\2\3\4", b"\xbe\xde\0\1abcd", b"\0\0\3"
    assert unpack(header + source + extension + b"audio" + padding).payload == b"audio"


@pytest.mark.parametrize("datagram", [b"", b"\x80\0\0", b"\0" * 12])
def test_what_is_not_rtp_is_refused(datagram: bytes) -> None:
    with pytest.raises(MalformedMessageError, match="not an RTP packet"):
        unpack(datagram)


def test_a_digit_grows_and_its_end_is_told_three_times() -> None:
    payloads = list(event_payloads("#", 0.06))
    assert payloads == [
        (bytes.fromhex("0b0a00a0"), False),
        (bytes.fromhex("0b0a0140"), False),
        (bytes.fromhex("0b8a01e0"), True),
        (bytes.fromhex("0b8a01e0"), True),
        (bytes.fromhex("0b8a01e0"), True),
    ]


def test_only_the_end_of_a_digit_counts() -> None:
    told = [ended_digit(payload) for payload, _ in event_payloads("*", 0.04)]
    assert told == [None, "*", "*", "*"]


def test_an_event_that_is_no_digit_does_not_count() -> None:
    flash = bytes([16, 0x8A, 0, 160])
    assert ended_digit(flash) is None


def test_a_short_event_is_malformed() -> None:
    with pytest.raises(MalformedMessageError, match="not a telephone-event"):
        ended_digit(b"\x01")


@pytest.mark.parametrize("digit", ["x", "", "12"])
def test_what_is_no_digit_cannot_be_keyed(digit: str) -> None:
    with pytest.raises(ValueError, match="not a DTMF digit"):
        list(event_payloads(digit, 0.08))
