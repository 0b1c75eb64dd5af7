"""Who gets digests: as they want them, and as long as they have the right to the node."""

from datetime import timedelta

import pytest

from component.pubsub.attending import SETTLING
from component.pubsub.audience import Resource
from component.pubsub.configuration import AccessModel, ItemReply
from component.pubsub.managing import Wish
from component.pubsub.model import ItemPublished, ItemsPublished, Role, SubscriptionState
from component.pubsub.presence import Show
from component.pubsub.subscribing import Options
from tests.unit.pubsub.digesters import EVERY, SECOND, change, ids, news, notified, pass_, subscribe
from tests.unit.pubsub.nodes import ANN, BOB, item
from tests.unit.pubsub.provisioned import ADMIN, DOMAIN, NOW

pytestmark = pytest.mark.unit


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
