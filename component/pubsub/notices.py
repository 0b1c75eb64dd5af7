"""What subscribers must be told, from an operation until the engine takes it."""

from collections.abc import Iterable
from itertools import groupby

from component.pubsub.model import (
    Node,
    NodeEvent,
    Notification,
    Subscription,
    SubscriptionChanged,
    SubscriptionEnded,
)
from component.pubsub.state import State


class Notices:
    """Notifications that wait to be taken. An operation that is undone has told nobody anything."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._waiting: list[Notification] = []

    def tell_subscribers(self, node: Node, event: NodeEvent) -> None:
        """Leave a notification for the subscribers of a node, one per address they used."""
        subscriptions = self._state.subscriptions_at.of(node.name)
        willing = (s for s in subscriptions if s.active and s.deliver)
        for service, there in groupby(willing, key=lambda s: s.service):
            recipients = tuple(s.jid for s in there)
            self._add(
                Notification(node.name, service, recipients, event, node.config.notification_type)
            )

    def tell(self, node: str, service: str, jids: Iterable[str], event: NodeEvent) -> None:
        """Leave a notification for certain JIDs."""
        if recipients := tuple(jids):
            self._add(Notification(node, service, recipients, event))

    def tell_changed(self, subscription: Subscription) -> None:
        """Leave a notification for a subscriber of what became of the subscription."""
        event = SubscriptionChanged(subscription)
        self.tell(subscription.node, subscription.service, (subscription.jid,), event)

    def tell_ended(self, subscription: Subscription) -> None:
        """Leave a notification for a subscriber whose subscription was ended."""
        event = SubscriptionEnded(subscription)
        self.tell(subscription.node, subscription.service, (subscription.jid,), event)

    def take(self) -> list[Notification]:
        """Return what waits, which then waits no longer."""
        taken = list(self._waiting)
        self._waiting.clear()
        return taken

    def _add(self, notification: Notification) -> None:
        self._waiting.append(notification)
        self._state.ledger.note(self._waiting.clear)
