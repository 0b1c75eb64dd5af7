"""What subscribers and contacts must be told, from an operation until the engine takes it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import groupby

from component.pubsub.addresses import Addresses, bare
from component.pubsub.audience import Resource
from component.pubsub.configuration import MessageType
from component.pubsub.digests import Digests
from component.pubsub.model import (
    ApprovalWanted,
    Item,
    ItemPublished,
    ItemRetracted,
    ItemsRetracted,
    Node,
    NodeChanged,
    NodeEvent,
    Notification,
    Subscription,
    SubscriptionChanged,
    SubscriptionEnded,
    SubscriptionEnding,
)
from component.pubsub.presence import Presence, PresenceNotice, PresenceType
from component.pubsub.state import Groups, State

MANY = 10
"""Subscribers of a node, from which on it is remembered whom to tell."""

RETRACTED_AT_ONCE = 100
"""Items that one notification says are retracted: their ids must fit into a stanza."""


class Notices:
    """Notifications that wait to be taken. An operation that is undone has told nobody anything."""

    def __init__(
        self, state: State, addresses: Addresses, owners_of: Callable[[Node], Iterable[str]]
    ) -> None:
        self._state = state
        self._addresses = addresses
        self._owners_of = owners_of
        self._waiting: list[Notification] = []
        self._presences: list[PresenceNotice] = []
        self.digests = Digests(state, self._add, self.is_told_now)

    def tell_subscribers(self, node: Node, event: NodeEvent) -> None:
        """Leave a notification for the subscribers of a node, one per address they used.

        A JID with several subscriptions is told once, and which of them are meant (§6.1.6).
        """
        self._tell(node, event, self._regulars(node))
        if self._state.waiting.subscriptions_at.of(node.name):
            self._tell_digesters(node, event)
        self._tell_audience(node, event)

    def tell_retracted(self, node: Node, items: Sequence[Item]) -> None:
        """Leave notifications, as few as may be, that the service has retracted items."""
        ids = [item.id for item in items]
        for start in range(0, len(ids), RETRACTED_AT_ONCE):
            match ids[start : start + RETRACTED_AT_ONCE]:
                case [item_id]:
                    self.tell_subscribers(node, ItemRetracted(item_id))
                case several:
                    self.tell_subscribers(node, ItemsRetracted(tuple(several)))

    def _tell_digesters(self, node: Node, event: NodeEvent) -> None:
        """Leave a notification for those who want digests, at once if it cannot be part of one."""
        if isinstance(event, ItemPublished | ItemRetracted | NodeChanged):
            self.digests.hold(node, event)
            return
        if isinstance(event, ItemsRetracted):
            for item_id in event.item_ids:
                self.digests.hold(node, ItemRetracted(item_id))
            return
        told_now = partial(self.is_told_now, node)
        active = [s for s in self._subscriptions(node) if s.active]
        digested = self._grouped(active, lambda s: s.digest is not None and told_now(s))
        self._tell(node, event, digested)

    def tell_all(self, node: Node, event: NodeEvent) -> None:
        """Leave a notification for the subscribers, those too who wait for approval (§8.4.2)."""
        told_now = partial(self.is_told_now, node)
        self._tell(node, event, self._grouped(self._subscriptions(node), told_now))
        self._tell_audience(node, event)

    def _tell_audience(self, node: Node, event: NodeEvent) -> None:
        """Leave a notification for those who want it by presence, at the account of the node."""
        if not node.managed or not node.config.subscribe:
            return  # a node "Ext1000" of somebody's would have no part in ext1000's address
        service = self._addresses.of(node.name)
        interested = (r for r in self._state.audience.at(service) if r.is_interested_in(node))
        recipients = tuple(r.jid for r in interested if not self.reaches(node, r))
        self.tell_resources(node, service, recipients, event)

    def is_told_now(self, node: Node, subscription: Subscription) -> bool:
        """Tell whether a subscriber wants notifications, and is online if that matters."""
        if not subscription.deliver:
            return False
        wanted = subscription.show_values
        if not wanted and not node.config.presence_based_delivery:
            return True
        there = self._state.audience.of(subscription.service, bare(subscription.jid))
        return any(r.hears(subscription.jid) and r.is_as_wanted(wanted) for r in there)

    def reaches(self, node: Node, resource: Resource) -> bool:
        """Tell whether what a node notifies reaches a resource by a subscription of its own.

        It is then not notified a second time for its interest, and not at all if it subscribed
        and does not want notifications now.
        """
        held = self._state.subscriptions_by(bare(resource.jid), node.name)
        return any(s.active and resource.hears(s.jid) for s in held)

    def tell_subscriber(self, node: Node, subscription: Subscription, event: NodeEvent) -> None:
        """Leave a notification for a subscriber of what is in the node."""
        held = self._state.subscriptions_by(bare(subscription.jid), node.name)
        there = (subscription.service, subscription.jid)
        several = sum((s.service, s.jid) == there for s in held) > 1
        self._add(
            Notification(
                node.name,
                subscription.service,
                (subscription.jid,),
                event,
                node.config.notification_type,
                (subscription.subid,) if several else (),
                subscription.include_body,
            )
        )

    def tell_resources(
        self,
        node: Node,
        service: str,
        jids: tuple[str, ...],
        event: NodeEvent,
        subids: tuple[str, ...] = (),
        *,
        with_body: bool = False,
    ) -> None:
        """Leave a notification for certain full JIDs of what is in the node."""
        if jids:
            type_ = node.config.notification_type
            self._add(Notification(node.name, service, jids, event, type_, subids, with_body))

    def tell(self, node: str, service: str, jid: str, event: NodeEvent) -> None:
        """Leave a message for a JID about its own standing with a node (§12.14).

        It goes to all of an account's software that is known to be there; else it is kept by the
        server for who is offline: nobody tells them later.
        """
        there = self._state.audience.of(service, jid) if self._state.is_settled else ()
        jids = [resource.jid for resource in there] or [jid]
        self._tell_certain(node, service, jids, event, MessageType.NORMAL)

    def ask(self, subscription: Subscription, owners: Iterable[str]) -> None:
        """Leave a question for owners whether they approve a subscription (§12.13)."""
        node, service, event = subscription.node, subscription.service, ApprovalWanted(subscription)
        self._tell_certain(node, service, owners, event, MessageType.NORMAL)

    def tell_changed(self, subscription: Subscription) -> None:
        """Leave a message for a subscriber of what became of the subscription."""
        event = SubscriptionChanged(subscription)
        self.tell(subscription.node, subscription.service, subscription.jid, event)

    def tell_ended(self, subscription: Subscription) -> None:
        """Leave a message for a subscriber whose subscription was ended, and for owners."""
        event = SubscriptionEnded(subscription)
        self.tell(subscription.node, subscription.service, subscription.jid, event)
        self.tell_owners(event)

    def tell_ending(self, subscription: Subscription) -> None:
        """Leave a reminder for a subscriber whose lease is almost over."""
        event = SubscriptionEnding(subscription)
        self.tell(subscription.node, subscription.service, subscription.jid, event)

    def tell_owners(self, event: SubscriptionChanged | SubscriptionEnded) -> None:
        """Leave a notification for owners who want to know who comes and goes (notify_sub)."""
        subscription = event.subscription
        node = self._state.nodes.get(subscription.node)
        if node is not None and node.config.notify_sub and subscription.active:
            owners, type_ = self._owners_of(node), node.config.notification_type
            self._tell_certain(node.name, subscription.service, owners, event, type_)

    def show(
        self,
        service: str,
        jids: Sequence[str],
        said: Presence | PresenceType,
        probe: str | None = None,
    ) -> None:
        """Leave presence for certain JIDs; in answer to a probe, under its id if that is given."""
        if jids:
            self._presences.append(PresenceNotice(service, tuple(jids), said, probe))
            self._state.ledger.note(self._presences.clear)

    def take(self) -> list[Notification]:
        """Return what waits, which then waits no longer."""
        taken = list(self._waiting)
        self._waiting.clear()
        return taken

    def take_presences(self) -> list[PresenceNotice]:
        """Return the presence that waits, which then waits no longer."""
        taken = list(self._presences)
        self._presences.clear()
        return taken

    def _subscriptions(self, node: Node) -> Sequence[Subscription]:
        return self._state.subscriptions_at.of(node.name)

    def _regulars(self, node: Node) -> Groups:
        """Return who is told what is new in a node.

        Who they are is remembered where they are many, and their presence does not matter.
        """
        known = self._state.regulars.get(node.name)
        is_steady = not node.config.presence_based_delivery
        if known is not None and is_steady:
            return known
        subscriptions = [s for s in self._subscriptions(node) if s.active]
        told_now = partial(self.is_told_now, node)
        groups = self._grouped(subscriptions, lambda s: s.digest is None and told_now(s))
        if (
            len(subscriptions) >= MANY
            and is_steady
            and not any(s.show_values for s in subscriptions)
        ):
            self._state.regulars[node.name] = groups
        return groups

    def _grouped(
        self, subscriptions: Sequence[Subscription], is_told: Callable[[Subscription], bool]
    ) -> Groups:
        """Return who among these is to be told now, those together who are told the same."""
        alike: dict[tuple[str, tuple[str, ...], bool], list[str]] = {}
        for service, jid, subids, with_body in _recipients(subscriptions, is_told):
            alike.setdefault((service, subids, with_body), []).append(jid)
        return tuple(
            (service, tuple(jids), subids, with_body)
            for (service, subids, with_body), jids in alike.items()
        )

    def _tell(self, node: Node, event: NodeEvent, groups: Groups) -> None:
        for service, jids, subids, with_body in groups:
            self._add(
                Notification(
                    node.name,
                    service,
                    jids,
                    event,
                    node.config.notification_type,
                    subids,
                    with_body,
                )
            )

    def _tell_certain(
        self, node: str, service: str, jids: Iterable[str], event: NodeEvent, type_: MessageType
    ) -> None:
        if recipients := tuple(jids):
            self._add(Notification(node, service, recipients, event, type_))

    def _add(self, notification: Notification) -> None:
        self._waiting.append(notification)
        self._state.ledger.note(self._waiting.clear)


def _recipients(
    subscriptions: Sequence[Subscription], is_told: Callable[[Subscription], bool]
) -> Iterator[tuple[str, str, tuple[str, ...], bool]]:
    """Yield once each JID that is to be told, as (service, JID, its subscriptions, with a text).

    The subscriptions are named where there are several.
    """
    if len({(s.service, s.jid) for s in subscriptions}) == len(subscriptions):
        # So it is nearly always, and grouping costs four times as much.
        for s in subscriptions:
            if is_told(s):
                yield s.service, s.jid, (), s.include_body
        return
    for (service, jid), held in groupby(subscriptions, key=lambda s: (s.service, s.jid)):
        several = list(held)
        willing = [s for s in several if is_told(s)]
        if willing:
            subids = tuple(s.subid for s in willing) if len(several) > 1 else ()
            yield service, jid, subids, any(s.include_body for s in willing)
