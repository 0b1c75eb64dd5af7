"""What is changed in the database is told to the service."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from component.configuration import Takeover
from component.domain.configuring import Configured
from component.domain.queue import StrategyName
from component.ports import Changes
from component.storage import feed
from component.storage.feed import ConfigurationFeed
from component.storage.memory import MemoryStore
from component.storage.postgres import PostgresStore
from tests.databases import Databases
from tests.unit.services import Service, running

pytestmark = pytest.mark.contract

PATIENCE = 20.0


class Followed:
    """A service in memory that follows a real database."""

    def __init__(self, service: Service, connection: asyncpg.Connection) -> None:
        self.service = service
        self.state = service.state
        self._connection = connection

    async def sql(self, statement: str, *arguments: Any) -> None:
        await self._connection.execute(statement, *arguments)

    async def until(self, condition: str) -> None:
        """Wait until an expression about the state is true."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not eval(condition, {"state": self.state}):
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise TimeoutError(f"it never came true that {condition}") from None


@pytest.fixture
async def followed(
    database_url: str, postgres: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Followed]:
    monkeypatch.setattr(feed, "RETRY_SECONDS", 0.05)
    stored = await postgres.load()
    connection = await asyncpg.connect(database_url)
    async with running(MemoryStore(stored.queues, stored.agents, stored.members)) as service:
        takeover, listening = Takeover(service.state, service.engine.step), asyncio.Event()

        async def take_over(configured: Configured) -> None:
            await takeover(configured)
            listening.set()

        following = asyncio.create_task(
            ConfigurationFeed(database_url, takeover.known, take_over).run()
        )
        await listening.wait()  # what is changed before is not heard of, only compared
        yield Followed(service, connection)
        following.cancel()
        await asyncio.wait([following])
    await connection.close()


async def test_a_new_extension_with_a_membership_is_taken_over(followed: Followed) -> None:
    await followed.sql("INSERT INTO extensions VALUES ('4000', 'PJSIP/4000', 'user4@example.com')")
    await followed.sql(
        "INSERT INTO members (queue, extension, penalty) VALUES ('support', '4000', 3)"
    )
    await followed.until("('support', '4000') in state.members")

    assert followed.state.agents["4000"].jid == "user4@example.com"
    assert followed.state.members["support", "4000"].penalty == 3
    assert "ext4000" in followed.service.pubsub.nodes
    assert followed.service.outside.watched == ["PJSIP/4000", "Custom:DND4000"]


async def test_every_setting_of_a_queue_is_taken_over(followed: Followed) -> None:
    await followed.sql("UPDATE queues SET strategy = 'linear', wrapuptime = 7")
    await followed.until("state.queues['support'].wrapuptime")

    queue = followed.state.queues["support"]
    assert (queue.strategy, queue.wrapuptime) == (StrategyName.LINEAR, timedelta(seconds=7))


async def test_skills_are_taken_over_and_kept_whenever_everything_is_compared(
    followed: Followed,
) -> None:
    await followed.sql("""UPDATE extensions SET skills = '{"french": 2}'""")
    await followed.until("state.agents['1000'].skills == {'french': 2}")

    await followed.sql("NOTIFY ivr_pubsub_configuration")
    await followed.sql("UPDATE queues SET wrapuptime = 7")
    await followed.until("state.queues['support'].wrapuptime")
    assert followed.state.agents["1000"].skills == {"french": 2}


async def test_how_many_calls_an_extension_may_have_is_taken_over(followed: Followed) -> None:
    await followed.sql("UPDATE extensions SET max_calls = 3 WHERE extension = '1000'")

    await followed.until("state.agents['1000'].max_calls == 3")
    assert followed.state.agents["2000"].max_calls == 1


async def test_what_is_deleted_is_removed(followed: Followed) -> None:
    await followed.sql("DELETE FROM extensions WHERE extension = '1000'")
    await followed.until("'1000' not in state.agents")
    assert "ext1000" not in followed.service.pubsub.nodes

    await followed.sql("DELETE FROM queues")
    await followed.until("not state.queues")
    assert not list(followed.state.members)


async def test_a_renamed_extension_is_another_one(followed: Followed) -> None:
    await followed.sql("UPDATE extensions SET extension = '4000' WHERE extension = '1000'")
    await followed.until("'4000' in state.agents and '1000' not in state.agents")

    assert ("support", "4000") in followed.state.members


async def test_one_whose_membership_was_deleted_and_made_anew_is_logged_off(
    followed: Followed,
) -> None:
    await followed.service.log_on("1000", "2000")
    await followed.sql(
        "DELETE FROM members WHERE extension = '1000';"
        " INSERT INTO members (queue, extension) VALUES ('support', '1000')"
    )
    await followed.until("[m.extension for m in state.logged_on('support')] == ['2000']")
    await followed.until("('support', '1000') in state.members")


async def test_members_of_a_truncated_table_that_is_filled_again_are_logged_off(
    followed: Followed,
) -> None:
    await followed.service.log_on("1000", "2000")
    await followed.sql(
        "CREATE TABLE kept AS SELECT queue, extension, penalty FROM members; TRUNCATE members;"
        " INSERT INTO members (queue, extension, penalty) SELECT * FROM kept"
    )
    await followed.until("not state.logged_on('support')")
    assert len(followed.state.members) == 3


async def test_members_made_anew_among_many_changes_are_logged_off(followed: Followed) -> None:
    await followed.service.log_on("1000", "2000")
    await followed.sql(
        "INSERT INTO extensions SELECT n::text, 'PJSIP/' || n, n || '@example.com'"
        " FROM generate_series(5001, 7500) AS n;"
        " DELETE FROM members WHERE extension = '1000';"
        " INSERT INTO members (queue, extension) VALUES ('support', '1000')"
    )
    await followed.until("[m.extension for m in state.logged_on('support')] == ['2000']")
    await followed.until("('support', '1000') in state.members")


async def test_a_device_that_asterisk_could_not_be_asked_about_is_refused(
    followed: Followed,
) -> None:
    for device in ("PJSIP/1000,PJSIP/2000", "PJSIP/10\n00", "PJSIP/" + "1" * 250):
        with pytest.raises(asyncpg.CheckViolationError):
            await followed.sql("UPDATE extensions SET device = $1 WHERE extension = '1000'", device)


async def test_no_two_extensions_have_the_same_address(followed: Followed) -> None:
    """Each would be shown to those who may see the other."""
    add = "INSERT INTO extensions (extension, device, jid) VALUES ($1, $2, 'ann@example.com')"
    await followed.sql(add, "Ann", "PJSIP/ann")
    with pytest.raises(asyncpg.UniqueViolationError):
        await followed.sql(add, "ann", "PJSIP/ann2")


async def test_many_changes_and_truncated_tables_are_taken_over(followed: Followed) -> None:
    await followed.sql(
        "INSERT INTO extensions SELECT n::text, 'PJSIP/' || n, n || '@example.com'"
        " FROM generate_series(5001, 7500) AS n"
    )
    await followed.until("len(state.agents) == 2503")

    await followed.sql("TRUNCATE extensions CASCADE")
    await followed.until("not len(state.agents)")


async def test_what_is_changed_while_the_database_is_away_is_taken_over_later(
    databases: Databases, database_url: str, followed: Followed
) -> None:
    await followed.sql("UPDATE members SET penalty = 1")
    await followed.until("state.members['support', '1000'].penalty == 1")
    async with databases.away(database_url):
        await followed.sql("UPDATE members SET penalty = 2")
    await followed.until("state.members['support', '1000'].penalty == 2")


async def test_what_the_service_itself_writes_is_no_news(
    database_url: str, postgres: PostgresStore
) -> None:
    heard: list[str] = []
    connection = await asyncpg.connect(database_url)
    await connection.add_listener(feed.CHANNEL, lambda *news: heard.append(news[-1]))
    async with running(MemoryStore(*_content(await postgres.load()))) as service:
        await service.log_on("1000")
        state = service.state
        await postgres.commit(
            Changes(agents=list(state.agents.values()), members=list(state.members.values()))
        )
    await connection.execute("NOTIFY ivr_pubsub_configuration, 'the end'")
    async with asyncio.timeout(PATIENCE):
        while not heard:
            await asyncio.sleep(0.01)
    await connection.close()

    assert heard == ["the end"]


async def test_a_queue_with_a_long_name_is_taken_over(followed: Followed) -> None:
    await followed.sql("INSERT INTO queues (name) VALUES (repeat('q', 8000))")
    await followed.until("len(state.queues) == 2")


def _content(stored: Any) -> tuple[Any, Any, Any]:
    return stored.queues, stored.agents, stored.members
