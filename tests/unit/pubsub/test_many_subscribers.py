"""Whom a node of many subscribers tells is remembered, and follows what becomes of them."""

import pytest

from component.pubsub.errors import NotSubscribedError
from component.pubsub.model import ItemPublished
from component.pubsub.notices import MANY
from component.pubsub.service import PubSub
from component.pubsub.subscribing import Options
from tests.unit.pubsub.nodes import News, item
from tests.unit.pubsub.provisioned import ADMIN, NOW

pytestmark = pytest.mark.unit

JIDS = tuple(f"user{number:02}@example.net" for number in range(MANY))


def crowded() -> News:
    """A node with many subscribers, who were told of something."""
    service = News()
    for jid in JIDS:
        subscribe(service, jid)
    assert told(service) == JIDS
    return service


def subscribe(service: News, jid: str) -> None:
    request = service.request(jid)
    service.do(lambda pubsub: pubsub.subscribe(request, jid, "s", NOW))


def told(service: News) -> tuple[str, ...]:
    service.told.clear()
    service.post(ADMIN, item("x"))
    published = [n for n in service.told if isinstance(n.event, ItemPublished)]
    return tuple(jid for notification in published for jid in notification.recipients)


def test_the_same_are_told_each_time() -> None:
    service = crowded()
    assert told(service) == told(service) == JIDS


def test_who_has_left_is_not_told() -> None:
    service = crowded()
    request = service.request(JIDS[0])
    service.do(lambda pubsub: pubsub.unsubscribe(request, JIDS[0], None))
    assert told(service) == JIDS[1:]


def test_who_comes_is_told() -> None:
    service = crowded()
    subscribe(service, "zoe@example.net")
    assert told(service) == (*JIDS, "zoe@example.net")


@pytest.mark.parametrize(
    "options", [Options(deliver=False), Options(show_values=frozenset({"chat"}))]
)
def test_who_does_not_want_to_be_told_now_is_not(options: Options) -> None:
    service = crowded()
    request = service.request(JIDS[0])
    service.do(lambda pubsub: pubsub.set_options(request, JIDS[0], None, options, NOW))
    assert told(service) == JIDS[1:]


def test_a_change_that_is_undone_changes_nobody() -> None:
    service = crowded()
    request = service.request(JIDS[0])

    def leave_twice(pubsub: PubSub) -> None:
        pubsub.unsubscribe(request, JIDS[0], None)
        pubsub.publish("news", "y", "<a/>", ADMIN, NOW)
        pubsub.unsubscribe(request, JIDS[0], None)

    with pytest.raises(NotSubscribedError):
        service.do(leave_twice)
    assert told(service) == JIDS


def test_where_presence_matters_it_is_looked_at_each_time() -> None:
    service = crowded()
    service.configure(presence_based_delivery=True)
    assert told(service) == ()
    service.configure(presence_based_delivery=False)
    assert told(service) == JIDS
