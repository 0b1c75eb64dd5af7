from datetime import timedelta
from typing import Any

import pytest

from component.pubsub.configuration import MAX_ITEMS, AccessModel, Configuration, NodeFull
from component.pubsub.errors import (
    ForbiddenError,
    NameTooLongError,
    NodeExistsError,
    NodeMovedError,
    NodeNotFoundError,
    NotAcceptableError,
    NotAllowedError,
    UnsupportedError,
)
from component.pubsub.managing import Wish
from component.pubsub.model import (
    Affiliation,
    ItemPublished,
    ItemRetracted,
    ItemsRetracted,
    NodeConfigured,
    NodeDeleted,
    NodePurged,
    Role,
    SubscriptionEnded,
    SubscriptionState,
)
from component.pubsub.owning import MAX_REDIRECTS, MAX_URI
from component.pubsub.policy import Policy
from component.pubsub.service import Request
from component.pubsub.subscribing import Options
from tests.unit.pubsub.nodes import ANN, BOB, News, item
from tests.unit.pubsub.provisioned import ADMIN, AGENT, DOMAIN, NOW, SUPERVISOR, Provisioned

pytestmark = pytest.mark.unit

MOVED = "xmpp:example.com?;node=news"


def test_who_creates_a_node_owns_it() -> None:
    held = News().pubsub.affiliations["news", ADMIN]
    assert held == Affiliation("news", ADMIN, Role.OWNER)


@pytest.mark.parametrize("account", [ANN, AGENT, SUPERVISOR])
def test_only_administrators_create_nodes(account: str) -> None:
    with pytest.raises(ForbiddenError):
        News().create("blog", account)


def test_a_node_is_created_once() -> None:
    with pytest.raises(NodeExistsError):
        News().create("news")


def test_names_like_those_of_extensions_are_the_services() -> None:
    with pytest.raises(NotAllowedError):
        News().create("ext4000")


def test_an_extensions_address_hosts_no_other_node() -> None:
    service = News()
    request = Request(ADMIN, f"ext1000@{DOMAIN}")
    config = service.pubsub.nodes["news"].config
    with pytest.raises(NotAllowedError):
        service.pubsub.create(request, "blog", config)


def test_the_name_of_a_node_is_limited() -> None:
    News().create("n" * 255)
    with pytest.raises(NameTooLongError):
        News().create("n" * 256)


@pytest.mark.parametrize(
    "config", [{"max_items": 0}, {"max_items": MAX_ITEMS + 1}, {"max_payload_size": 1 << 30}]
)
def test_what_the_service_cannot_keep_is_not_acceptable(config: dict[str, Any]) -> None:
    with pytest.raises(NotAcceptableError):
        News(**config)
    with pytest.raises(NotAcceptableError):
        News().configure(**config)


def test_owners_only_configure_purge_and_delete() -> None:
    service = News()
    service.give(ANN, Role.PUBLISHER)
    request = service.request(ANN)
    with pytest.raises(ForbiddenError):
        service.configure(ANN, title="Mine")
    with pytest.raises(ForbiddenError):
        service.pubsub.purge(request)
    with pytest.raises(ForbiddenError):
        service.pubsub.delete(request, None, NOW)
    service.give(ANN, Role.OWNER)
    service.configure(ANN, title="Mine")
    assert service.pubsub.nodes["news"].title == "Mine"


def test_subscribers_hear_of_a_new_configuration_if_it_says_so() -> None:
    service = News()
    service.subscribe(ANN, "news")
    service.configure(title="Old")
    assert not service.heard(ANN)
    service.configure(notify_config=True)
    service.configure(deliver_payloads=False)
    assert service.heard(ANN) == [
        NodeConfigured(Configuration(title="Old", notify_config=True)),
        NodeConfigured(None),
    ]


def test_closing_a_node_ends_the_subscriptions_of_those_outside() -> None:
    service = News()
    subscription = service.subscribe(ANN, "news")
    service.configure(access_model=AccessModel.WHITELIST)
    assert service.heard(ANN) == [SubscriptionEnded(subscription)]
    assert not service.subscribers()


def test_opening_a_node_approves_what_was_pending() -> None:
    service = News(access_model=AccessModel.AUTHORIZE)
    service.subscribe(ANN, "news")
    assert not service.subscribers()
    service.configure(access_model=AccessModel.OPEN)
    assert service.subscribers() == [ANN]


def test_an_extensions_node_belongs_to_whom_an_administrator_makes_its_owner_too() -> None:
    service = News()
    service.give(ANN, Role.OWNER, node="ext1000")
    service.configure(ANN, "ext1000", title="Ann's")
    assert service.pubsub.nodes["ext1000"].config.title == "Ann's"
    service.do(lambda pubsub: pubsub.delete(service.request(ANN, "ext1000"), None, NOW))
    assert service.pubsub.nodes["ext1000"].config.title == ""
    with pytest.raises(ForbiddenError):
        service.configure(ANN, "ext1000")


def test_one_whom_an_owner_has_put_off_waits_though_something_else_is_configured() -> None:
    service = News()
    for jid in (ANN, BOB):
        service.subscribe(jid, "news")
    service.arrange(Wish(ANN, SubscriptionState.PENDING))
    service.told.clear()
    service.configure(title="Again")
    assert service.subscribers() == [BOB]
    assert not service.told


def test_a_smaller_maximum_drops_the_oldest_items() -> None:
    service = News()
    service.post(ADMIN, item("a"), item("b"), item("c"))
    service.configure(max_items=2)
    assert service.item_ids(ADMIN, "news") == ["b", "c"]
    service.configure(persist_items=False)
    assert not service.pubsub.items
    with pytest.raises(UnsupportedError, match="not implemented"):
        service.item_ids(ADMIN, "news")


@pytest.mark.parametrize(
    ("config", "retracted"),
    [
        ({}, ["a", "b"]),
        ({"persist_items": False}, ["a", "b", "c"]),
        ({"notify_retract": False}, []),
        ({"publish_node_full": NodeFull.DISCARD_OLDEST}, []),
        ({"publish_node_full": NodeFull.REJECT}, []),
    ],
)
def test_what_a_node_keeps_no_longer_is_retracted_or_goes_in_silence(
    config: dict[str, Any], retracted: list[str]
) -> None:
    service = News()
    service.subscribe(ANN, "news")
    service.post(ADMIN, item("a"), item("b"), item("c"))
    service.told.clear()
    service.configure(max_items=1, **config)
    assert service.heard(ANN) == ([ItemsRetracted(tuple(retracted))] if retracted else [])


def test_many_items_that_a_node_keeps_no_longer_are_told_in_few_notifications() -> None:
    service = News(max_items=202)
    service.subscribe(ANN, "news")
    request, wanted = service.request(BOB), Options(digest=timedelta(minutes=1))
    service.do(lambda pubsub: pubsub.subscribe(request, BOB, "s", NOW, wanted))
    names = [f"{number:03}" for number in range(202)]
    service.post(ADMIN, *map(item, names))
    service.told.clear()
    service.configure(max_items=1)
    assert service.heard(ANN) == [
        ItemsRetracted(tuple(names[:100])),
        ItemsRetracted(tuple(names[100:200])),
        ItemRetracted(names[200]),
    ]
    service.do(lambda pubsub: pubsub.expire(NOW + timedelta(minutes=1)))
    digests = [event for event in service.heard(BOB) if isinstance(event, ItemsRetracted)]
    assert {name for event in digests for name in event.item_ids} == set(names[:201])


def test_purging_retracts_everything_at_once() -> None:
    service = News()
    service.subscribe(ANN, "news")
    service.post(ADMIN, item("a"), item("b"))
    service.told.clear()
    service.do(lambda pubsub: pubsub.purge(service.request(ADMIN)))
    assert service.item_ids(ADMIN, "news") == []
    assert service.heard(ANN) == [NodePurged()]


def test_what_keeps_no_items_cannot_be_purged() -> None:
    service = News(persist_items=False)
    with pytest.raises(UnsupportedError):
        service.pubsub.purge(service.request(ADMIN))


@pytest.mark.parametrize("redirect", [None, MOVED])
def test_deleting_a_node_tells_where_to_go(redirect: str | None) -> None:
    service = News()
    service.subscribe(ANN, "news")
    service.do(lambda pubsub: pubsub.delete(service.request(ADMIN), redirect, NOW))
    assert service.heard(ANN) == [NodeDeleted(redirect)]
    assert not service.pubsub.affiliations
    assert not service.pubsub.subscriptions
    for attempt in (service.subscribe, service.item_ids):
        with pytest.raises(NodeMovedError if redirect else NodeNotFoundError) as refused:
            attempt(ANN, "news")
        assert getattr(refused.value, "uri", None) == redirect


def test_a_new_node_of_the_same_name_is_found_again() -> None:
    service = News()
    service.do(lambda pubsub: pubsub.delete(service.request(ADMIN), MOVED, NOW))
    service.create("news")
    assert service.item_ids(ANN, "news") == []
    service.do(lambda pubsub: pubsub.delete(service.request(ADMIN), None, NOW))
    with pytest.raises(NodeNotFoundError):
        service.item_ids(ANN, "news")


def test_who_publishes_where_a_node_was_makes_no_new_one() -> None:
    service = News(policy=Policy(auto_create=True))
    service.do(lambda pubsub: pubsub.delete(service.request(ADMIN), MOVED, NOW))
    with pytest.raises(NodeMovedError):
        service.post(ADMIN, item("a"))


def test_where_nodes_have_gone_is_known_after_a_restart() -> None:
    before, after = News(), Provisioned()
    before.do(lambda pubsub: pubsub.delete(before.request(ADMIN), MOVED, NOW))
    after.pubsub.load([], [], [], [], redirects=before.pubsub.redirects.values())
    with pytest.raises(NodeMovedError):
        after.item_ids(ANN, "news")


def test_where_the_oldest_went_is_forgotten() -> None:
    service = News()
    for number in range(MAX_REDIRECTS + 1):
        service.create(f"n{number}")
        request = service.request(ADMIN, f"n{number}")
        service.do(lambda pubsub, r=request: pubsub.delete(r, MOVED, NOW))  # type: ignore[misc]
    with pytest.raises(NodeNotFoundError):
        service.item_ids(ANN, "n0")
    with pytest.raises(NodeMovedError):
        service.item_ids(ANN, "n1")


def test_a_node_goes_nowhere_without_end() -> None:
    service = News()
    with pytest.raises(NotAcceptableError):
        service.pubsub.delete(service.request(ADMIN), "x" * (MAX_URI + 1), NOW)


def test_a_node_can_be_deleted_in_silence() -> None:
    service = News(notify_delete=False)
    service.subscribe(ANN, "news")
    service.do(lambda pubsub: pubsub.delete(service.request(ADMIN), None, NOW))
    assert not service.told


def test_an_administrator_configures_an_extensions_node() -> None:
    service = News()
    service.configure(node="ext1000", title="Reception", max_items=1)
    service.publish("call-1")
    service.publish("call-2")
    assert service.pubsub.nodes["ext1000"].title == "Reception"
    assert service.item_ids(ADMIN) == ["call-2"]


def test_an_extensions_node_that_an_administrator_deletes_begins_anew() -> None:
    service = News()
    begun = service.pubsub.nodes["ext1000"].config
    service.configure(node="ext1000", title="Reception", access_model=AccessModel.OPEN, max_items=1)
    service.give(BOB, Role.PUBLISHER, node="ext1000")
    for jid in (AGENT, ANN):
        service.subscribe(jid)
        service.add_contact(jid)
    service.publish("call-1")
    service.told.clear()

    service.do(lambda pubsub: pubsub.delete(service.request(ADMIN, "ext1000"), MOVED, NOW))
    assert service.heard(AGENT) == service.heard(ANN) == [NodeDeleted(MOVED)]
    assert service.pubsub.nodes["ext1000"].config == begun
    assert not service.item_ids(ADMIN)
    assert not service.subscribers()
    assert ("ext1000", BOB) not in service.pubsub.affiliations
    assert [contact.jid for contact in service.pubsub.contacts.values()] == [AGENT]

    service.subscribe(AGENT)
    service.publish("call-1")
    assert isinstance(service.heard(AGENT)[-1], ItemPublished)


@pytest.mark.parametrize("account", [AGENT, SUPERVISOR, ANN])
def test_users_neither_configure_nor_delete_an_extensions_node(account: str) -> None:
    service = News()
    with pytest.raises(ForbiddenError):
        service.configure(account, "ext1000", title="Mine")
    with pytest.raises(ForbiddenError):
        service.pubsub.delete(service.request(account, "ext1000"), None, NOW)


def test_an_extensions_node_stays_as_configured_when_provisioned_again() -> None:
    service = News()
    service.configure(node="ext1000", title="Reception")
    service.provision({"1000": AGENT}, max_items=9)
    node = service.pubsub.nodes["ext1000"]
    assert (node.title, node.config.max_items) == ("Reception", 9)


def test_what_an_administrator_says_of_one_maximum_counts_for_more_than_what_all_have() -> None:
    service = News()

    def maxima() -> list[int]:
        return [service.pubsub.nodes[name].config.max_items for name in ("ext1000", "ext2000")]

    service.configure(node="ext1000", max_items=7)
    service.configure(node="ext1000", title="Reception")
    service.provision({"1000": AGENT, "2000": ""}, max_items=9)
    assert maxima() == [7, 9]
    service.configure(node="ext1000", max_items=9)
    service.provision({"1000": AGENT, "2000": ""}, max_items=5)
    assert maxima() == [5, 5]
