"""What people ask the service to change in its configuration, as rows of a real database."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from component.domain.model import Person
from component.domain.settings_by_name import SETTINGS
from component.operations.changes import (
    AddCustomer,
    AddExtension,
    AddMember,
    AddQueue,
    Change,
    ChangeCustomer,
    ChangeExtension,
    ChangeMember,
    ChangeQueue,
    CloseQueue,
    OpenQueue,
    Reload,
    RemoveCustomer,
    RemoveExtension,
    RemoveMember,
    RemoveQueue,
)
from component.operations.model import RefusedError
from component.ports import StoreUnavailableError
from component.storage import customers
from component.storage.books import SqlBooks
from component.storage.feed import CHANNEL
from component.storage.postgres import PostgresStore
from lab.paths import PROJECT
from tests.databases import as_service

pytestmark = pytest.mark.contract

GRANTS = PROJECT / "sql" / "grants.sql"


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


async def test_what_is_changed_is_what_the_service_reads(
    books: SqlBooks, postgres: PostgresStore
) -> None:
    for change in (
        ChangeExtension("1000", "PJSIP/9", "new@example.com", {"french": 2}),
        ChangeQueue("support", "wrapuptime", 30.0),
        ChangeQueue("support", "periodic_announce", "first,second"),
        ChangeQueue("support", "callback_maxlen", 3),
        ChangeMember("support", "1000", 2),
    ):
        assert await books.write(change) == ""
    stored = await postgres.load()
    (agent,) = (agent for agent in stored.agents if agent.extension == "1000")
    assert (agent.device, agent.jid, agent.skills) == ("PJSIP/9", "new@example.com", {"french": 2})
    (queue,) = stored.queues
    assert queue.wrapuptime == timedelta(seconds=30)
    assert (queue.periodic_announce, queue.callback.maxlen) == (("first", "second"), 3)
    assert [m.penalty for m in stored.members if m.extension == "1000"] == [2]


async def test_each_setting_of_a_queue_is_a_column_that_takes_what_is_read(
    books: SqlBooks, postgres: PostgresStore, connection: asyncpg.Connection
) -> None:
    columns = await connection.fetch(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'queues'"
    )
    assert {name for (name,) in columns} == {*SETTINGS, "name", "closed_until"}
    (before,) = (await postgres.load()).queues
    for setting in SETTINGS.values():
        await books.write(ChangeQueue("support", setting.name, setting.read(setting.now(before))))
    assert (await postgres.load()).queues == [before]


async def test_a_customer_has_another_name_and_other_attributes(
    books: SqlBooks, connection: asyncpg.Connection
) -> None:
    async def customer() -> tuple[str, dict[str, str]]:
        (found,) = await customers.find(connection, "3333")
        return found.name, found.attributes

    await books.write(AddCustomer("3333", "Firm", {"phone": "5553", "contract": "gold"}))
    await books.write(ChangeCustomer("3333", "", {"phone": "", "city": "Köln"}))
    assert await customer() == ("Firm", {"contract": "gold", "city": "Köln"})
    await books.write(ChangeCustomer("3333", "Firm & Co", {}))
    assert await customer() == ("Firm & Co", {"contract": "gold", "city": "Köln"})


async def test_what_is_removed_is_gone_with_what_hangs_on_it(
    books: SqlBooks, postgres: PostgresStore, connection: asyncpg.Connection
) -> None:
    await books.write(RemoveMember("support", "1000"))
    await books.write(RemoveExtension("2000"))
    stored = await postgres.load()
    assert [member.extension for member in stored.members] == ["3000"]
    assert sorted(agent.extension for agent in stored.agents) == ["1000", "3000"]
    await books.write(RemoveQueue("support"))
    stored = await postgres.load()
    assert (list(stored.queues), list(stored.members)) == ([], [])
    await books.write(RemoveCustomer("1111"))
    assert await customers.find(connection, "1111") == []


@pytest.mark.parametrize(
    "change",
    [
        ChangeExtension("4000", "PJSIP/4000", "user4@example.com", {}),
        ChangeCustomer("9999", "Nobody", {}),
        ChangeQueue("sales", "timeout", 15.0),
        ChangeMember("support", "4000", 1),
        RemoveExtension("4000"),
        RemoveCustomer("9999"),
        RemoveQueue("sales"),
        RemoveMember("support", "4000"),
    ],
)
async def test_what_is_not_there_is_said_not_to_be(books: SqlBooks, change: Change) -> None:
    with pytest.raises(RefusedError, match="There is none"):
        await books.write(change)


async def test_a_person_is_found_by_number(books: SqlBooks, connection: asyncpg.Connection) -> None:
    await connection.execute("INSERT INTO people VALUES ('72', 'Eve', 'eve@example.com')")
    assert await books.person("72") == Person("72", "eve@example.com")
    for number in ("73", "", "' OR 1=1 --", "\ud800"):
        assert await books.person(number) is None
    await connection.execute("ALTER TABLE people RENAME TO persons")
    with pytest.raises(StoreUnavailableError):
        await books.person("72")


@pytest.mark.parametrize("name", ["\ud800", "a\0b"])
async def test_what_is_no_text_to_the_database_is_refused(books: SqlBooks, name: str) -> None:
    for change in (AddQueue(name, "ringall"), ChangeCustomer("1111", "", {"a": name})):
        with pytest.raises(RefusedError):
            await books.write(change)


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
        ChangeExtension("1000", "PJSIP/2000", "user1@example.com", {}),
        ChangeQueue("support", "max_wait", 0.0),
        ChangeQueue("support", "callback_dial", "nowhere"),
    ],
)
async def test_what_the_database_does_not_take_is_refused(books: SqlBooks, change: Change) -> None:
    with pytest.raises(RefusedError):
        await books.write(change)


async def test_a_database_that_is_away_is_called_so() -> None:
    away = SqlBooks("postgresql://127.0.0.1:1/nothing")
    with pytest.raises(StoreUnavailableError):
        await away.write(Reload())
    with pytest.raises(StoreUnavailableError):
        await away.person("72")


async def test_a_setting_that_the_database_does_not_take_is_named(books: SqlBooks) -> None:
    with pytest.raises(RefusedError, match=r"^timeout cannot be 0\.0"):
        await books.write(ChangeQueue("support", "timeout", 0.0))


async def test_a_role_of_few_rights_closes_queues_and_changes_nothing_else(
    database_url: str,
) -> None:
    books = SqlBooks(await as_service(database_url))
    await books.write(CloseQueue("support"))
    for change in (AddQueue("sales", "ringall"), RemoveQueue("support")):
        with pytest.raises(RefusedError, match="may not do this"):
            await books.write(change)


async def test_what_the_file_of_grants_says_is_what_administrators_need(database_url: str) -> None:
    books = SqlBooks(await as_service(database_url))
    (grant,) = re.findall(r"--     (GRANT .* TO ivr_pubsub_service;)", GRANTS.read_text())
    owner = await asyncpg.connect(database_url)
    await owner.execute(grant)
    await owner.close()
    for change in (
        AddQueue("sales", "ringall"),
        AddExtension("4000", "PJSIP/4000", "user4@example.com"),
        AddMember("sales", "4000", 1),
        AddCustomer("3333", "Firm", {}),
        ChangeQueue("sales", "timeout", 20.0),
        ChangeExtension("4000", "PJSIP/4001", "user4@example.com", {}),
        ChangeMember("sales", "4000", 2),
        ChangeCustomer("3333", "Another", {}),
        RemoveMember("sales", "4000"),
        RemoveExtension("4000"),
        RemoveQueue("sales"),
        RemoveCustomer("3333"),
    ):
        await books.write(change)
