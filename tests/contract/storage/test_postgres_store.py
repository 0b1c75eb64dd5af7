"""What only a real database can show."""

from datetime import timedelta

import asyncpg
import pytest

from component.domain.model import AutoPause, EmptyCondition, Queue, StrategyName
from component.domain.presence import conditions
from component.ports import Changes, Outgoing, StoreUnavailableError
from component.storage.postgres import PostgresStore
from tests.databases import Databases

pytestmark = pytest.mark.contract

CHANGES = Changes(outgoing=[Outgoing(1, "ivr.example.com", ("a@example.com",), "chat", "<body/>")])


@pytest.mark.parametrize("code", ["", "9999", "' OR 1=1 --", "11\0" + "11", "1" * 100_000])
async def test_whatever_else_is_keyed_finds_nobody(postgres: PostgresStore, code: str) -> None:
    assert await postgres.customer(code) is None


async def test_a_lost_database_is_unavailable_and_then_found_again(
    databases: Databases, database_url: str, postgres: PostgresStore
) -> None:
    async with databases.away(database_url):
        with pytest.raises(StoreUnavailableError):
            await postgres.commit(CHANGES)
        assert postgres.detail

    await postgres.commit(CHANGES)
    assert postgres.detail == ""


async def test_the_settings_of_a_queue_are_read(database_url: str, postgres: PostgresStore) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "UPDATE queues SET strategy = 'wrandom', wrapuptime = 1.5, maxlen = 9, servicelevel = 20,"
        " joinempty = 'no', leavewhenempty = 'paused,inuse', ringinuse = true, autopause = 'all',"
        " weight = 3"
    )
    await connection.close()

    [queue] = (await postgres.load()).queues
    assert queue == Queue(
        "support",
        timeout=timedelta(seconds=15),
        retry=timedelta(seconds=5),
        max_wait=timedelta(seconds=60),
        strategy=StrategyName.WRANDOM,
        wrapuptime=timedelta(seconds=1.5),
        maxlen=9,
        servicelevel=timedelta(seconds=20),
        joinempty=conditions("no", joining=True),
        leavewhenempty=frozenset({EmptyCondition.PAUSED, EmptyCondition.INUSE}),
        ringinuse=True,
        autopause=AutoPause.ALL,
        weight=3,
    )


async def test_the_defaults_of_the_schema_are_those_of_the_code(postgres: PostgresStore) -> None:
    [queue] = (await postgres.load()).queues

    assert queue == Queue(queue.name, queue.timeout, queue.retry, queue.max_wait)


@pytest.mark.parametrize("words", ["", "asleep", "paused,", ",paused", "paused inuse"])
async def test_words_that_app_queue_does_not_have_are_refused(
    database_url: str, words: str
) -> None:
    connection = await asyncpg.connect(database_url)
    for setting in ("joinempty", "leavewhenempty"):
        with pytest.raises(asyncpg.CheckViolationError):
            await connection.execute(f"UPDATE queues SET {setting} = $1", words)
    await connection.close()
