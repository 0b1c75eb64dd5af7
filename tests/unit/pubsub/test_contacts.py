"""Who sees the presence of our addresses."""

import pytest

from component.pubsub.configuration import MANAGED, AccessModel
from component.pubsub.errors import AddressNotFoundError, ForbiddenError
from component.pubsub.model import Role
from component.pubsub.presence import OFFLINE, ONLINE, Presence, PresenceType, Show
from component.pubsub.service import Request
from tests.unit.pubsub.nodes import News
from tests.unit.pubsub.provisioned import (
    ACCOUNTS,
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

FREE = Presence(True, Show.CHAT, "Free (support)")
ENDED = [OFFLINE, PresenceType.UNSUBSCRIBED, PresenceType.UNSUBSCRIBE]


@pytest.fixture
def service() -> Provisioned:
    return Provisioned()


def show(service: Provisioned, presence: Presence) -> None:
    service.do(lambda pubsub: pubsub.show(EXTENSION, presence))


def said(service: Provisioned, jid: str) -> list[Presence | PresenceType]:
    return [what for _, what in service.shown_to(jid)]


def contacts(service: Provisioned) -> list[tuple[str, str]]:
    return sorted((c.service, c.jid) for c in service.pubsub.contacts.values())


@pytest.mark.parametrize("account", [AGENT, SUPERVISOR, ADMIN])
def test_whoever_may_subscribe_to_the_node_sees_the_extensions_presence(
    service: Provisioned, account: str
) -> None:
    show(service, FREE)
    service.add_contact(account)
    assert service.shown_to(account) == [
        (EXTENSION, PresenceType.SUBSCRIBED),
        (EXTENSION, FREE),
        (EXTENSION, PresenceType.SUBSCRIBE),
    ]


def test_so_does_whom_an_owner_makes_a_member() -> None:
    service = News()
    service.give(STRANGER, Role.MEMBER, node="ext1000")
    service.add_contact(STRANGER)
    assert contacts(service) == [(EXTENSION, STRANGER)]


@pytest.mark.parametrize("account", [STRANGER, "user2@example.com"])
def test_nobody_else_sees_it(service: Provisioned, account: str) -> None:
    with pytest.raises(ForbiddenError):
        service.add_contact(account)
    assert contacts(service) == []
    assert service.shown_to(account) == []


def test_the_service_itself_is_a_contact_of_everybody_who_may_see_any_node(
    service: Provisioned,
) -> None:
    service.add_contact(AGENT, DOMAIN)
    assert said(service, AGENT) == [PresenceType.SUBSCRIBED, ONLINE, PresenceType.SUBSCRIBE]
    with pytest.raises(ForbiddenError):
        service.add_contact(STRANGER, DOMAIN)


@pytest.mark.parametrize("address", [f"ext9@{DOMAIN}", f"news@{DOMAIN}", "ext1000@elsewhere", ""])
def test_what_does_not_exist_is_nobodys_contact(address: str) -> None:
    service = News()
    with pytest.raises(AddressNotFoundError):
        service.add_contact(ADMIN, address)


def test_contacts_are_shown_each_change_once(service: Provisioned) -> None:
    service.add_contact(AGENT)
    service.add_contact(SUPERVISOR)
    service.presences.clear()
    show(service, FREE)
    show(service, FREE)
    show(service, OFFLINE)
    show(service, OFFLINE)
    assert [(p.recipients, p.said) for p in service.presences] == [
        ((SUPERVISOR, AGENT), FREE),
        ((SUPERVISOR, AGENT), OFFLINE),
    ]


def test_an_extension_without_contacts_is_shown_to_nobody(service: Provisioned) -> None:
    show(service, FREE)
    assert not service.presences


def test_who_probes_is_told_where_the_question_came_from(service: Provisioned) -> None:
    service.add_contact(AGENT)
    show(service, FREE)
    service.presences.clear()
    service.do(lambda pubsub: pubsub.probe(Request(f"{AGENT}/desk", EXTENSION)))
    assert service.shown_to(f"{AGENT}/desk") == [(EXTENSION, FREE)]
    with pytest.raises(ForbiddenError):
        service.do(lambda pubsub: pubsub.probe(Request(SUPERVISOR, EXTENSION)))


def test_who_unsubscribes_is_told_that_it_is_over_both_ways(service: Provisioned) -> None:
    service.add_contact(AGENT)
    service.presences.clear()
    service.do(lambda pubsub: pubsub.remove_contact(Request(AGENT, EXTENSION)))
    assert said(service, AGENT) == ENDED
    service.do(lambda pubsub: pubsub.remove_contact(Request(AGENT, EXTENSION)))
    show(service, FREE)
    assert not service.presences


def test_an_account_that_is_gone_is_forgotten_in_silence(service: Provisioned) -> None:
    service.add_contact(AGENT)
    service.presences.clear()
    service.do(lambda pubsub: pubsub.lose_contact(Request(AGENT, EXTENSION)))
    assert (contacts(service), service.presences) == ([], [])


def test_another_account_at_the_extension_ends_it(service: Provisioned) -> None:
    service.add_contact(AGENT)
    service.add_contact(AGENT, DOMAIN)
    service.add_contact(SUPERVISOR)
    service.presences.clear()
    service.provision(ACCOUNTS | {"1000": "new@example.com"})
    assert service.shown_to(AGENT) == [
        *((EXTENSION, what) for what in ENDED),
        *((DOMAIN, what) for what in ENDED),
    ]
    assert contacts(service) == [(EXTENSION, SUPERVISOR)]


def test_the_end_of_an_extension_ends_it(service: Provisioned) -> None:
    service.add_contact(SUPERVISOR)
    service.presences.clear()
    service.provision({"2000": "user2@example.com"})
    assert said(service, SUPERVISOR) == ENDED


def test_an_outcast_sees_nothing_more() -> None:
    service = News()
    service.add_contact(AGENT)
    service.add_contact(AGENT, DOMAIN)
    service.presences.clear()
    service.give(AGENT, Role.OUTCAST, node="ext1000")
    show(service, FREE)
    assert service.shown_to(AGENT) == [
        *((EXTENSION, what) for what in ENDED),
        # The node `news` is open to everybody, so the service may be seen.
    ]


def test_a_node_that_is_closed_ends_it() -> None:
    service = News()
    service.configure(node="ext1000", access_model=AccessModel.OPEN, max_items=3)
    service.add_contact(STRANGER)
    service.presences.clear()
    service.configure(node="ext1000", access_model=MANAGED.access_model, max_items=3)
    assert said(service, STRANGER) == ENDED


def test_the_end_of_the_only_node_that_was_for_all_ends_it() -> None:
    service = News()
    service.add_contact(STRANGER, DOMAIN)
    service.presences.clear()
    service.do(lambda pubsub: pubsub.delete(service.request(ADMIN), None, NOW))
    assert service.shown_to(STRANGER) == [(DOMAIN, what) for what in ENDED]
    assert contacts(service) == []


def test_an_extensions_node_that_begins_anew_ends_it_for_those_who_had_been_made_members() -> None:
    service = News()
    service.configure(access_model=AccessModel.WHITELIST)
    service.give(STRANGER, Role.MEMBER, node="ext1000")
    for address in (EXTENSION, DOMAIN):
        service.add_contact(STRANGER, address)
    service.do(lambda pubsub: pubsub.delete(service.request(ADMIN, "ext1000"), None, NOW))
    assert contacts(service) == []


def test_what_was_missed_is_told_with_the_question_how_they_are(service: Provisioned) -> None:
    service.add_contact(AGENT)
    service.add_contact(SUPERVISOR)
    service.add_contact(AGENT, DOMAIN)
    show(service, FREE)
    assert [(n.service, n.recipients, n.said) for n in service.pubsub.shown()] == [
        (EXTENSION, (SUPERVISOR, AGENT), FREE),
        (EXTENSION, (SUPERVISOR, AGENT), PresenceType.PROBE),
        (DOMAIN, (AGENT,), ONLINE),
        (DOMAIN, (AGENT,), PresenceType.PROBE),
    ]


def test_a_service_that_stops_says_so_wherever_it_was_seen(service: Provisioned) -> None:
    service.add_contact(AGENT)
    service.add_contact(AGENT, DOMAIN)
    assert [(n.service, n.said) for n in service.pubsub.farewell()] == [(DOMAIN, OFFLINE)]
    show(service, FREE)
    assert [n.service for n in service.pubsub.farewell()] == [EXTENSION, DOMAIN]


def test_a_change_that_is_undone_is_shown_to_nobody(service: Provisioned) -> None:
    service.add_contact(AGENT)
    service.presences.clear()
    service.pubsub.show(EXTENSION, FREE)
    service.ledger.rollback()
    assert service.pubsub.take_presences() == []
    show(service, FREE)
    assert said(service, AGENT) == [FREE]
