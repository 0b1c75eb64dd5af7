"""What there is to see: items, nodes, one's own subscriptions and affiliations."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from component.pubsub.access import Action
from component.pubsub.addresses import bare
from component.pubsub.errors import InvalidSubidError, SubidRequiredError, UnsupportedError
from component.pubsub.model import Affiliation, Item, Node, Role, Subscription
from component.pubsub.paging import Budget, Page, Paged, paged
from component.pubsub.rules import Request, Rules

ITEMS = 400_000
"""Bytes of payloads that fit into one stanza, with what is around them."""


@dataclass(frozen=True, slots=True)
class Retrieved:
    """Items of a node, oldest first."""

    node: str
    items: tuple[Item, ...]
    page: Paged[Item] | None = None
    """Where they stand among all, if a page was asked for."""
    names_publishers: bool = False
    """Whether they come with who has published them (§7.1.2.3)."""


@dataclass(frozen=True, slots=True)
class Insight:
    """What only those are told of a node who may subscribe to it."""

    creator: str
    owners: tuple[str, ...]
    publishers: tuple[str, ...]
    subscribers: int
    """How many subscriptions there are."""


class Retrieving(Rules):
    """Operations that change nothing."""

    def retrieve(
        self,
        request: Request,
        ids: Sequence[str] = (),
        max_items: int | None = None,
        subid: str | None = None,
        page: Page | None = None,
    ) -> Retrieved:
        """Return the items with these ids, or all; of these the `max_items` newest (§6.5).

        Of what is left, a `page` may be asked for (§6.5.4). Else, if it is too large for a stanza,
        the newest that fit into one come as the last page. `subid` is needed where the JID that
        asks has several subscriptions.

        Raises what `readable` raises, `SubidRequiredError`, `InvalidSubidError`,
        `PageNotFoundError`, and `UnsupportedError` if the node keeps no items.
        """
        node = self.readable(request)
        self._check_subid(request, node, subid)
        if not node.config.persist_items:
            raise UnsupportedError("persistent-items")
        items: Iterable[Item | None] = self._state.items_at.of(node.name)
        if ids:
            items = (self._state.items.get((node.name, wanted)) for wanted in dict.fromkeys(ids))
        found = tuple(item for item in items if item is not None)
        newest = len(found) if max_items is None else max_items
        found = found[max(0, len(found) - newest) :]
        asked = page or Page(before="")
        part = paged(found, asked, lambda item: item.id, budget=Budget(size_of, ITEMS))
        is_whole = page is None and len(part.entries) == len(found)
        page_shown = None if is_whole else part
        return Retrieved(node.name, part.entries, page_shown, node.config.names_publishers)

    def readable(self, request: Request) -> Node:
        """Return a node of which the actor may see the items.

        Raises `ClosedNodeError`, `ForbiddenError`, `SubscriptionRequiredError`,
        `PresenceRequiredError`.
        """
        node = self.hosted(request)
        held = self._state.subscriptions_by(request.account, node.name)
        subscribed = any(subscription.active for subscription in held)
        action = Action.RETRIEVE if subscribed else Action.RETRIEVE_UNSUBSCRIBED
        self._check_access(request.account, node, action)
        return node

    def entitled(self, node_name: str, jids: Sequence[str]) -> tuple[str, ...]:
        """Return those of some JIDs who may see the items of a node; all of them if it is gone."""
        node = self._state.nodes.get(node_name)
        if node is None:
            return tuple(jids)
        return tuple(jid for jid in jids if self._may(bare(jid), node, Action.RETRIEVE))

    def _check_subid(self, request: Request, node: Node, subid: str | None) -> None:
        """Raise an error unless the JID that asks says which subscription, or has one (§6.5.9)."""
        if subid is None:
            for jid in {request.actor, request.account}:
                if len(self._held(node, request.service, jid)) > 1:
                    raise SubidRequiredError
            return
        held = self._state.subscriptions_by(request.account, node.name)
        subids = {subscription.subid for subscription in held if subscription.active}
        if subids and subid not in subids:
            raise InvalidSubidError

    def visible(self, request: Request) -> list[Node]:
        """Return the nodes at the address that the actor may subscribe to.

        Others are not shown: their titles are not everybody's business.
        """
        return [
            node
            for node in self._concerning(request)
            if self._may(request.account, node, Action.SUBSCRIBE)
        ]

    def insight(self, request: Request) -> tuple[Node, Insight | None]:
        """Return a node with what of it is not everybody's business, if it is the actor's (§5.4).

        Who stands behind a node, and how many listen, is personal. It is told to those who may
        subscribe, if only after approval.
        """
        node = self.hosted(request)
        if not self._may(request.account, node, Action.SUBSCRIBE):
            return node, None
        roles = self._roles.at(node)
        owners, publishers = (
            tuple(account for account, role in roles.items() if role is wanted)
            for wanted in (Role.OWNER, Role.PUBLISHER)
        )
        count = sum(s.active for s in self._state.subscriptions_at.of(node.name))
        creator = node.creator or (self._addresses.domain if node.managed else "")
        return node, Insight(creator, owners, publishers, count)

    def subscriptions_of(self, request: Request) -> list[Subscription]:
        """Return the actor's subscriptions at the address, all or those to one node (§5.6)."""
        nodes = None if request.node is None else {self.hosted(request).name}
        self.check_address(request.service)
        return [
            subscription
            for subscription in self._state.subscriptions_of.of(request.account)
            if subscription.service == request.service
            and (nodes is None or subscription.node in nodes)
        ]

    def affiliations_of(self, request: Request) -> list[Affiliation]:
        """Return the actor's affiliations at the address, all or that with one node (§5.7)."""
        nodes = self._concerning(request) if request.node is None else [self.hosted(request)]
        account = request.account
        held = (Affiliation(node.name, account, self._roles.of(account, node)) for node in nodes)
        return [affiliation for affiliation in held if affiliation.role is not Role.NONE]


def size_of(item: Item) -> int:
    """Return how many bytes an item takes in a stanza, about."""
    return item.payload_size + len(item.id.encode()) + 100
