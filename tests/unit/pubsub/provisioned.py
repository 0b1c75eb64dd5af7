"""A publish-subscribe service with three extensions, in a test's hand."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TypeVar

from component.pubsub.model import Affiliation, Held, Item, Node, Notification, Role, Subscription
from component.pubsub.policy import DEFAULT_POLICY, Policy
from component.pubsub.presence import Contact, Presence, PresenceNotice, PresenceType
from component.pubsub.service import PubSub, Request
from component.records import Ledger

DOMAIN = "ivr.example.com"
NOW = datetime(2026, 1, 1, 9, tzinfo=UTC)

EXTENSION = f"ext1000@{DOMAIN}"
"""The address of extension 1000."""
AGENT = "user1@example.com"
"""The account linked to extension 1000."""
SUPERVISOR = "boss@example.com"
ADMIN = "root@example.com"
STRANGER = "eve@example.com"
ACCOUNTS = {"1000": AGENT, "2000": "user2@example.com", "3000": ""}
PRIVILEGED = {SUPERVISOR: Role.MEMBER, ADMIN: Role.OWNER}

T = TypeVar("T")

Contents = tuple[
    tuple[Node, ...],
    tuple[Affiliation, ...],
    tuple[Subscription, ...],
    tuple[Item, ...],
    tuple[Contact, ...],
    tuple[Held, ...],
]


class Provisioned:
    """The service, its ledger, and what its subscribers were told so far."""

    def __init__(
        self,
        accounts: Mapping[str, str] = ACCOUNTS,
        max_items: int = 3,
        domain: str = DOMAIN,
        policy: Policy = DEFAULT_POLICY,
        privileged: Mapping[str, Role] = PRIVILEGED,
    ) -> None:
        self.ledger = Ledger()
        self.pubsub = PubSub(self.ledger, domain, privileged, policy)
        self.told: list[Notification] = []
        self.presences: list[PresenceNotice] = []
        self.provision(accounts, max_items)

    def provision(self, accounts: Mapping[str, str], max_items: int = 3) -> None:
        self.do(lambda pubsub: pubsub.provision(accounts, max_items))

    def do(self, operation: Callable[[PubSub], T]) -> T:
        """Run and commit an operation; undo it if it is refused."""
        mark = self.ledger.mark()
        try:
            result = operation(self.pubsub)
        except Exception:
            self.ledger.rollback(mark)
            raise
        self.told += self.pubsub.take_notifications()
        self.presences += self.pubsub.take_presences()
        self.ledger.committed()
        return result

    def load(self, contents: Contents) -> None:
        """Take over all records of another service, as after a restart."""
        nodes, affiliations, subscriptions, items, contacts, held = contents
        self.pubsub.load(nodes, affiliations, subscriptions, items, contacts, held=held)

    def subscribe(
        self, jid: str, node: str | None = "ext1000", service: str = DOMAIN, subid: str = "sub-1"
    ) -> Subscription:
        request = Request(jid, service, node)
        return self.do(lambda pubsub: pubsub.subscribe(request, jid, subid, NOW))

    def unsubscribe(self, jid: str, node: str | None = "ext1000", service: str = DOMAIN) -> None:
        request = Request(jid, service, node)
        self.do(lambda pubsub: pubsub.unsubscribe(request, jid, None))

    def add_contact(self, jid: str, service: str = EXTENSION) -> None:
        request = Request(jid, service)
        self.do(lambda pubsub: pubsub.add_contact(request, NOW))

    def shown_to(self, jid: str) -> list[tuple[str, Presence | PresenceType]]:
        """What a JID was told by presence, and from which address; it is then forgotten."""
        heard = [(p.service, p.said) for p in self.presences if jid in p.recipients]
        self.presences.clear()
        return heard

    def publish(self, item_id: str, payload: str = "<call/>", node: str = "ext1000") -> None:
        self.do(lambda pubsub: pubsub.publish(node, item_id, payload, DOMAIN, NOW))

    def retract(self, item_id: str, node: str = "ext1000") -> None:
        self.do(lambda pubsub: pubsub.retract(node, item_id))

    def item_ids(self, jid: str, node: str | None = "ext1000", service: str = DOMAIN) -> list[str]:
        retrieved = self.pubsub.retrieve(Request(jid, service, node))
        return [item.id for item in retrieved.items]

    def contents(self) -> Contents:
        """All records, in the order of their keys."""
        pubsub = self.pubsub
        return (
            tuple(pubsub.nodes[key] for key in sorted(pubsub.nodes)),
            tuple(pubsub.affiliations[key] for key in sorted(pubsub.affiliations)),
            tuple(pubsub.subscriptions[key] for key in sorted(pubsub.subscriptions)),
            tuple(pubsub.items[key] for key in sorted(pubsub.items)),
            tuple(pubsub.contacts[key] for key in sorted(pubsub.contacts)),
            tuple(pubsub.held[key] for key in sorted(pubsub.held)),
        )
