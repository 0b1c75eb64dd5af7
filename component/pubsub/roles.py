"""In which role does an entity stand to a node?"""

from collections.abc import Iterator, Mapping
from itertools import chain

from component.pubsub.model import Node, Role
from component.pubsub.state import State


class Roles:
    """Affiliations as they hold: those on record, and those that the configuration gives.

    `privileged` gives accounts, bare JIDs, a role at every managed node; an owner's holds at all
    nodes. An extension's linked account is a member of its node. These are rules rather than
    records: a hundred thousand extensions and their supervisors cost next to nothing.
    """

    def __init__(self, state: State, privileged: Mapping[str, Role]) -> None:
        self._state = state
        self._privileged = privileged
        self._linked: dict[str, str] = {}
        self._nodes_of: dict[str, tuple[str, ...]] = {}

    def link(self, accounts: Mapping[str, str]) -> None:
        """Make accounts, bare JIDs, members of managed nodes; `accounts` is by name of the node."""
        old = (self._linked, self._nodes_of)
        nodes_of: dict[str, tuple[str, ...]] = {}
        for name, account in accounts.items():
            nodes_of[account] = (*nodes_of.get(account, ()), name)
        self._set_links(dict(accounts), nodes_of)
        self._state.ledger.note(lambda: self._set_links(*old))

    def link_one(self, name: str, account: str) -> None:
        """Make an account the member of one managed node, in place of another; "" is nobody."""
        before = self._linked.get(name, "")
        self._set_link(name, account)
        self._state.ledger.note(lambda: self._set_link(name, before))

    @property
    def privileged(self) -> Mapping[str, Role]:
        """What the configuration gives."""
        return self._privileged

    def give(self, privileged: Mapping[str, Role]) -> None:
        """Let the configuration give roles to other accounts."""
        before = self._privileged
        self._set_privileged(privileged)
        self._state.ledger.note(lambda: self._set_privileged(before))

    def of(self, account: str, node: Node) -> Role:
        """Return the role of an account, a bare JID, at a node.

        A record counts for more than what the configuration gives, except that nobody can take an
        administrator's ownership away.
        """
        record = self._state.affiliations.get((node.name, account))
        return self.given(account, node, Role.NONE if record is None else record.role)

    def given(self, account: str, node: Node, on_record: Role) -> Role:
        """Return the role that an account would have at a node with this one on record."""
        configured = self._configured(account, node)
        is_settled = on_record is Role.NONE or configured is Role.OWNER
        return configured if is_settled else on_record

    def at(self, node: Node) -> dict[str, Role]:
        """Return all roles at a node, by account."""
        accounts = {held.jid for held in self._state.affiliations_at.of(node.name)}
        accounts.update(self._privileged)
        if linked := self._linked.get(node.name):
            accounts.add(linked)
        roles = {account: self.of(account, node) for account in sorted(accounts)}
        return {account: role for account, role in roles.items() if role is not Role.NONE}

    def owners(self, node: Node) -> list[str]:
        """Return the accounts that own a node."""
        return [account for account, role in self.at(node).items() if role is Role.OWNER]

    def is_admin(self, account: str) -> bool:
        """Tell whether an account administers the service."""
        return self._privileged.get(account) is Role.OWNER

    def is_known(self, account: str) -> bool:
        """Tell whether the configuration names an account, or an extension is linked to it."""
        return account in self._privileged or account in self._nodes_of

    def nodes_concerning(self, account: str) -> Iterator[Node]:
        """Yield the nodes where an account may have a role, and those that are for all, by name."""
        if account in self._privileged:
            yield from self._state.nodes.values()
            return
        for name in sorted(self._own(account) | self._state.open_nodes):
            yield self._state.nodes[name]

    def some_concerning(self, account: str) -> Iterator[Node]:
        """Yield the same in no order, for those who need only find one."""
        if account in self._privileged:
            yield from self._state.nodes.values()
            return
        for name in chain(self._own(account), self._state.open_nodes):
            yield self._state.nodes[name]

    def _own(self, account: str) -> set[str]:
        held = {affiliation.node for affiliation in self._state.affiliations_of.of(account)}
        return held.union(self._nodes_of.get(account, ()))

    def _configured(self, account: str, node: Node) -> Role:
        privilege = self._privileged.get(account, Role.NONE)
        if privilege is Role.OWNER or not node.managed:
            return privilege if privilege is Role.OWNER else Role.NONE
        if privilege is Role.NONE and self._linked.get(node.name) == account:
            return Role.MEMBER
        return privilege

    def _set_privileged(self, privileged: Mapping[str, Role]) -> None:
        self._privileged = privileged
        self._state.excuse(privileged)

    def _set_links(self, linked: dict[str, str], nodes_of: dict[str, tuple[str, ...]]) -> None:
        self._linked, self._nodes_of = linked, nodes_of

    def _set_link(self, name: str, account: str) -> None:
        if old := self._linked.pop(name, ""):
            self._nodes_of[old] = tuple(node for node in self._nodes_of[old] if node != name)
            if not self._nodes_of[old]:
                del self._nodes_of[old]
        if account:
            self._linked[name] = account
            self._nodes_of[account] = (*self._nodes_of.get(account, ()), name)
