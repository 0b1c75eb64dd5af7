"""Software that is notified because it is online and wants to be."""

from dataclasses import replace

import pytest

from component.pubsub.attending import MAX_RESOURCES
from component.pubsub.audience import CALLS, Resource
from component.pubsub.configuration import MessageType, SendLast
from component.pubsub.model import (
    Affiliation,
    ItemPublished,
    ItemRetracted,
    LastItem,
    Node,
    NodeEvent,
    Role,
)
from component.pubsub.policy import DEFAULT_POLICY
from component.pubsub.presence import PresenceType, Show
from component.pubsub.publishing import Draft
from component.pubsub.service import Request
from component.pubsub.subscribing import Options
from tests.unit.pubsub.nodes import News
from tests.unit.pubsub.provisioned import (
    ACCOUNTS,
    ADMIN,
    AGENT,
    DOMAIN,
    EXTENSION,
    NOW,
    STRANGER,
    SUPERVISOR,
    Provisioned,
)

pytestmark = pytest.mark.unit

DESK = Resource(f"{AGENT}/desk", caps="client#1", wants=frozenset({CALLS}))
PHONE = replace(DESK, jid=f"{AGENT}/phone")
PLAIN = Resource(f"{AGENT}/plain")
REQUEST = Request(AGENT, EXTENSION)


@pytest.fixture
def service() -> Provisioned:
    return Provisioned()


def arrive(service: Provisioned, resource: Resource, address: str = EXTENSION) -> bool:
    return service.do(lambda pubsub: pubsub.arrive(address, resource))


def leave(service: Provisioned, jid: str, address: str = EXTENSION) -> None:
    service.do(lambda pubsub: pubsub.leave(address, jid))


def heard(service: Provisioned, jid: str) -> list[tuple[str, type[NodeEvent]]]:
    """What a JID was notified of, and from which address; it is then forgotten."""
    found = [(n.service, type(n.event)) for n in service.told if jid in n.recipients]
    service.told.clear()
    return found


@pytest.mark.parametrize("name", [CALLS, "ext1000"])
def test_software_that_wants_calls_is_notified_without_further_ado(
    service: Provisioned, name: str
) -> None:
    arrive(service, replace(DESK, wants=frozenset({name})))
    service.publish("call-1")
    service.retract("call-1")
    assert heard(service, DESK.jid) == [(EXTENSION, ItemPublished), (EXTENSION, ItemRetracted)]


@pytest.mark.parametrize("wants", [frozenset[str](), frozenset({"ext2000"}), frozenset({"urn:x"})])
def test_software_that_does_not_want_them_is_not(
    service: Provisioned, wants: frozenset[str]
) -> None:
    arrive(service, replace(DESK, wants=wants))
    service.publish("call-1")
    assert heard(service, DESK.jid) == []


def test_the_last_item_comes_as_messages_of_the_type_that_the_node_sends() -> None:
    service = Provisioned()
    chat = replace(service.pubsub.nodes["ext1000"].config, notification_type=MessageType.CHAT)
    service.do(lambda pubsub: pubsub.configure(Request(ADMIN, DOMAIN, "ext1000"), chat))
    service.publish("call-1")
    arrive(service, DESK)
    assert [(type(n.event), n.type) for n in service.told] == [(LastItem, MessageType.CHAT)]


def test_an_account_cannot_be_in_any_number_of_places(service: Provisioned) -> None:
    for number in range(MAX_RESOURCES + 1):
        arrive(service, replace(DESK, jid=f"{AGENT}/{number}"))
    service.publish("call-1")
    (told,) = service.told
    assert len(told.recipients) == MAX_RESOURCES
    leave(service, f"{AGENT}/0")
    arrive(service, PHONE)
    assert heard(service, PHONE.jid) == [(EXTENSION, LastItem)]


def test_nobody_else_s_node_speaks_from_the_address_of_an_extension() -> None:
    service = Provisioned()
    arrive(service, DESK)
    request = Request(STRANGER, DOMAIN, "Ext1000")
    service.pubsub.nodes.load("Ext1000", Node("Ext1000", managed=False))
    owner = Affiliation("Ext1000", STRANGER, Role.OWNER)
    service.pubsub.affiliations.load(("Ext1000", STRANGER), owner)
    drafts = [Draft("call-1", "<call/>")]
    service.do(lambda pubsub: pubsub.publish_for(request, drafts, {}, lambda: "i", NOW))
    assert heard(service, DESK.jid) == []


def test_a_stranger_hears_nothing_whatever_his_software_wants(service: Provisioned) -> None:
    assert not arrive(service, replace(DESK, jid=f"{STRANGER}/desk", wants=None))
    arrive(service, replace(DESK, jid=f"{STRANGER}/desk"))
    service.publish("call-1")
    assert heard(service, f"{STRANGER}/desk") == []


def test_each_extension_notifies_those_who_have_shown_themselves_to_it(
    service: Provisioned,
) -> None:
    boss = replace(DESK, jid=f"{SUPERVISOR}/desk")
    arrive(service, boss)
    service.publish("call-1", node="ext2000")
    assert heard(service, boss.jid) == []
    arrive(service, boss, f"ext2000@{DOMAIN}")
    service.told.clear()
    service.publish("call-2", node="ext2000")
    assert heard(service, boss.jid) == [(f"ext2000@{DOMAIN}", ItemPublished)]


def test_the_services_own_domain_notifies_nobody_for_presence(service: Provisioned) -> None:
    arrive(service, DESK, DOMAIN)
    service.publish("call-1")
    assert heard(service, DESK.jid) == []


def test_who_goes_hears_nothing_more(service: Provisioned) -> None:
    arrive(service, DESK)
    arrive(service, PHONE)
    leave(service, DESK.jid)
    service.publish("call-1")
    assert [n.recipients for n in service.told] == [(PHONE.jid,)]
    leave(service, AGENT)  # all of the account's software
    service.told.clear()
    service.publish("call-2")
    assert service.told == []


@pytest.mark.parametrize("subscriber", [AGENT, DESK.jid])
@pytest.mark.parametrize("address", [DOMAIN, EXTENSION])
def test_nobody_is_notified_twice_for_subscribing_as_well(
    service: Provisioned, subscriber: str, address: str
) -> None:
    service.subscribe(subscriber, service=address)
    arrive(service, DESK)
    service.publish("call-1")
    assert [(n.service, n.recipients) for n in service.told] == [(address, (subscriber,))]


def test_another_resources_subscription_does_not_count(service: Provisioned) -> None:
    service.subscribe(PHONE.jid)
    arrive(service, DESK)
    service.publish("call-1")
    assert heard(service, DESK.jid) == [(EXTENSION, ItemPublished)]


def test_the_accounts_subscription_does_not_reach_software_of_negative_priority(
    service: Provisioned,
) -> None:
    service.subscribe(AGENT)
    arrive(service, replace(DESK, priority=-1))
    service.publish("call-1")
    assert heard(service, DESK.jid) == [(EXTENSION, ItemPublished)]


# The newest item, on presence. -------------------------------------------------------------------


def test_who_comes_online_gets_the_newest_item_once(service: Provisioned) -> None:
    service.publish("call-1")
    service.publish("call-2")
    arrive(service, DESK)
    [told] = service.told
    assert isinstance(told.event, LastItem)
    assert (told.service, told.recipients, told.event.item.id) == (
        EXTENSION,
        (DESK.jid,),
        "call-2",
    )
    service.told.clear()
    arrive(service, replace(DESK, show=Show.AWAY))
    assert service.told == []
    leave(service, DESK.jid)
    arrive(service, DESK)
    assert heard(service, DESK.jid) == [(EXTENSION, LastItem)]


def test_a_subscriber_gets_it_too_and_once_all_the_same(service: Provisioned) -> None:
    service.publish("call-1")
    service.subscribe(AGENT, service=EXTENSION)
    service.told.clear()
    arrive(service, PLAIN)
    arrive(service, DESK)
    assert [n.recipients for n in service.told] == [(PLAIN.jid,), (DESK.jid,)]


def test_it_is_as_the_subscriber_wants_notifications(service: Provisioned) -> None:
    service.publish("call-1")
    several = {
        "plain": Options(),
        "text": Options(include_body=True),
        "away": Options(show_values=frozenset({"away"})),
    }
    for subid, options in several.items():
        service.do(lambda p, s=subid, o=options: p.subscribe(REQUEST, AGENT, s, NOW, o))  # type: ignore[misc]
    service.told.clear()
    arrive(service, PLAIN)
    assert [(n.subids, n.with_body) for n in service.told] == [(("plain", "text"), True)]
    service.told.clear()
    for subid in ("plain", "away"):
        service.do(lambda p, s=subid: p.unsubscribe(REQUEST, AGENT, s))  # type: ignore[misc]
    arrive(service, replace(PLAIN, jid=f"{AGENT}/other"))
    assert [(n.subids, n.with_body) for n in service.told] == [((), True)]


@pytest.mark.parametrize("when", [SendLast.NEVER, SendLast.ON_SUBSCRIBING])
def test_it_is_not_sent_where_the_node_says_no(when: SendLast) -> None:
    service = News()
    service.configure(node="ext1000", send_last_published_item=when)
    service.publish("call-1")
    service.told.clear()
    arrive(service, DESK)
    assert service.told == []


def test_an_empty_node_sends_nothing(service: Provisioned) -> None:
    arrive(service, DESK)
    assert service.told == []


# What it wants is learned later. -----------------------------------------------------------------


def test_unknown_wants_are_asked_for_once(service: Provisioned) -> None:
    unknown = replace(DESK, wants=None)
    assert arrive(service, unknown)
    assert not arrive(service, replace(unknown, show=Show.DND))
    assert arrive(service, replace(unknown, caps="client#2"))
    assert not arrive(service, DESK)


def test_what_was_learned_holds_from_then_on(service: Provisioned) -> None:
    service.publish("call-1")
    service.told.clear()
    arrive(service, replace(DESK, wants=None))
    assert service.told == []
    service.do(lambda p: p.learn(EXTENSION, DESK.jid, DESK.caps, frozenset({CALLS})))
    assert heard(service, DESK.jid) == [(EXTENSION, LastItem)]
    arrive(service, replace(DESK, wants=None, show=Show.AWAY))
    service.publish("call-2")
    assert heard(service, DESK.jid) == [(EXTENSION, ItemPublished)]


def test_what_is_learned_too_late_is_ignored(service: Provisioned) -> None:
    wants = frozenset({CALLS})
    service.do(lambda p: p.learn(EXTENSION, DESK.jid, DESK.caps, wants))
    arrive(service, replace(DESK, caps="client#2", wants=None))
    service.do(lambda p: p.learn(EXTENSION, DESK.jid, DESK.caps, wants))
    service.publish("call-1")
    assert service.told == []


# Rights and gaps. --------------------------------------------------------------------------------


def test_losing_the_right_ends_it() -> None:
    service = News()
    arrive(service, DESK)
    service.give(AGENT, Role.OUTCAST, node="ext1000")
    service.told.clear()
    service.publish("call-1")
    assert service.told == []


def test_another_account_at_the_extension_ends_it(service: Provisioned) -> None:
    arrive(service, DESK)
    service.provision(ACCOUNTS | {"1000": "new@example.com"})
    service.publish("call-1")
    assert service.told == []


@pytest.mark.parametrize("how", ["unsubscribe", "stop showing presence", "connection lost"])
def test_whose_presence_is_known_no_more_is_notified_no_more(
    service: Provisioned, how: str
) -> None:
    service.add_contact(AGENT)
    arrive(service, DESK)
    if how == "unsubscribe":
        service.do(lambda pubsub: pubsub.remove_contact(Request(AGENT, EXTENSION)))
    elif how == "stop showing presence":
        service.do(lambda pubsub: pubsub.lose_sight(EXTENSION, AGENT))
    else:
        service.do(lambda pubsub: pubsub.forget_audience(NOW))
    service.publish("call-1")
    assert service.told == []


def test_the_subscription_of_a_full_jid_ends_when_it_goes(service: Provisioned) -> None:
    for jid in (DESK.jid, PHONE.jid, AGENT):
        service.subscribe(jid, service=EXTENSION, subid=jid)
    service.subscribe(DESK.jid, service=DOMAIN)
    arrive(service, DESK)
    leave(service, DESK.jid)
    left = sorted((s.service, s.jid) for s in service.pubsub.subscriptions.values())
    assert left == [(EXTENSION, AGENT), (EXTENSION, PHONE.jid), (DOMAIN, DESK.jid)]
    leave(service, AGENT)
    assert len(service.pubsub.subscriptions) == 3


def test_an_arrival_that_was_undone_has_not_happened(service: Provisioned) -> None:
    service.publish("call-1")
    mark = service.ledger.mark()
    service.pubsub.arrive(EXTENSION, DESK)
    service.ledger.rollback(mark)
    arrive(service, DESK)
    assert heard(service, DESK.jid) == [(EXTENSION, LastItem)]


def test_a_departure_that_was_undone_has_not_happened(service: Provisioned) -> None:
    arrive(service, DESK)
    mark = service.ledger.mark()
    service.pubsub.leave(EXTENSION, AGENT)
    service.ledger.rollback(mark)
    service.publish("call-1")
    assert heard(service, DESK.jid) == [(EXTENSION, ItemPublished)]


def test_nothing_that_is_undone_brings_back_those_who_are_unknown_since(
    service: Provisioned,
) -> None:
    arrive(service, DESK)
    mark = service.ledger.mark()
    service.pubsub.leave(EXTENSION, AGENT)
    service.pubsub.forget_audience(NOW)
    service.ledger.rollback(mark)
    service.publish("call-1")
    assert service.told == []


def test_who_is_a_supervisor_no_longer_is_notified_no_longer(service: Provisioned) -> None:
    boss = replace(DESK, jid=f"{SUPERVISOR}/desk")
    service.add_contact(SUPERVISOR)
    for resource, address in ((boss, EXTENSION), (boss, f"ext2000@{DOMAIN}"), (DESK, EXTENSION)):
        arrive(service, resource, address)
    service.publish("call1")
    assert heard(service, boss.jid) == [(EXTENSION, ItemPublished)]
    service.do(lambda pubsub: pubsub.govern({ADMIN: Role.OWNER}, DEFAULT_POLICY, 3))
    service.told.clear()
    service.publish("call2")
    service.publish("call2", node="ext2000")
    assert heard(service, boss.jid) == []
    assert service.shown_to(SUPERVISOR)[-1] == (EXTENSION, PresenceType.UNSUBSCRIBE)
