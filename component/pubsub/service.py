"""The publish-subscribe service (XEP-0060): who may do what, and what subscribers are told.

Operations either succeed or raise a `PubSubError`; they check everything before they change
anything. What subscribers must be told is left for the engine to take (`take_notifications`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from component.pubsub.access import Action, check, permits
from component.pubsub.addresses import Addresses, bare
from component.pubsub.errors import (
    AddressNotFoundError,
    ForbiddenError,
    InvalidSubidError,
    JidMismatchError,
    NodeNotFoundError,
    NodeRequiredError,
    NotSubscribedError,
)
from component.pubsub.model import (
    Affiliation,
    Item,
    ItemPublished,
    ItemRetracted,
    Node,
    Notification,
    Role,
    Subscription,
)
from component.pubsub.notices import Notices
from component.pubsub.paging import Page, Paged, paged
from component.pubsub.provision import Provisioning
from component.pubsub.roles import Roles
from component.pubsub.state import State, key_of
from component.records import Ledger


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks, at which address, about which node."""

    actor: str
    """The JID that the request came from, bare or full."""
    service: str
    node: str | None = None
    """None where the request names none."""

    @property
    def account(self) -> str:
        """The actor's bare JID, which is what rights are given to (§4.1)."""
        return bare(self.actor)


@dataclass(frozen=True, slots=True)
class Retrieved:
    """Items of a node, oldest first."""

    node: str
    items: tuple[Item, ...]
    page: Paged[Item] | None = None
    """Where they stand among all, if a page was asked for."""


class PubSub:
    """All nodes of the component, at all its addresses.

    `privileged` gives accounts, bare JIDs, a role at every managed node.

    Every operation that takes a `Request` raises `AddressNotFoundError` if there is nothing at its
    address, `NodeNotFoundError` if the address does not host its node, and, where it is about one
    node, `NodeRequiredError` if none is named.
    """

    def __init__(self, ledger: Ledger, domain: str, privileged: Mapping[str, Role]) -> None:
        self._addresses = Addresses(domain)
        self._state = State(ledger)
        self._roles = Roles(self._state, privileged)
        self._notices = Notices(self._state)
        self._provisioning = Provisioning(self._addresses, self._state, self._roles, self._notices)
        self.nodes = self._state.nodes
        self.affiliations = self._state.affiliations
        self.subscriptions = self._state.subscriptions
        self.items = self._state.items

    def load(
        self,
        nodes: Iterable[Node],
        affiliations: Iterable[Affiliation],
        subscriptions: Iterable[Subscription],
        items: Iterable[Item],
    ) -> None:
        """Take over what the store has."""
        self._state.load(nodes, affiliations, subscriptions, items)

    def take_notifications(self) -> list[Notification]:
        """Return what subscribers must be told since this was last called."""
        return self._notices.take()

    # What the service itself does. ------------------------------------------------------------

    def provision(self, accounts: Mapping[str, str], max_items: int) -> None:
        """Make the managed nodes what they should be: one per extension, none besides.

        `accounts` maps each extension to its linked account, a bare JID, or to nothing ("").
        Whoever loses the right to a node loses the subscription too, and is told.
        """
        self._provisioning.run(accounts, max_items)

    def publish(
        self, node_name: str, item_id: str, payload: str, publisher: str, now: datetime
    ) -> None:
        """Publish an item on behalf of the service, in place of one with the same id (§7.1).

        The oldest items beyond the node's maximum go. Raises `NodeNotFoundError`.
        """
        node = self._existing(node_name)
        item = Item(node.name, item_id, payload, publisher, now, self._state.next_seq())
        self.items.put((node.name, item_id), item)
        self._state.trim(node)
        self._notices.tell_subscribers(node.name, ItemPublished(item))

    def retract(self, node_name: str, item_id: str) -> None:
        """Retract an item on behalf of the service; one that is gone already is no error.

        Raises `NodeNotFoundError`.
        """
        node = self._existing(node_name)
        if (node.name, item_id) in self.items:
            self.items.delete((node.name, item_id))
            self._notices.tell_subscribers(node.name, ItemRetracted(item_id))

    # What entities ask for. -------------------------------------------------------------------

    def subscribe(self, request: Request, jid: str, subid: str, now: datetime) -> Subscription:
        """Subscribe a JID of the actor's (§6.1); who is subscribed already stays as they are.

        Raises `JidMismatchError`, `ClosedNodeError`, `ForbiddenError`.
        """
        node = self.hosted(request)
        if bare(jid) != request.account:
            raise JidMismatchError
        check(node.access_model, self._roles.of(request.account, node), Action.SUBSCRIBE)
        subscription = Subscription(node.name, request.service, jid, subid, now)
        existing = self.subscriptions.get(key_of(subscription))
        if existing is not None:
            return existing
        self.subscriptions.put(key_of(subscription), subscription)
        return subscription

    def unsubscribe(self, request: Request, jid: str, subid: str | None) -> None:
        """End a subscription of the actor's (§6.2).

        Raises `ForbiddenError`, `NotSubscribedError`, `InvalidSubidError`.
        """
        node = self.hosted(request)
        if bare(jid) != request.account:
            raise ForbiddenError
        subscription = self.subscriptions.get((node.name, request.service, jid))
        if subscription is None:
            raise NotSubscribedError
        if subid not in (None, subscription.subid):
            raise InvalidSubidError
        self.subscriptions.delete(key_of(subscription))

    def subscriptions_of(self, request: Request) -> list[Subscription]:
        """Return the actor's subscriptions at the address, all or those to one node (§5.6)."""
        nodes = None if request.node is None else {self.hosted(request).name}
        self.check_address(request.service)
        return [
            subscription
            for subscription in self._state.subscriptions_of.of(request.account)
            if subscription.service == request.service
            and (nodes is None or subscription.node in nodes)
        ]

    def affiliations_of(self, request: Request) -> list[Affiliation]:
        """Return the actor's affiliations at the address, all or that with one node (§5.7)."""
        nodes = self._concerning(request) if request.node is None else [self.hosted(request)]
        account = request.account
        held = (Affiliation(node.name, account, self._roles.of(account, node)) for node in nodes)
        return [affiliation for affiliation in held if affiliation.role is not Role.NONE]

    def retrieve(
        self,
        request: Request,
        ids: Sequence[str] = (),
        max_items: int | None = None,
        subid: str | None = None,
        page: Page | None = None,
    ) -> Retrieved:
        """Return the items with these ids, or all; of these the `max_items` newest (§6.5).

        Of what is left, a `page` may be asked for (§6.5.4).

        Raises `ClosedNodeError`, `ForbiddenError`, `SubscriptionRequiredError`,
        `InvalidSubidError`, `PageNotFoundError`.
        """
        node = self.hosted(request)
        subids = {
            subscription.subid
            for subscription in self._state.subscriptions_at.of(node.name)
            if bare(subscription.jid) == request.account
        }
        action = Action.RETRIEVE if subids else Action.RETRIEVE_UNSUBSCRIBED
        check(node.access_model, self._roles.of(request.account, node), action)
        if subids and subid is not None and subid not in subids:
            raise InvalidSubidError
        items: Iterable[Item | None] = self._state.items_at.of(node.name)
        if ids:
            items = (self.items.get((node.name, item_id)) for item_id in dict.fromkeys(ids))
        found = tuple(item for item in items if item is not None)
        newest = len(found) if max_items is None else max_items
        found = found[max(0, len(found) - newest) :]
        if page is None:
            return Retrieved(node.name, found)
        part = paged(found, page, lambda item: item.id)
        return Retrieved(node.name, part.entries, part)

    # What there is to discover. ---------------------------------------------------------------

    def check_address(self, service: str) -> None:
        """Raise `AddressNotFoundError` unless this is the component's domain or an extension's."""
        if service != self._addresses.domain and self._account(service) is None:
            raise AddressNotFoundError

    def hosted(self, request: Request) -> Node:
        """Return the node that is asked about; at an extension's own address it needs no name."""
        self.check_address(request.service)
        account = self._account(request.service)
        if account is not None:
            if request.node not in (None, account.name):
                raise NodeNotFoundError
            return account
        if request.node is None:
            raise NodeRequiredError
        return self._existing(request.node)

    def visible(self, request: Request) -> list[Node]:
        """Return the nodes at the address that the actor may subscribe to.

        Others are not shown: their titles are not everybody's business.
        """
        return [
            node
            for node in self._concerning(request)
            if permits(node.access_model, self._roles.of(request.account, node), Action.SUBSCRIBE)
        ]

    # Parts of the above. ----------------------------------------------------------------------

    def _existing(self, node_name: str) -> Node:
        node = self.nodes.get(node_name)
        if node is None:
            raise NodeNotFoundError
        return node

    def _account(self, service: str) -> Node | None:
        """Return the node of the extension whose address this is."""
        name = self._addresses.only_node(service)
        node = None if name is None else self.nodes.get(name)
        return node if node is not None and node.managed else None

    def _concerning(self, request: Request) -> Iterator[Node]:
        """Yield the nodes at the address with which the actor might have any standing."""
        self.check_address(request.service)
        account = self._account(request.service)
        if account is not None:
            return iter([account])
        return self._roles.nodes_concerning(request.account)
