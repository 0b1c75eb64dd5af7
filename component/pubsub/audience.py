"""Users' software that is online, as our addresses know it by presence (XEP-0163 §4.2).

None of it is stored: after a reconnect all users are asked anew.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from component.pubsub.addresses import bare
from component.pubsub.model import Node
from component.pubsub.presence import Show

CALLS = "urn:ivr-pubsub:call:1"
"""The namespace of calls. Software that wants this is notified by each extension it has as a
contact; software that wants a node by its name, by that one."""

MERELY_ONLINE = "online"
"""How XEP-0060 §16.4.2 calls availability that nothing more is said of."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A user's software that is online."""

    jid: str
    """A full JID."""
    show: Show | None = None
    priority: int = 0
    caps: str = ""
    """Which capabilities it says it has, as a name for them; empty if it says nothing."""
    wants: frozenset[str] | None = frozenset()
    """What it wants to be notified of (`+notify`); None as long as that is not known."""

    @property
    def shown(self) -> str:
        """How available it is, by the values of pubsub#show-values."""
        return MERELY_ONLINE if self.show is None else self.show.value

    def without_wants(self) -> "Resource":
        """Return it as one that is online, and wants nothing."""
        return replace(self, caps="", wants=frozenset())

    def is_as_wanted(self, show_values: frozenset[str]) -> bool:
        """Tell whether it is shown in one of these ways; in any, if there are none."""
        return not show_values or self.shown in show_values

    def is_interested_in(self, node: Node) -> bool:
        """Tell whether it wants to be notified by a node of an account."""
        return self.wants is not None and not self.wants.isdisjoint((CALLS, node.name))

    def hears(self, jid: str) -> bool:
        """Tell whether it gets what is sent to this JID: its own, or its account's.

        Servers deliver nothing to software of negative priority that is sent to the account.
        """
        return jid == self.jid or (self.priority >= 0 and jid == bare(self.jid))


class Audience:
    """The resources at each address.

    `on_change` is told the address and the JID of each that comes (1) and goes (-1).
    """

    def __init__(self, on_change: Callable[[str, str, int], None]) -> None:
        self._on_change = on_change
        self._there: dict[str, dict[str, dict[str, Resource]]] = {}
        """By address, account and full JID; nobody without anything in it."""

    def at(self, service: str) -> Iterator[Resource]:
        """Yield those at an address; nobody may come or go meanwhile."""
        for resources in self._there.get(service, {}).values():
            yield from resources.values()

    def of(self, service: str, account: str) -> list[Resource]:
        """Return those of an account at an address."""
        return list(self._there.get(service, {}).get(account, {}).values())

    def get(self, service: str, jid: str) -> Resource | None:
        """Return one of them, None if it is not there."""
        return self._there.get(service, {}).get(bare(jid), {}).get(jid)

    def put(self, service: str, resource: Resource) -> None:
        """Note that one is there, and how."""
        accounts = self._there.setdefault(service, {})
        resources = accounts.setdefault(bare(resource.jid), {})
        if resource.jid not in resources:
            self._on_change(service, resource.jid, 1)
        resources[resource.jid] = resource

    def drop(self, service: str, jid: str) -> None:
        """Forget the one with a full JID, or all of an account."""
        accounts, account = self._there.get(service, {}), bare(jid)
        resources = accounts.get(account, {})
        for gone in list(resources) if jid == account else [jid]:
            if resources.pop(gone, None) is not None:
                self._on_change(service, gone, -1)
        if not resources:
            accounts.pop(account, None)
        if not accounts:
            self._there.pop(service, None)

    def clear(self) -> None:
        """Forget all: nobody knows any longer who is there."""
        for service, accounts in list(self._there.items()):
            for account in list(accounts):
                self.drop(service, account)
