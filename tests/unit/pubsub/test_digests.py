"""Notifications that are wanted together: kept, and sent when they are due (pubsub#digest)."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from component.pubsub import digests
from component.pubsub.model import Held, ItemsPublished
from component.pubsub.publishing import Draft
from component.pubsub.subscribing import Options
from tests.unit.pubsub.digesters import (
    DIGEST,
    EVERY,
    SECOND,
    change,
    ids,
    news,
    pass_,
    subscribe,
)
from tests.unit.pubsub.nodes import ANN, BOB, News, item
from tests.unit.pubsub.provisioned import ADMIN, DOMAIN, NOW

pytestmark = pytest.mark.unit

DAY = timedelta(days=1)


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


@pytest.mark.parametrize("lease", [None, NOW + 2 * DAY])
def test_a_digest_comes_once_whatever_else_was_changed_or_is_due(lease: datetime | None) -> None:
    service = news(ANN)
    service.post(ADMIN, item("a"))
    change(service, ANN, replace(DIGEST, include_body=True, expire=lease))
    pass_(service, DAY)
    told = [n.recipients for n in service.told if isinstance(n.event, ItemsPublished)]
    assert told == [(ANN,)]


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
