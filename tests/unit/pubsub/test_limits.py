"""How much the world may leave at what is open to it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from component.pubsub.addresses import bare
from component.pubsub.audience import CALLS, Resource
from component.pubsub.configuration import AccessModel
from component.pubsub.crowd import Kind, Limit, Refusal
from component.pubsub.errors import (
    FullError,
    TooManyAffiliationsError,
    TooManyNodesError,
    TooManySubscriptionsError,
)
from component.pubsub.managing import Wish
from component.pubsub.model import Role, SubscriptionState
from component.pubsub.policy import MAX_AFFILIATIONS, MAX_OF_ACCOUNT, Creators, Limits, Policy
from component.pubsub.service import Request
from tests.unit.pubsub.nodes import ANN, News
from tests.unit.pubsub.provisioned import (
    ADMIN,
    AGENT,
    DOMAIN,
    EXTENSION,
    NOW,
    STRANGER,
    SUPERVISOR,
)

pytestmark = pytest.mark.unit

LIMITS = Limits(account=2, domain=3, total=4)
FOREIGN = ("one@example.org", "two@example.org", "three@example.net")


@pytest.fixture
def service() -> News:
    """A service with open nodes: `news`, `more`, `asked` after approval, and extensions' nodes."""
    made = News(policy=Policy(Creators.EVERYONE, limits=LIMITS))
    made.create("more")
    made.create("asked", access_model=AccessModel.AUTHORIZE)
    for node in ("ext1000", "ext2000", "ext3000"):
        made.configure(node=node, access_model=AccessModel.OPEN, max_items=3)
    return made


def subscribe(service: News, jid: str, node: str = "news") -> None:
    service.subscribe(jid, node)


def add_contact(service: News, jid: str, node: str = "news") -> None:
    extensions = {"news": "1000", "more": "2000", "asked": "3000"}
    service.add_contact(bare(jid), f"ext{extensions[node]}@{DOMAIN}")


ways = pytest.mark.parametrize("do", [subscribe, add_contact])
Do = Callable[..., None]


@ways
def test_an_account_may_have_so_many(service: News, do: Do) -> None:
    do(service, STRANGER, "news")
    do(service, f"{STRANGER}/desk", "asked")
    with pytest.raises(TooManySubscriptionsError):
        do(service, STRANGER, "more")
    do(service, STRANGER, "news")  # as ever


@ways
def test_a_domain_may_have_so_many(service: News, do: Do) -> None:
    for number in range(LIMITS.domain):
        do(service, f"user{number}@example.org")
    with pytest.raises(FullError):
        do(service, "one-more@example.org")
    do(service, "other@example.net")


@ways
def test_all_may_have_so_many_in_all(service: News, do: Do) -> None:
    for number in range(LIMITS.total):
        do(service, f"user@{number}.example.org")
    with pytest.raises(FullError):
        do(service, STRANGER)


@ways
@pytest.mark.parametrize("account", [AGENT, SUPERVISOR, ADMIN])
def test_who_is_known_to_the_operator_is_let_in(service: News, do: Do, account: str) -> None:
    for number in range(LIMITS.total):
        do(service, f"user@{number}.example.org")
    for node in ("news", "more", "asked"):
        do(service, account, node)


def test_who_goes_makes_room(service: News) -> None:
    for node in ("news", "more"):
        service.subscribe(STRANGER, node)
    service.unsubscribe(STRANGER, "news")
    service.subscribe(STRANGER, "asked")
    with pytest.raises(TooManySubscriptionsError):
        service.subscribe(STRANGER, "news")
    request = Request(ADMIN, DOMAIN, "more")
    service.do(lambda pubsub: pubsub.delete(request, None, NOW))
    service.subscribe(STRANGER, "news")


def test_what_was_undone_does_not_count(service: News) -> None:
    for _ in range(LIMITS.total + 1):
        mark = service.ledger.mark()
        service.pubsub.subscribe(Request(STRANGER, DOMAIN, "news"), STRANGER, "s", NOW)
        service.pubsub.add_contact(Request(STRANGER, EXTENSION), NOW)
        service.ledger.rollback(mark)
    service.subscribe(STRANGER, "news")
    service.add_contact(STRANGER)


def test_nodes_that_are_not_for_all_have_limits_of_their_own(service: News) -> None:
    """Their owners let in whom they know, and so many accounts at most."""
    service.configure(access_model=AccessModel.WHITELIST)
    for number in range(LIMITS.total + 1):
        service.give(f"user{number}@example.org", Role.MEMBER)
        service.subscribe(f"user{number}@example.org", "news")
    service.subscribe("user0@example.org", "more")
    service.configure(access_model=AccessModel.OPEN)  # now they count
    with pytest.raises(FullError):
        service.subscribe("user1@example.org", "more")
    service.configure(access_model=AccessModel.WHITELIST)
    service.subscribe("user1@example.org", "more")


def test_an_account_cannot_make_up_jids_without_end(service: News) -> None:
    for number in range(MAX_OF_ACCOUNT):
        service.subscribe(f"{AGENT}/{number}", "ext1000")
    with pytest.raises(TooManySubscriptionsError):
        service.subscribe(f"{AGENT}/more", "ext1000")


def test_owners_cannot_subscribe_the_world_either(service: News) -> None:
    service.create("own", actor=STRANGER)
    request = Request(STRANGER, DOMAIN, "own")
    wishes = [
        Wish(f"user{number}@example.org", SubscriptionState.SUBSCRIBED)
        for number in range(LIMITS.domain + 1)
    ]
    with pytest.raises(FullError):
        service.do(lambda p: p.set_subscriptions(request, wishes, service.new_id, NOW))


def test_owners_cannot_affiliate_the_world_unless_they_are_administrators(service: News) -> None:
    service.create("own", actor=STRANGER)
    accounts = [(f"user{n}@example.org", Role.MEMBER) for n in range(MAX_AFFILIATIONS + 1)]

    def give(actor: str, wanted: list[tuple[str, Role]]) -> None:
        request = Request(actor, DOMAIN, "own")
        service.do(lambda pubsub: pubsub.set_affiliations(request, wanted))

    with pytest.raises(TooManyAffiliationsError):
        give(STRANGER, accounts)
    give(ADMIN, accounts)
    give(STRANGER, [(accounts[0][0], Role.NONE)])


def test_a_domain_owns_so_many_nodes_and_all_so_many_in_all() -> None:
    service = News(policy=Policy(Creators.EVERYONE, limits=replace(LIMITS, domain=2)))
    service.create("a", actor="user1@example.org")
    service.create("b", actor="user2@example.org")
    with pytest.raises(FullError):
        service.create("c", actor="user3@example.org")
    service.create("c", actor=STRANGER)
    service.create("d", actor="user@example.net")
    with pytest.raises(FullError):
        service.create("e", actor="user@example.com")
    for number in range(LIMITS.total):
        service.create(f"e{number}", actor=ADMIN)


@pytest.mark.parametrize(
    ("do", "kind"), [(subscribe, Kind.SUBSCRIPTION), (add_contact, Kind.CONTACT)]
)
def test_who_is_kept_out_is_counted_though_nothing_has_happened(
    service: News, do: Do, kind: Kind
) -> None:
    def kept_out(jid: str, node: str) -> dict[Refusal, int]:
        with pytest.raises((TooManySubscriptionsError, FullError)):
            do(service, jid, node)
        return service.pubsub.take_refusals()

    for node in ("news", "more"):
        do(service, STRANGER, node)
    assert service.pubsub.take_refusals() == {}
    assert kept_out(STRANGER, "asked") == {(kind, Limit.ACCOUNT): 1}
    do(service, "ann@" + STRANGER.partition("@")[2], "news")
    assert kept_out("bob@" + STRANGER.partition("@")[2], "news") == {(kind, Limit.DOMAIN): 1}
    do(service, FOREIGN[0], "news")
    assert kept_out(FOREIGN[2], "news") == {(kind, Limit.TOTAL): 1}
    assert service.pubsub.take_refusals() == {}


def test_whose_presence_does_not_count_is_counted(service: News) -> None:
    there = [Resource(f"{STRANGER}/{number}") for number in range(3)]
    service.do(lambda pubsub: [pubsub.arrive(EXTENSION, resource) for resource in there])
    assert service.pubsub.take_refusals() == {(Kind.PRESENCE, Limit.ACCOUNT): 1}


def test_who_owns_too_many_nodes_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("component.pubsub.creating.MAX_NODES", 0)
    service = News(policy=Policy(Creators.EVERYONE))
    with pytest.raises(TooManyNodesError):
        service.create("a", actor=STRANGER)
    assert service.pubsub.take_refusals() == {(Kind.NODE, Limit.ACCOUNT): 1}


def test_so_much_software_is_known_to_be_online(service: News) -> None:
    def arrive(jid: str) -> bool:
        software = Resource(jid, wants=frozenset({CALLS}))
        service.do(lambda pubsub: pubsub.arrive(EXTENSION, software))
        service.told.clear()
        service.publish("call-1")
        return any(jid in notification.recipients for notification in service.told)

    assert [arrive(f"{STRANGER}/{n}") for n in range(3)] == [True, True, False]
    assert [arrive(f"{jid}/desk") for jid in FOREIGN] == [True, True, False]
    assert arrive(f"{AGENT}/desk")
    service.do(lambda pubsub: pubsub.leave(EXTENSION, STRANGER))
    assert arrive(f"{ANN}/desk")
    service.do(lambda pubsub: pubsub.forget_audience(NOW))
    assert arrive(f"{FOREIGN[2]}/desk")


def test_limits_and_whom_they_do_not_count_change_while_the_service_runs(service: News) -> None:
    subscribe(service, FOREIGN[0])
    subscribe(service, FOREIGN[0], "more")
    with pytest.raises(TooManySubscriptionsError):
        subscribe(service, FOREIGN[0], "asked")
    named = {ADMIN: Role.OWNER, FOREIGN[0]: Role.MEMBER}
    service.do(lambda pubsub: pubsub.govern(named, Policy(limits=replace(LIMITS, total=1)), 3))
    subscribe(service, FOREIGN[0], "asked")
    subscribe(service, FOREIGN[1])  # the only one who counts
    with pytest.raises(FullError):
        subscribe(service, FOREIGN[2])
    strangers = {ADMIN: Role.OWNER}
    service.do(lambda pubsub: pubsub.govern(strangers, Policy(limits=LIMITS), 3))
    with pytest.raises(FullError):  # now the former's three are among the four that there are
        subscribe(service, FOREIGN[2])
