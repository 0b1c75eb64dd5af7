"""Notifications as subscribers receive them: the children of the message (XEP-0060 §7.1.2)."""

from datetime import datetime
from typing import assert_never
from xml.etree import ElementTree as ET

from component.handlers.body import in_words
from component.handlers.namespaces import ADDRESS, PUBSUB, PUBSUB_EVENT, SHIM, SID
from component.handlers.node_form import config_markup
from component.handlers.operations import item_markup
from component.handlers.stanza import LANGUAGE, qualified
from component.handlers.subscription_form import approval_markup
from component.handlers.times import delay, written_time
from component.markup import NOTHING, Markup, element, text
from component.pubsub.archive import place_of
from component.pubsub.model import (
    AffiliationChanged,
    ApprovalWanted,
    Held,
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
    Subscription,
    SubscriptionChanged,
    SubscriptionEnded,
    SubscriptionEnding,
)

FEATURES = (SHIM,)

MAX_ADDRESSES = 100
"""How many may be named as whom to answer: with the largest payload that is a stanza still."""


def event_markup(notification: Notification) -> Markup:
    """Return what the message contains, which is the same for all recipients."""
    match notification.event:
        case ApprovalWanted(subscription):
            return approval_markup(subscription)
        case AffiliationChanged(affiliation):
            changed = element(
                "affiliation", {"jid": affiliation.jid, "affiliation": affiliation.role.value}
            )
            inner = element("affiliations", {"node": affiliation.node}, changed)
            return element("pubsub", {"xmlns": PUBSUB}, inner)
    parts = (
        _addresses(notification.event),  # first, where who writes to many recipients looks for it
        _body(notification),
        element("event", {"xmlns": PUBSUB_EVENT}, _what_happened(notification)),
        _stanza_id(notification),
        _delay(notification),
        _headers(notification),
    )
    return Markup("".join(parts))


def node_shown_in(body: str) -> str | None:
    """Return the node whose items a message tells of, None if it tells of none."""
    try:
        message = ET.fromstring(f"<message>{body}</message>")  # noqa: S314 - ours
    except ET.ParseError:
        return None  # it will not be sent either
    items = message.find("/".join(qualified(PUBSUB_EVENT, name) for name in ("event", "items")))
    return None if items is None else items.get("node")


def _body(notification: Notification) -> Markup:
    """Return a text for people, if they want one and there is something to tell."""
    if not notification.with_body:
        return NOTHING
    node = notification.node
    match notification.event:
        case ItemPublished(item, with_payload) | LastItem(item, with_payload):
            told = in_words(node, item.id, item.xml if with_payload else "")
        case ItemsPublished(items):
            told = "\n".join(in_words(node, i.item_id or "", i.payload or "") for i in items)
        case _:
            return NOTHING
    return element("body", {"xml:lang": LANGUAGE}, text(told))


def _delay(notification: Notification) -> Markup:
    """Return when something happened that is not new (XEP-0203)."""
    if not isinstance(notification.event, LastItem):
        return NOTHING
    return delay(notification.service, notification.event.item.published_at)


def _stanza_id(notification: Notification) -> Markup:
    """Return the place of an item in the archive of its node (XEP-0359)."""
    match notification.event:
        case ItemPublished(item, is_kept=True) | LastItem(item):
            place = {"xmlns": SID, "by": notification.service, "id": place_of(item)}
            return element("stanza-id", place)
    return NOTHING


def _addresses(event: NodeEvent) -> Markup:
    """Return whom to answer (XEP-0033), if the node's configuration says so."""
    match event:
        case ItemPublished(reply_to=reply_to) | LastItem(reply_to=reply_to):
            pass
        case ItemsPublished(items):
            reply_to = tuple(dict.fromkeys(jid for item in items for jid in item.reply_to))
        case _:
            return NOTHING
    named = reply_to[:MAX_ADDRESSES]
    jids = [element("address", {"type": "replyto", "jid": jid}) for jid in named]
    return element("addresses", {"xmlns": ADDRESS}, *jids) if jids else NOTHING


def _headers(notification: Notification) -> Markup:
    """Return which of a JID's subscriptions are meant (XEP-0131), if it has several.

    What is told of the node itself is the same for all of them (§12.16).
    """
    if isinstance(notification.event, NodePurged | NodeConfigured | NodeDeleted):
        return NOTHING
    headers = [element("header", {"name": "SubID"}, text(s)) for s in notification.subids]
    return element("headers", {"xmlns": SHIM}, *headers) if headers else NOTHING


def _what_happened(notification: Notification) -> Markup:
    node = {"node": notification.node}
    match notification.event:
        case ItemPublished() | LastItem():
            return element("items", node, _item(notification.event))
        case NodeChanged():
            return element("items", node)
        case ItemRetracted(item_id):
            return element("items", node, element("retract", {"id": item_id}))
        case ItemsPublished(items, named):
            return element("items", node, *(_held(item, named=named) for item in items))
        case ItemsRetracted(ids):
            return element("items", node, *(element("retract", {"id": name}) for name in ids))
        case NodePurged():
            return element("purge", node)
        case NodeConfigured(config):
            form = NOTHING if config is None else config_markup(config, "result")
            return element("configuration", node, form)
        case SubscriptionChanged(subscription):
            return _subscription(subscription, subscription.state.value)
        case SubscriptionEnded(subscription):
            return _subscription(subscription, "none")
        case SubscriptionEnding(subscription):
            return _subscription(subscription, subscription.state.value, subscription.expire)
        case NodeDeleted(redirect):
            there = NOTHING if redirect is None else element("redirect", {"uri": redirect})
            return element("delete", node, there)
        case ApprovalWanted() | AffiliationChanged():
            raise AssertionError("these are not events of the node")
    assert_never(notification.event)


def _item(event: ItemPublished | LastItem) -> Markup:
    payload = Markup(event.item.xml) if event.with_payload else NOTHING
    return item_markup(event.item, payload, names_publisher=event.names_publisher)


def _held(item: Held, *, named: bool) -> Markup:
    publisher = next(iter(item.reply_to), None) if named else None
    attributes = {"id": item.item_id, "publisher": publisher}
    return element("item", attributes, Markup(item.payload or ""))


def _subscription(subscription: Subscription, state: str, expiry: datetime | None = None) -> Markup:
    return element(
        "subscription",
        {
            "node": subscription.node,
            "jid": subscription.jid,
            "subid": subscription.subid,
            "subscription": state,
            "expiry": written_time(expiry) if expiry is not None else None,
        },
    )
