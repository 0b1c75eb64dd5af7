"""Whatever is asked in whatever order: what must always hold."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from component.pubsub.access import Action, permits
from component.pubsub.addresses import bare
from component.pubsub.archive import Query
from component.pubsub.configuration import (
    AccessModel,
    Configuration,
    ItemReply,
    PublishModel,
    SendLast,
)
from component.pubsub.errors import PubSubError
from component.pubsub.managing import Wish
from component.pubsub.model import (
    ItemPublished,
    LastItem,
    Notification,
    Role,
    SubscriptionState,
)
from component.pubsub.paging import Page
from component.pubsub.policy import Creators, Policy
from component.pubsub.publishing import Draft
from component.pubsub.service import PubSub, Request
from component.pubsub.subscribing import MAX_SUBSCRIPTIONS, Options
from tests.unit.pubsub.provisioned import (
    ADMIN,
    AGENT,
    DOMAIN,
    NOW,
    PRIVILEGED,
    STRANGER,
    SUPERVISOR,
    Provisioned,
)

pytestmark = pytest.mark.unit

MAX_ITEMS = 3

accounts = st.sampled_from([AGENT, "user2@example.com", SUPERVISOR, ADMIN, STRANGER])
jids = st.builds(
    lambda account, resource: account + resource, accounts, st.sampled_from(["", "/a"])
)
nodes = st.sampled_from(["news", "news", "ext1000", "ext1000", "ext2000", "ext9999", None])
services = st.sampled_from([DOMAIN, DOMAIN, DOMAIN, f"ext1000@{DOMAIN}", f"ext9999@{DOMAIN}"])
requests = st.builds(Request, jids, services, nodes)
sensible = st.builds(Request, jids, st.just(DOMAIN), st.sampled_from(["news", "ext1000"]))
"""About nodes that there usually are."""
item_ids = st.sampled_from(["a", "b", "c", "d", "e"])
drafts = st.builds(
    Draft, item_ids | st.none(), st.sampled_from(["<x/>", ""]), st.sampled_from(["", "urn:x"])
)
configurations = st.builds(
    Configuration,
    access_model=st.sampled_from(AccessModel),
    publish_model=st.sampled_from(PublishModel),
    max_items=st.sampled_from([0, 1, MAX_ITEMS]),
    item_expire=st.sampled_from([None, 5]),
    purge_offline=st.booleans(),
    persist_items=st.booleans(),
    subscribe=st.booleans(),
    itemreply=st.sampled_from(ItemReply),
    type=st.sampled_from(["", "urn:x"]),
    deliver_payloads=st.booleans(),
    send_last_published_item=st.sampled_from(SendLast),
)
publish_options = st.fixed_dictionaries({}, optional={"access_model": st.sampled_from(AccessModel)})
times = st.none() | st.sampled_from([NOW, NOW + timedelta(seconds=1)])
places = st.none() | st.integers(-1, 9).map(lambda n: str(int(NOW.timestamp() * 1e6) + n))
queries = st.builds(Query, times, times, places, places)
pages = st.builds(Page, st.none() | st.integers(0, 3), after=places) | st.builds(
    Page, st.none() | st.integers(0, 3), before=st.just("") | places
)
wishes = st.builds(
    Wish, jids, st.sampled_from(SubscriptionState) | st.none(), st.sampled_from([None, "made"])
)
leases = st.sampled_from([timedelta(seconds=1), timedelta(seconds=9)])
options = st.builds(
    Options, st.booleans(), st.none() | leases.map(lambda lease: NOW + lease), st.booleans()
)
policies = st.builds(Policy, st.sampled_from(Creators), st.booleans())
linked = st.dictionaries(
    st.sampled_from(["1000", "2000"]), st.sampled_from([AGENT, "user2@example.com", STRANGER, ""])
)


class AnyOrder(RuleBasedStateMachine):
    """Operations in any order, each committed, refused, or undone."""

    def __init__(self) -> None:
        super().__init__()
        self.linked = {"1000": AGENT, "2000": ""}
        self.service = Provisioned(self.linked, MAX_ITEMS)
        self.policy = Policy()
        self.made = 0

    @initialize(policy=policies)
    def choose(self, policy: Policy) -> None:
        self.policy = policy
        self.service = Provisioned(self.linked, MAX_ITEMS, policy=policy)
        news = Request(ADMIN, DOMAIN)
        self._do(lambda pubsub: pubsub.create(news, "news", Configuration(max_items=MAX_ITEMS)))

    @rule(accounts=linked)
    def provision(self, accounts: dict[str, str]) -> None:
        self.linked = accounts
        self._do(lambda pubsub: pubsub.provision(accounts, MAX_ITEMS))

    @rule(request=sensible | requests, other=st.none() | jids, options=st.none() | options)
    def subscribe(self, request: Request, other: str | None, options: Options | None) -> None:
        self.made += 1
        jid, subid = other or request.actor, f"sub-{self.made}"
        self._do(lambda pubsub: pubsub.subscribe(request, jid, subid, NOW, options))

    @rule(request=requests, jid=jids, number=st.none() | st.integers(1, 9))
    def unsubscribe(self, request: Request, jid: str, number: int | None) -> None:
        subid = None if number is None else f"sub-{number}"
        self._do(lambda pubsub: pubsub.unsubscribe(request, jid, subid))

    @rule(request=requests, config=configurations)
    def create(self, request: Request, config: Configuration) -> None:
        self._do(lambda pubsub: pubsub.create(request, "news", config))

    @rule(request=sensible | requests, config=configurations)
    def configure(self, request: Request, config: Configuration) -> None:
        self._do(lambda pubsub: pubsub.configure(request, config))

    @rule(request=requests)
    def purge(self, request: Request) -> None:
        self._do(lambda pubsub: pubsub.purge(request))

    @rule(request=requests, redirect=st.sampled_from([None, "xmpp:example.org"]))
    def delete(self, request: Request, redirect: str | None) -> None:
        self._do(lambda pubsub: pubsub.delete(request, redirect, NOW))

    @rule(request=requests)
    def add_contact(self, request: Request) -> None:
        self._do(lambda pubsub: pubsub.add_contact(request, NOW))

    @rule(jid=jids, service=services)
    def leave(self, jid: str, service: str) -> None:
        self._do(lambda pubsub: pubsub.leave(service, jid))

    @rule(
        request=requests, changes=st.lists(st.tuples(accounts, st.sampled_from(Role)), max_size=3)
    )
    def set_affiliations(self, request: Request, changes: list[tuple[str, Role]]) -> None:
        self._do(lambda pubsub: pubsub.set_affiliations(request, changes))

    @rule(request=requests, wishes=st.lists(wishes, max_size=3))
    def set_subscriptions(self, request: Request, wishes: list[Wish]) -> None:
        self._do(lambda pubsub: pubsub.set_subscriptions(request, wishes, lambda: "made", NOW))

    @rule(request=requests, jid=jids, allow=st.booleans())
    def decide(self, request: Request, jid: str, allow: bool) -> None:
        self._do(lambda pubsub: pubsub.decide(request, jid, None, allow=allow))

    @rule(request=requests, jid=jids, wanted=options)
    def set_options(self, request: Request, jid: str, wanted: Options) -> None:
        self._do(lambda pubsub: pubsub.set_options(request, jid, None, wanted, NOW))

    @rule(passed=leases)
    def expire(self, passed: timedelta) -> None:
        self._do(lambda pubsub: pubsub.expire(NOW + passed))

    @rule(service=services, jid=jids)
    def undeliverable(self, service: str, jid: str) -> None:
        self._do(lambda pubsub: pubsub.undeliverable(service, jid))

    @rule(request=requests, drafts=st.lists(drafts, max_size=4), options=publish_options)
    def publish_for(
        self, request: Request, drafts: list[Draft], options: dict[str, object]
    ) -> None:
        self._do(lambda pubsub: pubsub.publish_for(request, drafts, options, lambda: "new", NOW))

    @rule(request=requests, ids=st.lists(item_ids, max_size=3), notify=st.none() | st.booleans())
    def retract_for(self, request: Request, ids: list[str], notify: bool | None) -> None:
        self._do(lambda pubsub: pubsub.retract_for(request, ids, notify))

    @rule(node=nodes, item_id=item_ids)
    def publish(self, node: str, item_id: str) -> None:
        self._do(lambda pubsub: pubsub.publish(node, item_id, "<call/>", DOMAIN, NOW))

    @rule(node=nodes, item_id=item_ids)
    def retract(self, node: str, item_id: str) -> None:
        self._do(lambda pubsub: pubsub.retract(node, item_id))

    @rule(request=requests)
    def retrieve(self, request: Request) -> None:
        """Nobody without the right gets a payload."""
        try:
            retrieved = self.service.pubsub.retrieve(request)
        except PubSubError:
            return
        assert self._may(request.actor, retrieved.node, Action.RETRIEVE)

    @rule(request=requests, query=queries, page=pages)
    def query_the_archive(self, request: Request, query: Query, page: Page) -> None:
        """It shows what the node has, in order, to those who may retrieve it."""
        try:
            node, found = self.service.pubsub.archived(request, query, page)
        except PubSubError:
            return
        assert self._may(request.actor, node.name, Action.RETRIEVE)
        kept = self._items(node.name)
        assert [item for item in kept if item in found.entries] == list(found.entries)
        assert page.limit is None or len(found.entries) <= page.limit

    @invariant()
    def every_subscriber_is_entitled(self) -> None:
        for subscription in self.service.pubsub.subscriptions.values():
            assert self._may(subscription.jid, subscription.node, Action.SUBSCRIBE)

    @invariant()
    def names_of_extensions_are_only_theirs(self) -> None:
        """And nobody but an administrator has made a node, unless everybody may."""
        extensions = {f"ext{extension}" for extension in self.linked}
        for node in self.service.pubsub.nodes.values():
            assert node.managed is (node.name in extensions)
        if self.policy.create is Creators.ADMINS and not self.service.pubsub.affiliations:
            assert "news" not in self.service.pubsub.nodes

    @invariant()
    def no_jid_has_more_than_its_share_of_subscriptions(self) -> None:
        held = Counter(
            (s.node, s.service, s.jid) for s in self.service.pubsub.subscriptions.values()
        )
        assert not held or max(held.values()) <= MAX_SUBSCRIPTIONS

    @invariant()
    def no_node_holds_more_than_its_maximum(self) -> None:
        for node in self.service.pubsub.nodes:
            config = self.service.pubsub.nodes[node].config
            assert len(self._items(node)) <= (config.max_items if config.persist_items else 0)

    @invariant()
    def what_an_owner_retrieves_is_all_there_is_in_the_order_of_publication(self) -> None:
        pubsub = self.service.pubsub
        found = [item for node in pubsub.nodes for item in self._items(node)]
        assert sorted(found, key=lambda item: item.seq) == sorted(
            pubsub.items.values(), key=lambda item: item.seq
        )
        for node in pubsub.nodes:
            order = [item.seq for item in self._items(node)]
            assert order == sorted(order)

    @invariant()
    def a_node_is_here_or_elsewhere(self) -> None:
        pubsub = self.service.pubsub
        assert not {*pubsub.nodes} & {*pubsub.redirects}

    @invariant()
    def the_crowd_is_counted_as_it_would_be_after_a_restart(self) -> None:
        restarted = Provisioned(self.linked, MAX_ITEMS)
        restarted.load(self.service.contents())
        now, then = self.service.pubsub._state, restarted.pubsub._state
        for counted, anew in (
            (now.subscribers, then.subscribers),
            (now.visitors, then.visitors),
            (now.owners, then.owners),
        ):
            assert vars(counted) == {**vars(anew), "_refusals": now.refusals}

    @invariant()
    def everybody_sees_exactly_their_subscriptions(self) -> None:
        pubsub = self.service.pubsub
        for account in (AGENT, "user2@example.com", SUPERVISOR, ADMIN, STRANGER):
            mine = {s for s in pubsub.subscriptions.values() if bare(s.jid) == account}
            seen = {
                s
                for service in {s.service for s in mine} | {DOMAIN}
                for s in pubsub.subscriptions_of(Request(account, service))
            }
            assert seen == mine

    def _do(self, operation: Callable[[PubSub], Any]) -> None:
        """Try the operation and undo it, then do it: an error and an undoing change nothing."""
        service = self.service
        before = self._everything()
        mark = service.ledger.mark()
        try:
            operation(service.pubsub)
        except PubSubError:
            assert self._everything() == before
            assert not service.pubsub.take_notifications()
            return
        service.ledger.rollback(mark)
        assert self._everything() == before
        assert not service.pubsub.take_notifications()

        service.told.clear()
        service.do(operation)
        for notification in service.told:
            if isinstance(notification.event, ItemPublished | LastItem):
                for jid in notification.recipients:
                    assert self._may(jid, notification.node, Action.RETRIEVE)
                    assert self._is_active(notification, jid)

    def _everything(self) -> object:
        return self.service.contents(), list(self.service.pubsub.redirects.values())

    def _is_active(self, notification: Notification, jid: str) -> bool:
        held = [
            s
            for s in self.service.pubsub.subscriptions.values()
            if (s.node, s.service, s.jid) == (notification.node, notification.service, jid)
        ]
        assert {s.subid for s in held} >= set(notification.subids)
        assert (len(held) > 1) == bool(notification.subids)
        return any(s.active and s.deliver for s in held)

    def _may(self, jid: str, node_name: str, action: Action) -> bool:
        """What the rights come to, worked out from what was provisioned and what is on record."""
        account, pubsub = bare(jid), self.service.pubsub
        node = pubsub.nodes[node_name]
        role = Role.NONE
        if node.managed:
            role = PRIVILEGED.get(account, Role.NONE)
            if role is Role.NONE and self.linked.get(node_name.removeprefix("ext")) == account:
                role = Role.MEMBER
        record = pubsub.affiliations.get((node_name, account))
        if record is not None:
            role = record.role
        if account == ADMIN:
            role = Role.OWNER
        return permits(node.config.access_model, role, action)

    def _items(self, node: str) -> tuple[Any, ...]:
        pubsub = self.service.pubsub
        if not pubsub.nodes[node].config.persist_items:
            return ()
        held = pubsub.subscriptions.values()
        subids = [s.subid for s in held if (s.node, s.jid, s.active) == (node, ADMIN, True)]
        # Who has several subscriptions must say for which one it is.
        return pubsub.retrieve(Request(ADMIN, DOMAIN, node), subid=next(iter(subids), None)).items


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
