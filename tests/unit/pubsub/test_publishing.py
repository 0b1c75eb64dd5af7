from datetime import timedelta
from typing import Any

import pytest

from component.pubsub.configuration import MessageType, NodeFull, PublishModel
from component.pubsub.errors import (
    ForbiddenError,
    ItemForbiddenError,
    ItemNotFoundError,
    ItemRequiredError,
    MaxItemsExceededError,
    NameTooLongError,
    NodeFullError,
    NotAcceptableError,
    PayloadRequiredError,
    PayloadTooBigError,
    PreconditionError,
    UnsupportedError,
)
from component.pubsub.model import ItemPublished, ItemRetracted, NodeChanged, Role
from tests.unit.pubsub.nodes import ANN, BOB, News, item
from tests.unit.pubsub.provisioned import ADMIN, AGENT, NOW

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("role", [Role.OWNER, Role.PUBLISHER, Role.PUBLISH_ONLY])
def test_those_affiliated_to_publish_do(role: Role) -> None:
    service = News()
    service.give(ANN, role)
    assert service.post(ANN, item("a")) == ["a"]


@pytest.mark.parametrize("role", [Role.NONE, Role.MEMBER, Role.OUTCAST])
def test_others_do_not(role: Role) -> None:
    service = News()
    service.give(ANN, role)
    with pytest.raises(ForbiddenError):
        service.post(ANN, item("a"))


def test_subscribers_publish_where_the_node_lets_them() -> None:
    service = News(publish_model=PublishModel.SUBSCRIBERS)
    with pytest.raises(ForbiddenError):
        service.post(ANN, item("a"))
    service.subscribe(ANN, "news")
    service.post(ANN, item("a"))


def test_anybody_but_an_outcast_publishes_to_a_node_open_to_all() -> None:
    service = News(publish_model=PublishModel.OPEN)
    service.post(ANN, item("a"))
    service.give(ANN, Role.OUTCAST)
    with pytest.raises(ForbiddenError):
        service.post(ANN, item("b"))


def test_the_agent_does_not_publish_to_the_extensions_node() -> None:
    with pytest.raises(ForbiddenError):
        News().post(AGENT, item("a"), node="ext1000")


def test_items_without_an_id_get_one() -> None:
    assert News().post(ADMIN, item(), item("b"), item()) == ["new-1", "b", "new-2"]


def test_subscribers_get_each_item_of_a_batch() -> None:
    service = News(notification_type=MessageType.NORMAL)
    service.subscribe(BOB, "news")
    service.post(ADMIN, item("a"), item("b"))
    items = service.pubsub.items
    assert service.heard(BOB) == [
        ItemPublished(items["news", "a"]),
        ItemPublished(items["news", "b"]),
    ]
    assert {n.type for n in service.told} == {MessageType.NORMAL}


def test_payloads_are_left_out_where_the_node_says_so() -> None:
    service = News(deliver_payloads=False)
    service.subscribe(BOB, "news")
    service.post(ADMIN, item("a", ""))
    assert service.heard(BOB) == [ItemPublished(service.pubsub.items["news", "a"], False)]


def test_nothing_is_notified_where_the_node_says_so() -> None:
    service = News(deliver_notifications=False, max_items=2)
    service.subscribe(BOB, "news")
    service.post(ADMIN, item("a"), item("b"))
    service.post(ADMIN, item("c"))
    service.take_back(ADMIN, "b")
    service.do(lambda pubsub: pubsub.purge(service.request(ADMIN)))
    assert not service.told
    service.post(ADMIN, item("d"))
    service.take_back(ADMIN, "d", notify=True)
    assert service.heard(BOB) == [ItemRetracted("d")], "whoever retracts it may say so (§7.2.2.1)"


def test_what_is_not_kept_is_notified_only() -> None:
    service = News(persist_items=False)
    service.subscribe(BOB, "news")
    service.post(ADMIN, item("a"))
    assert len(service.heard(BOB)) == 1
    assert not service.pubsub.items


def test_a_node_without_items_notifies_that_something_happened() -> None:
    service = News(persist_items=False, deliver_payloads=False)
    service.subscribe(BOB, "news")
    service.post(ADMIN)
    assert service.heard(BOB) == [NodeChanged()]
    with pytest.raises(ItemForbiddenError):
        service.post(ADMIN, item("a"))


def test_an_item_and_its_payload_are_required_where_there_are_items() -> None:
    with pytest.raises(ItemRequiredError):
        News().post(ADMIN)
    with pytest.raises(PayloadRequiredError):
        News().post(ADMIN, item("a", ""))
    with pytest.raises(PayloadRequiredError):
        News(persist_items=False).post(ADMIN)


def test_a_payload_must_not_be_too_big() -> None:
    service = News(max_payload_size=10)
    service.post(ADMIN, item("a", "<x>1234</x>"[:10]))
    with pytest.raises(PayloadTooBigError):
        service.post(ADMIN, item("b", "<x>éééé</x>"))


def test_the_id_of_an_item_is_limited() -> None:
    with pytest.raises(NameTooLongError):
        News().post(ADMIN, item("i" * 256))


@pytest.mark.parametrize(
    ("config", "retracted"),
    [
        ({}, ["a"]),
        ({"notify_retract": False}, []),
        ({"publish_node_full": NodeFull.DISCARD_OLDEST}, []),
    ],
)
def test_the_oldest_items_beyond_the_maximum_are_retracted_or_go_in_silence(
    config: dict[str, Any], retracted: list[str]
) -> None:
    service = News(max_items=2, **config)
    service.subscribe(BOB, "news")
    service.post(ADMIN, item("a"), item("b"))
    service.told.clear()
    service.post(ADMIN, item("c"))
    assert service.item_ids(ADMIN, "news") == ["b", "c"]
    published = ItemPublished(service.pubsub.items["news", "c"])
    assert service.heard(BOB) == [published, *map(ItemRetracted, retracted)]


def test_a_full_node_may_take_no_more() -> None:
    service = News(max_items=2, publish_node_full=NodeFull.REJECT)
    service.post(ADMIN, item("a"), item("b"))
    service.post(ADMIN, item("a", "<y/>"))
    for drafts in ([item("c")], [item()], [item("a"), item("c")]):
        with pytest.raises(NodeFullError):
            service.post(ADMIN, *drafts)
    assert service.item_ids(ADMIN, "news") == ["b", "a"]
    service.take_back(ADMIN, "a")
    service.post(ADMIN, item("c"))


def test_an_extensions_node_takes_every_call_and_drops_old_ones_in_silence() -> None:
    service = News()
    with pytest.raises(NotAcceptableError):
        service.configure(node="ext1000", publish_node_full=NodeFull.REJECT)
    service.subscribe(AGENT)
    for number in range(4):
        service.publish(f"call-{number}")
    assert {type(event) for event in service.heard(AGENT)} == {ItemPublished}


def test_one_bad_item_spoils_the_batch() -> None:
    service = News()
    with pytest.raises(PayloadRequiredError):
        service.post(ADMIN, item("a"), item("b", ""))
    assert not service.pubsub.items


def test_the_node_must_be_as_the_publisher_relies_on() -> None:
    service = News(max_items=5)
    service.post(ADMIN, item("a"), max_items=5, persist_items=True)
    with pytest.raises(PreconditionError):
        service.post(ADMIN, item("b"), max_items=6)
    assert service.item_ids(ADMIN, "news") == ["a"]


@pytest.mark.parametrize("role", [Role.PUBLISHER, Role.PUBLISH_ONLY])
def test_publishers_retract_what_they_published(role: Role) -> None:
    service = News()
    service.give(ANN, role)
    service.post(ADMIN, item("a"))
    service.post(f"{ANN}/desk", item("b"))
    with pytest.raises(ForbiddenError):
        service.take_back(ANN, "b", "a")
    service.take_back(ANN, "b")
    assert service.item_ids(ADMIN, "news") == ["a"]


def test_owners_retract_anything() -> None:
    service = News()
    service.give(ANN, Role.PUBLISH_ONLY)
    service.post(ANN, item("a"))
    service.take_back(ADMIN, "a")
    assert not service.pubsub.items


def test_who_may_publish_no_longer_retracts_nothing() -> None:
    service = News()
    service.give(ANN, Role.PUBLISHER)
    service.post(ANN, item("a"))
    service.give(ANN, Role.NONE)
    with pytest.raises(ForbiddenError):
        service.take_back(ANN, "a")


def test_no_more_items_come_at_once_than_are_kept() -> None:
    service = News(max_items=2)
    service.post(ADMIN, item("a"), item("b"), item("a", "<y/>"))
    assert service.item_ids(ADMIN, "news") == ["b", "a"]
    with pytest.raises(MaxItemsExceededError):
        service.post(ADMIN, item(), item(), item("c"))
    service = News(max_items=2, persist_items=False)
    assert len(service.post(ADMIN, item(), item(), item())) == 3


@pytest.mark.parametrize(
    ("configured", "asked", "told"),
    [
        (True, None, True),
        (False, None, False),
        (False, True, True),
        (True, False, False),
    ],
)
def test_a_retraction_is_notified_as_asked_or_configured(
    configured: bool, asked: bool | None, told: bool
) -> None:
    service = News(notify_retract=configured)
    service.post(ADMIN, item("a"))
    service.subscribe(BOB, "news")
    service.told.clear()
    service.take_back(ADMIN, "a", notify=asked)
    assert service.heard(BOB) == ([ItemRetracted("a")] if told else [])


def test_what_cannot_be_retracted() -> None:
    service = News()
    service.post(ADMIN, item("a"))
    with pytest.raises(ItemRequiredError):
        service.take_back(ADMIN)
    with pytest.raises(ItemNotFoundError):
        service.take_back(ADMIN, "a", "b")
    assert service.item_ids(ADMIN, "news") == ["a"]
    with pytest.raises(UnsupportedError):
        News(persist_items=False).take_back(ADMIN, "a")


def test_the_service_retracts_what_was_not_kept() -> None:
    service = News()
    service.configure(node="ext1000", persist_items=False)
    service.subscribe(AGENT)
    service.publish("call-1")
    service.retract("call-1")
    assert service.heard(AGENT)[-1] == ItemRetracted("call-1")


@pytest.mark.parametrize("config", [{"notify_retract": False}, {"deliver_notifications": False}])
def test_that_a_call_is_over_is_told_whatever_the_node_says(config: dict[str, Any]) -> None:
    service = News()
    service.subscribe(AGENT)
    service.publish("call-1")
    service.configure(node="ext1000", **config)
    service.retract("call-1")
    assert service.heard(AGENT)[-1] == ItemRetracted("call-1")


def test_items_go_by_themselves_when_their_time_is_over() -> None:
    service = News(item_expire=60)
    service.post(ADMIN, item("a"))
    service.post(ADMIN, item("b"), now=NOW + timedelta(seconds=30))
    service.do(lambda pubsub: pubsub.expire(NOW + timedelta(seconds=59)))
    assert service.item_ids(ADMIN, "news") == ["a", "b"]
    service.do(lambda pubsub: pubsub.expire(NOW + timedelta(seconds=60)))
    assert service.item_ids(ADMIN, "news") == ["b"]


def test_an_item_published_again_lives_on() -> None:
    service = News(item_expire=60)
    service.post(ADMIN, item("a"))
    service.post(ADMIN, item("a"), now=NOW + timedelta(seconds=30))
    service.do(lambda pubsub: pubsub.expire(NOW + timedelta(seconds=60)))
    assert service.item_ids(ADMIN, "news") == ["a"]


def test_a_time_limit_holds_for_what_was_there_before() -> None:
    service = News()
    service.post(ADMIN, item("a"))
    service.configure(item_expire=60)
    service.do(lambda pubsub: pubsub.expire(NOW + timedelta(seconds=60)))
    assert not service.pubsub.items
