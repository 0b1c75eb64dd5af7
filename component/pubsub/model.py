"""What a publish-subscribe service consists of (XEP-0060). Records are frozen.

JIDs are plain strings, already prepared (lower-cased domain and so on) by the edge.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from component.pubsub.addresses import PREFIX
from component.pubsub.configuration import DEFAULT, Configuration, MessageType


class Role(StrEnum):
    """An entity's standing with a node: the values of the affiliation attribute (§4.1)."""

    OWNER = "owner"
    PUBLISHER = "publisher"
    PUBLISH_ONLY = "publish-only"
    MEMBER = "member"
    NONE = "none"
    OUTCAST = "outcast"


class SubscriptionState(StrEnum):
    """How far a subscription is (§4.2); the absence of a record is `none`."""

    PENDING = "pending"
    """An owner has yet to approve it."""
    SUBSCRIBED = "subscribed"


@dataclass(frozen=True, slots=True)
class Node:
    """A node and its configuration.

    A *managed* node belongs to the service: it exists as long as its extension does.
    """

    name: str
    managed: bool
    config: Configuration = DEFAULT
    creator: str = ""
    """The account that created it; empty if the service did."""
    created: datetime | None = None
    """None where that was not recorded."""
    has_own_maximum: bool = False
    """Whether a managed node keeps as many items as an administrator has said of this one."""

    @property
    def title(self) -> str:
        """What people call the node. A managed node without a title is named by its extension."""
        if self.managed and not self.config.title:
            return f"Calls of extension {self.name.removeprefix(PREFIX)}"
        return self.config.title


@dataclass(frozen=True, slots=True)
class Affiliation:
    """What a bare JID may do with a node; `Role.NONE` is the absence of a record."""

    node: str
    jid: str
    role: Role


@dataclass(frozen=True, slots=True)
class Digest:
    """That notifications are wanted together (pubsub#digest), and which of them wait."""

    every: timedelta
    """So long, at least, lies between two digests (pubsub#digest_frequency)."""
    first: int | None = None
    """The number of the oldest that waits, of those that the node holds; None if none does."""
    due: datetime | None = None
    """When those that wait are to be sent."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A JID, bare or full, that is notified of a node's items."""

    node: str
    service: str
    """The service address it was made at; notifications come from there."""
    jid: str
    subid: str
    since: datetime
    state: SubscriptionState = SubscriptionState.SUBSCRIBED
    deliver: bool = True
    """Whether notifications are wanted now (pubsub#deliver)."""
    expire: datetime | None = None
    """When it ends by itself (pubsub#expire)."""
    include_body: bool = False
    """Whether notifications have a text for people too (pubsub#include_body)."""
    show_values: frozenset[str] = frozenset()
    """For which presence notifications are wanted (pubsub#show-values); empty for any, and none."""
    until_offline: bool = False
    """Whether it ends when the subscriber goes offline (pubsub#expire is `presence`)."""
    digest: Digest | None = None
    """None: each notification comes at once, alone."""

    @property
    def active(self) -> bool:
        """Whether it gives the rights of a subscriber."""
        return self.state is SubscriptionState.SUBSCRIBED


@dataclass(frozen=True, slots=True)
class Redirect:
    """Where a node has gone that was deleted (§8.4.2)."""

    node: str
    uri: str
    since: datetime


@dataclass(frozen=True, slots=True)
class InStore:
    """A payload that is not in memory: the store has it."""

    size: int
    """Bytes."""


@lru_cache(maxsize=10_000)
def in_store(size: int) -> InStore:
    """Return what stands for a payload of so many bytes: the same object each time."""
    return InStore(size)


@dataclass(frozen=True, slots=True)
class Item:
    """A published item."""

    node: str
    id: str
    payload: str | InStore
    """One XML element, serialised; empty if the item has none."""
    publisher: str
    published_at: datetime
    seq: int
    """Order of publication within the service; grows with each publication, overwriting too."""

    @property
    def xml(self) -> str:
        """The payload, which must be in memory."""
        assert isinstance(self.payload, str), "who shows an item has made it whole"
        return self.payload

    @property
    def payload_size(self) -> int:
        """Bytes of the payload."""
        payload = self.payload
        return payload.size if isinstance(payload, InStore) else len(payload.encode())


@dataclass(frozen=True, slots=True)
class Held:
    """What subscribers to digests have yet to be told of a node."""

    node: str
    seq: int
    """Order at the node."""
    item_id: str | None
    """None where something was published that has no item."""
    payload: str | None
    """As it is to be delivered, empty if without; None where the item was retracted."""
    reply_to: tuple[str, ...] = ()
    """Whom to answer (pubsub#itemreply)."""

    @property
    def size(self) -> int:
        """How many bytes it takes in a stanza, about."""
        return len((self.payload or "").encode()) + len((self.item_id or "").encode()) + 100


@dataclass(frozen=True, slots=True)
class ItemPublished:
    """An item was published, new or in place of the one with the same id (§7.1.2)."""

    item: Item
    with_payload: bool = True
    reply_to: tuple[str, ...] = ()
    """Whom to answer (pubsub#itemreply)."""
    is_kept: bool = True
    """Whether the node keeps it."""
    names_publisher: bool = False
    """Whether it says who has published the item (§7.1.2.3)."""


@dataclass(frozen=True, slots=True)
class LastItem:
    """The newest item, for one who has just subscribed (§6.1.7)."""

    item: Item
    with_payload: bool = True
    reply_to: tuple[str, ...] = ()
    """Whom to answer (pubsub#itemreply)."""
    names_publisher: bool = False


@dataclass(frozen=True, slots=True)
class NodeChanged:
    """Something was published that has no item: a notification is all there is (§4.3)."""


@dataclass(frozen=True, slots=True)
class ItemRetracted:
    """An item was retracted (§7.2.2.1)."""

    item_id: str


@dataclass(frozen=True, slots=True)
class ItemsPublished:
    """What was published since the last digest, oldest first."""

    items: tuple[Held, ...]
    names_publisher: bool = False
    """Whether whom to answer is who has published each."""


@dataclass(frozen=True, slots=True)
class ItemsRetracted:
    """What was retracted since the last digest."""

    item_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NodePurged:
    """All items were retracted at once (§8.5.2)."""


@dataclass(frozen=True, slots=True)
class NodeConfigured:
    """The configuration was changed (§8.2.5.4); None where the node delivers no payloads."""

    config: Configuration | None


@dataclass(frozen=True, slots=True)
class SubscriptionChanged:
    """A subscription was approved, or made by an owner (§8.6, §8.8.4), or noted for owners."""

    subscription: Subscription


@dataclass(frozen=True, slots=True)
class SubscriptionEnded:
    """The recipient is subscribed no longer, without having asked for it (§12.14)."""

    subscription: Subscription


@dataclass(frozen=True, slots=True)
class SubscriptionEnding:
    """The recipient's subscription is leased, and ends soon unless that is changed (§12.18)."""

    subscription: Subscription


@dataclass(frozen=True, slots=True)
class ApprovalWanted:
    """Owners are asked to approve a subscription (§8.6)."""

    subscription: Subscription


@dataclass(frozen=True, slots=True)
class AffiliationChanged:
    """An owner has changed what the recipient may do (§8.9.4)."""

    affiliation: Affiliation


@dataclass(frozen=True, slots=True)
class NodeDeleted:
    """The node is gone, and with it all that was in it (§8.4.2)."""

    redirect: str | None = None
    """Where to go instead, a URI."""


NodeEvent = (
    ItemPublished
    | LastItem
    | NodeChanged
    | ItemRetracted
    | ItemsPublished
    | ItemsRetracted
    | NodePurged
    | NodeConfigured
    | SubscriptionChanged
    | SubscriptionEnded
    | SubscriptionEnding
    | ApprovalWanted
    | AffiliationChanged
    | NodeDeleted
)


@dataclass(frozen=True, slots=True)
class Notification:
    """What subscribers of a node are told, from the address at which they subscribed."""

    node: str
    service: str
    recipients: tuple[str, ...]
    event: NodeEvent
    type: MessageType = MessageType.HEADLINE
    subids: tuple[str, ...] = ()
    """The subscriptions that it is due to, where the recipient has several (§7.1.2.4)."""
    with_body: bool = False
    """Whether the recipients want a text for people (pubsub#include_body)."""
