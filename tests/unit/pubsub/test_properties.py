"""Whatever is asked in whatever order: what must always hold."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.stateful import invariant, rule, run_state_machine_as_test

from component.pubsub.access import Action, needs_approval, permits
from component.pubsub.addresses import bare
from component.pubsub.archive import Query
from component.pubsub.configuration import AccessModel
from component.pubsub.errors import PubSubError
from component.pubsub.model import (
    ItemPublished,
    ItemsPublished,
    LastItem,
    Node,
    NodeDeleted,
    Notification,
    Role,
)
from component.pubsub.paging import Page
from component.pubsub.policy import Creators
from component.pubsub.service import Request
from component.pubsub.subscribing import MAX_SUBSCRIPTIONS
from tests.unit.pubsub.any_order import AnyOrder, reached
from tests.unit.pubsub.provisioned import (
    ADMIN,
    AGENT,
    DOMAIN,
    PRIVILEGED,
    STRANGER,
    SUPERVISOR,
    Provisioned,
)
from tests.unit.pubsub.whatever import MAX_ITEMS, pages, queries, subscribing

pytestmark = pytest.mark.unit


class WhatHolds(AnyOrder):
    """What is shown and told, and what is there after each operation."""

    @rule(request=subscribing)
    def retrieve(self, request: Request) -> None:
        """Nobody without the right gets a payload."""
        try:
            retrieved = self.service.pubsub.retrieve(request)
        except PubSubError:
            return
        assert self._may(request.actor, retrieved.node, Action.RETRIEVE)

    @rule(request=subscribing, query=queries, page=pages)
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
    def every_contact_may_subscribe_to_a_node_at_the_address(self) -> None:
        """Without approval, and where a node is for contacts to whoever may become one."""
        pubsub = self.service.pubsub
        for contact in pubsub.contacts.values():
            here = [
                node
                for node in pubsub.nodes.values()
                if contact.service in (DOMAIN, f"{node.name}@{DOMAIN}")
            ]
            assert any(self._may_see(contact.jid, node) for node in here)

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
    def what_is_held_waits_for_somebody(self) -> None:
        pubsub = self.service.pubsub
        oldest: dict[str, int] = {}
        for s in pubsub.subscriptions.values():
            if s.digest is not None and s.digest.first is not None:
                oldest[s.node] = min(s.digest.first, oldest.get(s.node, s.digest.first))
        held: dict[str, list[int]] = {}
        for node, seq in pubsub.held:
            held.setdefault(node, []).append(seq)
        assert {node: min(seqs) for node, seqs in held.items()} == oldest
        assert pubsub._state.waiting.size == sum(one.size for one in pubsub.held.values())

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

    def check_told(self) -> None:
        service = self.service
        # A node that is deleted says before what waits; an extension's is there anew, and another.
        ended = {n.node for n in service.told if isinstance(n.event, NodeDeleted)}
        for notification in service.told:
            assert len({*notification.recipients}) == len(notification.recipients)
            if isinstance(notification.event, ItemPublished | LastItem):
                for jid in notification.recipients:
                    assert self._may(jid, notification.node, Action.RETRIEVE)
                    assert self._is_active(notification, jid)
            elif isinstance(notification.event, ItemsPublished):
                reached["digest"] += 1
                if notification.node in {*service.pubsub.nodes} - ended:
                    for jid in notification.recipients:
                        assert self._may(jid, notification.node, Action.RETRIEVE)

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
        account, node = bare(jid), self.service.pubsub.nodes[node_name]
        model, role = node.config.access_model, self._role(account, node)
        is_contact = (f"{node_name}@{DOMAIN}", account) in self.service.pubsub.contacts
        return permits(model, role, action, is_contact=is_contact)

    def _may_see(self, account: str, node: Node) -> bool:
        model, role = node.config.access_model, self._role(account, node)
        if model is AccessModel.PRESENCE:
            model = AccessModel.WHITELIST
        return permits(model, role, Action.SUBSCRIBE) and not needs_approval(model, role)

    def _role(self, account: str, node: Node) -> Role:
        role = Role.NONE
        if node.managed:
            role = PRIVILEGED.get(account, Role.NONE)
            if role is Role.NONE and self.linked.get(node.name.removeprefix("ext")) == account:
                role = Role.MEMBER
        record = self.service.pubsub.affiliations.get((node.name, account))
        if record is not None:
            role = record.role
        return Role.OWNER if account == ADMIN else role

    def _items(self, node: str) -> tuple[Any, ...]:
        pubsub = self.service.pubsub
        if not pubsub.nodes[node].config.persist_items:
            return ()
        held = pubsub.subscriptions.values()
        subids = [s.subid for s in held if (s.node, s.jid, s.active) == (node, ADMIN, True)]
        # Who has several subscriptions must say for which one it is.
        return pubsub.retrieve(Request(ADMIN, DOMAIN, node), subid=next(iter(subids), None)).items


CHANGES = (
    "provision", "subscribe", "unsubscribe", "create", "configure", "purge", "delete",
    "add_contact", "set_affiliations", "set_subscriptions", "decide", "set_options", "expire",
    "undeliverable", "publish_for", "retract_for", "publish", "retract",
)  # fmt: skip
MAY_BE_MISSED = 4


def test_whatever_is_asked_in_whatever_order() -> None:
    """And the runs get somewhere: chance leaves out a few operations at most."""
    reached.clear()
    limits = settings(max_examples=80, stateful_step_count=30, deadline=None)
    run_state_machine_as_test(WhatHolds, settings=limits)
    never = {name for name in CHANGES if not reached[f"{name} done"]}
    assert len(never) <= MAY_BE_MISSED, never
