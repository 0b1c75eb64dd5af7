from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from component.handlers.notify import event_markup, node_shown_in
from component.markup import MAX_STANZA
from component.pubsub.configuration import MAX_PAYLOAD, Configuration
from component.pubsub.creating import MAX_CONTACTS, MAX_NAME, MAX_TEXT
from component.pubsub.model import (
    Affiliation,
    AffiliationChanged,
    ApprovalWanted,
    Held,
    Item,
    ItemPublished,
    ItemRetracted,
    ItemsPublished,
    ItemsRetracted,
    LastItem,
    NodeChanged,
    NodeConfigured,
    NodeDeleted,
    NodeEvent,
    NodePurged,
    Notification,
    Role,
    Subscription,
    SubscriptionChanged,
    SubscriptionEnded,
    SubscriptionEnding,
)
from component.pubsub.policy import MAX_AFFILIATIONS
from component.pubsub.subscribing import MAX_SUBSCRIPTIONS
from tests.unit.handlers.dialogue import canonical
from tests.unit.pubsub.provisioned import AGENT, DOMAIN, NOW

pytestmark = pytest.mark.unit

ATOM = "http://www.w3.org/2005/Atom"

ITEM = Item("ext1000", "call-1", "<call xmlns='urn:x' n='&lt;'/>", DOMAIN, NOW, 17)
SUBSCRIPTION = Subscription("ext1000", DOMAIN, AGENT, "sub-1", NOW)


@pytest.mark.parametrize(
    ("event", "content"),
    [
        (
            ItemPublished(ITEM, is_kept=False),
            """
            <items node='ext1000'>
              <item id='call-1'><call xmlns='urn:x' n='&lt;'/></item>
            </items>
            """,
        ),
        (ItemRetracted("call-1"), "<items node='ext1000'><retract id='call-1'/></items>"),
        (
            ItemsPublished(
                (Held("ext1000", 1, "a", "<x xmlns='urn:x'/>"), Held("ext1000", 2, "b", ""))
            ),
            "<items node='ext1000'><item id='a'><x xmlns='urn:x'/></item><item id='b'/></items>",
        ),
        (
            ItemsRetracted(("a", "b")),
            "<items node='ext1000'><retract id='a'/><retract id='b'/></items>",
        ),
        (
            SubscriptionEnded(SUBSCRIPTION),
            """
            <subscription node='ext1000' jid='user1@example.com' subid='sub-1'
                          subscription='none'/>
            """,
        ),
        (
            SubscriptionEnding(replace(SUBSCRIPTION, expire=NOW)),
            """
            <subscription node='ext1000' jid='user1@example.com' subid='sub-1'
                          subscription='subscribed' expiry='2026-01-01T09:00:00Z'/>
            """,
        ),
        (NodeDeleted(), "<delete node='ext1000'/>"),
        (
            NodeDeleted("xmpp:there"),
            "<delete node='ext1000'><redirect uri='xmpp:there'/></delete>",
        ),
        (
            ItemPublished(ITEM, False, is_kept=False),
            "<items node='ext1000'><item id='call-1'/></items>",
        ),
        (NodeChanged(), "<items node='ext1000'/>"),
        (NodePurged(), "<purge node='ext1000'/>"),
        (NodeConfigured(None), "<configuration node='ext1000'/>"),
        (
            SubscriptionChanged(SUBSCRIPTION),
            """
            <subscription node='ext1000' jid='user1@example.com' subid='sub-1'
                          subscription='subscribed'/>
            """,
        ),
    ],
    ids=[
        "published",
        "retracted",
        "published together",
        "retracted together",
        "subscription ended",
        "subscription ends soon",
        "node deleted",
        "node moved",
        "no payload",
        "no item",
        "purged",
        "configured",
        "subscription changed",
    ],
)
def test_subscribers_are_told(event: NodeEvent, content: str) -> None:
    notification = Notification("ext1000", DOMAIN, (AGENT,), event)
    expected = f"<event xmlns='http://jabber.org/protocol/pubsub#event'>{content}</event>"
    assert canonical(event_markup(notification)) == canonical(expected)


def markup(event: NodeEvent) -> str:
    return event_markup(Notification("ext1000", DOMAIN, (AGENT,), event))


@pytest.mark.parametrize(
    ("event", "node"),
    [
        (ItemPublished(ITEM, reply_to=(AGENT,)), 'it\'s > "ext"'),
        (LastItem(ITEM), 'it\'s > "ext"'),
        (ItemRetracted("a"), 'it\'s > "ext"'),
        (NodePurged(), None),
        (SubscriptionEnded(SUBSCRIPTION), None),
        (ApprovalWanted(SUBSCRIPTION), None),
        (AffiliationChanged(Affiliation("ext1000", AGENT, Role.NONE)), None),
    ],
)
def test_what_tells_of_items_says_of_which_node(event: NodeEvent, node: str | None) -> None:
    told = Notification('it\'s > "ext"', DOMAIN, (AGENT,), event, with_body=True)
    assert node_shown_in(event_markup(told)) == node


def test_what_is_no_markup_tells_of_nothing() -> None:
    assert node_shown_in("<event") is None


def test_a_new_configuration_comes_as_a_form() -> None:
    told = markup(NodeConfigured(Configuration("News")))
    assert "<configuration node='ext1000'><x xmlns='jabber:x:data' type='result'>" in told
    assert "<value>News</value>" in told


def test_the_newest_item_for_a_new_subscriber_says_when_it_was_new() -> None:
    assert markup(LastItem(ITEM, False)) == (
        "<event xmlns='http://jabber.org/protocol/pubsub#event'>"
        "<items node='ext1000'><item id='call-1'/></items></event>"
        "<stanza-id xmlns='urn:xmpp:sid:0' by='ivr.example.com' id='17'/>"
        "<delay xmlns='urn:xmpp:delay' from='ivr.example.com' stamp='2026-01-01T09:00:00Z'/>"
    )


def test_an_item_that_is_kept_has_a_place_in_the_archive() -> None:
    assert markup(ItemPublished(ITEM)).endswith(
        "</event><stanza-id xmlns='urn:xmpp:sid:0' by='ivr.example.com' id='17'/>"
    )


def test_the_place_is_ours_to_say_whatever_was_published() -> None:
    """XEP-0359 §3: at most one of an entity, and that is its own."""
    forged = f"<stanza-id xmlns='urn:xmpp:sid:0' by='{DOMAIN}' id='99'/>"
    item = Item("ext1000", "call-1", forged, DOMAIN, NOW, 17)
    for event in (ItemPublished(item), LastItem(item)):
        message = ET.fromstring(f"<message>{markup(event)}</message>")
        (found,) = message.findall("{urn:xmpp:sid:0}stanza-id")
        assert (found.get("by"), found.get("id")) == (DOMAIN, "17")


def test_an_affiliation_is_told_outside_of_events() -> None:
    assert markup(AffiliationChanged(Affiliation("ext1000", AGENT, Role.MEMBER))) == (
        "<pubsub xmlns='http://jabber.org/protocol/pubsub'><affiliations node='ext1000'>"
        "<affiliation jid='user1@example.com' affiliation='member'/></affiliations></pubsub>"
    )


def test_an_owner_gets_a_form_to_approve() -> None:
    told = markup(ApprovalWanted(SUBSCRIPTION))
    assert told.startswith("<x xmlns='jabber:x:data' type='form'>")
    assert "<value>http://jabber.org/protocol/pubsub#subscribe_authorization</value>" in told
    for value in ("sub-1", "ext1000", AGENT):
        assert f"<value>{value}</value>" in told


def test_a_digest_has_one_text_and_says_once_whom_to_answer() -> None:
    items = tuple(
        Held("news", number, name, f"<entry xmlns='{ATOM}'><title>{name}</title></entry>", (AGENT,))
        for number, name in enumerate(("one", "two"))
    )
    told = Notification("news", DOMAIN, (AGENT,), ItemsPublished(items), with_body=True)
    message = ET.fromstring(f"<message>{event_markup(told)}</message>")
    assert message.findtext("body") == "New in news: one, one\nNew in news: two, two"
    addresses = message.findall("{http://jabber.org/protocol/address}addresses/*")
    assert [(a.get("type"), a.get("jid")) for a in addresses] == [("replyto", AGENT)]


def test_the_largest_notification_is_a_stanza() -> None:
    """What no stanza holds is dropped, and its subscribers would never know."""
    call = "<call xmlns='urn:ivr-pubsub:call:1' state='{}'/>"
    payload = call.format("&amp;" * ((MAX_PAYLOAD - len(call)) // 5))
    owners = tuple(f"{'o' * 1020}{number}@{'d' * 1023}" for number in range(MAX_AFFILIATIONS))
    item = Item("n" * MAX_NAME, "i" * MAX_NAME, payload, DOMAIN, NOW, 17)
    subids = tuple(map(str, range(MAX_SUBSCRIPTIONS)))
    published = Notification(
        item.node, DOMAIN, (AGENT,), ItemPublished(item, reply_to=owners), subids=subids,
        with_body=True,
    )  # fmt: skip
    newest = replace(published, event=LastItem(item, reply_to=owners))
    contact = tuple(f"{'&' * 190}{number}@example.com" for number in range(MAX_CONTACTS))
    long = "&" * MAX_TEXT
    config = Configuration(long, long, long, contact=contact)
    configured = Notification(item.node, DOMAIN, (AGENT,), NodeConfigured(config))
    for notification in (published, newest, configured):
        assert len(event_markup(notification).encode()) <= MAX_STANZA


def test_a_digest_that_wants_no_answer_names_nobody() -> None:
    told = Notification("news", DOMAIN, (AGENT,), ItemsPublished((Held("news", 1, "a", ""),)))
    message = ET.fromstring(f"<message>{event_markup(told)}</message>")
    assert [child.tag for child in message] == ["{http://jabber.org/protocol/pubsub#event}event"]
