"""Managed nodes: one per extension, open to the linked account."""

from collections.abc import Mapping
from dataclasses import replace

from component.pubsub.access import Action, permits
from component.pubsub.addresses import Addresses, bare, extension_node
from component.pubsub.model import Affiliation, Node, NodeDeleted, Role
from component.pubsub.notices import Notices
from component.pubsub.roles import Roles
from component.pubsub.state import State, key_of


class Provisioning:
    """Makes the managed nodes what the extensions, their accounts and the configuration say."""

    def __init__(self, addresses: Addresses, state: State, roles: Roles, notices: Notices) -> None:
        self._addresses = addresses
        self._state = state
        self._roles = roles
        self._notices = notices

    def run(self, accounts: Mapping[str, str], max_items: int) -> None:
        """Reconcile all managed nodes; `accounts` maps extensions to linked accounts or ""."""
        wanted = {extension_node(extension): extension for extension in accounts}
        for node in list(self._state.nodes.values()):
            if node.managed and node.name not in wanted:
                self._remove(node)
        for name, extension in wanted.items():
            node = self._set_up(name, f"Calls of extension {extension}", max_items)
            self._state.trim(node)
            self._link(node, accounts[extension])
            self._forget_elsewhere(node)
            self._end_unentitled(node)

    def _set_up(self, name: str, title: str, max_items: int) -> Node:
        existing = self._state.nodes.get(name)
        node = existing or Node(name, managed=True, title=title)
        node = replace(node, managed=True, title=title, max_items=max_items)
        if node != existing:
            self._state.nodes.put(name, node)
        return node

    def _link(self, node: Node, account: str) -> None:
        """Make the linked account the only member."""
        for held in list(self._state.affiliations_at.of(node.name)):
            if held.role is Role.MEMBER and held.jid != account:
                self._state.affiliations.delete((node.name, held.jid))
        if account and (node.name, account) not in self._state.affiliations:
            member = Affiliation(node.name, account, Role.MEMBER)
            self._state.affiliations.put((node.name, account), member)

    def _forget_elsewhere(self, node: Node) -> None:
        """Drop subscriptions made when the component had another name.

        Nobody can be told: a server lets us send from our own addresses only.
        """
        for subscription in list(self._state.subscriptions_at.of(node.name)):
            if not self._addresses.hosts(subscription.service, node.name):
                self._state.subscriptions.delete(key_of(subscription))

    def _end_unentitled(self, node: Node) -> None:
        for subscription in list(self._state.subscriptions_at.of(node.name)):
            role = self._roles.of(bare(subscription.jid), node)
            if not permits(node.access_model, role, Action.SUBSCRIBE):
                self._state.subscriptions.delete(key_of(subscription))
                self._notices.tell_ended(subscription)

    def _remove(self, node: Node) -> None:
        self._notices.tell_subscribers(node.name, NodeDeleted())
        for subscription in list(self._state.subscriptions_at.of(node.name)):
            self._state.subscriptions.delete(key_of(subscription))
        for held in list(self._state.affiliations_at.of(node.name)):
            self._state.affiliations.delete((held.node, held.jid))
        for item in list(self._state.items_at.of(node.name)):
            self._state.items.delete((item.node, item.id))
        self._state.nodes.delete(node.name)
