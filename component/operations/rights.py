"""Who may ask for what: the one place where that is decided."""

from collections.abc import Mapping
from dataclasses import dataclass

from component.domain.state import State
from component.operations.model import Asker, NotPermittedError, Operation, Role
from component.pubsub.addresses import PREFIX, extension_address

MAY_ASK_FOR: Mapping[Role, frozenset[Role]] = {
    Role.AGENT: frozenset({Role.AGENT}),
    Role.SUPERVISOR: frozenset({Role.SUPERVISOR}),
    Role.ADMINISTRATOR: frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR}),
}
"""Whose operations somebody in a role may ask for. An agent's concern the agent who asks, so a
supervisor has them only for an extension of his own."""


@dataclass(slots=True)
class Staff:
    """Whom the configuration names now, by bare JIDs; agents are those who have an extension."""

    domain: str
    """Of the service."""
    supervisors: frozenset[str] = frozenset()
    administrators: frozenset[str] = frozenset()

    def asker(self, state: State, account: str, address: str) -> Asker:
        """Return as what an account asks at an address; as nobody, if there is no such address."""
        at = None
        if address != self.domain:
            at = self._extension_at(state, address)
            if at is None:
                return Asker(frozenset())
        extensions = tuple(state.extensions_of(account))
        held = {
            Role.AGENT: bool(extensions),
            Role.SUPERVISOR: account in self.supervisors,
            Role.ADMINISTRATOR: account in self.administrators,
        }
        return Asker(frozenset(role for role, holds in held.items() if holds), extensions, at)

    def _extension_at(self, state: State, address: str) -> str | None:
        spelt_alike = address.partition("@")[0].removeprefix(PREFIX)
        candidates = (spelt_alike, *state.agents) if spelt_alike in state.agents else state.agents
        return next((e for e in candidates if extension_address(e, self.domain) == address), None)


def may(asker: Asker, operation: Operation) -> bool:
    """Tell whether somebody may ask for an operation where they ask."""
    if not any(operation.role in MAY_ASK_FOR[role] for role in asker.roles):
        return False
    if asker.at is None:
        return True
    is_own = asker.at in asker.extensions
    return operation.is_personal and (operation.role is not Role.AGENT or is_own)


def check(asker: Asker, operation: Operation) -> None:
    """Raise `NotPermittedError` unless somebody may ask for an operation."""
    if not may(asker, operation):
        raise NotPermittedError(f"{operation.title}: this is not for you to ask for here.")
