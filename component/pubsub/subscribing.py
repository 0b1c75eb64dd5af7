"""Subscriptions: made, configured, approved, ended."""

from dataclasses import dataclass, replace
from datetime import datetime

from component.pubsub.access import Action, check, needs_approval
from component.pubsub.addresses import bare
from component.pubsub.configuration import SendLast
from component.pubsub.errors import (
    ForbiddenError,
    InvalidOptionsError,
    InvalidSubidError,
    JidMismatchError,
    NotSubscribedError,
    PendingError,
)
from component.pubsub.model import (
    ApprovalWanted,
    LastItem,
    Node,
    Subscription,
    SubscriptionChanged,
    SubscriptionEnded,
    SubscriptionState,
)
from component.pubsub.rules import Request, Rules
from component.pubsub.state import key_of


@dataclass(frozen=True, slots=True)
class Options:
    """What a subscriber wishes of a subscription (§6.3); the defaults are the service's."""

    deliver: bool = True
    expire: datetime | None = None


DEFAULT_OPTIONS = Options()


class Subscribing(Rules):
    """What entities do with their subscriptions, and the service when they cannot be reached."""

    def subscribe(
        self,
        request: Request,
        jid: str,
        subid: str,
        now: datetime,
        options: Options = DEFAULT_OPTIONS,
    ) -> Subscription:
        """Subscribe a JID of the actor's (§6.1); who is subscribed already stays as they are.

        Raises `JidMismatchError`, `ClosedNodeError`, `ForbiddenError`, `PendingError`,
        `InvalidOptionsError`.
        """
        node = self.hosted(request)
        if bare(jid) != request.account:
            raise JidMismatchError
        role = self._role(request, node)
        model = node.config.access_model
        check(model, role, Action.SUBSCRIBE)
        _check_options(options, now)
        existing = self._state.subscriptions.get((node.name, request.service, jid))
        if existing is not None:
            if not existing.active:
                raise PendingError
            return existing
        pending = needs_approval(model, role)
        subscription = Subscription(
            node.name,
            request.service,
            jid,
            subid,
            now,
            SubscriptionState.PENDING if pending else SubscriptionState.SUBSCRIBED,
            options.deliver,
            options.expire,
        )
        self._put(subscription)
        if pending:
            owners, event = self._roles.owners(node), ApprovalWanted(subscription)
            self._notices.tell(node.name, request.service, owners, event)
        else:
            self._welcome(node, subscription)
        return subscription

    def unsubscribe(self, request: Request, jid: str, subid: str | None) -> None:
        """End a subscription of the actor's (§6.2).

        Raises `ForbiddenError`, `NotSubscribedError`, `InvalidSubidError`.
        """
        subscription = self._own(request, jid, subid)
        self._state.subscriptions.delete(key_of(subscription))
        node = self._existing(subscription.node)
        if node.config.notify_sub and subscription.active:
            owners, event = self._roles.owners(node), SubscriptionEnded(subscription)
            self._notices.tell(node.name, subscription.service, owners, event)

    def subscription(self, request: Request, jid: str, subid: str | None) -> Subscription:
        """Return a subscription of the actor's (§6.3.2). Raises as `unsubscribe` does."""
        return self._own(request, jid, subid)

    def set_options(
        self, request: Request, jid: str, subid: str | None, options: Options, now: datetime
    ) -> None:
        """Change the options of a subscription of the actor's (§6.3.5).

        Raises as `unsubscribe` does, and `InvalidOptionsError`.
        """
        subscription = self._own(request, jid, subid)
        _check_options(options, now)
        changed = replace(subscription, deliver=options.deliver, expire=options.expire)
        self._put(changed)

    def decide(
        self, request: Request, jid: str, subid: str | None, *, allow: bool
    ) -> Subscription | None:
        """Approve or deny a pending subscription, as an owner (§8.6).

        Returns it if it is subscribed now. Whatever is pending no longer stays as it is. Raises
        `ForbiddenError`.
        """
        node = self._owned(request)
        for subscription in list(self._state.subscriptions_by(bare(jid), node.name)):
            if subscription.active or subscription.jid != jid:
                continue
            if subid not in (None, subscription.subid):
                continue
            if not allow:
                self._end(subscription)
                return None
            approved = replace(subscription, state=SubscriptionState.SUBSCRIBED)
            self._put(approved)
            self._notices.tell_changed(approved)
            self._welcome(node, approved)
            return approved
        return None

    def undeliverable(self, service: str, jid: str) -> None:
        """End the subscriptions of a JID that is gone for good, as its server says (§12.4)."""
        for subscription in list(self._state.subscriptions_of.of(bare(jid))):
            if (subscription.service, subscription.jid) == (service, jid):
                self._state.subscriptions.delete(key_of(subscription))

    def _own(self, request: Request, jid: str, subid: str | None) -> Subscription:
        node = self.hosted(request)
        if bare(jid) != request.account:
            raise ForbiddenError
        subscription = self._state.subscriptions.get((node.name, request.service, jid))
        if subscription is None:
            raise NotSubscribedError
        if subid not in (None, subscription.subid):
            raise InvalidSubidError
        return subscription

    def _welcome(self, node: Node, subscription: Subscription) -> None:
        """Send the newest item to a new subscriber, and the news of the subscriber to owners."""
        config = node.config
        if config.notify_sub:
            owners, event = self._roles.owners(node), SubscriptionChanged(subscription)
            self._notices.tell(node.name, subscription.service, owners, event)
        items = self._state.items_at.of(node.name)
        if config.send_last_published_item is SendLast.NEVER or not items:
            return
        if config.deliver_notifications and subscription.deliver:
            last = LastItem(items[-1], config.deliver_payloads)
            self._notices.tell(node.name, subscription.service, (subscription.jid,), last)


def _check_options(options: Options, now: datetime) -> None:
    if options.expire is not None and options.expire <= now:
        raise InvalidOptionsError
