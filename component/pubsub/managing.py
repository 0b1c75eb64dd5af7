"""Who is affiliated and subscribed with a node, as its owners manage it."""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime

from component.pubsub.access import Action, needs_approval
from component.pubsub.addresses import bare
from component.pubsub.errors import (
    ForbiddenError,
    InvalidSubidError,
    LastOwnerError,
    NotAcceptableError,
    NotAllowedError,
    TooManyAffiliationsError,
    TransitionError,
)
from component.pubsub.model import (
    Affiliation,
    AffiliationChanged,
    Node,
    Role,
    Subscription,
    SubscriptionState,
)
from component.pubsub.policy import MAX_AFFILIATIONS
from component.pubsub.rules import Request, Rules


@dataclass(frozen=True, slots=True)
class Wish:
    """What an owner wants a subscription to be; None ends it."""

    jid: str
    state: SubscriptionState | None
    subid: str | None = None


AT_ONCE: Mapping[Role, Set[Role]] = {
    Role.OWNER: {Role.OWNER, Role.NONE},
    Role.PUBLISHER: frozenset(Role) - {Role.MEMBER},
}
"""What an affiliation may become in one step, where that is not anything (the chart of §4.1)."""


class Managing(Rules):
    """Lists that owners read and change. All entries of a change take effect, or none."""

    def affiliations_at(self, request: Request) -> dict[str, Role]:
        """Return all roles at a node of the actor's, by account (§8.9.1)."""
        return self._roles.at(self._owned(request))

    def set_affiliations(self, request: Request, wanted: Sequence[tuple[str, Role]]) -> None:
        """Give accounts, bare JIDs, roles at a node of the actor's (§8.9.2).

        Those concerned are told; who loses the right to be subscribed is subscribed no longer.

        Raises `ForbiddenError`, `LastOwnerError`, `TransitionError`, `TooManyAffiliationsError`,
        and `NotAllowedError` for what the configuration gives and nobody can take away.
        """
        node = self._owned(request)
        before = self._roles.at(node)
        roles = before | dict(wanted)
        if Role.OWNER not in roles.values():
            raise LastOwnerError
        for account, role in wanted:
            self._check_step(account, node, before.get(account, Role.NONE), role)
        count = sum(role is not Role.NONE for role in roles.values())
        most = max(MAX_AFFILIATIONS, len(before))
        if count > most and not self._roles.is_admin(request.account):
            raise TooManyAffiliationsError
        held = [(account, self._roles.of(account, node)) for account, _ in wanted]
        for account, role in wanted:
            self._record(Affiliation(node.name, account, role))
        self._contacts.settle(self._addresses.of(node.name))
        for account, role in held:
            self._follow(node, request.service, account, role)
        self._contacts.settle(self._addresses.domain)

    def subscriptions_at(self, request: Request) -> list[Subscription]:
        """Return the subscriptions to a node of the actor's, without pending ones (§8.8.1)."""
        return [s for s in self._state.subscriptions_at.of(self._owned(request).name) if s.active]

    def set_subscriptions(
        self, request: Request, wishes: Sequence[Wish], new_id: Callable[[], str], now: datetime
    ) -> None:
        """Make, approve or end subscriptions to a node of the actor's (§8.8.2).

        Raises `ForbiddenError`, `InvalidSubidError`, `TooManySubscriptionsError`, `FullError`, and
        `NotAcceptableError` if somebody has no right to be subscribed.
        """
        node = self._owned(request)
        for wish in wishes:
            self._check(node, wish)
        for wish in wishes:
            self._fulfil(node, request.service, wish, new_id, now)

    def concerned(
        self, request: Request, wishes: Sequence[Wish]
    ) -> list[tuple[Wish, Sequence[Subscription]]]:
        """Return which subscriptions, pending ones too, each of an owner's wishes is about.

        Raises `ForbiddenError`.
        """
        node = self._owned(request)
        return [(wish, self._meant(node, wish)) for wish in wishes]

    def pending_nodes(self, request: Request) -> list[str]:
        """Return the names of the actor's nodes that have pending subscriptions (§8.7).

        Raises `ForbiddenError` if the actor owns no node.
        """
        owned = [n for n in self._concerning(request) if self._role(request, n) is Role.OWNER]
        if not owned:
            raise ForbiddenError
        return [node.name for node in owned if self._pending(node.name)]

    def ask_again(self, request: Request) -> None:
        """Send the actor the forms to approve what is pending at a node of theirs (§8.7).

        Raises `ForbiddenError`.
        """
        node = self._owned(request)
        for subscription in self._pending(node.name):
            self._notices.ask(subscription, (request.account,))

    def _pending(self, node_name: str) -> list[Subscription]:
        return [s for s in self._state.subscriptions_at.of(node_name) if not s.active]

    def _check_step(self, account: str, node: Node, before: Role, role: Role) -> None:
        """Raise the error that says why an account cannot be given a role, if it cannot."""
        if role not in AT_ONCE.get(before, frozenset(Role)):
            raise TransitionError
        if role is not before and self._roles.given(account, node, role) is before:
            raise NotAllowedError

    def _record(self, affiliation: Affiliation) -> None:
        key = (affiliation.node, affiliation.jid)
        if affiliation.role is Role.NONE:
            self._state.affiliations.delete(key)
        else:
            self._state.affiliations.put(key, affiliation)

    def _follow(self, node: Node, service: str, account: str, before: Role) -> None:
        """Make an account's subscriptions fit its new role, and tell it the role."""
        after = self._roles.of(account, node)
        if after is before:
            return
        model = node.config.access_model
        needed, needs = needs_approval(model, before), needs_approval(model, after)
        for subscription in list(self._state.subscriptions_by(account, node.name)):
            if needs and not needed:
                self._end(subscription)
            else:
                self._fit(node, subscription, awaits=needed)
        event = AffiliationChanged(Affiliation(node.name, account, after))
        self._notices.tell(node.name, service, account, event)

    def _check(self, node: Node, wish: Wish) -> None:
        if wish.subid is not None and not self._meant(node, wish):
            raise InvalidSubidError
        permitted = self._may(bare(wish.jid), node, Action.SUBSCRIBE)
        if wish.state is not None and not permitted:
            raise NotAcceptableError

    def _fulfil(
        self, node: Node, service: str, wish: Wish, new_id: Callable[[], str], now: datetime
    ) -> None:
        meant = self._meant(node, wish)
        if wish.state is None:
            for subscription in meant:
                self._end(subscription)
            return
        if not meant:
            self._check_room(node, wish.jid)
            made = Subscription(node.name, service, wish.jid, new_id(), now, wish.state)
            self._put(made)
            self._notices.tell_changed(made)
            if made.active:
                self._reminders.welcome(node, made)
        for subscription in meant:
            if subscription.state is wish.state:
                continue
            if wish.state is SubscriptionState.SUBSCRIBED:
                self._approve(node, subscription)
            else:
                pending = replace(subscription, state=wish.state)
                self._put(pending)
                self._notices.tell_changed(pending)

    def _meant(self, node: Node, wish: Wish) -> list[Subscription]:
        held = self._state.subscriptions_by(bare(wish.jid), node.name)
        return [s for s in held if s.jid == wish.jid and wish.subid in (None, s.subid)]
