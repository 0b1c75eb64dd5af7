"""What goes to a multicast service, and that nothing is lost or overtaken by it."""

from dataclasses import replace
from itertools import chain
from xml.etree import ElementTree as ET

import pytest
from structlog.testing import capture_logs

from component.markup import MAX_STANZA
from component.xmpp.messages import ADDRESSES
from component.xmpp.multicast import Multicast
from component.xmpp.outbound import MANY
from tests.unit.xmpp.wire import DOMAIN, Sending, message

pytestmark = pytest.mark.unit

SERVICE = "multicast.example.com"
LIMIT = 1000

EVERYBODY = [f"user{number}@example.com" for number in range(MANY)]
EIGHTY = [f"user{number}@example.com" for number in range(80)]

ADDRESS = "{http://jabber.org/protocol/address}address"


@pytest.fixture
def sending() -> Sending:
    """To a server whose multicast service was found."""
    sending = Sending()
    sending.outbound.use(Multicast(SERVICE, LIMIT))
    return sending


def addressed(stanza: ET.Element) -> list[str]:
    """Return whom a message is for."""
    if stanza.get("to") != SERVICE:
        return [stanza.get("to", "")]
    assert {address.get("type") for address in stanza.iter(ADDRESS)} == {"bcc"}
    return [address.get("jid", "") for address in stanza.iter(ADDRESS)]


def refusal(type_: str = "error", sender: str = SERVICE, tag: str = "message") -> ET.Element:
    stanza = ET.Element(f"{{jabber:component:accept}}{tag}", {"type": type_, "from": sender})
    ET.SubElement(ET.SubElement(stanza, "error"), "not-acceptable")
    return stanza


def test_a_message_to_many_is_written_once(sending: Sending) -> None:
    sending.send(message(7, *EVERYBODY))
    (stanza,) = sending.wire.messages()
    assert stanza.attrib == {"type": "headline", "id": "7", "from": DOMAIN, "to": SERVICE}
    assert addressed(stanza) == EVERYBODY
    assert stanza[-1].tag == "event"


def test_whom_to_answer_is_said_in_the_same_list(sending: Sending) -> None:
    body = (
        "<addresses xmlns='http://jabber.org/protocol/address'>"
        "<address type='replyto' jid='owner@example.com'/></addresses><event/>"
    )
    sending.send(replace(message(7, *EVERYBODY), body=body))
    (stanza,) = sending.wire.messages()
    assert [child.tag.rpartition("}")[2] for child in stanza] == ["addresses", "event"]
    first, *others = stanza.iter(ADDRESS)
    assert first.attrib == {"type": "replyto", "jid": "owner@example.com"}
    assert [address.get("jid") for address in others] == EVERYBODY


def test_a_message_to_few_is_written_to_each(sending: Sending) -> None:
    sending.send(message(7, *EVERYBODY[1:]))
    assert [stanza.get("to") for stanza in sending.wire.messages()] == EVERYBODY[1:]


def test_no_stanza_has_more_addresses_than_the_service_takes() -> None:
    sending = Sending()
    sending.outbound.use(Multicast(SERVICE, 30))
    sending.send(message(7, *EIGHTY))
    portions = [addressed(stanza) for stanza in sending.wire.messages()]
    assert [len(portion) for portion in portions] == [30, 30, 20]
    assert list(chain(*portions)) == EIGHTY


def test_addresses_leave_room_for_the_largest_body(sending: Sending) -> None:
    long = [f"{'x' * 1000}{number}@example.com" for number in range(50)]
    frame = len("<event></event>")
    sending.send(message(7, *long, body=f"<event>{'x' * (MAX_STANZA - frame)}</event>"))
    while not sending.confirmed:
        sending.return_ping("result")
    stanzas = sending.wire.messages()
    assert list(chain(*map(addressed, stanzas))) == long
    assert all(len(ET.tostring(stanza)) < MAX_STANZA + ADDRESSES + 1024 for stanza in stanzas)


def test_the_ping_behind_it_goes_to_the_service(sending: Sending) -> None:
    sending.send(message(1, *EVERYBODY))
    (ping,) = sending.wire.pings()
    assert (ping.get("type"), ping.get("from"), ping.get("to")) == ("get", DOMAIN, SERVICE)
    assert not sending.confirmed
    sending.return_ping("result")
    assert sending.confirmed == [1]


def test_without_such_a_message_it_goes_to_ourselves(sending: Sending) -> None:
    sending.send(message(1, *EVERYBODY))
    sending.return_ping("result")
    sending.send(message(2))
    assert [ping.get("to") for ping in sending.wire.pings()] == [SERVICE, DOMAIN]


def test_until_it_is_confirmed_others_go_the_same_way(sending: Sending) -> None:
    sending.send(message(1, *EVERYBODY))
    sending.send(message(2))
    assert [stanza.get("to") for stanza in sending.wire.messages()] == [SERVICE, SERVICE]
    sending.return_ping("result")
    sending.send(message(3))
    sending.return_ping("result")
    sending.return_ping("result")
    sending.send(message(4))
    assert [stanza.get("to") for stanza in sending.wire.messages()][2:] == [
        SERVICE,
        "user1@example.com",
    ]
    sending.return_ping()
    assert sending.confirmed == [1, 2, 3, 4]


def test_what_the_service_refuses_is_sent_singly(sending: Sending) -> None:
    sending.send(message(1), message(2, *EVERYBODY), message(3))
    with capture_logs() as logs:
        assert sending.outbound.refused(refusal())
    assert [entry["error"] for entry in logs] == [["not-acceptable"]]
    again = sending.wire.messages()[3:]
    assert [(stanza.get("id"), stanza.get("to")) for stanza in again] == [
        ("1", "user1@example.com"),
        *(("2", jid) for jid in EVERYBODY),
        ("3", "user1@example.com"),
    ]
    assert not sending.confirmed
    sending.return_ping()
    assert sending.confirmed == [1, 2, 3]


def test_a_refusal_holds_for_the_connection(sending: Sending) -> None:
    sending.send(message(1, *EVERYBODY))
    assert sending.outbound.refused(refusal())
    sending.return_ping()
    sending.send(message(2, *EVERYBODY))
    assert [stanza.get("to") for stanza in sending.wire.messages()][-MANY:] == EVERYBODY


def test_a_service_that_is_gone_has_passed_nothing_on(sending: Sending) -> None:
    sending.send(message(1, *EVERYBODY))
    sending.return_ping("error")
    assert not sending.confirmed
    assert [stanza.get("to") for stanza in sending.wire.messages()][1:] == EVERYBODY
    sending.return_ping()
    assert sending.confirmed == [1]


def test_our_own_ping_is_no_question_to_the_service(sending: Sending) -> None:
    sending.send(message(1))
    sending.return_ping("error")
    assert sending.confirmed == [1], "the server has dealt with what was before it"
    assert len(sending.wire.pings()) == 1
    sending.send(message(2, *EVERYBODY))
    assert [stanza.get("to") for stanza in sending.wire.messages()][1:] == [SERVICE]


def test_a_message_that_is_written_in_part_is_sent_again_as_a_whole() -> None:
    sending = Sending()
    sending.outbound.use(Multicast(SERVICE, 10))
    large = f"<event>{'x' * 50_000}</event>"
    sending.send(message(1, *EIGHTY, body=large), message(2))
    written = len(sending.wire.messages())
    assert 0 < written < 8
    assert sending.outbound.refused(refusal())
    while not sending.confirmed:
        sending.return_ping()
    again = [addressed(stanza) for stanza in sending.wire.messages()[written:]]
    assert again[:80] == [[jid] for jid in EIGHTY]


@pytest.mark.parametrize(
    "stanza",
    [
        refusal(sender="user1@example.com"),
        refusal(type_="headline"),
        refusal(tag="iq"),
    ],
    ids=["of somebody else", "no error", "no message"],
)
def test_other_stanzas_refuse_nothing(sending: Sending, stanza: ET.Element) -> None:
    sending.send(message(1, *EVERYBODY))
    assert not sending.outbound.refused(stanza)
    assert len(sending.wire.messages()) == 1


def test_the_answer_to_the_ping_of_a_newer_connection_makes_this_one_outdated() -> None:
    older, newer = Sending(), Sending()
    for sending in (older, newer):
        sending.outbound.use(Multicast(SERVICE, LIMIT))
        sending.send(message(1, *EVERYBODY))
    (asked,) = newer.wire.pings()
    answer = ET.Element("iq", {"type": "result", "from": SERVICE, "id": asked.get("id", "")})
    assert older.outbound.is_outdated_by(answer)
    assert not newer.outbound.is_outdated_by(answer)
