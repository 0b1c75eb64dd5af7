"""What has to be written after long tags, lest servers put off what was written."""

import pytest

from component.markup import Markup, element, text
from component.xmpp.blanks import LONG, blanks_after
from component.xmpp.multicast import Multicast
from tests.unit.xmpp.wire import DOMAIN, Sending, message

pytestmark = pytest.mark.unit

ATTRIBUTE = "x" * 50_000
TAG = f"<x y='{ATTRIBUTE}'/>"


def blanks(written: bytes) -> int:
    """Return how many there are at the end."""
    return len(written) - len(written.rstrip(b" "))


@pytest.mark.parametrize(
    "stanza",
    [
        "<message/>",
        f"<message to='user1@{DOMAIN}'><event><item id='1'/></event></message>",
        element("message", None, element("body", None, text("it's a > b " * 1000))),
        "<message>" + "<item id='1'/>" * 1000 + "</message>",
    ],
    ids=["empty", "usual", "text", "elements"],
)
def test_nothing_is_written_where_no_tag_is_long(stanza: str) -> None:
    assert blanks_after(stanza) == ""


@pytest.mark.parametrize("part", ["n", "<", ">", "'", '"', "'\"", "\u00e9", "\U0001f4de"])
def test_a_long_tag_is_followed_by_as_many_bytes(part: str) -> None:
    tag = element("iq", {"type": "error", "id": part * LONG})
    assert blanks_after(tag) == " " * len(tag.encode())
    within = element("iq", {"type": "result"}, text("it's " * 9), tag, text("> ' " * LONG))
    assert blanks_after(within) == blanks_after(tag)


def test_each_copy_of_a_message_is_followed_by_them() -> None:
    sending = Sending()
    sending.send(message(1, "user1@example.com", "user2@example.com", body=TAG))
    copies = [piece for piece in sending.wire.pieces if piece.startswith(b"<message")]
    assert [*map(blanks, copies)] == [len(TAG)] * 2


def test_a_message_for_the_multicast_service_is_followed_by_them() -> None:
    sending = Sending()
    sending.outbound.use(Multicast("example.com", 1000))
    sending.send(message(1, *(f"user{n}@example.com" for n in range(9)), body=TAG))
    written = b"".join(sending.wire.pieces)
    assert written.count(b"<message") == 1
    assert blanks(written[: written.index(b"<iq")]) == len(TAG)


def test_long_addresses_make_long_tags() -> None:
    sending = Sending()
    long = f"user1@example.com/{'r' * 1023}"
    sending.send(message(1, long))
    assert blanks(sending.wire.pieces[0]) >= len(long)


def test_presence_is_followed_by_them() -> None:
    sending = Sending()
    sending.outbound.announce([Markup(f"<presence id='{ATTRIBUTE}'/>")])
    assert blanks(sending.wire.pieces[0]) == len(f"<presence id='{ATTRIBUTE}'/>")
