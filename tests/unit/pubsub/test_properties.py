"""Whatever is asked in whatever order: what must always hold."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from component.pubsub.access import Action, permits
from component.pubsub.addresses import bare
from component.pubsub.errors import PubSubError
from component.pubsub.model import ItemPublished, Role
from component.pubsub.service import PubSub, Request
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
nodes = st.sampled_from(["ext1000", "ext2000", "ext9999"])
services = st.sampled_from([DOMAIN, f"ext1000@{DOMAIN}", f"ext9999@{DOMAIN}"])
requests = st.builds(Request, jids, services, nodes | st.none())
item_ids = st.sampled_from(["a", "b", "c", "d", "e"])
linked = st.dictionaries(
    st.sampled_from(["1000", "2000"]), st.sampled_from([AGENT, "user2@example.com", STRANGER, ""])
)


class AnyOrder(RuleBasedStateMachine):
    """Operations in any order, each committed, refused, or undone."""

    def __init__(self) -> None:
        super().__init__()
        self.linked = {"1000": AGENT, "2000": ""}
        self.service = Provisioned(self.linked, MAX_ITEMS)

    @rule(accounts=linked)
    def provision(self, accounts: dict[str, str]) -> None:
        self.linked = accounts
        self._do(lambda pubsub: pubsub.provision(accounts, MAX_ITEMS))

    @rule(request=requests, jid=jids)
    def subscribe(self, request: Request, jid: str) -> None:
        self._do(lambda pubsub: pubsub.subscribe(request, jid, "sub", NOW))

    @rule(request=requests, jid=jids)
    def unsubscribe(self, request: Request, jid: str) -> None:
        self._do(lambda pubsub: pubsub.unsubscribe(request, jid, None))

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
        assert self._entitled(request.actor, retrieved.node)

    @invariant()
    def every_subscriber_is_entitled(self) -> None:
        for subscription in self.service.pubsub.subscriptions.values():
            assert self._entitled(subscription.jid, subscription.node)

    @invariant()
    def no_node_holds_more_than_its_maximum(self) -> None:
        for node in self.service.pubsub.nodes:
            assert len(self._items(node)) <= MAX_ITEMS

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
        before = service.contents()
        mark = service.ledger.mark()
        try:
            operation(service.pubsub)
        except PubSubError:
            assert service.contents() == before
            assert not service.pubsub.take_notifications()
            return
        service.ledger.rollback(mark)
        assert service.contents() == before
        assert not service.pubsub.take_notifications()

        service.told.clear()
        service.do(operation)
        for notification in service.told:
            if isinstance(notification.event, ItemPublished):
                assert all(
                    self._entitled(jid, notification.node) for jid in notification.recipients
                )

    def _entitled(self, jid: str, node_name: str) -> bool:
        """What the rights come to, worked out from what was provisioned."""
        account = bare(jid)
        role = PRIVILEGED.get(account, Role.NONE)
        if role is Role.NONE and self.linked.get(node_name.removeprefix("ext")) == account:
            role = Role.MEMBER
        node = self.service.pubsub.nodes[node_name]
        return permits(node.config.access_model, role, Action.RETRIEVE)

    def _items(self, node: str) -> tuple[Any, ...]:
        return self.service.pubsub.retrieve(Request(ADMIN, DOMAIN, node)).items


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
