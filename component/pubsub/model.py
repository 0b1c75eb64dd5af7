"""What a publish-subscribe service consists of (XEP-0060). Records are frozen.

JIDs are plain strings, already prepared (lower-cased domain and so on) by the edge.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class AccessModel(StrEnum):
    """Who may subscribe to a node and retrieve its items (XEP-0060 §4.5)."""

    OPEN = "open"
    WHITELIST = "whitelist"


class Role(StrEnum):
    """An entity's standing with a node: the values of the affiliation attribute (§4.1)."""

    OWNER = "owner"
    PUBLISHER = "publisher"
    MEMBER = "member"
    NONE = "none"
    OUTCAST = "outcast"


@dataclass(frozen=True, slots=True)
class Node:
    """A node and its configuration.

    A *managed* node belongs to the service: it exists as long as its extension does, and only the
    service publishes to it.
    """

    name: str
    managed: bool
    title: str
    access_model: AccessModel = AccessModel.WHITELIST
    max_items: int = 20


@dataclass(frozen=True, slots=True)
class Affiliation:
    """What a bare JID may do with a node; `Role.NONE` is the absence of a record."""

    node: str
    jid: str
    role: Role


@dataclass(frozen=True, slots=True)
class Subscription:
    """A JID, bare or full, that is notified of a node's items."""

    node: str
    service: str
    """The service address it was made at; notifications come from there."""
    jid: str
    subid: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Item:
    """A published item."""

    node: str
    id: str
    payload: str
    """One XML element, serialised."""
    publisher: str
    published_at: datetime
    seq: int
    """Order of publication within the service; grows with each publication, overwriting too."""


@dataclass(frozen=True, slots=True)
class ItemPublished:
    """An item was published, new or in place of the one with the same id (§7.1.2)."""

    item: Item


@dataclass(frozen=True, slots=True)
class ItemRetracted:
    """An item was retracted (§7.2.2.1)."""

    item_id: str


@dataclass(frozen=True, slots=True)
class SubscriptionEnded:
    """The recipient is subscribed no longer, without having asked for it (§12.12)."""

    subscription: Subscription


@dataclass(frozen=True, slots=True)
class NodeDeleted:
    """The node is gone, and with it all that was in it (§8.4.2)."""


NodeEvent = ItemPublished | ItemRetracted | SubscriptionEnded | NodeDeleted


@dataclass(frozen=True, slots=True)
class Notification:
    """What subscribers of a node are told, from the address at which they subscribed."""

    node: str
    service: str
    recipients: tuple[str, ...]
    event: NodeEvent
