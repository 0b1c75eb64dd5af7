"""Notifications that are wanted together: kept until they are due (pubsub#digest).

What waits is kept once for each node, whoever waits for it; a subscription knows from which on.
The time of a digest begins with the first notification that waits for it. Nothing is dropped for
want of room: what is too much is sent early.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from component.pubsub.addresses import bare
from component.pubsub.configuration import Configuration
from component.pubsub.model import (
    Digest,
    Held,
    ItemPublished,
    ItemRetracted,
    ItemsPublished,
    ItemsRetracted,
    Node,
    NodeChanged,
    NodeEvent,
    Notification,
    Subscription,
)
from component.pubsub.state import State, SubscriptionKey, key_of

MAX_HELD = 100
"""Notifications that wait at a node."""

MAX_HELD_SIZE = 64 * 1024
"""Bytes of them at a node, but for the last: a digest must fit into a stanza."""

MAX_HELD_IN_ALL = 16 * 2**20
"""Bytes of them at all nodes, which are in memory."""

Gatherable = ItemPublished | ItemRetracted | NodeChanged
"""What need not be told at once. A node's end, its purge and its configuration are."""


class Digests:
    """Keeps what subscribers to digests are to be told, and tells it when that is due.

    `is_told_now` is whether a subscriber wants notifications at this moment.
    """

    def __init__(
        self,
        state: State,
        tell: Callable[[Notification], None],
        is_told_now: Callable[[Node, Subscription], bool],
    ) -> None:
        self._state = state
        self._waiting = state.waiting
        self._tell = tell
        self._is_told_now = is_told_now

    def hold(self, node: Node, event: Gatherable) -> None:
        """Keep what happened, for those who are subscribed to digests of a node."""
        subscriptions = self._waiting.subscriptions_at.of(node.name)
        willing = [s for s in subscriptions if s.active and s.deliver]
        if not willing:
            return
        before = self._waiting.held_at.of(node.name)
        held = _held(node.name, before[-1].seq + 1 if before else 1, event)
        self._waiting.held.put((node.name, held.seq), held)
        for subscription in willing:
            self._begin(subscription, held.seq)
        if self._is_much(node.name):
            self.send_all(node.name)
        while self._waiting.size > MAX_HELD_IN_ALL:
            self.send_all(next(iter(self._waiting.held.values())).node)

    def send_all(self, node_name: str) -> None:
        """Send all that waits at a node, due or not."""
        self.send([key_of(s) for s in self._waiting.subscriptions_at.of(node_name)])

    def send_due(self, keys: Sequence[SubscriptionKey], now: datetime) -> None:
        """Send what is due; but where it depends on presence, not before presence is known."""
        if not self._state.is_settled:
            keys = [key for key in keys if not self._put_off(key, now)]
        self.send(keys)

    def send(self, keys: Sequence[SubscriptionKey]) -> None:
        """Send what waits for these subscriptions; one message for those who are told the same.

        Whoever wants no notifications at this moment is not sent these later either.
        """
        alike: dict[tuple[str, int, str, tuple[str, ...], bool], list[str]] = {}
        for key in keys:
            s = self._state.subscriptions.get(key)
            if s is None or s.digest is None or s.digest.first is None:
                continue
            if s.active and self._is_told_now(self._state.nodes[s.node], s):
                told = (s.node, s.digest.first, s.service, self._named(s), s.include_body)
                alike.setdefault(told, []).append(s.jid)
        messages = [
            Notification(name, service, tuple(jids), event, node.config.notification_type,
                         subids, with_body)
            for (name, first, service, subids, with_body), jids in alike.items()
            for node in (self._state.nodes[name],)
            for event in gathered(self._since(name, first), node.config)
        ]  # fmt: skip
        self.drop(keys)
        for message in messages:
            self._tell(message)

    def drop_all(self, node_name: str) -> None:
        """Let nothing wait at a node any longer."""
        self.drop([key_of(s) for s in self._waiting.subscriptions_at.of(node_name)])

    def drop(self, keys: Iterable[SubscriptionKey]) -> None:
        """Let nothing wait for these subscriptions any longer."""
        for key in keys:
            s = self._state.subscriptions.get(key)
            if s is not None and s.digest is not None and s.digest.first is not None:
                self._state.subscriptions.put(key, replace(s, digest=Digest(s.digest.every)))

    def _put_off(self, key: SubscriptionKey, now: datetime) -> bool:
        """Let a digest wait that depends on the subscriber's presence; tell whether it does."""
        s = self._state.subscriptions.get(key)
        if s is None or s.digest is None:
            return False
        if not s.show_values and not self._state.nodes[s.node].config.presence_based_delivery:
            return False
        later = min(self._state.settled_at, now + s.digest.every)
        self._state.subscriptions.put(key, replace(s, digest=replace(s.digest, due=later)))
        return True

    def _begin(self, subscription: Subscription, first: int) -> None:
        digest = subscription.digest
        if digest is not None and digest.first is None:
            begun = replace(digest, first=first, due=self._state.now + digest.every)
            self._state.subscriptions.put(key_of(subscription), replace(subscription, digest=begun))

    def _named(self, subscription: Subscription) -> tuple[str, ...]:
        """Return which subscription is meant, where the subscriber has several (§7.1.2.4)."""
        held = self._state.subscriptions_by(bare(subscription.jid), subscription.node)
        there = (subscription.service, subscription.jid)
        several = sum((s.service, s.jid) == there for s in held) > 1
        return (subscription.subid,) if several else ()

    def _since(self, node_name: str, first: int) -> list[Held]:
        return [held for held in self._waiting.held_at.of(node_name) if held.seq >= first]

    def _is_much(self, node_name: str) -> bool:
        held = self._waiting.held_at.of(node_name)
        return len(held) >= MAX_HELD or sum(one.size for one in held) > MAX_HELD_SIZE


def gathered(held: Sequence[Held], config: Configuration) -> list[NodeEvent]:
    """Return what is told of all this: each event is a message, for none may be of two kinds.

    What was retracted meanwhile is not shown. Where the node keeps items, so that one replaces
    another with the same id, only the last is shown.
    """
    is_kept = config.persist_items
    last = {one.item_id: one for one in held}
    items = [
        one
        for one in held
        if one.payload is not None
        and one.item_id is not None
        and (one is last[one.item_id] or not (is_kept or last[one.item_id].payload is None))
    ]
    retracted = [name for name, one in last.items() if name is not None and one.payload is None]
    events: list[NodeEvent] = []
    if retracted:
        events.append(ItemsRetracted(tuple(retracted)))
    if items:
        events.append(ItemsPublished(tuple(items), config.names_publishers))
    elif None in last:
        events.append(NodeChanged())
    return events


def _held(node_name: str, seq: int, event: Gatherable) -> Held:
    match event:
        case ItemPublished(item, with_payload, reply_to):
            payload = item.xml if with_payload else ""
            return Held(node_name, seq, item.id, payload, reply_to)
        case ItemRetracted(item_id):
            return Held(node_name, seq, item_id, None)
        case NodeChanged():
            return Held(node_name, seq, None, "")
