"""What subscribers must be told, from an operation until the engine takes it."""

from itertools import groupby

from component.pubsub.model import NodeEvent, Notification, Subscription, SubscriptionEnded
from component.pubsub.state import State


class Notices:
    """Notifications that wait to be taken. An operation that is undone has told nobody anything."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._waiting: list[Notification] = []

    def tell_subscribers(self, node: str, event: NodeEvent) -> None:
        """Leave a notification for the subscribers of a node, one per address they used."""
        subscriptions = self._state.subscriptions_at.of(node)
        for service, there in groupby(subscriptions, key=lambda s: s.service):
            self._add(Notification(node, service, tuple(s.jid for s in there), event))

    def tell_ended(self, subscription: Subscription) -> None:
        """Leave a notification for a subscriber whose subscription was ended."""
        event = SubscriptionEnded(subscription)
        recipients = (subscription.jid,)
        self._add(Notification(subscription.node, subscription.service, recipients, event))

    def take(self) -> list[Notification]:
        """Return what waits, which then waits no longer."""
        taken = list(self._waiting)
        self._waiting.clear()
        return taken

    def _add(self, notification: Notification) -> None:
        self._waiting.append(notification)
        self._state.ledger.note(self._waiting.clear)
