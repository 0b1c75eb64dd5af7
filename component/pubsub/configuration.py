"""How a node is configured (XEP-0060 §16.4.4): only what is implemented."""

from dataclasses import dataclass
from enum import StrEnum

MAX_ITEMS = 1000
"""The most items that any node keeps; what `max` means."""

MAX_PAYLOAD = 262_144
"""Bytes; a notification must fit into a stanza."""


class AccessModel(StrEnum):
    """Who may subscribe to a node and retrieve its items (XEP-0060 §4.5)."""

    OPEN = "open"
    PRESENCE = "presence"
    """Those subscribed to the presence of the node's account; extensions' nodes have one."""
    AUTHORIZE = "authorize"
    """Anybody whom an owner approves."""
    WHITELIST = "whitelist"


class PublishModel(StrEnum):
    """Who may publish."""

    PUBLISHERS = "publishers"
    SUBSCRIBERS = "subscribers"
    """Publishers, and those who are subscribed."""
    OPEN = "open"


class SendLast(StrEnum):
    """When the newest item is sent to a subscriber without being published anew."""

    NEVER = "never"
    ON_SUBSCRIBING = "on_sub"
    ON_SUBSCRIBING_AND_PRESENCE = "on_sub_and_presence"
    """Also whenever the subscriber comes online, where presence is known."""


class MessageType(StrEnum):
    """The type attribute of a node's notifications."""

    NORMAL = "normal"
    HEADLINE = "headline"
    CHAT = "chat"


class ItemReply(StrEnum):
    """Whom subscribers should answer, as notifications say (XEP-0033)."""

    NOBODY = "none"
    OWNER = "owner"
    PUBLISHER = "publisher"
    """Who is then named with each item, however it is got (§7.1.2.3)."""


class NodeFull(StrEnum):
    """What becomes of items beyond the maximum (§7.1.2.5)."""

    RETRACT_OLDEST = "retract-oldest"
    """The oldest go, and are notified as retracted if retractions are."""
    DISCARD_OLDEST = "discard-oldest"
    """The oldest go in silence."""
    REJECT = "reject"
    """No more are taken."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """A node's configuration; the defaults are those of a node that somebody creates."""

    title: str = ""
    description: str = ""
    type: str = ""
    """Namespace of the payloads."""
    language: str = ""
    contact: tuple[str, ...] = ()
    """JIDs of those who answer questions about the node."""
    subscribe: bool = True
    """Whether anybody may subscribe anew."""
    access_model: AccessModel = AccessModel.OPEN
    publish_model: PublishModel = PublishModel.PUBLISHERS
    max_items: int = 20
    publish_node_full: NodeFull = NodeFull.RETRACT_OLDEST
    item_expire: int | None = None
    """Seconds after which an item goes by itself."""
    persist_items: bool = True
    deliver_notifications: bool = True
    deliver_payloads: bool = True
    notify_config: bool = False
    notify_delete: bool = True
    notify_retract: bool = True
    notify_sub: bool = False
    """Whether owners are told who subscribes and unsubscribes."""
    notification_type: MessageType = MessageType.HEADLINE
    itemreply: ItemReply = ItemReply.NOBODY
    presence_based_delivery: bool = False
    """Whether notifications go only to subscribers who are known to be online."""
    tempsub: bool = False
    """Whether subscriptions end when the subscriber is known to have gone offline."""
    purge_offline: bool = False
    """Whether the items of a publisher go who is known to have gone offline."""
    send_last_published_item: SendLast = SendLast.ON_SUBSCRIBING_AND_PRESENCE
    max_payload_size: int = 65_536
    """Bytes of the serialised payload."""

    @property
    def notifies_retractions(self) -> bool:
        """Whether it is notified which items go: of a quiet node nobody hears that any came."""
        return self.deliver_notifications and self.notify_retract

    @property
    def names_publishers(self) -> bool:
        """Whether items come with the JID of who has published them."""
        return self.itemreply is ItemReply.PUBLISHER


DEFAULT = Configuration()

MANAGED = Configuration(
    access_model=AccessModel.WHITELIST, publish_node_full=NodeFull.DISCARD_OLDEST
)
"""How the nodes of extensions begin. Their titles are derived from their names.

A call that is retracted is one that is not offered any longer; old ones go in silence.
"""
