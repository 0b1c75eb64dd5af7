import asyncio
from xml.etree import ElementTree as ET

import pytest
from structlog.testing import capture_logs

from component.markup import MAX_STANZA, Markup
from component.ports import Outgoing
from component.xmpp.outbound import PIECE, WINDOW
from tests.unit.xmpp.wire import DOMAIN, Sending, message

pytestmark = pytest.mark.unit

LARGE = f"<event>{'x' * PIECE}</event>"
"""A piece for itself."""


@pytest.fixture
def sending() -> Sending:
    return Sending()


def test_a_message_is_written_to_each_recipient(sending: Sending) -> None:
    sending.send(message(7, "user1@example.com", "user2@example.com/desk"))
    attributes = {"type": "headline", "id": "7", "from": DOMAIN}
    assert [stanza.attrib for stanza in sending.wire.messages()] == [
        attributes | {"to": "user1@example.com"},
        attributes | {"to": "user2@example.com/desk"},
    ]
    assert all(ET.tostring(stanza[0]) == b"<event />" for stanza in sending.wire.messages())


def test_what_is_sent_again_has_the_same_id(sending: Sending) -> None:
    sending.send(message(7))
    again = Sending()
    again.send(message(7))
    assert sending.wire.messages()[0].attrib == again.wire.messages()[0].attrib


def test_messages_keep_their_order_in_one_piece(sending: Sending) -> None:
    sending.send(*(message(seq) for seq in range(1, 101)))
    assert [stanza.get("id") for stanza in sending.wire.messages()] == [
        str(seq) for seq in range(1, 101)
    ]
    assert len(sending.wire.pieces) == 2, "the messages, and the ping"


def test_messages_leave_before_anything_else_is_done(sending: Sending) -> None:
    sending.send(message(1))
    assert sending.wire.messages()
    assert sending.wire.flushed == len(sending.wire.pieces)


def test_addresses_are_escaped(sending: Sending) -> None:
    sending.send(message(1, 'o\'neill&"co"@example.com/<desk>\x00'))
    (stanza,) = sending.wire.messages()
    assert stanza.get("to") == 'o\'neill&"co"@example.com/<desk>\ufffd'


def test_a_ping_to_ourselves_follows_what_was_written(sending: Sending) -> None:
    sending.send(message(1))
    last = sending.wire.stanzas()[-1]
    assert (last.tag, last.get("type"), last.get("from"), last.get("to")) == (
        "iq",
        "get",
        DOMAIN,
        DOMAIN,
    )
    assert last[0].tag == "{urn:xmpp:ping}ping"


def test_its_return_confirms_what_was_written_before_it(sending: Sending) -> None:
    sending.send(message(1), message(2))
    sending.send(message(3))
    assert not sending.confirmed
    sending.return_ping()
    assert sending.confirmed == [1, 2]
    sending.return_ping()
    assert sending.confirmed == [1, 2, 3]


def test_one_ping_is_under_way_at_a_time(sending: Sending) -> None:
    for seq in range(10):
        sending.send(message(seq))
    assert len(sending.wire.pings()) == 1
    sending.return_ping()
    assert len(sending.wire.pings()) == 2
    sending.return_ping()
    assert len(sending.wire.pings()) == 2, "nothing is left to confirm"


@pytest.mark.parametrize("tag", ["iq", "message"])
def test_other_stanzas_confirm_nothing(sending: Sending, tag: str) -> None:
    sending.send(message(1))
    assert not sending.outbound.returned(ET.Element(tag, {"id": "ping-1"}))
    assert not sending.outbound.returned(ET.Element(tag))
    assert not sending.confirmed


def test_a_ping_returns_once(sending: Sending) -> None:
    sending.send(message(1))
    ping = sending.wire.pings()[0]
    assert sending.outbound.returned(ping)
    assert not sending.outbound.returned(ping)


def test_a_keepalive_confirms_nothing(sending: Sending) -> None:
    sending.outbound.ask()
    sending.send(message(1))
    sending.return_ping()
    assert not sending.confirmed
    sending.return_ping()
    assert sending.confirmed == [1]


def test_a_ping_that_was_lost_is_replaced(sending: Sending) -> None:
    sending.send(message(1))
    lost = sending.wire.pings()[0]
    sending.send(message(2))
    sending.outbound.ask_again()
    assert not sending.outbound.returned(lost)
    sending.return_ping()
    assert sending.confirmed == [1, 2]
    assert len(sending.wire.pings()) == 2


def test_only_the_ping_of_a_newer_connection_makes_this_one_outdated() -> None:
    older, newer = Sending(), Sending()
    for sending in (older, newer):
        sending.outbound.ask()
    (old_ping,), (new_ping,) = older.wire.pings(), newer.wire.pings()
    assert older.outbound.is_outdated_by(new_ping)
    assert not newer.outbound.is_outdated_by(old_ping)


@pytest.mark.parametrize("change", [{"from": "user1@example.com"}, {"id": "ping-1"}, {"id": "7"}])
def test_what_is_no_ping_of_ours_makes_nothing_outdated(change: dict[str, str]) -> None:
    older, newer = Sending(), Sending()
    newer.outbound.ask()
    (ping,) = newer.wire.pings()
    ping.attrib.update(change)
    assert not older.outbound.is_outdated_by(ping)


def test_no_more_than_a_window_is_written_ahead_of_what_is_confirmed(sending: Sending) -> None:
    sending.send(*(message(seq, body=LARGE) for seq in range(20)))
    written = len(b"".join(sending.wire.pieces))
    assert WINDOW <= written < WINDOW + 2 * PIECE
    for _ in range(20):
        confirmed = len(sending.confirmed)
        unconfirmed = sending.wire.messages()[confirmed:]
        assert sum(len(ET.tostring(stanza)) for stanza in unconfirmed) < WINDOW + 2 * PIECE
        if confirmed == 20:
            break
        sending.return_ping()
    assert [stanza.get("id") for stanza in sending.wire.messages()] == [str(n) for n in range(20)]
    assert sending.confirmed == list(range(20))


def test_the_server_has_work_while_a_ping_travels(sending: Sending) -> None:
    sending.send(*(message(seq, body=LARGE) for seq in range(20)))
    tags = [stanza.tag for stanza in sending.wire.stanzas()]
    assert tags[:3] == ["message", "iq", "message"]


def test_what_was_not_written_yet_is_not_confirmed(sending: Sending) -> None:
    sending.send(*(message(seq, body=LARGE) for seq in range(20)))
    written = len(sending.wire.messages())
    sending.return_ping()
    assert len(sending.confirmed) < written < 20


def test_a_message_counts_as_written_with_its_last_recipient(sending: Sending) -> None:
    everyone = [f"user{n}@example.com" for n in range(20)]
    sending.send(message(1, *everyone, body=LARGE))
    while not sending.confirmed:
        unreached = 20 - len(sending.wire.messages())
        sending.return_ping()
    assert unreached == 0


def test_every_recipient_of_a_fan_out_is_served_once() -> None:
    sending = Sending()
    everyone = [f"user{n}@example.com" for n in range(1000)]
    sending.send(message(1, *everyone))
    assert [stanza.get("to") for stanza in sending.wire.messages()] == everyone
    assert len(sending.wire.pieces) < 5


@pytest.mark.parametrize(
    "bad",
    [
        message(1, body="<event>\x01</event>"),
        message(1, body="<event>"),
        message(1, body="<!-- -->"),
        message(1, body=f"<event>{'x' * MAX_STANZA}</event>"),
        message(1, sender="example.com"),
        message(1, sender=f"ext1000@{DOMAIN}.evil"),
    ],
    ids=["control character", "unclosed", "comment", "too large", "foreign", "almost ours"],
)
def test_what_would_end_the_stream_is_dropped_and_owed_no_longer(
    sending: Sending, bad: Outgoing
) -> None:
    with capture_logs() as logs:
        sending.send(bad, message(2))
    assert [stanza.get("id") for stanza in sending.wire.messages()] == ["2"]
    assert [(entry["log_level"], entry["seq"]) for entry in logs] == [("error", 1)]
    sending.return_ping()
    assert sending.confirmed == [1, 2]


@pytest.mark.parametrize("sender", [DOMAIN, f"ext1000@{DOMAIN}", f"ext1000@{DOMAIN}/a@b"])
def test_all_our_own_addresses_may_send(sending: Sending, sender: str) -> None:
    sending.send(message(1, sender=sender))
    assert sending.wire.messages()[0].get("from") == sender


async def test_all_is_settled_when_nothing_was_sent(sending: Sending) -> None:
    await sending.outbound.settled()


async def test_all_is_settled_once_the_ping_after_it_has_returned(sending: Sending) -> None:
    sending.send(message(1))
    first = asyncio.create_task(sending.outbound.settled())
    await asyncio.sleep(0)
    sending.send(message(2))
    second = asyncio.create_task(sending.outbound.settled())
    await asyncio.sleep(0)
    sending.return_ping()
    await asyncio.sleep(0)
    assert (first.done(), second.done()) == (True, False)

    sending.return_ping()
    await second


async def test_who_gave_up_waiting_disturbs_nobody(sending: Sending) -> None:
    sending.send(message(1))
    impatient = asyncio.create_task(sending.outbound.settled())
    patient = asyncio.create_task(sending.outbound.settled())
    await asyncio.sleep(0)
    impatient.cancel()
    await asyncio.sleep(0)
    sending.return_ping()

    await patient


def presence(number: int, text: str = "") -> Markup:
    return Markup(f"<presence id='{number}'>{text}</presence>")


def test_presence_keeps_its_place_among_messages(sending: Sending) -> None:
    sending.send(message(1))
    sending.outbound.announce([presence(2), presence(3)])
    sending.send(message(4))
    ids = [stanza.get("id") for stanza in sending.wire.stanzas() if stanza.tag != "iq"]
    assert ids == ["1", "2", "3", "4"]
    sending.return_ping()
    sending.return_ping()
    assert sending.confirmed == [1, 4]


def test_presence_for_many_is_written_in_few_pieces_and_no_more_than_a_window(
    sending: Sending,
) -> None:
    count = 3 * WINDOW // 1000
    sending.outbound.announce([presence(number, "x" * 1000) for number in range(count)])
    assert WINDOW <= sum(map(len, sending.wire.pieces)) < WINDOW + 2 * PIECE
    while sending.outbound.ping is not None:
        sending.return_ping()
    assert len([s for s in sending.wire.stanzas() if s.tag == "presence"]) == count
    assert sending.confirmed == []
    assert len(sending.wire.pieces) < count / 10


async def test_nobody_waits_for_presence(sending: Sending) -> None:
    sending.outbound.announce([presence(1)])
    await asyncio.wait_for(sending.outbound.settled(), 20)
