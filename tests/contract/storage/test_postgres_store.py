"""What only a real database can show."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from component.domain.choice import Choice, ChosenBy, PassedOver
from component.domain.model import (
    Agent,
    Call,
    Caller,
    Customer,
    Leg,
    Member,
    Offer,
    Person,
    Spoke,
    Transfer,
)
from component.domain.obstacles import Obstacle
from component.domain.queue import StrategyName
from component.domain.queue_log import LogEntry
from component.domain.words import CallState, Outcome
from component.ports import Changes, Outgoing, StoreRefusedError, StoreUnavailableError
from component.pubsub.model import Subscription
from component.storage.memory import MemoryStore
from component.storage.postgres import PostgresStore
from component.storage.writer import READ_ONLY
from component.storage.writes import statement
from tests.databases import Databases, as_service

pytestmark = pytest.mark.contract

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, UTC)

CHANGES = Changes(outgoing=[Outgoing(1, "ivr.example.com", ("a@example.com",), "chat", "<body/>")])

AGENT, MEMBER = Agent("10000", "PJSIP/10000", "a@example.com"), Member("many", "10000")
MANY = """
    INSERT INTO queues (name) VALUES ('many');
    INSERT INTO extensions (extension, device, jid)
        SELECT extension, 'PJSIP/' || extension, 'a@example.com'
        FROM generate_series(10000, 19999) AS extension;
    INSERT INTO members (queue, extension)
        SELECT 'many', extension FROM generate_series(10000, 19999) AS extension"""


async def test_a_lost_database_is_unavailable_and_then_found_again(
    databases: Databases, database_url: str, postgres: PostgresStore
) -> None:
    async with databases.away(database_url):
        with pytest.raises(StoreUnavailableError):
            await postgres.commit(CHANGES)
        assert postgres.detail

    await postgres.commit(CHANGES)
    assert postgres.detail == ""


async def test_a_commit_without_an_answer_does_not_hold_up_the_next(database_url: str) -> None:
    other = await asyncpg.connect(database_url)
    async with PostgresStore(database_url, deadline=2.0) as store:
        async with other.transaction():
            await other.execute("LOCK TABLE outbox")
            with pytest.raises(StoreUnavailableError):
                await store.commit(CHANGES)
        await store.commit(CHANGES)
    await other.close()


async def test_a_commit_that_ends_a_deadlock_is_worth_another_try(database_url: str) -> None:
    """An import writes many rows in another order. Whoever has waited for longer is the victim."""
    first, second = (replace(CHANGES.outgoing[0], seq=seq) for seq in (1, 2))
    insert = (
        "INSERT INTO outbox SELECT $1, sender, recipients, type, body FROM outbox WHERE seq = 0"
    )
    async with PostgresStore(database_url, deadline=60.0) as store:
        await store.commit(Changes(outgoing=[replace(first, seq=0)]))
        other = await asyncpg.connect(database_url)
        await other.execute("SET deadlock_timeout = '1min'")
        try:
            async with other.transaction():
                await other.execute(insert, 2)
                committing = asyncio.create_task(store.commit(Changes(outgoing=[first, second])))
                while not await other.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
                    await asyncio.sleep(0.01)
                await other.execute(insert, 1)
            with pytest.raises(StoreUnavailableError, match="Deadlock"):
                await committing
        finally:
            await other.close()
        await store.commit(CHANGES)


async def set_for_all(connection: asyncpg.Connection, setting: str) -> None:
    """Give all who connect to this database from now on another setting."""
    name = await connection.fetchval("SELECT current_database()")
    await connection.execute(f"ALTER DATABASE {name} SET {setting}")


async def test_a_database_that_may_only_be_read_now_is_away_also_while_nobody_calls(
    database_url: str, postgres: PostgresStore
) -> None:
    other = await asyncpg.connect(database_url)
    await set_for_all(other, "default_transaction_read_only = on")
    for use in (postgres.commit(CHANGES), postgres.ping()):
        with pytest.raises(StoreUnavailableError, match="ReadOnly"):
            await use

    await set_for_all(other, "default_transaction_read_only = off")
    await other.close()
    await postgres.commit(CHANGES)
    await postgres.ping()


async def test_a_table_that_is_held_for_longer_than_lock_timeout_is_worth_another_try(
    database_url: str,
) -> None:
    other = await asyncpg.connect(database_url)
    await set_for_all(other, "lock_timeout = '50ms'")
    async with PostgresStore(database_url) as store:
        async with other.transaction():
            await other.execute("LOCK TABLE outbox")
            for use in (store.commit(CHANGES), store.ping()):
                with pytest.raises(StoreUnavailableError, match="lock timeout"):
                    await use
        await store.commit(CHANGES)
        await store.ping()
    await other.close()


async def test_a_right_that_was_taken_away_spoils_no_fact_and_is_needed_until_it_is_back(
    database_url: str,
) -> None:
    service_url = await as_service(database_url)
    owner = await asyncpg.connect(database_url)
    async with PostgresStore(service_url) as store:
        await store.load()
        await owner.execute("REVOKE INSERT ON outbox FROM ivr_pubsub_service")
        for use in (store.commit(CHANGES), store.ping()):
            with pytest.raises(StoreUnavailableError, match="permission denied for table outbox"):
                await use
        await owner.execute("GRANT INSERT ON outbox TO ivr_pubsub_service")
        await store.commit(CHANGES)
        await store.ping()
    await owner.close()


@pytest.mark.parametrize("isolation", ["repeatable read", "serializable"])
async def test_a_commit_goes_on_after_an_import_whatever_the_isolation(
    isolation: str, database_url: str
) -> None:
    """At any other than PostgreSQL's own, a row that has changed meanwhile fails the commit."""
    other = await asyncpg.connect(database_url)
    await set_for_all(other, f"default_transaction_isolation = '{isolation}'")
    async with PostgresStore(database_url) as store:
        async with other.transaction():
            await other.execute("UPDATE members SET penalty = 3 WHERE extension = '1000'")
            member = Member("support", "1000", calls_taken=7)
            committing = asyncio.create_task(store.commit(Changes(members=[member])))
            while not await other.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
                await asyncio.sleep(0.01)
        await committing
    row = await other.fetchrow("SELECT * FROM members WHERE extension = '1000'")
    await other.close()
    assert (row["penalty"], row["calls_taken"]) == (3, 7)


@pytest.mark.parametrize(
    ("changes", "others", "index"),
    [
        (
            Changes(delivered=[1]),
            "INSERT INTO outbox (seq, sender, recipients, type, body)"
            " SELECT seq, 'ivr.example.com', '{a@example.com}', 'chat', repeat('x', 500)"
            " FROM generate_series(1, 3000) AS seq",
            "outbox_pkey",
        ),
        (
            Changes(items={("ext1000", "1"): None}),
            "INSERT INTO items (node, id, payload, publisher, published_at, seq)"
            " SELECT 'ext1000', seq, repeat('x', 500), 'a@example.com', now(), seq"
            " FROM generate_series(1, 3000) AS seq",
            "items_pkey",
        ),
        (Changes(agents=[AGENT]), MANY, "extensions_pkey"),
        (Changes(members=[MEMBER]), MANY, "members_pkey"),
    ],
    ids=["messages", "items", "agents", "members"],
)
async def test_what_is_written_or_goes_is_found_by_an_index_though_there_is_much_more(
    changes: Changes, others: str, index: str, database_url: str
) -> None:
    text, _ = statement(changes)
    connection = await asyncpg.connect(database_url)
    await connection.execute("INSERT INTO nodes (name, managed) VALUES ('ext1000', true)")
    await connection.execute(others)
    await connection.execute("SET plan_cache_mode = force_generic_plan")
    await connection.execute(f"PREPARE statement (json) AS {text}")
    plan = await connection.fetch("EXPLAIN EXECUTE statement ('[]')")
    await connection.close()
    assert index in "".join(row[0] for row in plan)


async def test_signs_of_life_and_commits_do_not_wait_for_one_another(
    postgres: PostgresStore,
) -> None:
    for _ in range(10):
        await asyncio.gather(postgres.ping(), postgres.commit(CHANGES), postgres.ping())


async def test_signs_of_life_keep_the_writers_connection_alive(
    database_url: str, postgres: PostgresStore
) -> None:
    await postgres.commit(CHANGES)
    await postgres.ping()
    other = await asyncpg.connect(database_url)
    [last] = await other.fetch(
        "SELECT query FROM pg_stat_activity"
        " WHERE application_name = 'ivr-pubsub' AND datname = current_database()"
    )
    await other.close()
    assert last["query"] == READ_ONLY


async def test_why_changes_are_refused_is_told_without_what_they_are(
    postgres: PostgresStore,
) -> None:
    key = ("nowhere", "ivr.example.com", "a@example.com", "s1")
    with pytest.raises(StoreRefusedError, match="ForeignKeyViolation") as refused:
        await postgres.commit(Changes(subscriptions={key: Subscription(*key, NOW)}))

    assert "nowhere" not in str(refused.value), "it may be personal, and this is logged"
    assert refused.value.__suppress_context__, "the cause, which says it, would be logged with it"


async def test_text_that_is_no_unicode_is_refused(postgres: PostgresStore) -> None:
    message = Outgoing(1, "ivr.example.com", ("a@example.com",), "chat", "\ud800")
    with pytest.raises(StoreRefusedError):
        await postgres.commit(Changes(outgoing=[message]))


async def test_the_skills_of_an_agent_are_read_and_stay(
    database_url: str, postgres: PostgresStore
) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute("""UPDATE extensions SET skills = '{"french": 2}'""")
    [agent, *_] = (await postgres.load()).agents
    await postgres.commit(Changes(agents=[agent]))

    assert agent.skills == {"french": 2}
    assert (await postgres.load()).agents[0] == agent
    for wrong in ('["french"]', '{"french": "good"}', '{"french": 1.5}'):
        with pytest.raises(asyncpg.CheckViolationError):
            await connection.execute("UPDATE extensions SET skills = $1", wrong)
    await connection.close()


async def test_who_spoke_with_a_customer_last_is_known_as_long_as_a_queue_remembers(
    database_url: str, postgres: PostgresStore
) -> None:
    now = datetime.now(UTC)
    spoke = [("1", "2000", 9), ("2", "1000", 5), ("3", "3000", 7)]
    await postgres.commit(
        Changes(
            calls=[
                Call(
                    number,
                    "support",
                    "channel",
                    Caller("5550100"),
                    now,
                    customer=Customer(7, "1111", f"Company {number}"),
                    state=CallState.ENDED,
                    offers=(Offer(extension, Leg(number, 1), now),),
                    answered_at=now,
                    ended_at=now - timedelta(minutes=ago),
                    outcome=Outcome.COMPLETED,
                )
                for number, extension, ago in spoke
            ]
        )
    )

    assert (await postgres.load()).spoke == []
    connection = await asyncpg.connect(database_url)
    await connection.execute("UPDATE queues SET sticky = 3600")
    await connection.close()
    assert (await postgres.load()).spoke == [Spoke(7, "1000", now - timedelta(minutes=5))]


async def test_who_passed_a_customer_on_spoke_with_him_too(
    database_url: str, postgres: PostgresStore
) -> None:
    """To somebody who is no agent; or to whom did not take the call, which nobody took then."""
    now = datetime.now(UTC)
    ago = [now - timedelta(minutes=minutes) for minutes in range(10)]
    ended = Call("", "support", "channel", Caller("5550100"), ago[9], state=CallState.ENDED)

    def of(customer: int, **changes: Any) -> Call:
        known = Customer(customer, str(customer), f"Company {customer}")
        return replace(ended, id=str(customer), customer=known, **changes)

    passed_on = Transfer("1000", ago[3], attended=False)
    taken = (Offer("2000", Leg("2", 1), ago[5]),)
    calls = [
        of(1, ended_at=ago[1], outcome=Outcome.ABANDONED, transfers=(passed_on,)),
        of(2, ended_at=ago[1], outcome=Outcome.TRANSFERRED, offers=taken, answered_at=ago[4]),
        of(3, ended_at=ago[1], outcome=Outcome.TIMEOUT),
        # He came again with another code than the one of whom that agent had spoken with.
        of(4, entered_at=ago[2], ended_at=ago[1], outcome=Outcome.TIMEOUT, transfers=(passed_on,)),
    ]
    await postgres.commit(Changes(calls=calls))
    connection = await asyncpg.connect(database_url)
    await connection.execute("UPDATE queues SET sticky = 3600")
    await connection.close()

    found = [Spoke(1, "1000", ago[3]), Spoke(2, "2000", ago[1])]
    assert (await postgres.load()).spoke == found
    memory = MemoryStore()
    await memory.commit(Changes(calls=calls))
    assert (await memory.load()).spoke == found


async def test_the_queue_log_is_written_in_order(
    database_url: str, postgres: PostgresStore
) -> None:
    entered = LogEntry(NOW, "1.1", "support", "NONE", "ENTERQUEUE", ("", "5550100", "1"))
    rang = LogEntry(NOW, "1.1", "support", "1000", "RINGNOANSWER", ("15000",))
    await postgres.commit(Changes(queue_log={7: entered, 8: rang}))
    await postgres.commit(Changes(queue_log={9: replace(rang, person="71")}))

    connection = await asyncpg.connect(database_url)
    rows = await connection.fetch("SELECT * FROM queue_log ORDER BY id")
    await connection.close()
    assert [row["event"] for row in rows] == ["ENTERQUEUE", "RINGNOANSWER", "RINGNOANSWER"]
    assert [row["agent"] for row in rows] == ["NONE", "1000", "71"]
    assert dict(rows[0]) == {
        "id": 7,
        "time": NOW,
        "callid": "1.1",
        "queuename": "support",
        "agent": "NONE",
        "event": "ENTERQUEUE",
        "data1": "",
        "data2": "5550100",
        "data3": "1",
        "data4": "",
        "data5": "",
    }


CHOICE = Choice(
    "call1", 2, "support", NOW, ChosenBy.STRATEGY, StrategyName.FEWESTCALLS, ("1000",),
    ((0, 0, 3, NOW, 1, "1000"), (5, 0, 4, NOW, 2, "2000")), 7,
    {Obstacle.PAUSED: PassedOver(9, ("3000",))},
)  # fmt: skip


async def test_why_a_call_was_offered_is_written_corrected_and_undone(
    database_url: str, postgres: PostgresStore
) -> None:
    key = (CHOICE.call_id, CHOICE.attempt)
    await postgres.commit(Changes(choices={key: CHOICE._replace(offered=("2000",))}))
    await postgres.commit(Changes(choices={key: CHOICE}))
    connection = await asyncpg.connect(database_url)
    row = await connection.fetchrow("SELECT * FROM choices")
    assert (row["call_id"], row["attempt"], row["at"]) == ("call1", 2, NOW)
    assert (row["chosen_by"], row["strategy"]) == ("strategy", "fewestcalls")
    assert (row["offered"], row["candidates"]) == (["1000"], 7)
    line, passed_over = json.loads(row["line"]), json.loads(row["passed_over"])
    assert line[1] == {
        "extension": "2000", "penalty": 5, "calls_taken": 4, "idle_since": NOW.isoformat(),
        "logon_order": 2,
    }  # fmt: skip
    assert passed_over == {"paused": {"number": 9, "extensions": ["3000"]}}

    await postgres.commit(Changes(choices={key: None}))
    assert await connection.fetchval("SELECT count(*) FROM choices") == 0
    await connection.close()


async def test_people_are_found_by_their_number(database_url: str, postgres: PostgresStore) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "INSERT INTO people VALUES ('71', 'Ada', 'ada@example.com', 'scrypt$1'),"
        " ('72', 'Eve', 'eve@example.com', DEFAULT)"
    )
    await connection.close()

    assert await postgres.person("71") == (Person("71", "ada@example.com"), "scrypt$1")
    assert await postgres.person("72") == (Person("72", "eve@example.com"), "")
    assert await postgres.person("73") is None
