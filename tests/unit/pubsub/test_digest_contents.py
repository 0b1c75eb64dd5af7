"""What digests say of what has happened meanwhile, and what does not wait for them."""

from typing import Any

import pytest

from component.pubsub.configuration import ItemReply
from component.pubsub.model import (
    Held,
    ItemsPublished,
    ItemsRetracted,
    NodeChanged,
    NodeConfigured,
    NodeDeleted,
    NodePurged,
    Role,
)
from tests.unit.pubsub.digesters import DIGEST, EVERY, ids, news, pass_
from tests.unit.pubsub.nodes import ANN, BOB, News, item
from tests.unit.pubsub.provisioned import ADMIN, AGENT, NOW, Provisioned

pytestmark = pytest.mark.unit


def test_of_an_item_that_was_replaced_the_last_is_shown() -> None:
    service = news(ANN)
    service.post(ADMIN, item("a", "<old/>"), item("b"), item("a", "<new/>"))
    pass_(service, EVERY)
    (event,) = service.heard(ANN)
    assert isinstance(event, ItemsPublished)
    assert [(i.item_id, i.payload) for i in event.items] == [("b", "<x/>"), ("a", "<new/>")]


def test_what_a_node_does_not_keep_is_not_replaced() -> None:
    service = news(ANN, persist_items=False)
    service.post(ADMIN, item("a", "<old/>"), item("a", "<new/>"))
    pass_(service, EVERY)
    assert [ids(event) for event in service.heard(ANN)] == [["a", "a"]]


@pytest.mark.parametrize("persist_items", [True, False])
def test_what_was_retracted_meanwhile_is_not_shown(persist_items: bool) -> None:
    service = news(ANN, persist_items=persist_items)
    service.post(ADMIN, item("a"), item("b"))
    service.do(lambda pubsub: pubsub.retract("news", "a"))
    pass_(service, EVERY)
    retracted, published = service.heard(ANN)
    assert retracted == ItemsRetracted(("a",))
    assert ids(published) == ["b"]


def test_what_was_retracted_and_published_again_is_shown() -> None:
    service = news(ANN)
    service.post(ADMIN, item("a"))
    service.take_back(ADMIN, "a")
    service.post(ADMIN, item("a", "<again/>"))
    pass_(service, EVERY)
    (event,) = service.heard(ANN)
    assert isinstance(event, ItemsPublished)
    assert [i.payload for i in event.items] == ["<again/>"]


def test_what_has_no_item_is_told_once() -> None:
    service = news(ANN, persist_items=False, deliver_payloads=False)
    service.post(ADMIN)
    service.post(ADMIN)
    pass_(service, EVERY)
    assert service.heard(ANN) == [NodeChanged()]


def test_payloads_are_delivered_as_the_node_says() -> None:
    service = news(ANN, deliver_payloads=False)
    service.post(ADMIN, item("a"))
    pass_(service, EVERY)
    assert service.heard(ANN) == [ItemsPublished((Held("news", 1, "a", ""),))]


def test_whom_to_answer_is_kept_with_each_item() -> None:
    service = news(ANN, itemreply=ItemReply.PUBLISHER)
    service.post(ADMIN, item("a"))
    pass_(service, EVERY)
    assert service.heard(ANN) == [ItemsPublished((Held("news", 1, "a", "<x/>", (ADMIN,)),), True)]


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        (ItemReply.OWNER, ItemReply.PUBLISHER, False),
        (ItemReply.PUBLISHER, ItemReply.NOBODY, True),
    ],
)
def test_what_waited_comes_before_others_are_to_be_answered(
    before: ItemReply, after: ItemReply, named: bool
) -> None:
    service = news(ANN, itemreply=before)
    service.give(BOB, Role.PUBLISHER)
    service.post(BOB, item("a"))
    answered = BOB if named else ADMIN
    service.configure(itemreply=after)
    pass_(service, EVERY)
    held = Held("news", 1, "a", "<x/>", (answered,))
    assert service.heard(ANN) == [ItemsPublished((held,), named)]


def test_a_purge_is_told_at_once_and_nothing_of_what_waited() -> None:
    service = news(ANN)
    service.post(ADMIN, item("a"))
    service.do(lambda pubsub: pubsub.purge(service.request(ADMIN)))
    pass_(service, EVERY)
    assert service.heard(ANN) == [NodePurged()]
    assert not list(service.pubsub.held)


@pytest.mark.parametrize("quiet", [{"notify_retract": False}, {"deliver_notifications": False}])
def test_nothing_of_what_waited_is_told_after_a_purge_that_is_not(quiet: dict[str, Any]) -> None:
    service = news(ANN)
    service.post(ADMIN, item("a"))
    service.configure(**quiet)
    service.do(lambda pubsub: pubsub.purge(service.request(ADMIN)))
    pass_(service, EVERY)
    assert not service.heard(ANN)
    assert not list(service.pubsub.held)


def test_the_end_of_a_node_comes_after_what_waited() -> None:
    service = news(ANN)
    service.post(ADMIN, item("a"))
    service.do(lambda pubsub: pubsub.delete(service.request(ADMIN), None, NOW))
    published, deleted = service.heard(ANN)
    assert ids(published) == ["a"]
    assert deleted == NodeDeleted()
    assert not list(service.pubsub.held)


def test_what_waited_at_an_extension_comes_before_its_end() -> None:
    service = Provisioned()
    request = News().request(AGENT, "ext1000")
    service.do(lambda pubsub: pubsub.subscribe(request, AGENT, "s", NOW, DIGEST))
    service.publish("call1")
    service.do(lambda pubsub: pubsub.drop("1000"))
    assert [type(n.event) for n in service.told] == [ItemsPublished, NodeDeleted]


def test_a_change_of_the_configuration_is_told_at_once() -> None:
    service = news(ANN)
    service.configure(notify_config=True, title="New")
    assert [type(event) for event in service.heard(ANN)] == [NodeConfigured]
