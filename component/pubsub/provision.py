"""Managed nodes: one per extension, open to the linked account."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace

from component.pubsub.addresses import bare, extension_node
from component.pubsub.configuration import DEFAULT, MANAGED, Configuration
from component.pubsub.model import Node, NodeDeleted, Role
from component.pubsub.policy import DEFAULT_POLICY, Policy
from component.pubsub.rules import Rules
from component.pubsub.state import SubscriptionKey, key_of
from component.records import Ledger


class Provisioning(Rules):
    """Makes the managed nodes what the extensions, their accounts and the configuration say.

    `provision` is for the start; what changes later is told by `host` and `drop`. Of how many items
    they keep, what an administrator says of one counts for more than what is said here of all.
    """

    def __init__(
        self,
        ledger: Ledger,
        domain: str,
        privileged: Mapping[str, Role],
        policy: Policy = DEFAULT_POLICY,
    ) -> None:
        super().__init__(ledger, domain, privileged, policy)
        self._max_items = MANAGED.max_items
        self._alike: dict[Configuration, Configuration] = {}

    def provision(self, accounts: Mapping[str, str], max_items: int) -> None:
        """Make the managed nodes what they should be: one per extension, none besides.

        `accounts` maps each extension to its linked account, a bare JID, or to nothing ("").
        Whoever loses the right to a node loses the subscription too, and is told. Nobody is let in
        who waits: whether for want of a right, or because an owner says so, is not known here.
        """
        wanted = {extension_node(extension): account for extension, account in accounts.items()}
        for node in list(self._state.nodes.values()):
            if node.managed and node.name not in wanted:
                self._take_down(node)
        self._roles.link({name: account for name, account in wanted.items() if account})
        self._max_items = max_items
        self._alike.clear()
        for name in wanted:
            self._set_up(name)
        self._forget_contacts_elsewhere()
        self._contacts.settle(self._addresses.domain)

    def govern(self, privileged: Mapping[str, Role], policy: Policy, max_items: int) -> None:
        """Take over what the configuration says now; `max_items` as in `provision`.

        Whoever loses the right to a node loses the subscription too, and is told.
        """
        before = (self._policy, self._max_items)
        self._set_rules(policy, max_items)
        self._state.ledger.note(lambda: self._set_rules(*before))
        if max_items != before[1]:
            for node in [node for node in self._state.nodes.values() if node.managed]:
                self._set_up(node.name)
        old = self._roles.privileged
        changed = {a for a in old.keys() | privileged.keys() if old.get(a) != privileged.get(a)}
        concerned = self._subscribed(changed)
        awaiting = {key for node in concerned for key in self._awaiting(node)}
        self._roles.give(privileged)
        self._settle_with(changed, concerned, awaiting)

    def host(self, extension: str, account: str) -> None:
        """Give one more extension its node, or its node another account."""
        name = extension_node(extension)
        existing = self._state.nodes.get(name)
        awaiting = self._awaiting(existing) if existing is not None else frozenset()
        self._roles.link_one(name, account)
        self._set_up(name, awaiting)
        self._contacts.settle(self._addresses.domain)

    def drop(self, extension: str) -> None:
        """Take the node of an extension down."""
        name = extension_node(extension)
        self._roles.link_one(name, "")
        node = self._state.nodes.get(name)
        if node is not None and node.managed:
            self._take_down(node)
            self._contacts.settle(self._addresses.domain)

    def defaults(self, service: str) -> Configuration:
        """Return how nodes at an address begin (§8.3). Raises `AddressNotFoundError`."""
        self.check_address(service)
        if self._account(service) is None:
            return DEFAULT
        return replace(MANAGED, max_items=self._max_items)

    def _subscribed(self, accounts: Set[str]) -> list[Node]:
        """Return the nodes that any of these accounts is subscribed to."""
        subscriptions = self._state.subscriptions.values()
        names = {s.node for s in subscriptions if bare(s.jid) in accounts}
        return [self._state.nodes[name] for name in sorted(names)]

    def _settle_with(
        self, accounts: Set[str], nodes: Sequence[Node], awaiting: Set[SubscriptionKey]
    ) -> None:
        """Make fit their rights what is subscribed to at these nodes, and where accounts are."""
        for node in nodes:
            self._settle(node, awaiting)
        contacts = self._state.contacts.values()
        addresses = {contact.service for contact in contacts if bare(contact.jid) in accounts}
        for address in sorted(addresses | self._state.audience.addresses_of(accounts)):
            self._contacts.settle(address)

    def _set_rules(self, policy: Policy, max_items: int) -> None:
        self._policy, self._max_items = policy, max_items

    def _take_down(self, node: Node) -> None:
        self._notices.digests.send_all(node.name)
        self._notices.tell_all(node, NodeDeleted())
        self._state.remove(node.name)
        self._contacts.settle(self._addresses.of(node.name))

    def _set_up(self, name: str, awaiting: Set[SubscriptionKey] = frozenset()) -> None:
        existing = self._state.nodes.get(name)
        if existing is not None and existing.managed:
            node = existing
        else:
            node = Node(name, managed=True, config=MANAGED, created=self._state.now)
        max_items = node.config.max_items if node.has_own_maximum else self._max_items
        config = replace(node.config, max_items=max_items)
        # Nodes that are configured alike, nearly all, share one record of it.
        node = replace(node, config=self._alike.setdefault(config, config))
        if node != existing:
            self._state.nodes.put(name, node)
        self._forget_elsewhere(node)
        self._trim(node)
        self._settle(node, awaiting)

    def _with_maximum(self, node: Node, before: int) -> Node:
        """Note whether a managed node keeps another number of items than all, as is said now."""
        said = node.config.max_items
        if not node.managed or said == before:
            return node
        return replace(node, has_own_maximum=said != self._max_items)

    def _forget_elsewhere(self, node: Node) -> None:
        """Drop subscriptions made when the component had another name.

        Nobody can be told: a server lets us send from our own addresses only.
        """
        for subscription in list(self._state.subscriptions_at.of(node.name)):
            if not self._addresses.hosts(subscription.service, node.name):
                self._state.subscriptions.delete(key_of(subscription))

    def _forget_contacts_elsewhere(self) -> None:
        """Drop presence subscriptions made when the component had another name.

        Presence from there would make the server end the stream, at each reconnect.
        """
        for contact in list(self._state.contacts.values()):
            if contact.service != self._addresses.domain and self._account(contact.service) is None:
                self._state.contacts.delete((contact.service, contact.jid))
