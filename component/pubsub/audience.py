"""Users' software that is online, as our addresses know it by presence (XEP-0163 §4.2).

None of it is stored: after a reconnect all users are asked anew.
"""

from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass

from component.pubsub.addresses import bare
from component.pubsub.model import Node
from component.pubsub.presence import Show
from component.records import Ledger

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
    may_hear: bool = True
    """Whether it may be notified of that without a subscription."""

    @property
    def shown(self) -> str:
        """How available it is, by the values of pubsub#show-values."""
        return MERELY_ONLINE if self.show is None else self.show.value

    def is_as_wanted(self, show_values: frozenset[str]) -> bool:
        """Tell whether it is shown in one of these ways; in any, if there are none."""
        return not show_values or self.shown in show_values

    def is_interested_in(self, node: Node) -> bool:
        """Tell whether it wants to be notified by a node of an account, and may be."""
        if self.wants is None or not self.may_hear:
            return False
        return not self.wants.isdisjoint((CALLS, node.name))

    def hears(self, jid: str) -> bool:
        """Tell whether it gets what is sent to this JID: its own, or its account's.

        Servers deliver nothing to software of negative priority that is sent to the account.
        """
        return jid == self.jid or (self.priority >= 0 and jid == bare(self.jid))


class Audience:
    """The resources at each address.

    `on_change` is told the address and the JID of each that comes (1) and goes (-1). Who comes and
    goes is undone with all else, through the ledger, until all are forgotten.
    """

    def __init__(self, ledger: Ledger, on_change: Callable[[str, str, int], None]) -> None:
        self._ledger = ledger
        self._on_change = on_change
        self._forgotten = 0
        """How often all were."""
        self._there: dict[str, dict[str, dict[str, Resource]]] = {}
        """By address, account and full JID; nobody without anything in it."""

    def at(self, service: str) -> Iterator[Resource]:
        """Yield those at an address; nobody may come or go meanwhile."""
        for resources in self._there.get(service, {}).values():
            yield from resources.values()

    def of(self, service: str, account: str) -> list[Resource]:
        """Return those of an account at an address."""
        return list(self._there.get(service, {}).get(account, {}).values())

    def addresses_of(self, accounts: Set[str]) -> set[str]:
        """Return the addresses at which any of these accounts is."""
        return {address for address, there in self._there.items() if accounts & there.keys()}

    def get(self, service: str, jid: str) -> Resource | None:
        """Return one of them, None if it is not there."""
        return self._there.get(service, {}).get(bare(jid), {}).get(jid)

    def put(self, service: str, resource: Resource) -> None:
        """Note that one is there, and how."""
        self._change(service, resource.jid, resource)

    def drop(self, service: str, jid: str) -> None:
        """Forget the one with a full JID, or all of an account."""
        account = bare(jid)
        for resource in self.of(service, account):
            if jid in (account, resource.jid):
                self._change(service, resource.jid, None)

    def clear(self) -> None:
        """Forget all: nobody knows any longer who is there."""
        for service in list(self._there):
            for resource in list(self.at(service)):
                self._set(service, resource.jid, None)
        self._forgotten += 1

    def _change(self, service: str, jid: str, resource: Resource | None) -> None:
        before, forgotten = self._set(service, jid, resource), self._forgotten

        def undo() -> None:
            if forgotten == self._forgotten:
                self._set(service, jid, before)

        self._ledger.note(undo)

    def _set(self, service: str, jid: str, resource: Resource | None) -> Resource | None:
        """Set what is there; return what was."""
        accounts = self._there.setdefault(service, {})
        resources = accounts.setdefault(bare(jid), {})
        before = resources.pop(jid, None)
        if resource is not None:
            resources[jid] = resource
        if not resources:
            del accounts[bare(jid)]
        if not accounts:
            del self._there[service]
        if (before is None) is not (resource is None):
            self._on_change(service, jid, -1 if resource is None else 1)
        return before
