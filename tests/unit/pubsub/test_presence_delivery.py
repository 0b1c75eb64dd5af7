"""Notifications for those who are online, or shown in a certain way."""

from dataclasses import replace

import pytest

from component.pubsub.audience import Resource
from component.pubsub.configuration import AccessModel
from component.pubsub.presence import Show
from component.pubsub.service import Request
from component.pubsub.subscribing import Options
from tests.unit.pubsub.nodes import News
from tests.unit.pubsub.online import DESK, WANTS_CALLS, arrive, leave, notified, subscribe
from tests.unit.pubsub.provisioned import ADMIN, AGENT, DOMAIN, EXTENSION, STRANGER, Provisioned

pytestmark = pytest.mark.unit


def test_a_node_may_notify_only_those_who_are_online() -> None:
    service = News()
    service.configure(node="ext1000", presence_based_delivery=True, max_items=3)
    subscribe(service, AGENT)
    assert notified(service) == []
    arrive(service, DESK)
    assert notified(service) == [AGENT]
    arrive(service, replace(DESK, priority=-1))
    assert notified(service) == []
    leave(service, DESK.jid)
    assert notified(service) == []


def test_online_is_meant_at_the_address_that_was_subscribed_to() -> None:
    service = News()
    service.configure(node="ext1000", presence_based_delivery=True, max_items=3)
    subscribe(service, AGENT, address=DOMAIN)
    arrive(service, DESK)
    assert notified(service) == []
    arrive(service, DESK, DOMAIN)
    assert notified(service) == [AGENT]


@pytest.mark.parametrize(
    ("shown", "is_told"),
    [(None, True), (Show.CHAT, True), (Show.AWAY, False), (Show.XA, False), (Show.DND, False)],
)
def test_a_subscriber_chooses_for_which_presence(shown: Show | None, is_told: bool) -> None:
    service = Provisioned()
    subscribe(service, AGENT, Options(show_values=frozenset({"online", "chat"})))
    assert notified(service) == []
    arrive(service, replace(DESK, show=shown))
    assert (notified(service) == [AGENT]) is is_told


def test_one_resource_that_is_shown_so_is_enough() -> None:
    service = Provisioned()
    subscribe(service, AGENT, Options(show_values=frozenset({"chat"})))
    arrive(service, replace(DESK, show=Show.DND))
    arrive(service, Resource(f"{AGENT}/phone", Show.CHAT))
    assert notified(service) == [AGENT]


@pytest.mark.parametrize("address", [EXTENSION, DOMAIN])
@pytest.mark.parametrize("is_online_before", [True, False])
def test_the_presence_of_one_whom_an_owner_let_in_counts(
    address: str, is_online_before: bool
) -> None:
    service = News()
    service.configure(
        node="ext1000",
        access_model=AccessModel.AUTHORIZE,
        presence_based_delivery=True,
        max_items=3,
    )
    desk = replace(WANTS_CALLS, jid=f"{STRANGER}/desk")
    if is_online_before:
        arrive(service, desk, address)
    subscribe(service, STRANGER, Options(show_values=frozenset({"online"})), address)
    if not is_online_before:
        arrive(service, desk, address)
    assert notified(service) == []
    request = Request(ADMIN, DOMAIN, "ext1000")
    service.do(lambda pubsub: pubsub.decide(request, STRANGER, None, allow=True))
    assert notified(service) == [STRANGER]
    service.unsubscribe(STRANGER, service=address)
    assert notified(service) == []
