"""Payloads that only the store has are there when somebody is to see them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

import pytest

from component.handlers.stanza import read_whole
from component.ports import Changes, Outgoing, StoreUnavailableError
from component.pubsub import at_hand
from component.pubsub.model import (
    Affiliation,
    InStore,
    Item,
    LastItem,
    Node,
    Notification,
    Role,
)
from component.pubsub.publishing import Draft
from component.pubsub.service import Request
from component.storage.memory import MemoryStore
from component.stored_items import StoredItems
from tests.unit.services import DOMAIN, Service, running

pytestmark = pytest.mark.unit

OWNER = "user1@example.com"
READER = "user2@example.com"

OLD = [
    Item("news", f"item{seq}", f"<a>{seq}</a>", OWNER, datetime(2026, 1, 1, tzinfo=UTC), seq)
    for seq in (1, 2)
]
"""What was published before the service was started."""


class TroubledStore(MemoryStore):
    """A store that can lose an answer."""

    def __init__(self) -> None:
        super().__init__()
        self.nodes["news"] = Node("news", managed=False)
        self.affiliations["news", OWNER] = Affiliation("news", OWNER, Role.OWNER)
        self.items |= {(item.node, item.id): item for item in OLD}
        self.loses_line = False
        self.reads = 0

    async def commit(self, changes: Changes) -> None:
        await super().commit(changes)
        if self.loses_line:
            self.loses_line = False
            raise StoreUnavailableError("the answer was lost")

    async def read_items(self, keys: Sequence[tuple[str, str]]) -> list[Item]:
        self.reads += 1
        await asyncio.sleep(0)
        return await super().read_items(keys)


@pytest.fixture
def store() -> TroubledStore:
    return TroubledStore()


@pytest.fixture
async def service(store: TroubledStore) -> AsyncIterator[Service]:
    async with running(store) as service:
        yield service


async def publish(service: Service, item_id: str, payload: str) -> None:
    request, draft = Request(OWNER, DOMAIN, "news"), Draft(item_id, payload)
    await service.engine.pubsub(
        lambda pubsub, now: pubsub.publish_for(request, [draft], {}, str, now)
    )


async def retract(service: Service, item_id: str) -> None:
    request = Request(OWNER, DOMAIN, "news")
    await service.engine.pubsub(lambda pubsub, _: pubsub.retract_for(request, [item_id], None))


async def retrieve(service: Service) -> list[str]:
    request = Request(READER, DOMAIN, "news")
    _, items = await read_whole(
        service.engine, lambda pubsub, _: pubsub.retrieve(request), lambda found: found.items
    )
    return [item.xml for item in items]


async def subscribe(service: Service) -> None:
    request = Request(READER, DOMAIN, "news")
    await service.engine.pubsub(lambda pubsub, now: pubsub.subscribe(request, READER, "sub1", now))


def told(service: Service) -> list[str]:
    return [done.body for done in service.outside.done if isinstance(done, Outgoing)]


async def until_written(service: Service) -> None:
    """Wait until the engine has set right what a commit may have done whose answer was lost."""
    async with asyncio.timeout(20):
        while service.pubsub.items.doubted:
            await asyncio.sleep(0.01)


async def test_what_is_loaded_has_no_payload_until_it_is_retrieved(service: Service) -> None:
    assert [item.payload for item in service.pubsub.items.values()] == [InStore(8), InStore(8)]
    assert await retrieve(service) == ["<a>1</a>", "<a>2</a>"]


async def test_a_new_subscriber_is_sent_the_newest_item_whole(service: Service) -> None:
    await subscribe(service)
    assert told(service) == ["<last node='news'><a>2</a></last>"]


async def test_it_is_sent_with_all_else_that_is_said_of_it(
    service: Service, store: TroubledStore
) -> None:
    newest = LastItem(service.pubsub.items["news", "item2"], names_publisher=True)
    notifications = [Notification("news", DOMAIN, (READER,), newest)]
    await StoredItems(service.pubsub, store).complete(notifications)
    assert [n.event for n in notifications] == [LastItem(OLD[1], names_publisher=True)]


async def test_what_was_just_published_is_not_read(service: Service, store: TroubledStore) -> None:
    await publish(service, "item1", "<b/>")
    await publish(service, "item2", "<c/>")
    await subscribe(service)
    assert await retrieve(service) == ["<b/>", "<c/>"]
    assert store.reads == 0


async def test_the_payloads_that_were_published_last_stay_in_memory(
    service: Service, store: TroubledStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(at_hand, "LIMIT", 10)
    for item_id, payload in (("item1", "<b/>"), ("item3", "<ccc/>"), ("item4", "<d/>")):
        await publish(service, item_id, payload)

    kept = {item.id: item.payload for item in service.pubsub.items.values()}
    assert kept == {"item1": InStore(4), "item2": InStore(8), "item3": "<ccc/>", "item4": "<d/>"}
    assert await retrieve(service) == ["<a>2</a>", "<b/>", "<ccc/>", "<d/>"]


async def test_what_is_replaced_while_it_is_read_is_retrieved_as_it_is_then(
    service: Service,
) -> None:
    retrieving = asyncio.create_task(retrieve(service))
    await publish(service, "item1", "<b/>")
    assert await retrieving == ["<a>2</a>", "<b/>"]


async def test_what_somebody_deleted_from_the_database_is_left_out(
    service: Service, store: TroubledStore
) -> None:
    del store.items["news", "item2"]
    await subscribe(service)
    assert told(service) == []
    assert await retrieve(service) == ["<a>1</a>"]


async def test_a_payload_that_cannot_be_read_now_refuses_the_request_and_changes_nothing(
    service: Service, store: TroubledStore
) -> None:
    store.away = True
    with pytest.raises(StoreUnavailableError):
        await retrieve(service)
    with pytest.raises(StoreUnavailableError):
        await subscribe(service)
    store.away = False
    assert list(service.pubsub.subscriptions) == []


async def test_what_a_lost_answer_may_have_replaced_is_taken_over_as_the_store_has_it(
    service: Service, store: TroubledStore
) -> None:
    store.loses_line = True
    with pytest.raises(StoreUnavailableError):
        await publish(service, "item1", "<b/>")
    await until_written(service)
    assert await retrieve(service) == ["<a>2</a>", "<b/>"]
    assert service.pubsub.items["news", "item1"] == store.items["news", "item1"]


async def test_what_a_lost_answer_may_have_deleted_is_retracted_again_and_told(
    service: Service, store: TroubledStore
) -> None:
    await subscribe(service)
    store.loses_line = True
    with pytest.raises(StoreUnavailableError):
        await retract(service, "item2")
    await until_written(service)
    assert await retrieve(service) == ["<a>1</a>"]
    assert list(store.items) == [("news", "item1")]

    await retract(service, "item2")
    assert told(service)[-1] == "<ItemRetracted node='news'/>"
