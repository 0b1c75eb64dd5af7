"""Notifications as subscribers receive them: the children of the message (XEP-0060 §7.1.2)."""

from typing import assert_never

from component.handlers.namespaces import PUBSUB_EVENT
from component.markup import Markup, element
from component.pubsub.model import (
    ItemPublished,
    ItemRetracted,
    NodeDeleted,
    Notification,
    SubscriptionEnded,
)


def event_markup(notification: Notification) -> Markup:
    """Return the `<event/>` element, which is the same for all recipients."""
    return element("event", {"xmlns": PUBSUB_EVENT}, _what_happened(notification))


def _what_happened(notification: Notification) -> Markup:
    node = {"node": notification.node}
    match notification.event:
        case ItemPublished(item):
            return element("items", node, element("item", {"id": item.id}, Markup(item.payload)))
        case ItemRetracted(item_id):
            return element("items", node, element("retract", {"id": item_id}))
        case SubscriptionEnded(subscription):
            return element(
                "subscription",
                node
                | {
                    "jid": subscription.jid,
                    "subid": subscription.subid,
                    "subscription": "none",
                },
            )
        case NodeDeleted():
            return element("delete", node)
    assert_never(notification.event)
