"""What ends by itself: leased subscriptions (pubsub#expire) and items (pubsub#item_expire)."""

from datetime import datetime

from component.pubsub.at_hand import ItemKey
from component.pubsub.notices import Notices
from component.pubsub.state import State, SubscriptionKey, expiry_of, key_of


class Expiry:
    """Ends what is due. What is looked at is only what may be due: see `State.due`."""

    def __init__(self, state: State, notices: Notices) -> None:
        self._state = state
        self._notices = notices

    def run(self, now: datetime) -> None:
        """End all that was to end by now; subscribers are told of their own (§12.18)."""
        while (due := self._state.next_due(now)) is not None:
            if len(due) == 4:
                self._end_subscription(due, now)
            else:
                self._drop_item(due, now)

    def _end_subscription(self, key: SubscriptionKey, now: datetime) -> None:
        subscription = self._state.subscriptions.get(key)
        if subscription and subscription.expire and subscription.expire <= now:
            self._state.subscriptions.delete(key_of(subscription))
            self._notices.tell_ended(subscription)

    def _drop_item(self, key: ItemKey, now: datetime) -> None:
        item, node = self._state.items.get(key), self._state.nodes.get(key[0])
        if item is None or node is None:
            return
        at = expiry_of(item, node)
        if at is not None and at <= now:
            self._state.items.delete(key)
