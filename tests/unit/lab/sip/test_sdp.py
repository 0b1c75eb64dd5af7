import pytest

from lab.sip.errors import MalformedMessageError
from lab.sip.sdp import Session, acceptable_offer, parse_session

pytestmark = pytest.mark.unit

OFFER = """v=0\r
o=- 1 1 IN IP4 127.0.0.1\r
s=Asterisk\r
c=IN IP4 127.0.0.1\r
t=0 0\r
m=audio 24680 RTP/AVP 8 0 96\r
a=rtpmap:0 PCMU/8000\r
a=rtpmap:96 telephone-event/8000\r
a=sendrecv\r
"""


def test_an_offer_is_read() -> None:
    assert parse_session(OFFER) == Session("127.0.0.1", 24680, True, 96, "sendrecv")


def test_the_address_of_the_stream_wins_over_that_of_the_session() -> None:
    with_own_address = OFFER.replace("a=rtpmap:0", "c=IN IP4 127.0.0.2\r\na=rtpmap:0")
    assert parse_session(with_own_address).host == "127.0.0.2"


def test_bare_newlines_are_tolerated() -> None:
    assert parse_session(OFFER.replace("\r", "")) == parse_session(OFFER)


def test_a_stream_without_telephone_events_has_none() -> None:
    assert parse_session(OFFER.replace("telephone-event", "other")).telephone_event is None


def test_what_is_written_can_be_read_again() -> None:
    for session in (
        Session("127.0.0.1", 30000),
        Session("127.0.0.1", 30000, telephone_event=None, direction="recvonly"),
    ):
        assert parse_session(str(session)) == session


def test_the_answer_takes_the_payload_type_of_the_offer() -> None:
    answer = parse_session(OFFER).answered_from("127.0.0.1", 30000)
    assert answer == Session("127.0.0.1", 30000, True, 96, "sendrecv")


@pytest.mark.parametrize(
    ("offered", "answered"),
    [
        ("sendonly", "recvonly"),
        ("recvonly", "sendonly"),
        ("inactive", "inactive"),
        ("sendrecv", "sendrecv"),
    ],
)
def test_the_direction_is_answered(offered: str, answered: str) -> None:
    offer = parse_session(OFFER.replace("sendrecv", offered))
    assert offer.answered_from("127.0.0.1", 30000).direction == answered


def test_an_offer_without_pcmu_is_not_acceptable() -> None:
    assert acceptable_offer(OFFER.replace("8 0 96", "8 96")) is None


@pytest.mark.parametrize("text", ["", "v=0\r\n", OFFER.replace("IP4", "IP6")])
def test_a_description_without_a_usable_stream_is_malformed(text: str) -> None:
    assert acceptable_offer(text) is None
    with pytest.raises(MalformedMessageError, match="no audio stream"):
        parse_session(text)
