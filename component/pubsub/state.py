"""What the service remembers: the records, and the indexes that are derived from them."""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

from component.pubsub.addresses import bare
from component.pubsub.model import AccessModel, Affiliation, Item, Node, Subscription
from component.records import Ledger, Table

V = TypeVar("V")

SubscriptionKey = tuple[str, str, str]
"""(node, service address, subscriber's JID)"""


class Index(Generic[V]):
    """Records grouped by a string, sorted within each group by an order that is unique there.

    Groups without records take no memory: most nodes have neither items nor subscribers.
    """

    def __init__(self, group: Callable[[V], str], order: Callable[[V], Any]) -> None:
        self._group = group
        self._order = order
        self._groups: dict[str, list[V]] = {}

    def of(self, group: str) -> Sequence[V]:
        """Return a group as it is now; the caller must not keep it across a change."""
        return self._groups.get(group, ())

    def changed(self, old: V | None, new: V | None) -> None:
        """Follow a change of a record; a `Table`'s `on_change`."""
        if old is not None:
            name = self._group(old)
            records = self._groups[name]
            del records[bisect_left(records, self._order(old), key=self._order)]
            if not records:
                del self._groups[name]
        if new is not None:
            insort(self._groups.setdefault(self._group(new), []), new, key=self._order)


class State:
    """Nodes, affiliations, subscriptions and items.

    Only `PubSub` changes it; the engine commits or undoes what was changed, through the ledger.
    """

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.nodes: Table[str, Node] = Table(ledger, self._node_changed)
        self.open_nodes: set[str] = set()
        self.affiliations: Table[tuple[str, str], Affiliation] = Table(
            ledger, self._affiliation_changed
        )
        self.subscriptions: Table[SubscriptionKey, Subscription] = Table(
            ledger, self._subscription_changed
        )
        self.items: Table[tuple[str, str], Item] = Table(ledger, self._item_changed)
        self.affiliations_at: Index[Affiliation] = Index(lambda a: a.node, lambda a: a.jid)
        self.affiliations_of: Index[Affiliation] = Index(lambda a: a.jid, lambda a: a.node)
        self.subscriptions_at: Index[Subscription] = Index(
            lambda s: s.node, lambda s: (s.service, s.jid)
        )
        self.subscriptions_of: Index[Subscription] = Index(
            lambda s: bare(s.jid), lambda s: (s.node, s.service, s.jid)
        )
        self.items_at: Index[Item] = Index(lambda i: i.node, lambda i: i.seq)
        self._last_seq = 0

    def load(
        self,
        nodes: Iterable[Node],
        affiliations: Iterable[Affiliation],
        subscriptions: Iterable[Subscription],
        items: Iterable[Item],
    ) -> None:
        """Take over what the store has."""
        for node in nodes:
            self.nodes.load(node.name, node)
        for affiliation in affiliations:
            self.affiliations.load((affiliation.node, affiliation.jid), affiliation)
        for subscription in subscriptions:
            self.subscriptions.load(key_of(subscription), subscription)
        for item in items:
            self.items.load((item.node, item.id), item)

    def next_seq(self) -> int:
        """Return a number greater than that of any item so far."""
        return self._last_seq + 1

    def trim(self, node: Node) -> None:
        """Drop the oldest items beyond what the node keeps."""
        items = self.items_at.of(node.name)
        for item in list(items)[: max(0, len(items) - node.max_items)]:
            self.items.delete((item.node, item.id))

    def _node_changed(self, old: Node | None, new: Node | None) -> None:
        if old is not None:
            self.open_nodes.discard(old.name)
        if new is not None and new.access_model is AccessModel.OPEN:
            self.open_nodes.add(new.name)

    def _affiliation_changed(self, old: Affiliation | None, new: Affiliation | None) -> None:
        self.affiliations_at.changed(old, new)
        self.affiliations_of.changed(old, new)

    def _subscription_changed(self, old: Subscription | None, new: Subscription | None) -> None:
        self.subscriptions_at.changed(old, new)
        self.subscriptions_of.changed(old, new)

    def _item_changed(self, old: Item | None, new: Item | None) -> None:
        self.items_at.changed(old, new)
        if new is not None:
            self._last_seq = max(self._last_seq, new.seq)


def key_of(subscription: Subscription) -> SubscriptionKey:
    """Return the key of a subscription's record."""
    return subscription.node, subscription.service, subscription.jid
