import pytest

from lab.sip.errors import MalformedMessageError
from lab.sip.message import (
    Request,
    Response,
    format_address,
    parse,
    parse_address,
    respond,
    sip_uri,
)

pytestmark = pytest.mark.unit

INVITE = (
    b"INVITE sip:1000@127.0.0.1:30000 SIP/2.0\r\n"
    b"v: SIP/2.0/UDP 127.0.0.1:5060;rport;branch=z9hG4bKabc\r\n"
    b'f: "Ada Lovelace" <sip:2000@127.0.0.1>;tag=them\r\n'
    b"t: <sip:1000@127.0.0.1:30000>\r\n"
    b"i: call-1\r\n"
    b"CSeq: 7 INVITE\r\n"
    b"Subject: one\r\n two\r\n"
    b"l: 5\r\n"
    b"\r\n"
    b"v=0\r\nwhat is beyond the Content-Length"
)


def without(header: bytes) -> bytes:
    """Return the INVITE less one header."""
    head, blank, body = INVITE.partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.startswith(header)]
    return b"\r\n".join(lines) + blank + body


def parsed_invite() -> Request:
    message = parse(INVITE)
    assert isinstance(message, Request)
    return message


def test_a_request_is_read() -> None:
    invite = parsed_invite()
    assert (invite.method, invite.uri) == ("INVITE", "sip:1000@127.0.0.1:30000")
    assert invite.cseq == (7, "INVITE")
    assert invite.branch == "z9hG4bKabc"


def test_compact_header_names_mean_the_long_ones() -> None:
    assert parsed_invite().call_id == "call-1"
    assert parse_address(parsed_invite().get("from")).name == "Ada Lovelace"


def test_a_folded_header_is_one_line() -> None:
    assert parsed_invite().get("Subject") == "one two"


def test_the_body_ends_where_its_length_says() -> None:
    assert parsed_invite().body == "v=0\r\n"


def test_a_response_is_read() -> None:
    ringing = parse(INVITE.replace(b"INVITE sip:1000@127.0.0.1:30000 SIP/2.0", b"SIP/2.0 180 Ring"))
    assert isinstance(ringing, Response)
    assert (ringing.status, ringing.reason) == (180, "Ring")


@pytest.mark.parametrize("header", [b"v:", b"f:", b"t:", b"i:", b"CSeq:"])
def test_a_message_needs_its_five_headers(header: bytes) -> None:
    with pytest.raises(MalformedMessageError, match=r"no .* header in 'INVITE"):
        parse(without(header))


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        (b"hello", "not a start line"),
        (b"\xff\xfe", "not UTF-8"),
        (INVITE.replace(b"i: call-1", b"no colon here"), "not a header"),
        (INVITE.replace(b"7 INVITE", b"seven INVITE"), "not a CSeq"),
        (INVITE.replace(b"7 INVITE", b"7 BYE"), "CSeq '7 BYE' in 'INVITE"),
        (INVITE.replace(b"l: 5", b"l: 500"), "Content-Length 500 of a body"),
        (INVITE.replace(b"l: 5", b"l: five"), "Content-Length five"),
    ],
)
def test_what_is_malformed_is_named(wrong: bytes, complaint: str) -> None:
    with pytest.raises(MalformedMessageError, match=complaint):
        parse(wrong)


def test_what_is_built_can_be_read_again() -> None:
    built = Request(
        method="INFO",
        uri="sip:1000@h",
        headers=(
            ("Via", "SIP/2.0/UDP h:1;branch=z9hG4bK1"),
            ("From", "<sip:a@h>;tag=1"),
            ("To", "<sip:b@h>"),
            ("Call-ID", "x"),
            ("CSeq", "1 INFO"),
        ),
        body="Grüße",
    )
    read = parse(built.to_bytes())
    assert read.body == "Grüße"
    assert read.get("Content-Length") == "7"


def test_a_response_copies_what_identifies_the_request_and_adds_our_tag() -> None:
    response = respond(parsed_invite(), 486, tag="us")
    assert response.start_line == "SIP/2.0 486 Busy Here"
    assert response.get("Via") == parsed_invite().get("Via")
    assert response.get("To") == "<sip:1000@127.0.0.1:30000>;tag=us"
    assert response.cseq == parsed_invite().cseq


def test_a_response_within_a_dialog_keeps_its_tag() -> None:
    request = parse(INVITE.replace(b"t: <sip:1000@127.0.0.1:30000>", b"t: <sip:1000@h>;tag=old"))
    assert isinstance(request, Request)
    assert respond(request, 200, tag="new").get("To") == "<sip:1000@h>;tag=old"


@pytest.mark.parametrize(
    ("value", "name", "user", "tag"),
    [
        ('"Ada \\"AL\\" Lovelace" <sip:1000@h>;tag=t', 'Ada "AL" Lovelace', "1000", "t"),
        ('"<odd>; name" <sip:1000@h>', "<odd>; name", "1000", ""),
        ("Ada <sip:1000@h;transport=udp>;tag=t", "Ada", "1000", "t"),
        ("<sip:1000:secret@h>", "", "1000", ""),
        ("sip:1000@h;tag=t", "", "1000", "t"),
        ("<sip:*56466*@h>", "", "*56466*", ""),
        ("<sip:%2A56466%2A@h>", "", "*56466*", ""),
        ("<sip:h>", "", "", ""),
    ],
)
def test_an_address_is_read(value: str, name: str, user: str, tag: str) -> None:
    address = parse_address(value)
    assert (address.name, address.user, address.tag) == (name, user, tag)


def test_an_address_is_written_as_it_is_read() -> None:
    written = format_address("sip:1000@h", name='Ada "AL" \\ Lovelace', tag="t")
    assert parse_address(written).name == 'Ada "AL" \\ Lovelace'
    assert parse_address(written).tag == "t"


def test_a_star_code_is_not_escaped_but_a_hash_is() -> None:
    assert sip_uri("*56466*", "h", 5060) == "sip:*56466*@h:5060"
    assert sip_uri("#1", "h", 5060) == "sip:%231@h:5060"
