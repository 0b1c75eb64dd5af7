"""Whatever is asked of the publish-subscribe service, in whatever order."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from operator import attrgetter, itemgetter
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from component.pubsub.configuration import AccessModel, Configuration
from component.pubsub.errors import PubSubError
from component.pubsub.managing import Wish
from component.pubsub.model import ItemPublished, Role
from component.pubsub.policy import Policy
from component.pubsub.publishing import Draft
from component.pubsub.service import PubSub, Request
from component.pubsub.subscribing import Options
from tests.unit.pubsub.provisioned import ADMIN, AGENT, DOMAIN, NOW, STRANGER, Provisioned
from tests.unit.pubsub.whatever import (
    MAX_ITEMS,
    accounts,
    configurations,
    drafts,
    good_drafts,
    item_ids,
    jids,
    leases,
    linked,
    mostly,
    nodes,
    options,
    owning,
    picks,
    policies,
    publish_options,
    requests,
    roles,
    services,
    subscribing,
    wishes,
)

reached: Counter[str] = Counter()
"""What operations have come to in all runs, by name."""


def subscribed(machine: "AnyOrder") -> bool:
    return len(machine.service.pubsub.subscriptions) > 0


def pending(machine: "AnyOrder") -> bool:
    return not all(s.active for s in machine.service.pubsub.subscriptions.values())


def filled(machine: "AnyOrder") -> bool:
    return len(machine.service.pubsub.items) > 0


def awaited(machine: "AnyOrder") -> bool:
    return machine.service.pubsub.due() is not None


class AnyOrder(RuleBasedStateMachine):
    """Operations in any order, each committed, refused, or undone."""

    def __init__(self) -> None:
        super().__init__()
        self.linked = {"1000": AGENT, "2000": ""}
        self.service = Provisioned(self.linked, MAX_ITEMS)
        self.policy = Policy()
        self.made = 0

    @initialize(
        policy=policies,
        model=st.sampled_from([AccessModel.AUTHORIZE, AccessModel.OPEN]),
        chosen=st.lists(options, min_size=3, max_size=3),
    )
    def choose(self, policy: Policy, model: AccessModel, chosen: list[Options]) -> None:
        """Begin with a node of the administrator's, with some subscriptions and items.

        What the one may who is subscribed is changed later, and so is all else.
        """
        self.policy = policy
        self.service = Provisioned(self.linked, MAX_ITEMS, policy=policy)
        config = Configuration(access_model=model, max_items=MAX_ITEMS)
        self._do(lambda pubsub: pubsub.create(Request(ADMIN, DOMAIN), "news", config))
        owner = Request(ADMIN, DOMAIN, "news")
        self._do(lambda pubsub: pubsub.set_affiliations(owner, [(AGENT, Role.MEMBER)]))
        for actor, wanted in zip((STRANGER, AGENT, f"{AGENT}/a"), chosen, strict=True):
            self.subscribe(Request(actor, DOMAIN, "news"), None, wanted)
        for item_id in ("a", "b"):
            self.publish("news", item_id)

    @rule(accounts=linked)
    def provision(self, accounts: dict[str, str]) -> None:
        self.linked = accounts
        self._do(lambda pubsub: pubsub.provision(accounts, MAX_ITEMS))

    @rule(request=subscribing, other=mostly(st.none(), jids), options=st.none() | options)
    def subscribe(self, request: Request, other: str | None, options: Options | None) -> None:
        self.made += 1
        jid, subid = other or request.actor, f"sub-{self.made}"
        self._do(lambda pubsub: pubsub.subscribe(request, jid, subid, NOW, options))

    @precondition(subscribed)
    @rule(request=requests, jid=jids, pick=picks)
    def unsubscribe(self, request: Request, jid: str, pick: int | None) -> None:
        request, jid, subid = self._picked(request, jid, pick)
        self._do(lambda pubsub: pubsub.unsubscribe(request, jid, subid))

    @rule(request=owning, config=configurations)
    def create(self, request: Request, config: Configuration) -> None:
        self._do(lambda pubsub: pubsub.create(request, "news", config))

    @rule(request=owning, config=configurations)
    def configure(self, request: Request, config: Configuration) -> None:
        self._do(lambda pubsub: pubsub.configure(request, config))

    @rule(request=owning)
    def purge(self, request: Request) -> None:
        self._do(lambda pubsub: pubsub.purge(request))

    @rule(request=owning, redirect=st.sampled_from([None, "xmpp:example.org"]))
    def delete(self, request: Request, redirect: str | None) -> None:
        self._do(lambda pubsub: pubsub.delete(request, redirect, NOW))

    @rule(request=requests)
    def add_contact(self, request: Request) -> None:
        self._do(lambda pubsub: pubsub.add_contact(request, NOW))

    @rule(jid=jids, service=services)
    def leave(self, jid: str, service: str) -> None:
        self._do(lambda pubsub: pubsub.leave(service, jid))

    # Lists that name the same twice are refused before they get here.
    @rule(
        request=owning,
        changes=st.lists(
            st.tuples(accounts, roles), min_size=1, max_size=3, unique_by=itemgetter(0)
        ),
    )
    def set_affiliations(self, request: Request, changes: list[tuple[str, Role]]) -> None:
        self._do(lambda pubsub: pubsub.set_affiliations(request, changes))

    @rule(
        request=owning,
        wishes=st.lists(wishes, min_size=1, max_size=2, unique_by=attrgetter("jid", "subid")),
    )
    def set_subscriptions(self, request: Request, wishes: list[Wish]) -> None:
        self._do(lambda pubsub: pubsub.set_subscriptions(request, wishes, lambda: "made", NOW))

    @precondition(pending)
    @rule(request=owning, jid=jids, allow=st.booleans(), pick=picks)
    def decide(self, request: Request, jid: str, allow: bool, pick: int | None) -> None:
        waiting = [s for s in self.service.pubsub.subscriptions.values() if not s.active]
        if waiting and pick is not None:
            picked = waiting[pick % len(waiting)]
            jid, request = picked.jid, replace(request, node=picked.node)
        self._do(lambda pubsub: pubsub.decide(request, jid, None, allow=allow))

    @precondition(subscribed)
    @rule(request=requests, jid=jids, wanted=options, pick=picks)
    def set_options(self, request: Request, jid: str, wanted: Options, pick: int | None) -> None:
        request, jid, subid = self._picked(request, jid, pick)
        self._do(lambda pubsub: pubsub.set_options(request, jid, subid, wanted, NOW))

    @precondition(awaited)
    @rule(passed=leases)
    def expire(self, passed: timedelta) -> None:
        self._do(lambda pubsub: pubsub.expire(NOW + passed))

    @precondition(subscribed)
    @rule(service=services, jid=jids, pick=picks)
    def undeliverable(self, service: str, jid: str, pick: int | None) -> None:
        request, jid, _ = self._picked(Request(jid, service), jid, pick)
        self._do(lambda pubsub: pubsub.undeliverable(request.service, jid))

    @rule(
        request=owning,
        drafts=mostly(st.lists(good_drafts, min_size=1, max_size=3), st.lists(drafts, max_size=4)),
        options=mostly(st.just({}), publish_options),
    )
    def publish_for(
        self, request: Request, drafts: list[Draft], options: dict[str, object]
    ) -> None:
        self._do(lambda pubsub: pubsub.publish_for(request, drafts, options, lambda: "new", NOW))
        self._awaits(request, [draft.id or "new" for draft in drafts])

    @precondition(filled)
    @rule(
        request=owning,
        ids=mostly(st.lists(item_ids, min_size=1, max_size=1), st.lists(item_ids, max_size=2)),
        notify=st.none() | st.booleans(),
    )
    def retract_for(self, request: Request, ids: list[str], notify: bool | None) -> None:
        self._do(lambda pubsub: pubsub.retract_for(request, ids, notify))

    @rule(node=mostly(st.sampled_from(["news", "ext1000"]), nodes), item_id=item_ids)
    def publish(self, node: str, item_id: str) -> None:
        self._do(lambda pubsub: pubsub.publish(node, item_id, "<call/>", DOMAIN, NOW))

    @precondition(filled)
    @rule(node=mostly(st.sampled_from(["news", "ext1000"]), nodes), item_id=item_ids)
    def retract(self, node: str, item_id: str) -> None:
        self._do(lambda pubsub: pubsub.retract(node, item_id))

    def _do(self, operation: Callable[[PubSub], Any]) -> None:
        """Try the operation and undo it, then do it: an error and an undoing change nothing."""
        service, name = self.service, operation.__qualname__.split(".")[1]
        before = self._everything()
        mark = service.ledger.mark()
        service.told.clear()
        try:
            operation(service.pubsub)
        except PubSubError:
            reached[f"{name} refused"] += 1
            assert self._everything() == before
            assert not service.pubsub.take_notifications()
            return
        reached[f"{name} done" if self._everything() != before else f"{name} idle"] += 1
        service.ledger.rollback(mark)
        assert self._everything() == before
        assert not service.pubsub.take_notifications()

        service.do(operation)
        self.check_told()

    def check_told(self) -> None:
        """Check what was told in consequence of an operation that was done."""
        raise NotImplementedError

    def _picked(
        self, request: Request, jid: str, pick: int | None
    ) -> tuple[Request, str, str | None]:
        """Return who asks for what of one of the subscriptions, if there is any to pick."""
        held = list(self.service.pubsub.subscriptions.values())
        if pick is None or not held:
            return request, jid, None
        s = held[pick % len(held)]
        return Request(s.jid, s.service, s.node), s.jid, s.subid

    def _awaits(self, request: Request, ids: list[str]) -> None:
        """What was just published waits for everybody who wants it in a digest, or was sent."""
        pubsub = self.service.pubsub
        published = [n for n in self.service.told if isinstance(n.event, ItemPublished)]
        names = {n.event.item.id for n in published if isinstance(n.event, ItemPublished)}
        for s in pubsub.subscriptions.values():
            if s.node != request.node or s.digest is None or not (s.active and s.deliver):
                continue
            first = s.digest.first
            held = {h.item_id for h in pubsub.held.values() if first and h.seq >= first}
            assert names & set(ids) <= held

    def _everything(self) -> object:
        pubsub = self.service.pubsub
        return self.service.contents(), tuple(pubsub.redirects.values())
