"""What waits for digests, and for whom: the records, and the indexes that are derived from them."""

from collections import Counter

from component.pubsub.index import Index
from component.pubsub.model import Held, Subscription
from component.records import Ledger, Table


class Waiting:
    """What each node holds for subscriptions to digests; a part of the state."""

    def __init__(self, ledger: Ledger) -> None:
        self.held: Table[tuple[str, int], Held] = Table(ledger, self._held_changed)
        """By node and number; the oldest of all first."""
        self.held_at: Index[Held] = Index(lambda h: h.node, lambda h: h.seq)
        self.size = 0
        """Bytes of all of it."""
        self.subscriptions_at: Index[Subscription] = Index(
            lambda s: s.node, lambda s: (s.service, s.jid, s.subid)
        )
        """Those to digests."""
        self._awaited: dict[str, Counter[int]] = {}
        """From which numbers on something waits at a node, and for how many subscriptions."""

    def subscription_changed(self, old: Subscription | None, new: Subscription | None) -> None:
        """Follow a change of a subscription, or its undoing."""
        was, is_ = (s if s is not None and s.digest is not None else None for s in (old, new))
        self.subscriptions_at.changed(was, is_)
        for held, change in ((was, -1), (is_, 1)):
            if held is not None:
                self._await(held, change)

    def subscription_put(self, old: Subscription | None) -> None:
        """Drop what nobody waits for any longer, after a change of a subscription."""
        if old is None or old.digest is None or old.digest.first is None:
            return
        oldest = min(self._awaited.get(old.node, ()), default=None)
        for held in list(self.held_at.of(old.node)):
            if oldest is not None and held.seq >= oldest:
                break
            self.held.delete((held.node, held.seq))

    def _await(self, subscription: Subscription, change: int) -> None:
        node, digest = subscription.node, subscription.digest
        if digest is None or digest.first is None:
            return
        awaited = self._awaited.setdefault(node, Counter())
        awaited[digest.first] += change
        if not awaited[digest.first]:
            del awaited[digest.first]
        if not awaited:
            del self._awaited[node]

    def _held_changed(self, old: Held | None, new: Held | None) -> None:
        self.held_at.changed(old, new)
        self.size += (new.size if new else 0) - (old.size if old else 0)
