"""Notifications as subscribers receive them: the children of the message (XEP-0060 §7.1.2)."""

from typing import assert_never

from component.handlers.namespaces import DELAY, PUBSUB, PUBSUB_EVENT
from component.handlers.node_form import config_markup
from component.handlers.subscription_form import approval_markup
from component.markup import NOTHING, Markup, element
from component.pubsub.model import (
    AffiliationChanged,
    ApprovalWanted,
    Item,
    ItemPublished,
    ItemRetracted,
    LastItem,
    NodeChanged,
    NodeConfigured,
    NodeDeleted,
    NodePurged,
    Notification,
    Subscription,
    SubscriptionChanged,
    SubscriptionEnded,
)


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
        case LastItem(item):
            # It is not new: the delay tells when it was (XEP-0203).
            stamp = item.published_at.isoformat().replace("+00:00", "Z")
            delay = element("delay", {"xmlns": DELAY, "stamp": stamp})
            return Markup(_event(notification) + delay)
    return _event(notification)


def _event(notification: Notification) -> Markup:
    return element("event", {"xmlns": PUBSUB_EVENT}, _what_happened(notification))


def _what_happened(notification: Notification) -> Markup:
    node = {"node": notification.node}
    match notification.event:
        case ItemPublished(item, with_payload) | LastItem(item, with_payload):
            return element("items", node, _item(item, with_payload=with_payload))
        case NodeChanged():
            return element("items", node)
        case ItemRetracted(item_id):
            return element("items", node, element("retract", {"id": item_id}))
        case NodePurged():
            return element("purge", node)
        case NodeConfigured(config):
            form = NOTHING if config is None else config_markup(config, "result")
            return element("configuration", node, form)
        case SubscriptionChanged(subscription):
            return _subscription(subscription, subscription.state.value)
        case SubscriptionEnded(subscription):
            return _subscription(subscription, "none")
        case NodeDeleted(redirect):
            there = NOTHING if redirect is None else element("redirect", {"uri": redirect})
            return element("delete", node, there)
        case ApprovalWanted() | AffiliationChanged():
            raise AssertionError("these are not events of the node")
    assert_never(notification.event)


def _item(item: Item, *, with_payload: bool) -> Markup:
    payload = Markup(item.payload) if with_payload else NOTHING
    return element("item", {"id": item.id}, payload)


def _subscription(subscription: Subscription, state: str) -> Markup:
    return element(
        "subscription",
        {
            "node": subscription.node,
            "jid": subscription.jid,
            "subid": subscription.subid,
            "subscription": state,
        },
    )
