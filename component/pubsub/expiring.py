"""What is due by itself: the end of leased subscriptions and of items, and digests."""

from datetime import datetime

from component.pubsub.at_hand import ItemKey
from component.pubsub.model import Subscription
from component.pubsub.notices import Notices
from component.pubsub.state import Due, State, SubscriptionKey, expiry_of, key_of, reminder_of


class Expiry:
    """Ends and sends what is due. Only what may be due is looked at: see `State.next_due`."""

    def __init__(self, state: State, notices: Notices) -> None:
        self._state = state
        self._notices = notices

    def run(self, now: datetime) -> None:
        """End all that was to end by now; subscribers are told of their own (§12.19).

        And remind those whose lease is almost over.
        """
        digests: dict[SubscriptionKey, None] = {}  # for one of them several things may be due
        reminded: set[Due] = set()
        while (due := self._state.next_due(now)) is not None:
            at, key = due
            if len(key) == 2:
                self._drop_item(key, now)
                continue
            self._end_subscription(key, now)
            if self._has_digest_due(key, now):
                digests[key] = None
            if due not in reminded and self._is_almost_over(key, at):
                reminded.add(due)
                self._remind(due, self._state.subscriptions[key])
        self._notices.digests.send_due(list(digests), now)

    def _is_almost_over(self, key: SubscriptionKey, at: datetime) -> bool:
        subscription = self._state.subscriptions.get(key)
        return subscription is not None and subscription.active and reminder_of(subscription) == at

    def _remind(self, due: Due, subscription: Subscription) -> None:
        self._notices.tell_ending(subscription)
        self._state.note_done(due)

    def _has_digest_due(self, key: SubscriptionKey, now: datetime) -> bool:
        subscription = self._state.subscriptions.get(key)
        digest = subscription.digest if subscription else None
        return digest is not None and digest.due is not None and digest.due <= now

    def _end_subscription(self, key: SubscriptionKey, now: datetime) -> None:
        subscription = self._state.subscriptions.get(key)
        if subscription and subscription.expire and subscription.expire <= now:
            self._notices.digests.send([key])
            self._state.subscriptions.delete(key_of(subscription))
            self._notices.tell_ended(subscription)

    def _drop_item(self, key: ItemKey, now: datetime) -> None:
        item, node = self._state.items.get(key), self._state.nodes.get(key[0])
        if item is None or node is None:
            return
        at = expiry_of(item, node)
        # What goes on is published or retracted once more.
        if at is not None and at <= now and not self._state.goes_on(item):
            self._state.items.delete(key)
