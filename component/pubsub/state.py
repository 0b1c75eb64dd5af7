"""What the service remembers: the records, and the indexes that are derived from them."""

import heapq
from collections import Counter
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice

from component.pubsub.addresses import Addresses, bare, localpart
from component.pubsub.at_hand import AtHand, ItemKey
from component.pubsub.audience import Audience
from component.pubsub.configuration import AccessModel
from component.pubsub.crowd import Crowd, Kind, Refusal
from component.pubsub.index import Index
from component.pubsub.model import (
    Affiliation,
    Held,
    Item,
    Node,
    Redirect,
    Role,
    Subscription,
    in_store,
)
from component.pubsub.presence import Contact, Presence
from component.pubsub.waiting import Waiting
from component.records import Ledger, Table

PUBLIC = (AccessModel.OPEN, AccessModel.AUTHORIZE)
"""Everybody may subscribe to these, or ask to."""

_EVER = datetime.min.replace(tzinfo=UTC)
_NEVER = datetime.max.replace(tzinfo=UTC)

SubscriptionKey = tuple[str, str, str, str]
"""(node, service address, subscriber's JID, subscription identifier)"""

Due = tuple[datetime, SubscriptionKey | ItemKey]
"""When something has to be done about a record."""

SPARE_DUES = 1000
"""How many may be known that are of no account any more, besides as many as are."""

LEASE_REMINDER = timedelta(days=1)
"""How long before its end a subscriber is told of it."""

Groups = Sequence[tuple[str, tuple[str, ...], tuple[str, ...], bool]]
"""(service address, JIDs, which of their subscriptions they are named, whether a text is wanted)"""


class State:
    """Nodes, affiliations, subscriptions, items, and contacts.

    Only `PubSub` changes it; the engine commits or undoes what was changed, through the ledger.
    What `privileged` accounts have is not counted.
    """

    def __init__(self, ledger: Ledger, addresses: Addresses, privileged: Container[str]) -> None:
        self.ledger = ledger
        self._addresses = addresses
        self.nodes: Table[str, Node] = Table(ledger, self._node_changed)
        self.open_nodes: set[str] = set()
        self.volatile_nodes: set[str] = set()
        """From which items go with their publishers (pubsub#purge_offline)."""
        self._folded: dict[str, str] = {}
        """Names of nodes by the localparts of their addresses, where the two differ."""
        self.affiliations: Table[tuple[str, str], Affiliation] = Table(
            ledger, self._affiliation_changed
        )
        self.subscriptions: Table[SubscriptionKey, Subscription] = Table(
            ledger, self._subscription_changed, lambda old, _: self.waiting.subscription_put(old)
        )
        self.items: Table[tuple[str, str], Item] = Table(ledger, self._item_changed)
        self.redirects: Table[str, Redirect] = Table(ledger)
        """By the names of nodes that are gone; the oldest first."""
        self.waiting = Waiting(ledger)
        self.now = _EVER
        """The time, as it was when the service last heard of it."""
        self.settled_at = _EVER
        """From when on it is known who is online: all have been asked, and had time to answer."""
        self.doubtful: Table[tuple[str, str], datetime] = Table(ledger)
        """Accounts of which nothing is known to be online, by address, noted before that."""
        self.contacts: Table[tuple[str, str], Contact] = Table(ledger, self._contact_changed)
        self.presences: Table[str, Presence] = Table(ledger)
        """What is shown at extensions' addresses, by address; none is offline. It follows from
        the state of agents, and is not stored."""
        self.audience = Audience(ledger, self._audience_changed)
        self.refusals: Counter[Refusal] = Counter()
        """Whom limits have kept out, until the engine takes it."""
        self.subscribers = Crowd(Kind.SUBSCRIPTION, privileged, self.refusals)
        """Subscriptions to nodes that are for all."""
        self.visitors = Crowd(Kind.CONTACT, privileged, self.refusals)
        """Contacts of addresses that are for all."""
        self.attendance = Crowd(Kind.PRESENCE, privileged, self.refusals)
        """What is known to be online there."""
        self.owners = Crowd(Kind.NODE, privileged, self.refusals)
        """Nodes by their owners, as far as those are on record."""
        self.contacts_at: Index[Contact] = Index(lambda c: c.service, lambda c: c.jid)
        self.affiliations_at: Index[Affiliation] = Index(lambda a: a.node, lambda a: a.jid)
        self.affiliations_of: Index[Affiliation] = Index(lambda a: a.jid, lambda a: a.node)
        self.subscriptions_at: Index[Subscription] = Index(
            lambda s: s.node, lambda s: (s.service, s.jid, s.subid)
        )
        self.subscriptions_of: Index[Subscription] = Index(
            lambda s: bare(s.jid), lambda s: (s.node, s.service, s.jid, s.subid)
        )
        self.items_at: Index[Item] = Index(lambda i: i.node, lambda i: i.seq)
        self.regulars: dict[str, Groups] = {}
        """Whom nodes tell what is new, as `Notices` has found out; gone when a subscription
        changes."""
        self.goes_on: Callable[[Item], bool] = lambda _: False
        """Whether an item tells of something that is not over: it is not too old then."""
        self._at_hand = AtHand()
        self._last_seq = 0
        self._due: list[Due] = []
        """A heap. What has changed meanwhile stays in it: whoever takes it out looks again."""
        self._most_dues = SPARE_DUES
        """When there are more, what is of no account any more is dropped. It may be much: a lease
        that is renewed, an item that is published anew, long before they end."""

    def load(
        self,
        nodes: Iterable[Node],
        affiliations: Iterable[Affiliation],
        subscriptions: Iterable[Subscription],
        items: Iterable[Item],
        contacts: Iterable[Contact] = (),
        *,
        redirects: Iterable[Redirect] = (),
        held: Iterable[Held] = (),
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
        for contact in contacts:
            self.contacts.load((contact.service, contact.jid), contact)
        for redirect in redirects:
            self.redirects.load(redirect.node, redirect)
        for one in held:
            self.waiting.held.load((one.node, one.seq), one)

    def excuse(self, privileged: Container[str]) -> None:
        """Let what other accounts have not be counted."""
        for crowd in (self.subscribers, self.visitors, self.attendance, self.owners):
            crowd.excuse(privileged)

    def node_of_account(self, local: str | None) -> Node | None:
        """Return the node whose address has this localpart: only managed nodes have addresses."""
        node = self.nodes.get(self._folded.get(local, local)) if local else None
        return node if node is not None and node.managed else None

    def next_seq(self, now: datetime) -> int:
        """Return a number greater than that of any item so far, also of those that are gone.

        It is the time in microseconds, so that it is so after a restart too.
        """
        self.now = now
        return max(self._last_seq + 1, _number_of(now))

    def resume(self, now: datetime) -> None:
        """Take note that any number up to now may have been given before a restart.

        And that nobody has been heard of yet.
        """
        self._last_seq = max(self._last_seq, _number_of(now))
        self.settled_at = _NEVER

    def was_given(self, seq: int) -> bool:
        """Tell whether a number may be that of an item, if only of one that is gone."""
        return seq <= self._last_seq

    def next_due(self, now: datetime) -> Due | None:
        """Take out what may have to be done by now; None if there is nothing."""
        if self._due and self._due[0][0] <= now:
            return heapq.heappop(self._due)
        return None

    def note_done(self, due: Due) -> None:
        """Take note that something was done that no record shows; it is due again if undone."""
        self.ledger.note(lambda: heapq.heappush(self._due, due))

    @property
    def is_settled(self) -> bool:
        """Whether it is known who is online."""
        return self.now >= self.settled_at

    def due(self) -> datetime | None:
        """Return when something may have to end or to be sent, None if nothing will."""
        times = [self._due[0][0]] if self._due else []
        times += [self.settled_at] if len(self.doubtful) else []
        return min(times, default=None)

    def trim(self, node: Node) -> list[Item]:
        """Drop the oldest items beyond what the node keeps, but none that goes on; return them."""
        items = self.items_at.of(node.name)
        is_kept = node.config.persist_items
        surplus = len(items) - (node.config.max_items if is_kept else 0)
        if surplus <= 0:
            return []
        over = (item for item in items if not (is_kept and self.goes_on(item)))
        dropped = list(islice(over, surplus))
        for item in dropped:
            self.items.delete((item.node, item.id))
        return dropped

    def empty(self, node_name: str) -> None:
        """Drop all items of a node."""
        for item in list(self.items_at.of(node_name)):
            self.items.delete((item.node, item.id))

    def forget_payloads(self) -> None:
        """Leave to the store what is too much for the memory. Everything must be committed."""
        while (key := self._at_hand.surplus()) is not None:
            item = self.items[key]
            self.items.load(key, replace(item, payload=in_store(item.payload_size)))

    def remove(self, node_name: str) -> None:
        """Drop a node with all that hangs on it."""
        self.empty(node_name)
        for subscription in list(self.subscriptions_at.of(node_name)):
            self.subscriptions.delete(key_of(subscription))
        for held in list(self.affiliations_at.of(node_name)):
            self.affiliations.delete((held.node, held.jid))
        self.nodes.delete(node_name)

    def subscriptions_by(self, account: str, node_name: str) -> list[Subscription]:
        """Return the subscriptions of all JIDs of an account to a node, pending ones too."""
        # Software may be subscribed to every node, and a node may have a thousand subscribers.
        of, at = self.subscriptions_of.of(account), self.subscriptions_at.of(node_name)
        if len(of) < len(at):
            return [s for s in of if s.node == node_name]
        return [s for s in at if bare(s.jid) == account]

    def is_open(self, service: str) -> bool:
        """Tell whether everybody may come to an address, as to that of the service itself."""
        node = self.node_of_account(self._addresses.account(service))
        return service == self._addresses.domain or (node is not None and _is_open(node))

    def _node_changed(self, old: Node | None, new: Node | None) -> None:
        was_open, is_open = (node is not None and _is_open(node) for node in (old, new))
        if old is not None and was_open and not is_open:
            self._count_at(old, -1)
        if new is not None and is_open and not was_open:
            self._count_at(new, 1)
        if old is not None:
            self.open_nodes.discard(old.name)
            self.volatile_nodes.discard(old.name)
            self._folded.pop(localpart(old.name), None)
        if new is not None and _is_open(new):
            self.open_nodes.add(new.name)
        if new is not None and new.config.purge_offline:
            self.volatile_nodes.add(new.name)
        if new is not None and new.managed and localpart(new.name) != new.name:
            self._folded[localpart(new.name)] = new.name
        if old is not None and new is not None:
            for item in self.items_at.of(new.name):
                self._watch(item)

    def _affiliation_changed(self, old: Affiliation | None, new: Affiliation | None) -> None:
        self.affiliations_at.changed(old, new)
        self.affiliations_of.changed(old, new)
        for held, change in ((old, -1), (new, 1)):
            if held is not None and held.role is Role.OWNER:
                self.owners.count(held.jid, change)

    def _subscription_changed(self, old: Subscription | None, new: Subscription | None) -> None:
        if not (old and old.digest and new and new.digest):  # whom regulars do not include
            for changed in (old, new):
                if changed is not None:
                    self.regulars.pop(changed.node, None)
        self.waiting.subscription_changed(old, new)
        self.subscriptions_at.changed(old, new)
        self.subscriptions_of.changed(old, new)
        if old is None or new is None:  # else it is the same JID's
            for held, change in ((old, -1), (new, 1)):
                if held is not None and held.node in self.open_nodes:
                    self.subscribers.count(held.jid, change)
        if new is not None and new.expire is not None and (old is None or old.expire != new.expire):
            self._await((new.expire, key_of(new)))
            reminder = reminder_of(new)
            if reminder is not None and reminder > self.now:
                self._await((reminder, key_of(new)))
        if new is not None and new.digest is not None and new.digest.due is not None:
            self._await((new.digest.due, key_of(new)))

    def _contact_changed(self, old: Contact | None, new: Contact | None) -> None:
        self.contacts_at.changed(old, new)
        for contact, change in ((old, -1), (new, 1)):
            if contact is not None and self.is_open(contact.service):
                self.visitors.count(contact.jid, change)

    def _audience_changed(self, service: str, jid: str, change: int) -> None:
        if self.is_open(service):
            self.attendance.count(jid, change)

    def _count_at(self, node: Node, change: int) -> None:
        """Count those who are at a node that is, or was, for all."""
        for subscription in self.subscriptions_at.of(node.name):
            self.subscribers.count(subscription.jid, change)
        if node.managed:
            address = self._addresses.of(node.name)
            for contact in self.contacts_at.of(address):
                self.visitors.count(contact.jid, change)
            for resource in self.audience.at(address):
                self.attendance.count(resource.jid, change)

    def _item_changed(self, old: Item | None, new: Item | None) -> None:
        self.items_at.changed(old, new)
        self._at_hand.changed(old, new)
        if new is not None:
            self._last_seq = max(self._last_seq, new.seq)
            self._watch(new)

    def _watch(self, item: Item) -> None:
        """Remember when an item ends, if it does."""
        node = self.nodes.get(item.node)
        at = None if node is None else expiry_of(item, node)
        if at is not None:
            self._await((at, (item.node, item.id)))

    def _await(self, due: Due) -> None:
        """Remember when something has to be done."""
        heapq.heappush(self._due, due)
        if len(self._due) > self._most_dues:
            self._due = [due for due in set(self._due) if self._is_of_account(due)]
            heapq.heapify(self._due)
            self._most_dues = 2 * len(self._due) + SPARE_DUES

    def _is_of_account(self, due: Due) -> bool:
        """Tell whether something has to be done then, as far as is known now.

        What is undone is remembered again.
        """
        at, key = due
        if at <= self.now:
            return True  # it is about to be taken out
        if len(key) == 2:
            item, node = self.items.get(key), self.nodes.get(key[0])
            return item is not None and node is not None and expiry_of(item, node) == at
        subscription = self.subscriptions.get(key)
        if subscription is None:
            return False
        digest = subscription.digest
        times = (subscription.expire, reminder_of(subscription), digest.due if digest else None)
        return at in times


def key_of(subscription: Subscription) -> SubscriptionKey:
    """Return the key of a subscription's record."""
    return subscription.node, subscription.service, subscription.jid, subscription.subid


def _number_of(time: datetime) -> int:
    return int(time.timestamp() * 1e6)


def _is_open(node: Node) -> bool:
    return node.config.access_model in PUBLIC


def reminder_of(subscription: Subscription) -> datetime | None:
    """Return when a subscriber is told that a lease is almost over; None if it never lasts long."""
    expire = subscription.expire
    if expire is None or expire - subscription.since <= LEASE_REMINDER:
        return None
    return expire - LEASE_REMINDER


def expiry_of(item: Item, node: Node) -> datetime | None:
    """Return when an item ends by itself, None if it does not."""
    seconds = node.config.item_expire
    return None if seconds is None else item.published_at + timedelta(seconds=seconds)
