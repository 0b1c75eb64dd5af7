"""Nodes that are for contacts alone."""

import pytest

from component.pubsub.configuration import AccessModel
from component.pubsub.errors import (
    ClosedNodeError,
    ForbiddenError,
    NotAcceptableError,
    PresenceRequiredError,
    UnsupportedAccessModelError,
)
from component.pubsub.managing import Wish
from component.pubsub.model import Role, SubscriptionEnded, SubscriptionState
from component.pubsub.service import Request
from tests.unit.pubsub.nodes import News
from tests.unit.pubsub.online import DESK, WANTS_CALLS, arrive, notified, subscribers
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


@pytest.fixture
def service() -> News:
    """A service in which the node of extension 1000 is for those who see its presence."""
    made = News()
    made.configure(node="ext1000", access_model=AccessModel.PRESENCE, max_items=3)
    made.publish("call-1")
    return made


def remove_contact(service: Provisioned, jid: str) -> None:
    service.do(lambda pubsub: pubsub.remove_contact(Request(jid, EXTENSION)))


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
