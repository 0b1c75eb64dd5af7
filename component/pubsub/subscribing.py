"""Subscriptions: made, configured, approved, ended."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from component.pubsub.access import Action, needs_approval
from component.pubsub.addresses import bare
from component.pubsub.errors import (
    ForbiddenError,
    InvalidOptionsError,
    InvalidSubidError,
    JidMismatchError,
    NotSubscribedError,
    PendingError,
    SubidRequiredError,
    TooManySubscriptionsError,
    UnsupportedError,
)
from component.pubsub.model import (
    Digest,
    Node,
    Subscription,
    SubscriptionState,
)
from component.pubsub.rules import Request, Rules
from component.pubsub.state import key_of


@dataclass(frozen=True, slots=True)
class Options:
    """What a subscriber wishes of a subscription (§6.3); the defaults are the service's."""

    deliver: bool = True
    expire: datetime | None = None
    include_body: bool = False
    show_values: frozenset[str] = frozenset()
    until_offline: bool = False
    digest: timedelta | None = None
    """So long, at least, lies between two digests; None: each notification comes alone."""

    @classmethod
    def of(cls, subscription: Subscription) -> "Options":
        """Return the options that a subscription has."""
        return cls(
            subscription.deliver,
            subscription.expire,
            subscription.include_body,
            subscription.show_values,
            subscription.until_offline,
            _every(subscription.digest),
        )


DEFAULT_OPTIONS = Options()

MAX_SUBSCRIPTIONS = 10
"""Of one JID to one node, at one address."""


class Subscribing(Rules):
    """What entities do with their subscriptions, and the service when they cannot be reached."""

    def subscribe(
        self,
        request: Request,
        jid: str,
        subid: str,
        now: datetime,
        options: Options | None = None,
    ) -> Subscription:
        """Subscribe a JID of the actor's (§6.1).

        Who asks for other options than those of the subscriptions that there are gets one more
        (§6.1.6). Who asks for what there is, or for no options at all, gets what there is: most
        software subscribes each time it starts.

        Raises `JidMismatchError`, `ClosedNodeError`, `ForbiddenError`, `PendingError`,
        `UnsupportedError`, `InvalidOptionsError`, `TooManySubscriptionsError`, `FullError`.
        """
        node = self.hosted(request)
        if bare(jid) != request.account:
            raise JidMismatchError
        role = self._role(request, node)
        model = node.config.access_model
        self._check_access(request.account, node, Action.SUBSCRIBE)
        if not node.config.subscribe:
            raise UnsupportedError("subscribe")
        wanted = options or DEFAULT_OPTIONS
        self._check_options(node, request.service, jid, wanted, now)
        held = self._held(node, request.service, jid)
        if not all(existing.active for existing in held):
            raise PendingError
        for existing in held:
            if options is None or Options.of(existing) == wanted:
                return existing
        if len(held) >= MAX_SUBSCRIPTIONS:
            raise TooManySubscriptionsError
        self._check_room(node, jid)
        pending = needs_approval(model, role)
        subscription = Subscription(
            node.name,
            request.service,
            jid,
            subid,
            now,
            SubscriptionState.PENDING if pending else SubscriptionState.SUBSCRIBED,
            wanted.deliver,
            wanted.expire,
            wanted.include_body,
            wanted.show_values,
            wanted.until_offline,
            _digest(wanted.digest),
        )
        self._put(subscription)
        if pending:
            self._notices.ask(subscription, self._roles.owners(node))
        else:
            self._reminders.welcome(node, subscription)
        return subscription

    def unsubscribe(self, request: Request, jid: str, subid: str | None) -> None:
        """End a subscription of the actor's (§6.2).

        Raises `ForbiddenError`, `NotSubscribedError`, `SubidRequiredError`, `InvalidSubidError`.
        """
        subscription = self._own(request, jid, subid)
        self._drop(subscription)

    def subscription(self, request: Request, jid: str, subid: str | None) -> Subscription:
        """Return a subscription of the actor's (§6.3.2). Raises as `unsubscribe` does."""
        return self._own(request, jid, subid)

    def set_options(
        self, request: Request, jid: str, subid: str | None, options: Options, now: datetime
    ) -> None:
        """Change the options of a subscription of the actor's (§6.3.5).

        What waits for a digest that is not wanted like that any more is sent.

        Raises as `unsubscribe` does, and `InvalidOptionsError`.
        """
        subscription = self._own(request, jid, subid)
        node = self._existing(subscription.node)
        self._check_options(node, request.service, jid, options, now)
        digest = subscription.digest
        if not options.deliver or options.digest != _every(digest):
            self._notices.digests.send([key_of(subscription)])
            digest = _digest(options.digest)
        changed = replace(
            subscription,
            deliver=options.deliver,
            expire=options.expire,
            include_body=options.include_body,
            show_values=options.show_values,
            until_offline=options.until_offline,
            digest=digest,
        )
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
            return self._approve(node, subscription)
        return None

    def undeliverable(self, service: str, jid: str) -> None:
        """End the subscriptions of a JID to which nothing more can be delivered (§12.4)."""
        for subscription in list(self._state.subscriptions_of.of(bare(jid))):
            if (subscription.service, subscription.jid) == (service, jid):
                self._drop(subscription)

    def _own(self, request: Request, jid: str, subid: str | None) -> Subscription:
        node = self.hosted(request)
        if bare(jid) != request.account:
            raise ForbiddenError
        held = self._held(node, request.service, jid)
        if not held:
            raise NotSubscribedError
        if subid is None and len(held) > 1:
            raise SubidRequiredError
        for subscription in held:
            if subid in (None, subscription.subid):
                return subscription
        raise InvalidSubidError

    def _check_options(
        self, node: Node, service: str, jid: str, options: Options, now: datetime
    ) -> None:
        if options.expire is not None and options.expire <= now:
            raise InvalidOptionsError
        is_temporary = options.until_offline or node.config.tempsub
        there = self._state.audience.of(service, bare(jid))
        if is_temporary and not any(jid in (r.jid, bare(r.jid)) for r in there):
            if self._state.is_settled:
                raise InvalidOptionsError
            self._state.doubtful.put((service, bare(jid)), now)


def _every(digest: Digest | None) -> timedelta | None:
    return None if digest is None else digest.every


def _digest(every: timedelta | None) -> Digest | None:
    return None if every is None else Digest(every)
