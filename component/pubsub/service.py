"""The publish-subscribe service (XEP-0060): who may do what, and what subscribers are told.

Operations either succeed or raise a `PubSubError`; whoever runs them undoes what a refused one had
changed (`component.records.Ledger`). What subscribers must be told is left for the engine to take.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from component.pubsub.archive import Archive
from component.pubsub.attending import Attending
from component.pubsub.contacting import Contacting
from component.pubsub.crowd import Refusal
from component.pubsub.expiring import Expiry
from component.pubsub.managing import Managing
from component.pubsub.model import (
    Affiliation,
    Held,
    Item,
    Node,
    Notification,
    Redirect,
    Role,
    Subscription,
)
from component.pubsub.owning import Owning
from component.pubsub.policy import DEFAULT_POLICY, Policy
from component.pubsub.presence import Contact
from component.pubsub.publishing import Publishing
from component.pubsub.rules import Request
from component.pubsub.subscribing import Subscribing
from component.records import Ledger

__all__ = ["PubSub", "Request"]


class PubSub(Archive, Subscribing, Publishing, Owning, Managing, Contacting, Attending):
    """All nodes of the component, at all its addresses.

    `privileged` gives accounts, bare JIDs, a role at every managed node; an owner's holds at all
    nodes, and makes an administrator.
    """

    def __init__(
        self,
        ledger: Ledger,
        domain: str,
        privileged: Mapping[str, Role],
        policy: Policy = DEFAULT_POLICY,
    ) -> None:
        super().__init__(ledger, domain, privileged, policy)
        self.nodes = self._state.nodes
        self.affiliations = self._state.affiliations
        self.subscriptions = self._state.subscriptions
        self.items = self._state.items
        self.contacts = self._state.contacts
        self.redirects = self._state.redirects
        self.held = self._state.waiting.held
        self._expiry = Expiry(self._state, self._notices)

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
        self._state.load(
            nodes, affiliations, subscriptions, items, contacts, redirects=redirects, held=held
        )

    def spare(self, goes_on: Callable[[Item], bool]) -> None:
        """Let items stay of what goes on, however old they are and however many have come since.

        Until it is over they are published again or retracted.
        """
        self._state.goes_on = goes_on

    def resume(self, now: datetime) -> None:
        """Take note that the service starts now: what was published before may be gone."""
        self._state.resume(now)

    def expire(self, now: datetime) -> None:
        """Do what was to be done by now: end leases, items, and what waited; send digests.

        Cheap if nothing is due.
        """
        self._state.now = now
        self.settle_presence()
        self._expiry.run(now)

    def due(self) -> datetime | None:
        """Return when `expire` may next have something to do, None if never."""
        return self._state.due()

    def forget_payloads(self) -> None:
        """Leave payloads to the store that are too much for the memory, once all is committed."""
        self._state.forget_payloads()

    def take_refusals(self) -> dict[Refusal, int]:
        """Return how often limits have kept somebody out since this was last called."""
        taken = dict(self._state.refusals)
        self._state.refusals.clear()
        return taken

    def take_notifications(self) -> list[Notification]:
        """Return what subscribers must be told since this was last called."""
        return self._notices.take()
