"""What the reference software reads is what the service writes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from xml.etree.ElementTree import Element, fromstring

import pytest
from slixmpp import Message

from component.call_event import ShownCalls, read
from component.domain.kept_place import Callback
from component.domain.model import Call, Caller, Customer, Leg, Offer, Transfer
from component.domain.words import CallState
from component.payloads import call_xml
from component.subscriber import Subscriber
from tests.unit.transport import FakeTransport

pytestmark = pytest.mark.unit

STREAM_HEADER = (
    b"<?xml version='1.0'?><stream:stream xmlns:stream='http://etherx.jabber.org/streams'"
    b" xmlns='jabber:client' id='1' from='example.com' version='1.0'>"
)
EVENT_NAMESPACE = "http://jabber.org/protocol/pubsub#event"
ENTERED = datetime(2026, 1, 31, 12, 0, 0, 250_000, tzinfo=UTC)

CALL = Call(
    "c1", "support", "channel", Caller("4711", 'Alice "A" <a&b>'), ENTERED, "1111",
    Customer(7, "1111", "Company 1", {"contract": "gold"}), CallState.OFFERED,
    (Offer("1000", Leg("c1", 1), ENTERED + timedelta(seconds=2)),), revision=1,
)  # fmt: skip


def item(call: Call) -> Element:
    return fromstring(f'<item id="{call.id}">{call_xml(call, "1000")}</item>')


def test_from_whom_a_call_was_passed_on_is_read() -> None:
    transfers = (Transfer("2000", ENTERED, attended=False), Transfer("3000", ENTERED, True))
    event = read(item(replace(CALL, transfers=transfers)))

    assert event is not None
    assert event.transferred_from == ("2000", "3000")


def test_whom_we_called_back_is_read() -> None:
    event = read(item(replace(CALL, callback=Callback("5550177", "channel1", ENTERED))))

    assert event is not None
    assert event.called_back == "5550177"


def test_what_the_service_writes_is_read() -> None:
    event = read(item(CALL))
    assert event is not None
    assert (event.state, event.call_id, event.revision) == ("offered", "c1", 1)
    assert (event.caller_number, event.caller_name) == ("4711", 'Alice "A" <a&b>')
    assert (event.customer_code, event.customer_name) == ("1111", "Company 1")
    assert event.customer_attributes == {"contract": "gold"}
    assert (event.entered, event.offered) == (ENTERED, ENTERED + timedelta(seconds=2))
    assert (event.answered, event.ended) == (None, None)
    assert event.waiting == 2.0
    assert event.transferred_from == ()
    assert event.called_back == ""


def test_an_unknown_customer_is_read() -> None:
    event = read(item(replace(CALL, customer=None, digits="")))
    assert event is not None
    assert (event.customer_code, event.customer_name, event.digits) == ("", "", "")


def test_what_a_later_version_adds_is_passed_over() -> None:
    call = item(CALL)
    json = call.find(".//{urn:xmpp:json:0}json")
    assert json is not None
    assert json.text is not None
    json.text = json.text.replace('{"id"', '{"mood":"good","id"')
    assert read(call) == read(item(CALL))


@pytest.mark.parametrize("payload", ["", "<other xmlns='urn:x'/>"])
def test_what_is_no_call_is_not_read(payload: str) -> None:
    assert read(fromstring(f"<item id='c1'>{payload}</item>")) is None


def test_the_service_is_found_by_the_domain_of_the_account() -> None:
    assert Subscriber("user1@example.com", "x", extension="1000")._service == "ivr.example.com"


def test_the_password_is_not_shown() -> None:
    assert "hidden" not in repr(Subscriber("user1@example.com", "hidden", extension="1000"))


def test_an_offer_repeated_while_the_node_is_read_is_not_withdrawn_in_the_end() -> None:
    calls = ShownCalls()
    first, second = item(CALL), item(replace(CALL, revision=2))
    retraction = fromstring(f'<retract xmlns="{EVENT_NAMESPACE}" id="{CALL.id}"/>')
    shown = [event.state for event in calls.missed([second])]
    # What was sent before the node was read comes after it.
    shown += [event.state for event in calls.news([first, retraction, second])]
    assert shown == ["offered", "withdrawn", "offered"]
    assert not list(calls.news([first, second]))


def test_an_offer_before_the_one_that_was_withdrawn_is_not_shown() -> None:
    calls = ShownCalls()
    list(calls.news([item(replace(CALL, revision=2))]))
    (withdrawn,) = calls.missed([])
    assert withdrawn.state == "withdrawn"
    assert not list(calls.news([item(CALL)]))


@pytest.mark.parametrize("what", ["purge", "delete"])
async def test_what_empties_the_node_ends_what_is_shown(what: str) -> None:
    subscriber = Subscriber("user1@example.com", "x", extension="1000")
    ended = replace(CALL, id="c2", state=CallState.ENDED, ended_at=ENTERED)
    list(subscriber._calls.news([item(CALL), item(ended)]))
    for number, node in enumerate(("ext2000", "ext1000")):
        subscriber._received(sent(2 * number, f'<{what} node="{node}"/>'))
        subscriber._received(sent(2 * number + 1, f'<configuration node="{node}"/>'))
    event = await subscriber._next(10)
    assert subscriber._inbox.empty()
    assert [(e.state, e.call_id) for e in subscriber._calls.heard(event)] == [("withdrawn", "c1")]


async def test_a_retraction_that_is_repeated_does_not_hide_the_offer_after_it() -> None:
    subscriber = Subscriber("user1@example.com", "x", extension="1000")
    offer, retraction = '<item id="c1"/>', '<retract id="c1"/>'
    for number, what in enumerate((offer, retraction, offer)):
        subscriber._received(message(number, what))
    before = subscriber._inbox.qsize()

    subscriber._received(message(1, retraction))
    subscriber._received(message(2, offer))
    assert (before, subscriber._inbox.qsize()) == (3, 3)


async def test_a_notification_is_taken_when_its_last_piece_has_come() -> None:
    subscriber = Subscriber("user1@example.com", "x", extension="1000")
    client = subscriber._client()
    client.connection_made(FakeTransport())
    client.data_received(STREAM_HEADER)
    for byte in notification(1, '<item id="c1"/>').encode():
        assert subscriber._inbox.empty()
        client.data_received(bytes([byte]))
    assert subscriber._inbox.qsize() == 1


def message(number: int, what: str) -> Message:
    return sent(number, f'<items node="ext1000">{what}</items>')


def sent(number: int, event: str) -> Message:
    return Message(xml=fromstring(stanza(number, event)))  # type: ignore[no-untyped-call]  # slixmpp does not annotate it


def notification(number: int, what: str) -> str:
    return stanza(number, f'<items node="ext1000">{what}</items>')


def stanza(number: int, event: str) -> str:
    return (
        f'<message xmlns="jabber:client" id="{number}" from="ivr.example.com" type="headline">'
        f'<event xmlns="{EVENT_NAMESPACE}">{event}</event></message>'
    )
