"""Nodes for contacts alone, and notifications for those who are online."""

from dataclasses import replace
from datetime import timedelta

import pytest

from component.pubsub.attending import SETTLING
from component.pubsub.audience import CALLS, Resource
from component.pubsub.configuration import AccessModel, PublishModel
from component.pubsub.errors import (
    ClosedNodeError,
    ForbiddenError,
    InvalidOptionsError,
    NotAcceptableError,
    PresenceRequiredError,
    UnsupportedAccessModelError,
)
from component.pubsub.managing import Wish
from component.pubsub.model import ItemRetracted, Role, SubscriptionEnded, SubscriptionState
from component.pubsub.presence import Show
from component.pubsub.service import Request
from component.pubsub.subscribing import Options
from tests.unit.pubsub.nodes import News, item
from tests.unit.pubsub.provisioned import (
    ADMIN,
    AGENT,
    DOMAIN,
    EXTENSION,
    NOW,
    STRANGER,
    SUPERVISOR,
    Provisioned,
)

pytestmark = pytest.mark.unit

DESK = Resource(f"{AGENT}/desk")
WANTS_CALLS = replace(DESK, wants=frozenset({CALLS}))


@pytest.fixture
def service() -> News:
    """A service in which the node of extension 1000 is for those who see its presence."""
    made = News()
    made.configure(node="ext1000", access_model=AccessModel.PRESENCE, max_items=3)
    made.publish("call-1")
    return made


def remove_contact(service: Provisioned, jid: str) -> None:
    service.do(lambda pubsub: pubsub.remove_contact(Request(jid, EXTENSION)))


def arrive(service: Provisioned, resource: Resource, address: str = EXTENSION) -> None:
    service.do(lambda pubsub: pubsub.arrive(address, resource))


def leave(service: Provisioned, jid: str, address: str = EXTENSION) -> None:
    service.do(lambda pubsub: pubsub.leave(address, jid))


def subscribe(
    service: Provisioned,
    jid: str,
    options: Options | None = None,
    address: str = EXTENSION,
    node: str = "ext1000",
) -> None:
    request = Request(jid, address, node)
    service.do(lambda pubsub: pubsub.subscribe(request, jid, "sub-1", NOW, options))
    service.told.clear()


def subscribers(service: Provisioned) -> list[str]:
    return sorted(s.jid for s in service.pubsub.subscriptions.values())


def notified(service: Provisioned) -> list[str]:
    """Publish a call; return who is notified."""
    service.told.clear()
    service.publish("call-2")
    return [jid for notification in service.told for jid in notification.recipients]


# The access model. -------------------------------------------------------------------------------


def test_contacts_subscribe_and_retrieve(service: News) -> None:
    service.add_contact(AGENT)
    assert service.item_ids(AGENT) == ["call-1"]
    service.subscribe(AGENT)
    assert notified(service) == [AGENT]


@pytest.mark.parametrize("account", [AGENT, SUPERVISOR, STRANGER])
def test_others_are_told_to_become_contacts(service: News, account: str) -> None:
    for attempt in (service.subscribe, service.item_ids):
        with pytest.raises(PresenceRequiredError):
            attempt(account)
    visible = service.pubsub.visible(Request(account, DOMAIN))
    assert "ext1000" not in [node.name for node in visible]


def test_who_may_become_one_is_the_same_as_ever(service: News) -> None:
    service.add_contact(SUPERVISOR)
    with pytest.raises(ForbiddenError):
        service.add_contact(STRANGER)


def test_owners_need_no_presence(service: News) -> None:
    assert service.item_ids(ADMIN) == ["call-1"]


def test_an_outcast_is_none_even_as_a_contact(service: News) -> None:
    service.add_contact(AGENT)
    service.give(AGENT, Role.OUTCAST, node="ext1000")
    with pytest.raises(ForbiddenError):
        service.item_ids(AGENT)


def test_subscriptions_end_with_the_presence_subscription(service: News) -> None:
    service.add_contact(AGENT)
    service.subscribe(AGENT)
    service.told.clear()
    remove_contact(service, AGENT)
    assert subscribers(service) == []
    assert [type(event) for event in service.heard(AGENT)] == [SubscriptionEnded]


def test_so_they_do_when_the_account_is_gone(service: News) -> None:
    service.add_contact(AGENT)
    service.subscribe(AGENT)
    service.do(lambda pubsub: pubsub.lose_contact(Request(AGENT, EXTENSION)))
    assert subscribers(service) == []


def test_those_of_others_end_when_the_node_becomes_so() -> None:
    service = News()
    service.subscribe(AGENT)
    service.subscribe(SUPERVISOR)
    service.add_contact(SUPERVISOR)
    service.configure(node="ext1000", access_model=AccessModel.PRESENCE, max_items=3)
    assert subscribers(service) == [SUPERVISOR]


def test_directed_presence_is_not_enough_there(service: News) -> None:
    arrive(service, WANTS_CALLS)
    assert notified(service) == []
    service.add_contact(AGENT)
    arrive(service, WANTS_CALLS)
    assert notified(service) == [DESK.jid]


def test_an_owner_cannot_subscribe_who_is_no_contact(service: News) -> None:
    wish = Wish(AGENT, SubscriptionState.SUBSCRIBED)
    request = Request(ADMIN, DOMAIN, "ext1000")

    def arrange() -> None:
        service.do(lambda p: p.set_subscriptions(request, [wish], service.new_id, NOW))

    with pytest.raises(NotAcceptableError):
        arrange()
    service.add_contact(AGENT)
    arrange()
    assert subscribers(service) == [AGENT]


def test_a_node_without_an_address_has_no_presence_to_see() -> None:
    service = News()
    with pytest.raises(UnsupportedAccessModelError):
        service.configure(access_model=AccessModel.PRESENCE)
    with pytest.raises(UnsupportedAccessModelError):
        service.create("more", access_model=AccessModel.PRESENCE)


def test_a_closed_node_is_closed_to_contacts_all_the_same() -> None:
    service = News()
    service.add_contact(AGENT)
    service.pubsub.contacts.load((EXTENSION, STRANGER), service.pubsub.contacts[EXTENSION, AGENT])
    with pytest.raises(ClosedNodeError):
        service.subscribe(STRANGER)


# Delivery by presence. ---------------------------------------------------------------------------


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


def test_a_node_may_have_such_subscriptions_only() -> None:
    service = News(tempsub=True)
    with pytest.raises(InvalidOptionsError):
        subscribe(service, AGENT, address=DOMAIN, node="news")
    arrive(service, DESK, DOMAIN)
    subscribe(service, AGENT, address=DOMAIN, node="news")
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
