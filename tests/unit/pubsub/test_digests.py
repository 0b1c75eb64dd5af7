"""Notifications that are wanted together: kept, and sent when they are due (pubsub#digest)."""

from datetime import timedelta
from typing import Any

import pytest

from component.pubsub import digests
from component.pubsub.attending import SETTLING
from component.pubsub.audience import Resource
from component.pubsub.configuration import AccessModel, ItemReply
from component.pubsub.managing import Wish
from component.pubsub.model import (
    Held,
    ItemPublished,
    ItemsPublished,
    ItemsRetracted,
    NodeChanged,
    NodeConfigured,
    NodeDeleted,
    NodeEvent,
    NodePurged,
    Notification,
    Role,
    SubscriptionState,
)
from component.pubsub.presence import Show
from component.pubsub.publishing import Draft
from component.pubsub.subscribing import Options
from tests.unit.pubsub.nodes import ANN, BOB, News, item
from tests.unit.pubsub.provisioned import ADMIN, AGENT, DOMAIN, NOW, Provisioned

pytestmark = pytest.mark.unit

SECOND = timedelta(seconds=1)
EVERY = 10 * SECOND
DIGEST = Options(digest=EVERY)


def news(*jids: str, **config: Any) -> News:
    """A node that keeps many items; these JIDs are subscribed to digests."""
    service = News(max_items=200, **config)
    for jid in jids:
        subscribe(service, jid)
    return service


def subscribe(service: News, jid: str, options: Options = DIGEST, subid: str = "") -> None:
    request = service.request(jid)
    subid = subid or f"of-{jid}"
    service.do(lambda pubsub: pubsub.subscribe(request, jid, subid, NOW, options))


def change(service: News, jid: str, options: Options) -> None:
    request = service.request(jid)
    service.do(lambda pubsub: pubsub.set_options(request, jid, None, options, NOW))


def pass_(service: News, time: timedelta) -> None:
    service.do(lambda pubsub: pubsub.expire(NOW + time))


def ids(event: NodeEvent) -> list[str | None]:
    assert isinstance(event, ItemsPublished)
    return [held.item_id for held in event.items]


def notified(service: News, jid: str = ANN) -> list[Notification]:
    return [n for n in service.told if jid in n.recipients]


def restarted(service: News) -> News:
    """The same service after a crash, from what was stored."""
    again = News()
    again.do(lambda pubsub: pubsub.delete(again.request(ADMIN), None, NOW))
    again.told.clear()
    again.load(service.contents())
    return again


def test_items_wait_and_come_together() -> None:
    service = news(ANN)
    service.post(ADMIN, item("a", "<one/>"), now=NOW)
    service.post(ADMIN, item("b", "<two/>"), now=NOW + 9 * SECOND)
    assert not service.heard(ANN)
    pass_(service, EVERY)
    (event,) = service.heard(ANN)
    assert event == ItemsPublished((Held("news", 1, "a", "<one/>"), Held("news", 2, "b", "<two/>")))


def test_others_are_told_at_once() -> None:
    service = news(ANN)
    service.subscribe(BOB, "news")
    service.post(ADMIN, item("a"))
    assert [n.recipients for n in service.told] == [(BOB,)]


def test_nothing_is_sent_when_nothing_happened_and_no_digest_before_its_time() -> None:
    service = news(ANN)
    pass_(service, EVERY)
    service.post(ADMIN, item("a"), now=NOW + EVERY)
    pass_(service, 2 * EVERY - SECOND)
    assert not service.heard(ANN)
    pass_(service, 2 * EVERY)
    pass_(service, 3 * EVERY)
    assert [ids(event) for event in service.heard(ANN)] == [["a"]]


def test_the_service_says_when_the_next_digest_is_due() -> None:
    service = news(ANN)
    assert service.pubsub.due() is None
    service.post(ADMIN, item("a"))
    assert service.pubsub.due() == NOW + EVERY


def test_what_waits_is_there_after_a_crash() -> None:
    service = news(ANN)
    service.post(ADMIN, item("a"))
    after = restarted(service)
    after.post(ADMIN, item("b"), now=NOW + SECOND)
    pass_(after, EVERY)
    assert [ids(event) for event in after.heard(ANN)] == [["a", "b"]]


def test_those_who_are_told_the_same_share_a_message() -> None:
    service = news(ANN, BOB)
    service.post(ADMIN, item("a"))
    pass_(service, EVERY)
    assert [n.recipients for n in service.told] == [(ANN, BOB)]


def test_each_is_told_what_happened_since_the_digest_before() -> None:
    service = news(ANN)
    subscribe(service, BOB, Options(digest=15 * SECOND))
    service.post(ADMIN, item("a"))
    pass_(service, EVERY)
    service.post(ADMIN, item("b"), now=NOW + 11 * SECOND)
    pass_(service, 30 * SECOND)
    assert [ids(event) for event in service.heard(ANN)] == [["a"], ["b"]]
    assert [ids(event) for event in service.heard(BOB)] == [["a", "b"]]


def test_what_nobody_waits_for_is_not_kept() -> None:
    service = news(ANN)
    service.post(ADMIN, item("a"))
    subscribe(service, BOB)
    service.post(ADMIN, item("b"))
    service.unsubscribe(ANN, "news")
    assert [held.item_id for held in service.pubsub.held.values()] == ["b"]
    service.unsubscribe(BOB, "news")
    service.post(ADMIN, item("c"))
    assert not list(service.pubsub.held)


def test_an_undone_operation_leaves_nothing_waiting() -> None:
    service = news(ANN)
    before = service.contents()
    mark = service.ledger.mark()
    service.pubsub.publish("news", "a", "<x/>", DOMAIN, NOW)
    service.pubsub.expire(NOW + EVERY)
    service.ledger.rollback(mark)
    assert service.contents() == before
    assert not service.pubsub.take_notifications()


def test_of_an_item_that_was_replaced_the_last_is_shown() -> None:
    service = news(ANN)
    service.post(ADMIN, item("a", "<old/>"), item("b"), item("a", "<new/>"))
    pass_(service, EVERY)
    (event,) = service.heard(ANN)
    assert isinstance(event, ItemsPublished)
    assert [(i.item_id, i.payload) for i in event.items] == [("b", "<x/>"), ("a", "<new/>")]


def test_what_a_node_does_not_keep_is_not_replaced() -> None:
    service = news(ANN, persist_items=False)
    service.post(ADMIN, item("a", "<old/>"), item("a", "<new/>"))
    pass_(service, EVERY)
    assert [ids(event) for event in service.heard(ANN)] == [["a", "a"]]


@pytest.mark.parametrize("persist_items", [True, False])
def test_what_was_retracted_meanwhile_is_not_shown(persist_items: bool) -> None:
    service = news(ANN, persist_items=persist_items)
    service.post(ADMIN, item("a"), item("b"))
    service.do(lambda pubsub: pubsub.retract("news", "a"))
    pass_(service, EVERY)
    retracted, published = service.heard(ANN)
    assert retracted == ItemsRetracted(("a",))
    assert ids(published) == ["b"]


def test_what_was_retracted_and_published_again_is_shown() -> None:
    service = news(ANN)
    service.post(ADMIN, item("a"))
    service.take_back(ADMIN, "a")
    service.post(ADMIN, item("a", "<again/>"))
    pass_(service, EVERY)
    (event,) = service.heard(ANN)
    assert isinstance(event, ItemsPublished)
    assert [i.payload for i in event.items] == ["<again/>"]


def test_what_has_no_item_is_told_once() -> None:
    service = news(ANN, persist_items=False, deliver_payloads=False)
    service.post(ADMIN)
    service.post(ADMIN)
    pass_(service, EVERY)
    assert service.heard(ANN) == [NodeChanged()]


def test_payloads_are_delivered_as_the_node_says() -> None:
    service = news(ANN, deliver_payloads=False)
    service.post(ADMIN, item("a"))
    pass_(service, EVERY)
    assert service.heard(ANN) == [ItemsPublished((Held("news", 1, "a", ""),))]


def test_whom_to_answer_is_kept_with_each_item() -> None:
    service = news(ANN, itemreply=ItemReply.PUBLISHER)
    service.post(ADMIN, item("a"))
    pass_(service, EVERY)
    assert service.heard(ANN) == [ItemsPublished((Held("news", 1, "a", "<x/>", (ADMIN,)),), True)]


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        (ItemReply.OWNER, ItemReply.PUBLISHER, False),
        (ItemReply.PUBLISHER, ItemReply.NOBODY, True),
    ],
)
def test_what_waited_comes_before_others_are_to_be_answered(
    before: ItemReply, after: ItemReply, named: bool
) -> None:
    service = news(ANN, itemreply=before)
    service.give(BOB, Role.PUBLISHER)
    service.post(BOB, item("a"))
    answered = BOB if named else ADMIN
    service.configure(itemreply=after)
    pass_(service, EVERY)
    held = Held("news", 1, "a", "<x/>", (answered,))
    assert service.heard(ANN) == [ItemsPublished((held,), named)]


def test_a_purge_is_told_at_once_and_nothing_of_what_waited() -> None:
    service = news(ANN)
    service.post(ADMIN, item("a"))
    service.do(lambda pubsub: pubsub.purge(service.request(ADMIN)))
    pass_(service, EVERY)
    assert service.heard(ANN) == [NodePurged()]
    assert not list(service.pubsub.held)


def test_the_end_of_a_node_comes_after_what_waited() -> None:
    service = news(ANN)
    service.post(ADMIN, item("a"))
    service.do(lambda pubsub: pubsub.delete(service.request(ADMIN), None, NOW))
    published, deleted = service.heard(ANN)
    assert ids(published) == ["a"]
    assert deleted == NodeDeleted()
    assert not list(service.pubsub.held)


def test_what_waited_at_an_extension_comes_before_its_end() -> None:
    service = Provisioned()
    request = News().request(AGENT, "ext1000")
    service.do(lambda pubsub: pubsub.subscribe(request, AGENT, "s", NOW, DIGEST))
    service.publish("call1")
    service.do(lambda pubsub: pubsub.drop("1000"))
    assert [type(n.event) for n in service.told] == [ItemsPublished, NodeDeleted]


def test_a_change_of_the_configuration_is_told_at_once() -> None:
    service = news(ANN)
    service.configure(notify_config=True, title="New")
    assert [type(event) for event in service.heard(ANN)] == [NodeConfigured]


def test_who_loses_the_right_is_sent_nothing_more() -> None:
    service = news(ANN)
    service.post(ADMIN, item("a"))
    service.told.clear()
    service.give(ANN, Role.OUTCAST)
    pass_(service, EVERY)
    assert not any(isinstance(event, ItemsPublished) for event in service.heard(ANN))
    assert not list(service.pubsub.held)


def test_who_loses_the_right_as_others_are_to_be_answered_is_sent_nothing_more() -> None:
    service = news(ANN, itemreply=ItemReply.OWNER)
    service.post(ADMIN, item("a"))
    service.configure(access_model=AccessModel.WHITELIST, itemreply=ItemReply.NOBODY)
    pass_(service, EVERY)
    assert not any(isinstance(event, ItemsPublished) for event in service.heard(ANN))
    assert not list(service.pubsub.held)


def test_who_is_put_off_by_an_owner_is_sent_nothing_more() -> None:
    service = news(ANN)
    service.post(ADMIN, item("a"))
    service.arrange(Wish(ANN, SubscriptionState.PENDING))
    service.told.clear()
    pass_(service, EVERY)
    assert not service.heard(ANN)


def test_a_lease_ends_with_what_waited() -> None:
    service = news()
    subscribe(service, ANN, Options(digest=EVERY, expire=NOW + 5 * SECOND))
    service.post(ADMIN, item("a"))
    pass_(service, 5 * SECOND)
    published, _ = service.heard(ANN)
    assert ids(published) == ["a"]
    assert not list(service.pubsub.held)


@pytest.mark.parametrize(
    "changed", [Options(), Options(digest=20 * SECOND), Options(deliver=False, digest=EVERY)]
)
def test_who_wants_it_otherwise_is_sent_what_waited(changed: Options) -> None:
    service = news(ANN)
    service.post(ADMIN, item("a"))
    change(service, ANN, changed)
    assert [ids(event) for event in service.heard(ANN)] == [["a"]]
    pass_(service, 3 * EVERY)
    assert len(service.heard(ANN)) == 1


def test_to_renew_a_lease_sends_nothing_early() -> None:
    service = news(ANN)
    service.post(ADMIN, item("a"))
    change(service, ANN, Options(digest=EVERY, expire=NOW + timedelta(days=1)))
    assert not service.heard(ANN)
    pass_(service, EVERY)
    assert [ids(event) for event in service.heard(ANN)] == [["a"]]


def test_who_wants_nothing_delivered_is_not_kept_anything() -> None:
    service = news()
    subscribe(service, ANN, Options(deliver=False, digest=EVERY))
    service.post(ADMIN, item("a"))
    assert not list(service.pubsub.held)


def test_one_with_several_subscriptions_is_told_which_one_is_meant() -> None:
    service = news()
    subscribe(service, ANN, Options(), subid="each")
    subscribe(service, ANN, Options(digest=EVERY, include_body=True), subid="together")
    service.post(ADMIN, item("a"))
    pass_(service, EVERY)
    told = [(type(n.event), n.subids, n.with_body) for n in notified(service)]
    assert told == [
        (ItemPublished, ("each",), False),
        (ItemsPublished, ("together",), True),
    ]


def test_who_is_not_shown_as_wanted_is_sent_nothing() -> None:
    service = news()
    subscribe(service, ANN, Options(digest=EVERY, show_values=frozenset({Show.CHAT.value})))
    service.post(ADMIN, item("a"))
    pass_(service, EVERY)
    assert not service.heard(ANN)
    assert not list(service.pubsub.held)


def test_before_it_is_known_who_is_online_a_digest_that_depends_on_it_waits() -> None:
    service = news(BOB)
    shown = frozenset({Show.CHAT.value})
    subscribe(service, ANN, Options(digest=EVERY, show_values=shown))
    service.post(ADMIN, item("a"))
    service.do(lambda pubsub: pubsub.forget_audience(NOW))
    pass_(service, EVERY)
    assert [n.recipients for n in service.told] == [(BOB,)]
    service.do(lambda pubsub: pubsub.arrive(DOMAIN, Resource(f"{ANN}/desk", Show.CHAT)))
    service.told.clear()
    pass_(service, SETTLING)
    assert [ids(event) for event in service.heard(ANN)] == [["a"]]


def test_too_many_are_sent_early() -> None:
    service = news(ANN)
    for number in range(digests.MAX_HELD - 1):
        service.post(ADMIN, item(f"i{number}"))
    assert not service.heard(ANN)
    service.post(ADMIN, item("last"))
    (event,) = service.heard(ANN)
    assert len(ids(event)) == digests.MAX_HELD
    assert not list(service.pubsub.held)


def test_what_is_too_large_is_sent_early() -> None:
    service = news(ANN, max_payload_size=digests.MAX_HELD_SIZE)
    service.post(ADMIN, item("a"), Draft("b", "x" * digests.MAX_HELD_SIZE))
    assert [ids(event) for event in service.heard(ANN)] == [["a", "b"]]


def test_where_all_nodes_hold_too_much_the_oldest_goes_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(digests, "MAX_HELD_IN_ALL", 300)
    service = news(ANN)
    service.create("more", max_items=200)
    request = service.request(BOB, "more")
    service.do(lambda pubsub: pubsub.subscribe(request, BOB, "s", NOW, DIGEST))
    service.post(ADMIN, item("a"))
    service.post(ADMIN, item("b"), node="more")
    assert not service.told
    service.post(ADMIN, item("c"), node="more")
    assert [(n.node, n.recipients) for n in service.told] == [("news", (ANN,))]


def test_many_subscribers_to_digests_leave_others_as_they_are() -> None:
    """Whom a node with many subscribers tells is remembered."""
    service = news(*(f"d{number}@example.com" for number in range(20)))
    for number in range(20):
        service.subscribe(f"s{number}@example.com", "news", subid=f"s{number}")
    for name in ("a", "b"):
        service.told.clear()
        service.post(ADMIN, item(name))
        assert sum(len(n.recipients) for n in service.told) == 20
    service.told.clear()
    pass_(service, EVERY)
    assert sum(len(n.recipients) for n in service.told) == 20
