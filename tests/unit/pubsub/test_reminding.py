"""Who comes to a node gets its newest item (§6.1.7, §12.2); its owners hear who comes and goes."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from component.pubsub.audience import CALLS, Resource
from component.pubsub.configuration import AccessModel, MessageType, SendLast
from component.pubsub.managing import Wish
from component.pubsub.model import (
    AffiliationChanged,
    ApprovalWanted,
    ItemPublished,
    LastItem,
    NodeEvent,
    Role,
    SubscriptionChanged,
    SubscriptionEnded,
    SubscriptionState,
)
from component.pubsub.service import Request
from component.pubsub.subscribing import Options
from tests.unit.pubsub.nodes import ANN, BOB, News, item
from tests.unit.pubsub.provisioned import ADMIN, DOMAIN, EXTENSION, NOW, STRANGER

pytestmark = pytest.mark.unit

DESK = f"{ANN}/desk"
SUBSCRIBED = SubscriptionState.SUBSCRIBED


def kinds(events: object) -> list[type[NodeEvent]]:
    assert isinstance(events, list)
    return [type(event) for event in events]


@pytest.fixture
def service() -> News:
    """Ann waits for approval at a node that has an item."""
    made = News(access_model=AccessModel.AUTHORIZE, notify_sub=True)
    made.post(ADMIN, item("old"), item("new"))
    made.subscribe(ANN, "news")
    made.told.clear()
    return made


LET_IN: dict[str, Callable[[News], None]] = {
    "approved": lambda service: service.decide(ANN, allow=True),
    "subscribed by an owner": lambda service: service.arrange(Wish(ANN, SUBSCRIBED)),
    "a member now": lambda service: service.give(ANN, Role.MEMBER),
    "a publisher now": lambda service: service.give(ANN, Role.PUBLISHER),
    "the node is open": lambda service: service.configure(access_model=AccessModel.OPEN),
}


@pytest.mark.parametrize("let_in", LET_IN.values(), ids=LET_IN)
def test_who_has_waited_gets_the_newest_item_when_let_in(
    service: News, let_in: Callable[[News], None]
) -> None:
    let_in(service)
    heard = [e for e in service.heard(ANN) if not isinstance(e, AffiliationChanged)]
    assert kinds(heard[:2]) == [SubscriptionChanged, LastItem]
    assert heard[1] == LastItem(service.pubsub.items["news", "new"])
    told = [e for e in service.heard(ADMIN) if isinstance(e, SubscriptionChanged)]
    assert [event.subscription.active for event in told] == [True]


def test_so_does_one_whom_an_owner_subscribes(service: News) -> None:
    service.arrange(Wish(BOB, SUBSCRIBED))
    assert kinds(service.heard(BOB)) == [SubscriptionChanged, LastItem]
    assert kinds(service.heard(ADMIN)) == [SubscriptionChanged]


def test_who_waits_gets_none_and_is_no_news(service: News) -> None:
    service.arrange(Wish(BOB, SubscriptionState.PENDING))
    assert kinds(service.heard(BOB)) == [SubscriptionChanged]
    service.decide(ANN, allow=False)
    assert kinds(service.heard(ANN)) == [SubscriptionEnded]
    assert service.heard(ADMIN) == []


def test_an_outcast_waits_no_longer(service: News) -> None:
    """§8.7: the request is rejected."""
    service.give(ANN, Role.OUTCAST)
    assert kinds(service.heard(ANN)) == [SubscriptionEnded, AffiliationChanged]
    assert not service.pubsub.subscriptions


def test_who_asks_no_longer_cannot_be_let_in(service: News) -> None:
    service.unsubscribe(ANN, "news")
    service.decide(ANN, allow=True)
    assert not service.pubsub.subscriptions
    assert not service.told


def test_all_owners_are_asked_in_a_message_that_waits_for_them(service: News) -> None:
    service.give(BOB, Role.OWNER)
    service.told.clear()
    subscription = service.subscribe(DESK, "news")
    (asked,) = service.told
    assert asked.event == ApprovalWanted(subscription)
    assert set(asked.recipients) == {ADMIN, BOB}
    assert asked.type is MessageType.NORMAL


def test_the_newest_item_is_for_those_who_are_notified_now() -> None:
    service = News(presence_based_delivery=True)
    service.post(ADMIN, item("a"))
    service.subscribe(ANN, "news")
    assert not service.told
    service.do(lambda pubsub: pubsub.arrive(DOMAIN, Resource(DESK)))
    assert [kinds(service.heard(jid)) for jid in (ANN, DESK)] == [[], [LastItem]]
    service.subscribe(DESK, "news")
    assert kinds(service.heard(DESK)) == [LastItem, LastItem]


# Software that has shown itself to an extension. --------------------------------------------------

PHONE = Resource(f"{STRANGER}/phone", wants=frozenset({CALLS}))


def at_extension(model: AccessModel, **config: Any) -> News:
    """A stranger's software, which wants calls, is there when the first call comes."""
    service = News()
    service.configure(node="ext1000", access_model=model, **config)
    service.do(lambda pubsub: pubsub.arrive(EXTENSION, PHONE))
    service.publish("call-1")
    assert not service.told
    return service


def test_who_gains_access_as_the_node_opens_gets_the_newest_item_and_those_to_come() -> None:
    service = at_extension(AccessModel.AUTHORIZE)
    service.configure(node="ext1000", access_model=AccessModel.OPEN)
    assert kinds(service.heard(PHONE.jid)) == [LastItem]
    service.configure(node="ext1000", title="Again")
    service.publish("call-2")
    assert kinds(service.heard(PHONE.jid)) == [LastItem, ItemPublished]


def test_so_does_who_becomes_a_member() -> None:
    service = at_extension(AccessModel.AUTHORIZE)
    service.give(STRANGER, Role.MEMBER, node="ext1000")
    assert kinds(service.heard(PHONE.jid)) == [LastItem]


@pytest.mark.parametrize(
    "config", [{"subscribe": False}, {"send_last_published_item": SendLast.ON_SUBSCRIBING}]
)
def test_nobody_is_sent_it_where_the_node_says_no(config: dict[str, Any]) -> None:
    service = at_extension(AccessModel.AUTHORIZE, **config)
    service.configure(node="ext1000", access_model=AccessModel.OPEN)
    assert service.heard(PHONE.jid) == []


def test_access_that_is_lost_is_gained_again() -> None:
    service = at_extension(AccessModel.AUTHORIZE)
    for model in (AccessModel.OPEN, AccessModel.AUTHORIZE):
        service.configure(node="ext1000", access_model=model)
    service.publish("call-2")
    assert kinds(service.heard(PHONE.jid)) == [LastItem]
    service.configure(node="ext1000", access_model=AccessModel.OPEN)
    assert kinds(service.heard(PHONE.jid)) == [LastItem, LastItem]


# Owners hear who goes, if they want (pubsub#notify_sub). ------------------------------------------

GO: dict[str, Callable[[News], None]] = {
    "unsubscribed": lambda service: service.unsubscribe(DESK, "news"),
    "ended by an owner": lambda service: service.arrange(Wish(DESK, None)),
    "cast out": lambda service: service.give(ANN, Role.OUTCAST),
    "the lease is over": lambda service: service.do(
        lambda pubsub: pubsub.expire(NOW + timedelta(seconds=60))
    ),
    "offline": lambda service: service.do(lambda pubsub: pubsub.leave(DOMAIN, DESK)),
    "gone for good": lambda service: service.do(lambda p: p.undeliverable(DOMAIN, DESK)),
}


@pytest.mark.parametrize("go", GO.values(), ids=GO)
@pytest.mark.parametrize("wanted", [True, False])
def test_owners_hear_who_goes_however_that_comes(go: Callable[[News], None], wanted: bool) -> None:
    service = News(notify_sub=wanted)
    request, leased = Request(DESK, DOMAIN, "news"), Options(expire=NOW + timedelta(seconds=60))
    service.do(lambda pubsub: pubsub.subscribe(request, DESK, "s", NOW, leased))
    service.told.clear()
    go(service)
    assert not service.pubsub.subscriptions
    assert kinds(service.heard(ADMIN)) == ([SubscriptionEnded] if wanted else [])
