"""What all operations stand on: who asks for what, which node is meant, who may own it."""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, replace

from component.pubsub.access import Action, check, needs_approval, permits
from component.pubsub.addresses import Addresses, bare
from component.pubsub.configuration import ItemReply, NodeFull
from component.pubsub.contacts import Contacts
from component.pubsub.crowd import Limit
from component.pubsub.errors import (
    AddressNotFoundError,
    ForbiddenError,
    NodeMovedError,
    NodeNotFoundError,
    NodeRequiredError,
    TooManySubscriptionsError,
)
from component.pubsub.model import (
    Node,
    Role,
    Subscription,
    SubscriptionEnded,
    SubscriptionState,
)
from component.pubsub.notices import Notices
from component.pubsub.policy import DEFAULT_POLICY, MAX_OF_ACCOUNT, Policy
from component.pubsub.reminding import Reminders
from component.pubsub.roles import Roles
from component.pubsub.state import State, SubscriptionKey, key_of
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


class Rules:
    """The state, and what is asked of it everywhere.

    Every operation that takes a `Request` raises `AddressNotFoundError` if there is nothing at its
    address, `NodeNotFoundError` if the address does not host its node, `NodeMovedError` if that has
    been deleted and is somewhere else, and, where it is about one node, `NodeRequiredError` if none
    is named. `privileged`: see `Roles`.
    """

    def __init__(
        self,
        ledger: Ledger,
        domain: str,
        privileged: Mapping[str, Role],
        policy: Policy = DEFAULT_POLICY,
    ) -> None:
        self._policy = policy
        self._addresses = Addresses(domain)
        self._state = State(ledger, self._addresses, privileged)
        self._roles = Roles(self._state, privileged)
        self._notices = Notices(self._state, self._addresses, self._roles.owners)
        self._reminders = Reminders(self._state, self._notices, self._addresses, self.reply_to)
        self._contacts = Contacts(
            self._state, self._roles, self._notices, self._addresses, self._reminders
        )

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
        moved = self._state.redirects.get(request.node)
        if moved is not None:
            raise NodeMovedError(moved.uri)
        return self._existing(request.node)

    def reply_to(self, node: Node, publisher: str) -> tuple[str, ...]:
        """Return whom to answer about what somebody has published at a node."""
        return self.replies_to(node, {publisher})[publisher]

    def replies_to(self, node: Node, publishers: Set[str]) -> Mapping[str, tuple[str, ...]]:
        """Return whom to answer about what each of these has published at a node."""
        match node.config.itemreply:
            case ItemReply.OWNER:
                return dict.fromkeys(publishers, tuple(self._roles.owners(node)))
            case ItemReply.PUBLISHER:
                return {publisher: (bare(publisher),) for publisher in publishers}
        return dict.fromkeys(publishers, ())

    # Parts of operations. ---------------------------------------------------------------------

    def _existing(self, node_name: str) -> Node:
        node = self._state.nodes.get(node_name)
        if node is None:
            raise NodeNotFoundError
        return node

    def _account(self, service: str) -> Node | None:
        """Return the node of the extension whose address this is."""
        return self._state.node_of_account(self._addresses.account(service))

    def _role(self, request: Request, node: Node) -> Role:
        return self._roles.of(request.account, node)

    def _owned(self, request: Request) -> Node:
        """Return the node that is asked about. Raises `ForbiddenError` for all but its owners."""
        node = self.hosted(request)
        if self._role(request, node) is not Role.OWNER:
            raise ForbiddenError
        return node

    def _may(self, account: str, node: Node, action: Action) -> bool:
        """Tell whether an account, a bare JID, may do this."""
        return permits(
            node.config.access_model,
            self._roles.of(account, node),
            action,
            is_contact=self._contacts.includes(account, node),
        )

    def _check_access(self, account: str, node: Node, action: Action) -> None:
        """Raise the error that says why an account may not do this, if it may not."""
        check(
            node.config.access_model,
            self._roles.of(account, node),
            action,
            is_contact=self._contacts.includes(account, node),
        )

    def _concerning(self, request: Request) -> Iterator[Node]:
        """Yield the nodes at the address with which the actor might have any standing."""
        self.check_address(request.service)
        account = self._account(request.service)
        if account is not None:
            return iter([account])
        return self._roles.nodes_concerning(request.account)

    def _held(self, node: Node, service: str, jid: str) -> list[Subscription]:
        """Return the subscriptions of a JID to a node, those made at one address."""
        held = self._state.subscriptions_by(bare(jid), node.name)
        return [s for s in held if s.service == service and s.jid == jid]

    def _is_stranger(self, account: str, service: str) -> bool:
        """Tell whether an account is one of the crowd, at an address that is for all."""
        return self._state.is_open(service) and not self._roles.is_known(account)

    def _check_room(self, node: Node, jid: str) -> None:
        """Raise an error if there cannot be one more subscription of a JID to a node.

        What is not for all has no crowd: only so many accounts are let in there, by its owners.

        Raises `TooManySubscriptionsError`, `FullError`.
        """
        account = bare(jid)
        if len(self._state.subscriptions_by(account, node.name)) >= MAX_OF_ACCOUNT:
            self._state.subscribers.refuse(Limit.ACCOUNT)
            raise TooManySubscriptionsError
        if node.name in self._state.open_nodes and not self._roles.is_known(account):
            self._state.subscribers.check(account, self._policy.limits)

    def _put(self, subscription: Subscription) -> None:
        self._state.subscriptions.put(key_of(subscription), subscription)

    def _approve(self, node: Node, subscription: Subscription) -> Subscription:
        """Let a pending subscription be one; return it. The subscriber is told, and welcome."""
        approved = replace(subscription, state=SubscriptionState.SUBSCRIBED)
        self._put(approved)
        self._notices.tell_changed(approved)
        self._reminders.welcome(node, approved)
        return approved

    def _drop(self, subscription: Subscription) -> None:
        """End a subscription whose subscriber knows, or cannot be told."""
        self._state.subscriptions.delete(key_of(subscription))
        self._notices.tell_owners(SubscriptionEnded(subscription))

    def _end(self, subscription: Subscription) -> None:
        """End a subscription on the service's part; the subscriber is told."""
        self._state.subscriptions.delete(key_of(subscription))
        self._notices.tell_ended(subscription)

    def _trim(self, node: Node) -> None:
        """Drop the oldest items beyond what the node keeps; subscribers are told if it says so."""
        dropped, config = self._state.trim(node), node.config
        if config.publish_node_full is NodeFull.RETRACT_OLDEST and config.notifies_retractions:
            self._notices.tell_retracted(node, dropped)

    def _needs_approval(self, account: str, node: Node) -> bool:
        return needs_approval(node.config.access_model, self._roles.of(account, node))

    def _awaiting(self, node: Node) -> set[SubscriptionKey]:
        """Return which subscriptions have yet to be approved, as the rights are now.

        Others that are pending were put off by an owner, and stay so until one decides otherwise.
        """
        pending = [s for s in self._state.subscriptions_at.of(node.name) if not s.active]
        return {key_of(s) for s in pending if self._needs_approval(bare(s.jid), node)}

    def _settle(self, node: Node, awaiting: Set[SubscriptionKey] = frozenset()) -> None:
        """Make the subscriptions fit the rights: some end, some need approval no longer.

        Those to the presence of the node's address too. `awaiting` is what needed approval before
        the rights changed.
        """
        self._contacts.settle(self._addresses.of(node.name))
        for subscription in list(self._state.subscriptions_at.of(node.name)):
            self._fit(node, subscription, awaits=key_of(subscription) in awaiting)

    def _fit(self, node: Node, subscription: Subscription, *, awaits: bool) -> None:
        """Make a subscription fit the subscriber's rights.

        `awaits` is whether it needed approval so far.
        """
        account = bare(subscription.jid)
        if not self._may(account, node, Action.SUBSCRIBE):
            self._end(subscription)
        elif awaits and not subscription.active and not self._needs_approval(account, node):
            self._approve(node, subscription)
