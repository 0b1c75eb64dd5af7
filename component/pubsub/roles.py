"""In which role does an entity stand to a node?"""

from collections.abc import Iterator, Mapping

from component.pubsub.model import Node, Role
from component.pubsub.state import State


class Roles:
    """Affiliations as they hold: those on record, and those that the configuration gives.

    `privileged` gives accounts, bare JIDs, a role at every managed node. It is a rule rather than
    a record per node: supervisors of a hundred thousand extensions cost nothing.
    """

    def __init__(self, state: State, privileged: Mapping[str, Role]) -> None:
        self._state = state
        self._privileged = privileged

    def of(self, account: str, node: Node) -> Role:
        """Return the role of an account, a bare JID, at a node.

        A record counts for more than the privilege of an account, except that nobody can take an
        administrator's ownership of a managed node away.
        """
        privilege = self._privileged.get(account, Role.NONE) if node.managed else Role.NONE
        record = self._state.affiliations.get((node.name, account))
        if record is None or privilege is Role.OWNER:
            return privilege
        return record.role

    def nodes_concerning(self, account: str) -> Iterator[Node]:
        """Yield the nodes where an account may have a role, and those that are open to all."""
        if account in self._privileged:
            yield from self._state.nodes.values()
            return
        held = {affiliation.node for affiliation in self._state.affiliations_of.of(account)}
        for name in sorted(held | self._state.open_nodes):
            yield self._state.nodes[name]
