"""The settings of queues, as they are in a real database: read, and refused if they are wrong."""

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from component.domain.presence import conditions
from component.domain.queue import (
    AnnounceHoldTime,
    AnnouncePosition,
    AutoPause,
    CallingBack,
    EmptyCondition,
    MessageTo,
    Queue,
    StrategyName,
)
from component.storage.postgres import PostgresStore

pytestmark = pytest.mark.contract


async def test_the_settings_of_a_queue_are_read(database_url: str, postgres: PostgresStore) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "UPDATE queues SET strategy = 'wrandom', wrapuptime = 1.5, maxlen = 9, servicelevel = 20,"
        " joinempty = 'no', leavewhenempty = 'paused,inuse', ringinuse = true, autopause = 'all',"
        " weight = 3, musicclass = 'jazz', announce_frequency = 30, min_announce_frequency = 5,"
        " announce_position = 'more', announce_position_limit = 9, announce_holdtime = 'once',"
        " periodic_announce = 'patience,website', periodic_announce_frequency = 45,"
        " context = 'exits', memberdelay = 0.5, skills_timeout = 20,"
        " sticky = 3600, sticky_wait = 10, message_to = 'agent', message_personal = false"
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
        musicclass="jazz",
        announce_frequency=timedelta(seconds=30),
        min_announce_frequency=timedelta(seconds=5),
        announce_position=AnnouncePosition.MORE,
        announce_position_limit=9,
        announce_holdtime=AnnounceHoldTime.ONCE,
        periodic_announce=("patience", "website"),
        periodic_announce_frequency=timedelta(seconds=45),
        context="exits",
        memberdelay=timedelta(seconds=0.5),
        skills_timeout=timedelta(seconds=20),
        sticky=timedelta(hours=1),
        sticky_wait=timedelta(seconds=10),
        message_to=MessageTo.AGENT,
        message_personal=False,
    )


async def test_how_callers_are_called_back_is_read(
    database_url: str, postgres: PostgresStore
) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "UPDATE queues SET callback_key = '2', callback_dial = 'Local/{number}@out/n',"
        " callback_numbers = '_0[1-9]XXX.,_+49Z.,5550100', callback_callerid = '+15550199',"
        " callback_maxlen = 7, callback_per_number = 2, callback_per_day = 6,"
        " callback_max_age = 60, callback_timeout = 20, callback_tries = 4, callback_retry = 90"
    )
    await connection.close()
    [queue] = (await postgres.load()).queues
    assert queue.callback == CallingBack(
        "2",
        "Local/{number}@out/n",
        ("_0[1-9]XXX.", "_+49Z.", "5550100"),
        "+15550199",
        7,
        2,
        6,
        timedelta(seconds=60),
        timedelta(seconds=20),
        4,
        timedelta(seconds=90),
    )


@pytest.mark.parametrize(
    ("setting", "wrong"),
    [
        ("callback_key", "12"),
        ("callback_key", "a"),
        ("callback_dial", "PJSIP/5550100@trunk"),
        ("callback_dial", "PJSIP/{number}@trunk&PJSIP/{number}"),
        ("callback_dial", "{number}"),
        ("callback_dial", "Local/{number}@out"),
        ("callback_dial", "local/{number}@out"),
        ("callback_dial", "PJSIP/${EVIL}{number}"),
        ("callback_numbers", "_0[1-"),
        ("callback_numbers", "_X.X"),
        ("callback_numbers", "_A."),
        ("callback_callerid", "Ann <5550100>"),
    ],
)
async def test_what_could_be_dialled_otherwise_than_it_was_meant_is_refused(
    database_url: str, setting: str, wrong: str
) -> None:
    connection = await asyncpg.connect(database_url)
    with pytest.raises(asyncpg.CheckViolationError):
        await connection.execute(f"UPDATE queues SET {setting} = $1", wrong)
    await connection.close()


async def test_the_defaults_of_the_schema_are_those_of_the_code(
    database_url: str, postgres: PostgresStore
) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute("INSERT INTO queues (name) VALUES ('plain')")
    await connection.close()
    [queue] = [queue for queue in (await postgres.load()).queues if queue.name == "plain"]

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


async def test_a_queue_may_be_closed_for_ever(database_url: str, postgres: PostgresStore) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute("UPDATE queues SET closed_until = 'infinity'")
    await connection.close()

    [queue] = (await postgres.load()).queues
    assert queue.closed_until is not None
    assert queue.closed_until > datetime.now(UTC) + timedelta(days=365_000)


@pytest.mark.parametrize(
    "change",
    [
        "queues SET closed_until = '10000-01-01'",
        "queues SET closed_until = '0044-03-15 BC'",
        "queues SET closed_until = '-infinity'",
        """extensions SET skills = '{"french": 1e5000}'""",
        """extensions SET skills = '{"french": -1000000000}'""",
    ],
)
async def test_what_the_service_could_not_read_is_refused(database_url: str, change: str) -> None:
    connection = await asyncpg.connect(database_url)
    with pytest.raises(asyncpg.CheckViolationError):
        await connection.execute(f"UPDATE {change}")
    await connection.close()
