from datetime import timedelta

import pytest

from component.pubsub.archive import Query, place_of
from component.pubsub.configuration import AccessModel, Configuration
from component.pubsub.errors import (
    ClosedNodeError,
    InvalidSubidError,
    NodeNotFoundError,
    PageNotFoundError,
    SubscriptionRequiredError,
)
from component.pubsub.model import (
    ItemPublished,
    ItemRetracted,
    Node,
    Notification,
)
from component.pubsub.paging import Page
from component.pubsub.service import Request
from tests.unit.pubsub.provisioned import (
    ADMIN,
    AGENT,
    DOMAIN,
    NOW,
    STRANGER,
    SUPERVISOR,
    Provisioned,
)

pytestmark = pytest.mark.unit

OWN_ADDRESS = f"ext1000@{DOMAIN}"


@pytest.fixture
def service() -> Provisioned:
    """Keeps three items per node."""
    return Provisioned(max_items=3)


def test_subscribers_are_told_of_an_item_from_the_address_they_used(service: Provisioned) -> None:
    service.subscribe(AGENT)
    service.subscribe(f"{SUPERVISOR}/desk")
    service.subscribe(AGENT, service=OWN_ADDRESS)
    service.publish("call-1", "<call/>")

    event = ItemPublished(service.pubsub.items["ext1000", "call-1"])
    assert service.told == [
        Notification("ext1000", OWN_ADDRESS, (AGENT,), event),
        Notification("ext1000", DOMAIN, (f"{SUPERVISOR}/desk", AGENT), event),
    ]


def test_subscribers_of_other_nodes_are_not(service: Provisioned) -> None:
    service.subscribe(SUPERVISOR, node="ext2000")
    service.publish("call-1", node="ext1000")
    assert not service.told


def test_an_item_takes_the_place_of_one_with_the_same_id(service: Provisioned) -> None:
    service.subscribe(AGENT)
    service.publish("call-1", "<offered/>")
    service.publish("call-2", "<offered/>")
    service.publish("call-1", "<answered/>")

    items = service.pubsub.retrieve(Request(AGENT, DOMAIN, "ext1000")).items
    assert [(item.id, item.payload) for item in items] == [
        ("call-2", "<offered/>"),
        ("call-1", "<answered/>"),
    ]
    assert len(service.told) == 3


def test_the_oldest_items_beyond_the_maximum_go(service: Provisioned) -> None:
    service.subscribe(AGENT)
    for number in range(5):
        service.publish(f"call-{number}")
    assert service.item_ids(AGENT) == ["call-2", "call-3", "call-4"]


def test_retracting_tells_the_subscribers(service: Provisioned) -> None:
    service.publish("call-1")
    service.subscribe(AGENT)
    service.told.clear()
    service.retract("call-1")
    assert service.item_ids(AGENT) == []
    assert [notification.event for notification in service.told] == [ItemRetracted("call-1")]


def test_retracting_what_is_gone_changes_nothing(service: Provisioned) -> None:
    service.subscribe(AGENT)
    service.retract("call-1")
    assert not service.told


def test_there_is_no_publishing_without_a_node(service: Provisioned) -> None:
    with pytest.raises(NodeNotFoundError):
        service.publish("call-1", node="ext9999")
    with pytest.raises(NodeNotFoundError):
        service.retract("call-1", node="ext9999")


def test_items_are_numbered_on_after_a_restart() -> None:
    before, after = Provisioned(), Provisioned()
    before.publish("call-1")
    before.publish("call-2")
    after.pubsub.load([], [], [], before.pubsub.items.values())
    after.publish("call-3", node="ext2000")
    (*earlier, latest) = (item.seq for item in after.pubsub.items.values())
    assert latest > max(earlier)


def test_no_number_is_given_twice_though_the_newest_items_are_gone() -> None:
    before, after = Provisioned(), Provisioned()
    before.publish("call-1")
    gone = before.pubsub.items["ext1000", "call-1"].seq
    later = NOW + timedelta(seconds=1)
    after.do(lambda pubsub: pubsub.publish("ext1000", "call-2", "<x/>", DOMAIN, later))
    assert after.pubsub.items["ext1000", "call-2"].seq > gone


def test_what_came_after_an_item_is_found_after_a_restart_though_all_are_gone() -> None:
    before, after = Provisioned(), Provisioned()
    before.publish("call-1")
    gone = place_of(before.pubsub.items["ext1000", "call-1"])
    after.pubsub.resume(NOW + timedelta(hours=1))
    request, since = Request(AGENT, DOMAIN, "ext1000"), Query(after=gone)
    after.subscribe(AGENT)
    assert after.pubsub.archived(request, since, Page())[1].entries == ()
    after.publish("call-2")
    assert [i.id for i in after.pubsub.archived(request, since, Page())[1].entries] == ["call-2"]
    future = Query(after=str(int(gone) + 10**12))
    with pytest.raises(PageNotFoundError):
        after.pubsub.archived(request, future, Page())


def test_the_newest_items_can_be_asked_for(service: Provisioned) -> None:
    service.subscribe(AGENT)
    for number in range(3):
        service.publish(f"call-{number}")
    request = Request(AGENT, DOMAIN, "ext1000")
    for count, ids in [(1, ["call-2"]), (2, ["call-1", "call-2"])]:
        found = service.pubsub.retrieve(request, max_items=count).items
        assert [item.id for item in found] == ids
    assert len(service.pubsub.retrieve(request, max_items=99).items) == 3


def test_items_can_be_asked_for_by_id(service: Provisioned) -> None:
    service.subscribe(AGENT)
    for number in range(3):
        service.publish(f"call-{number}")
    asked = ["call-2", "unknown", "call-0", "call-2"]
    found = service.pubsub.retrieve(Request(AGENT, DOMAIN, "ext1000"), asked).items
    assert [item.id for item in found] == ["call-2", "call-0"]


def test_at_an_extensions_address_its_node_is_meant(service: Provisioned) -> None:
    service.subscribe(AGENT)
    service.publish("call-1")
    retrieved = service.pubsub.retrieve(Request(AGENT, OWN_ADDRESS))
    assert (retrieved.node, len(retrieved.items)) == ("ext1000", 1)


def test_a_member_must_be_subscribed_to_retrieve(service: Provisioned) -> None:
    service.subscribe(AGENT)
    with pytest.raises(SubscriptionRequiredError):
        service.item_ids(SUPERVISOR)


def test_any_own_jid_will_do_for_that(service: Provisioned) -> None:
    service.subscribe(f"{AGENT}/desk", service=OWN_ADDRESS)
    assert service.item_ids(f"{AGENT}/phone") == []


def test_an_owner_need_not_be_subscribed(service: Provisioned) -> None:
    service.publish("call-1")
    assert service.item_ids(ADMIN) == ["call-1"]


def test_who_is_not_on_the_whitelist_gets_no_items(service: Provisioned) -> None:
    with pytest.raises(ClosedNodeError):
        service.item_ids(STRANGER)


def test_anybody_retrieves_from_an_open_node(service: Provisioned) -> None:
    node = Node("news", False, Configuration("News", access_model=AccessModel.OPEN))
    service.pubsub.nodes.load("news", node)
    service.publish("item-1", node="news")
    assert service.item_ids(STRANGER, node="news") == ["item-1"]


def test_a_subscriber_who_names_a_subid_must_name_the_right_one(service: Provisioned) -> None:
    service.subscribe(AGENT, subid="right")
    request = Request(AGENT, DOMAIN, "ext1000")
    assert service.pubsub.retrieve(request, subid="right").items == ()
    with pytest.raises(InvalidSubidError):
        service.pubsub.retrieve(request, subid="wrong")


def test_undone_publishing_has_told_nobody(service: Provisioned) -> None:
    service.subscribe(AGENT)
    mark = service.ledger.mark()
    service.pubsub.publish("ext1000", "call-1", "<call/>", DOMAIN, NOW)
    service.ledger.rollback(mark)
    assert not service.pubsub.take_notifications()
    assert service.item_ids(AGENT) == []


def test_visible_nodes_are_those_one_may_subscribe_to(service: Provisioned) -> None:
    def visible(account: str, address: str = DOMAIN) -> list[str]:
        return [node.name for node in service.pubsub.visible(Request(account, address))]

    open_node = Node("news", False, Configuration("News", access_model=AccessModel.OPEN))
    service.pubsub.nodes.load("news", open_node)
    assert visible(AGENT) == ["ext1000", "news"]
    assert visible(STRANGER) == ["news"]
    assert sorted(visible(SUPERVISOR)) == ["ext1000", "ext2000", "ext3000", "news"]
    assert visible(AGENT, OWN_ADDRESS) == ["ext1000"]
    assert visible(STRANGER, OWN_ADDRESS) == []
