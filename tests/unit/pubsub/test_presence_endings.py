"""What ends when somebody goes offline: subscriptions, and items with their publisher."""

from dataclasses import replace
from datetime import timedelta

import pytest

from component.pubsub.attending import SETTLING
from component.pubsub.audience import Resource
from component.pubsub.configuration import PublishModel
from component.pubsub.errors import InvalidOptionsError
from component.pubsub.managing import Wish
from component.pubsub.model import ItemRetracted, SubscriptionState
from component.pubsub.policy import MAX_OF_ACCOUNT
from component.pubsub.subscribing import Options
from tests.unit.pubsub.nodes import News, item
from tests.unit.pubsub.online import DESK, arrive, leave, subscribe, subscribers
from tests.unit.pubsub.provisioned import (
    ADMIN,
    AGENT,
    DOMAIN,
    EXTENSION,
    NOW,
    STRANGER,
    Provisioned,
)

pytestmark = pytest.mark.unit

# Until offline. ----------------------------------------------------------------------------------


@pytest.mark.parametrize("jid", [AGENT, DESK.jid])
def test_a_subscription_ends_with_its_subscribers_presence(jid: str) -> None:
    service = Provisioned()
    arrive(service, DESK)
    subscribe(service, jid, Options(until_offline=True))
    leave(service, DESK.jid)
    assert subscribers(service) == []


def test_it_stays_as_long_as_any_software_of_the_account_is_online() -> None:
    service = Provisioned()
    arrive(service, DESK)
    arrive(service, Resource(f"{AGENT}/phone"))
    subscribe(service, AGENT, Options(until_offline=True))
    leave(service, DESK.jid)
    assert subscribers(service) == [AGENT]
    leave(service, f"{AGENT}/phone")
    assert subscribers(service) == []


@pytest.mark.parametrize("jid", [AGENT, f"{AGENT}/phone"])
def test_whose_presence_is_not_known_cannot_have_one(jid: str) -> None:
    service = Provisioned()
    if jid != AGENT:
        arrive(service, DESK)
    with pytest.raises(InvalidOptionsError):
        subscribe(service, jid, Options(until_offline=True))


def test_a_time_in_the_past_is_still_refused() -> None:
    with pytest.raises(InvalidOptionsError):
        subscribe(Provisioned(), AGENT, Options(expire=NOW - timedelta(seconds=1)))


def test_it_stays_if_it_is_from_another_address_that_the_presence_goes() -> None:
    service = News()
    for address in (EXTENSION, DOMAIN):
        arrive(service, DESK, address)
    subscribe(service, AGENT, Options(until_offline=True))
    leave(service, DESK.jid, DOMAIN)
    assert subscribers(service) == [AGENT]


def test_a_node_may_have_such_subscriptions_only() -> None:
    service = News(tempsub=True)
    with pytest.raises(InvalidOptionsError):
        subscribe(service, AGENT, address=DOMAIN, node="news")
    arrive(service, DESK, DOMAIN)
    subscribe(service, AGENT, address=DOMAIN, node="news")
    leave(service, DESK.jid, DOMAIN)
    assert subscribers(service) == []


def test_an_owner_need_not_know_the_presence_of_whom_they_subscribe() -> None:
    service = News(tempsub=True)
    service.arrange(Wish(AGENT, SubscriptionState.SUBSCRIBED))
    assert subscribers(service) == [AGENT]
    arrive(service, DESK, DOMAIN)
    leave(service, DESK.jid, DOMAIN)
    assert subscribers(service) == []


# Just after a reconnect. -------------------------------------------------------------------------

PHONE = Resource(f"{AGENT}/phone")


def reconnect(service: Provisioned) -> None:
    service.do(lambda pubsub: pubsub.forget_audience(NOW))


def pass_(service: Provisioned, time: timedelta) -> None:
    service.do(lambda pubsub: pubsub.expire(NOW + time))


def two_are_online() -> News:
    """Desk and telephone of the agent's, whose items and subscription go with them."""
    service = News(purge_offline=True, publish_model=PublishModel.OPEN)
    for resource in (DESK, PHONE):
        arrive(service, resource, DOMAIN)
    service.post(AGENT, item("mine"))
    subscribe(service, AGENT, Options(until_offline=True), DOMAIN, "news")
    reconnect(service)
    return service


def test_one_who_goes_before_the_other_is_heard_of_takes_nothing_away() -> None:
    service = two_are_online()
    leave(service, DESK.jid, DOMAIN)
    arrive(service, PHONE, DOMAIN)
    pass_(service, SETTLING)
    assert subscribers(service) == [AGENT]
    assert service.item_ids(ADMIN, "news") == ["mine"]
    leave(service, PHONE.jid, DOMAIN)
    assert subscribers(service) == []
    assert service.item_ids(ADMIN, "news") == []


def test_if_no_other_is_heard_of_in_time_all_goes_that_was_to_go() -> None:
    service = two_are_online()
    leave(service, DESK.jid, DOMAIN)
    pass_(service, SETTLING - timedelta(seconds=1))
    assert subscribers(service) == [AGENT]
    assert service.pubsub.due() == NOW + SETTLING
    pass_(service, SETTLING)
    assert subscribers(service) == []
    assert service.item_ids(ADMIN, "news") == []
    assert service.pubsub.due() is None


def test_nothing_goes_of_whom_nothing_is_heard() -> None:
    """Not every server answers for those who are no contacts."""
    service = two_are_online()
    pass_(service, SETTLING)
    assert subscribers(service) == [AGENT]


def test_nobody_is_known_before_the_first_connection() -> None:
    service = two_are_online()
    service.pubsub.resume(NOW)
    leave(service, DESK.jid, DOMAIN)
    pass_(service, 10 * SETTLING)
    assert subscribers(service) == [AGENT]
    reconnect(service)
    pass_(service, SETTLING)
    assert subscribers(service) == []


def test_who_has_not_been_heard_of_yet_may_subscribe_until_offline() -> None:
    service = News()
    reconnect(service)
    for jid in (AGENT, ADMIN):
        subscribe(service, jid, Options(until_offline=True), DOMAIN, "news")
    arrive(service, DESK, DOMAIN)
    pass_(service, SETTLING)
    assert subscribers(service) == [AGENT]


def test_what_waited_is_undone_with_all_else() -> None:
    service = two_are_online()
    leave(service, DESK.jid, DOMAIN)
    mark = service.ledger.mark()
    service.pubsub.expire(NOW + SETTLING)
    service.ledger.rollback(mark)
    assert subscribers(service) == [AGENT]
    pass_(service, SETTLING)
    assert subscribers(service) == []


# What goes with its publisher. -------------------------------------------------------------------


def test_items_go_when_their_publisher_has_gone_offline() -> None:
    service = News(purge_offline=True, publish_model=PublishModel.OPEN)
    service.create("lasting", publish_model=PublishModel.OPEN)
    for node in ("news", "lasting"):
        service.post(AGENT, item("mine"), node=node)
        service.post(STRANGER, item("other"), node=node)
    subscribe(service, ADMIN, address=DOMAIN, node="news")
    phone = replace(DESK, jid=f"{AGENT}/phone")
    for resource in (DESK, phone):
        arrive(service, resource, DOMAIN)
    leave(service, DESK.jid, DOMAIN)
    leave(service, AGENT, EXTENSION)
    assert len(service.pubsub.items) == 4
    leave(service, phone.jid, DOMAIN)
    assert service.item_ids(ADMIN, "news") == ["other"]
    assert service.item_ids(ADMIN, "lasting") == ["mine", "other"]
    assert service.heard(ADMIN) == [ItemRetracted("mine")]


def test_at_an_extensions_node_it_is_presence_at_the_extension_that_counts() -> None:
    service = News()
    service.configure(
        node="ext1000", purge_offline=True, publish_model=PublishModel.SUBSCRIBERS, max_items=3
    )
    service.subscribe(AGENT)
    service.post(AGENT, item("mine"), node="ext1000")
    service.publish("call-1")
    leave(service, AGENT, DOMAIN)
    assert service.item_ids(ADMIN) == ["mine", "call-1"]
    leave(service, AGENT)
    assert service.item_ids(ADMIN) == ["call-1"]


def test_they_may_go_in_silence() -> None:
    service = News(purge_offline=True, notify_retract=False)
    service.post(ADMIN, item("mine"))
    subscribe(service, AGENT, address=DOMAIN, node="news")
    leave(service, ADMIN, DOMAIN)
    assert service.item_ids(ADMIN, "news") == []
    assert service.told == []


# Full JIDs. --------------------------------------------------------------------------------------


def test_what_went_while_nobody_told_us_has_no_subscription_once_its_server_says_so() -> None:
    """Each time it starts it may have another full JID, and an account not any number of them."""
    service = Provisioned()
    service.add_contact(AGENT)
    for number in range(MAX_OF_ACCOUNT + 1):
        desk = Resource(f"{AGENT}/desk{number}")
        arrive(service, desk)
        subscribe(service, desk.jid)
        reconnect(service)
        leave(service, AGENT)  # the answer to our probe
        assert subscribers(service) == []


@pytest.mark.parametrize(("jid", "address"), [(AGENT, EXTENSION), (DESK.jid, DOMAIN)])
def test_others_stay(jid: str, address: str) -> None:
    service = Provisioned()
    service.add_contact(AGENT)
    subscribe(service, jid, address=address)
    leave(service, AGENT)
    assert subscribers(service) == [jid]
