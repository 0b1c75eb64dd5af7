"""What grows with each call is deleted when it is old."""

from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest

from component.storage import forgetting
from component.storage.forgetting import STATEMENTS, Record
from component.storage.postgres import PostgresStore
from tests.databases import as_service

pytestmark = pytest.mark.contract

OLD = timedelta(minutes=90)
ROWS = {
    Record.CALLS: (
        "(id, queue, channel, caller_number, caller_name, digits, state, attempt, tried,"
        " revision, entered_at, ended_at, outcome)",
        "n::text, 'support', 'c', '', '', '', 'ended', 0, '{}', 1, at, at, 'completed'",
    ),
    Record.CHOICES: (
        "",
        "n::text, 0, 'support', at, 'strategy', 'linear', '{1000}', '[]', 1, '{}'",
    ),
    Record.QUEUE_LOG: ("", "n, at, 'c', 'support', 'NONE', 'ABANDON', '1', '1', '5', '', ''"),
}
"""For each table its columns, and a row number n of the time at."""


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Rows number 0 to 4 in each table, so many hours old."""
    connection = await asyncpg.connect(database_url)
    for table, (columns, row) in ROWS.items():
        await connection.execute(
            f"INSERT INTO {table} {columns} SELECT {row} FROM ("
            "SELECT n, now() - n * interval '1 hour' AS at FROM generate_series(0, 4) AS n) AS x"
        )
    yield connection
    await connection.close()


async def numbers(database: asyncpg.Connection, table: Record) -> list[int]:
    column = "call_id" if table is Record.CHOICES else "id"
    rows = await database.fetch(f"SELECT {column}::integer AS n FROM {table} ORDER BY n")
    return [row["n"] for row in rows]


@pytest.mark.parametrize("table", [Record.CALLS, Record.CHOICES])
async def test_what_is_older_goes_the_oldest_first_and_a_few_at_a_time(
    table: Record,
    database: asyncpg.Connection,
    postgres: PostgresStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(forgetting, "AT_ONCE", 2)
    assert await postgres.forget(table, OLD)
    assert await numbers(database, table) == [0, 1, 2]
    assert not await postgres.forget(table, OLD)
    assert await numbers(database, table) == [0, 1]


async def test_the_last_entry_of_queue_log_stays_for_its_number(
    database: asyncpg.Connection, postgres: PostgresStore
) -> None:
    # Here the oldest entries have the highest numbers.
    await postgres.forget(Record.QUEUE_LOG, OLD)
    assert await numbers(database, Record.QUEUE_LOG) == [0, 1, 4]
    assert (await postgres.load()).last_logged == 4


async def test_a_call_that_goes_on_stays_however_old_it_is(
    database: asyncpg.Connection, postgres: PostgresStore
) -> None:
    await database.execute(
        "UPDATE calls SET state = 'answered', ended_at = NULL, outcome = NULL WHERE id = '4'"
    )
    await postgres.forget(Record.CALLS, OLD)
    assert await numbers(database, Record.CALLS) == [0, 1, 4]


@pytest.mark.parametrize(
    ("table", "index"),
    [
        (Record.CALLS, "calls_ended"),
        (Record.CHOICES, "choices_at"),
        (Record.QUEUE_LOG, "queue_log_time"),
    ],
)
async def test_what_is_old_is_found_by_an_index(
    table: Record, index: str, database: asyncpg.Connection
) -> None:
    await database.execute("SET enable_seqscan = off")
    statement = STATEMENTS[table].replace("$1", "'1 day'").replace("$2", "10")
    plan = await database.fetch(f"EXPLAIN {statement}")
    assert index in "".join(row[0] for row in plan)


async def test_the_services_rights_suffice(database: asyncpg.Connection, database_url: str) -> None:
    async with PostgresStore(await as_service(database_url)) as store:
        for table in Record:
            assert not await store.forget(table, OLD)
    assert await numbers(database, Record.CALLS) == [0, 1]
