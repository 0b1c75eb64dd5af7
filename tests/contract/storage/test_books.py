"""What people ask the service to change in its configuration, as rows of a real database."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from component.operations.changes import (
    AddCustomer,
    AddExtension,
    AddMember,
    AddQueue,
    Change,
    CloseQueue,
    OpenQueue,
    Reload,
)
from component.operations.model import RefusedError
from component.ports import StoreUnavailableError
from component.storage import customers
from component.storage.books import SqlBooks
from component.storage.feed import CHANNEL
from component.storage.postgres import PostgresStore
from tests.databases import as_service

pytestmark = pytest.mark.contract


@pytest.fixture
def books(database_url: str) -> SqlBooks:
    return SqlBooks(database_url)


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def test_what_is_added_is_what_the_service_reads(
    books: SqlBooks, postgres: PostgresStore
) -> None:
    for change in (
        AddExtension("4000", "PJSIP/4000", "user4@example.com"),
        AddQueue("sales", "ringall"),
        AddMember("sales", "4000", 2),
    ):
        await books.write(change)
    stored = await postgres.load()
    agents = {agent.extension: agent for agent in stored.agents}
    assert (agents["4000"].device, agents["4000"].jid) == ("PJSIP/4000", "user4@example.com")
    assert "ringall" in [queue.strategy for queue in stored.queues if queue.name == "sales"]
    assert [m.penalty for m in stored.members if m.extension == "4000"] == [2]


async def test_a_customer_is_added_and_found(
    books: SqlBooks, connection: asyncpg.Connection
) -> None:
    await books.write(AddCustomer("3333", "Müller & Co", {"phone": "5553"}))
    for text in ("3333", "müller", ""):
        found = await customers.find(connection, text)
        assert ("3333", "Müller & Co", {"phone": "5553"}) in [
            (customer.code, customer.name, customer.attributes) for customer in found
        ]
    assert await customers.find(connection, "%") == []


async def test_a_queue_is_closed_until_midnight_and_opened(
    books: SqlBooks, postgres: PostgresStore
) -> None:
    async def closed_until() -> datetime | None:
        (queue,) = (await postgres.load()).queues
        return queue.closed_until

    assert await closed_until() is None
    await books.write(CloseQueue("support"))
    until = await closed_until()
    assert until is not None
    assert timedelta(0) < until - datetime.now(UTC) <= timedelta(hours=25)
    local = until.astimezone()
    assert (local.hour, local.minute, local.second) == (0, 0, 0)
    await books.write(OpenQueue("support"))
    assert await closed_until() is None


async def test_the_service_is_told_to_read_everything(
    books: SqlBooks, connection: asyncpg.Connection
) -> None:
    heard: list[str] = []
    await connection.add_listener(CHANNEL, lambda *news: heard.append(news[-1]))
    await books.write(Reload())
    await connection.execute("SELECT 1")
    assert heard == [""]


@pytest.mark.parametrize(
    "change",
    [
        AddExtension("1000", "PJSIP/9", "a@example.com"),
        AddExtension("4000", "PJSIP/1000", "a@example.com"),
        AddExtension("4 0", "PJSIP/4", "a@example.com"),
        AddCustomer("1111", "Another"),
        AddQueue("support", "ringall"),
        AddQueue("sales", "dice"),
        AddMember("support", "1000", 0),
        AddMember("nowhere", "1000", 0),
        AddMember("support", "4000", 0),
    ],
)
async def test_what_the_database_does_not_take_is_refused(books: SqlBooks, change: Change) -> None:
    with pytest.raises(RefusedError):
        await books.write(change)


async def test_a_database_that_is_away_is_called_so() -> None:
    with pytest.raises(StoreUnavailableError):
        await SqlBooks("postgresql://127.0.0.1:1/nothing").write(Reload())


async def test_a_role_of_few_rights_closes_queues_and_adds_nothing(database_url: str) -> None:
    books = SqlBooks(await as_service(database_url))
    await books.write(CloseQueue("support"))
    with pytest.raises(RefusedError, match="may not change this"):
        await books.write(AddQueue("sales", "ringall"))
