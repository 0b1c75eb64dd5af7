"""A JID with several subscriptions to a node, told apart by their identifiers (§6.1.6)."""

from datetime import timedelta

import pytest

from component.pubsub.errors import (
    InvalidSubidError,
    SubidRequiredError,
    TooManySubscriptionsError,
)
from component.pubsub.managing import Wish
from component.pubsub.model import ItemPublished, LastItem, Notification, Subscription
from component.pubsub.service import Request
from component.pubsub.subscribing import MAX_SUBSCRIPTIONS, Options
from tests.unit.pubsub.nodes import ANN, News, item
from tests.unit.pubsub.provisioned import ADMIN, AGENT, DOMAIN, NOW

pytestmark = pytest.mark.unit

OWN_ADDRESS = f"ext1000@{DOMAIN}"


def subscribe(
    service: News, subid: str, options: Options | None = None, jid: str = ANN
) -> Subscription:
    request = service.request(jid)
    return service.do(lambda pubsub: pubsub.subscribe(request, jid, subid, NOW, options))


def two() -> News:
    """Ann has the subscriptions `a`, as by default, and `b`, with a text for people."""
    service = News()
    subscribe(service, "a")
    subscribe(service, "b", Options(include_body=True))
    return service


def published(service: News, jid: str = ANN) -> list[Notification]:
    service.told.clear()
    service.post(ADMIN, item("x"))
    return [n for n in service.told if jid in n.recipients and isinstance(n.event, ItemPublished)]


def test_other_options_make_another_subscription() -> None:
    service = two()
    assert [s.subid for s in service.pubsub.subscriptions.values()] == ["a", "b"]


@pytest.mark.parametrize("options", [None, Options()])
def test_who_asks_for_what_there_is_gets_that(options: Options | None) -> None:
    service = two()
    assert subscribe(service, "c", options).subid == "a"
    assert subscribe(service, "c", Options(include_body=True)).subid == "b"
    assert len(service.pubsub.subscriptions) == 2


def test_a_jid_is_told_once_and_which_subscriptions_are_meant() -> None:
    (told,) = published(two())
    assert (told.recipients, told.subids, told.with_body) == ((ANN,), ("a", "b"), True)


def test_who_has_one_subscription_is_told_together_with_others_who_have_one() -> None:
    service = two()
    subscribe(service, "d", jid=f"{ANN}/desk")
    subscribe(service, "e", jid=ADMIN)
    (told,) = published(service, ADMIN)
    assert (told.recipients, told.subids) == ((f"{ANN}/desk", ADMIN), ())


def test_a_subscription_that_is_paused_is_not_meant() -> None:
    service = two()
    request = service.request(ANN)
    paused = Options(deliver=False)
    service.do(lambda pubsub: pubsub.set_options(request, ANN, "b", paused, NOW))
    (told,) = published(service)
    assert (told.subids, told.with_body) == (("a",), False)


def test_the_newest_item_says_which_subscription_is_new() -> None:
    service = News()
    service.post(ADMIN, item("x"))
    subscribe(service, "a")
    subscribe(service, "b", Options(include_body=True))
    newest = [n for n in service.told if isinstance(n.event, LastItem)]
    assert [(n.subids, n.with_body) for n in newest] == [((), False), (("b",), True)]


def test_one_of_several_has_to_be_named() -> None:
    service, request = two(), Request(ANN, DOMAIN, "news")
    for subid, error in ((None, SubidRequiredError), ("z", InvalidSubidError)):
        with pytest.raises(error):
            service.pubsub.unsubscribe(request, ANN, subid)
        with pytest.raises(error):
            service.pubsub.subscription(request, ANN, subid)
        with pytest.raises(error):
            service.pubsub.set_options(request, ANN, subid, Options(), NOW)
        with pytest.raises(error):
            service.pubsub.retrieve(request, subid=subid)
    assert service.pubsub.retrieve(request, subid="b").items == ()
    service.do(lambda pubsub: pubsub.unsubscribe(request, ANN, "a"))
    assert service.pubsub.subscription(request, ANN, None).subid == "b"


def test_a_resource_with_one_subscription_need_not_name_it() -> None:
    service = News()
    subscribe(service, "a", jid=f"{ANN}/desk")
    subscribe(service, "b", jid=f"{ANN}/phone")
    assert service.item_ids(f"{ANN}/desk", "news") == []


def test_subscriptions_at_another_address_are_no_others_of_the_same() -> None:
    service = News()
    service.subscribe(AGENT)
    service.subscribe(AGENT, service=OWN_ADDRESS)
    service.publish("call-1")
    assert [n.subids for n in service.told] == [(), ()]
    service.unsubscribe(AGENT, service=OWN_ADDRESS)


def test_there_is_a_limit() -> None:
    service = News()
    for number in range(MAX_SUBSCRIPTIONS):
        leased = Options(expire=NOW + timedelta(seconds=1 + number))
        subscribe(service, f"s{number}", leased)
    with pytest.raises(TooManySubscriptionsError):
        subscribe(service, "more", Options(deliver=False))
    subscribe(service, "elsewhere", jid=f"{ANN}/desk")


def test_a_lease_ends_the_subscription_that_has_it() -> None:
    service = two()
    subscribe(service, "c", Options(expire=NOW + timedelta(seconds=5)))
    service.do(lambda pubsub: pubsub.expire(NOW + timedelta(seconds=5)))
    assert [s.subid for s in service.pubsub.subscriptions.values()] == ["a", "b"]


def test_an_owner_ends_one_of_them_or_all() -> None:
    service = two()
    service.arrange(Wish(ANN, None, "a"))
    assert [s.subid for s in service.pubsub.subscriptions.values()] == ["b"]
    service = two()
    service.arrange(Wish(ANN, None))
    assert not service.pubsub.subscriptions
