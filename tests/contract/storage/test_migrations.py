"""The numbered migrations."""

import re
import shutil
from pathlib import Path

import asyncpg
import pytest
from pogo_core.util import migrate as pogo
from pogo_core.util import sql as pogo_sql

from component.pubsub.configuration import MANAGED
from component.pubsub.model import Node
from component.storage.migrations import (
    SCHEMA,
    DatabaseTooNewError,
    MigrationError,
    check,
    directory,
    migrate,
)
from component.storage.postgres import PostgresStore
from tests.databases import Databases

LATER = [
    "0002_pubsub",
    "0003_call_centre",
    "0004_announcements",
    "0005_several_subscriptions",
    "0006_offers",
    "0007_contacts",
    "0008_configuration_feed",
    "0009_transfers",
    "0010_last_item_on_presence",
    "0011_queue_log_ids",
    "0012_customers_phone",
    "0013_callers",
    "0014_sticky",
    "0015_presence_options",
    "0016_recent_calls",
    "0017_made_anew",
    "0018_connecting",
    "0019_redirects",
    "0020_choices",
    "0021_callbacks",
    "0022_messages",
    "0023_closed_queues",
    "0024_people",
    "0025_digests",
    "0026_several_calls",
    "0027_forgetting",
    "0028_meta_data",
    "0029_callbacks_per_day",
    "0030_full_nodes",
    "0031_keys",
    "0032_asked_before",
    "0033_own_maximum",
    "0034_tags_of_languages",
    "0035_ways_out",
    "0036_rounds",
    "0037_who_passed_on",
    "0038_one_writer",
    "0039_readable",
    "0040_extensions_apart",
]
ALL = ["0001_schema", *LATER]

pytestmark = pytest.mark.contract


async def test_an_empty_database_is_brought_up_to_date_once(databases: Databases) -> None:
    url = await databases.empty("migrated_once")

    assert await check(url) == ALL
    assert await migrate(url) == ALL
    assert await check(url) == []
    assert await migrate(url) == []


async def test_what_was_there_before_nodes_were_configured_stays(
    databases: Databases, tmp_path: Path
) -> None:
    url = await databases.empty("upgraded")
    shutil.copy(directory() / "0001_schema.sql", tmp_path)
    connection = await asyncpg.connect(url)
    await pogo_sql.ensure_pogo_sync(connection)
    await pogo.apply(connection, tmp_path, schema_name=SCHEMA)
    await connection.execute(
        """
        INSERT INTO nodes VALUES ('ext1000', true, 'Calls of extension 1000', 'whitelist', 20);
        INSERT INTO affiliations VALUES ('ext1000', 'user1@example.com', 'member');
        INSERT INTO subscriptions
            VALUES ('ext1000', 'ivr.example.com', 'user1@example.com', 's1', now());
        """
    )
    assert await migrate(url) == LATER
    async with PostgresStore(url) as store:
        stored = await store.load()
    assert stored.nodes == [Node("ext1000", True, MANAGED)]
    assert stored.affiliations == []
    [subscription] = stored.subscriptions
    assert (subscription.active, subscription.deliver, subscription.expire) == (True, True, None)

    await pogo.rollback(connection, directory(), count=len(LATER), schema_name=SCHEMA)
    assert await check(url) == LATER
    await connection.close()


async def test_of_a_language_that_was_written_in_words_nothing_stays(
    databases: Databases, tmp_path: Path
) -> None:
    """The form of the configuration could not be sent back."""
    url = await databases.empty("languages")
    for migration in sorted(directory().glob("*.sql")):
        if migration.stem < "0034":
            shutil.copy(migration, tmp_path)
    connection = await asyncpg.connect(url)
    await pogo_sql.ensure_pogo_sync(connection)
    await pogo.apply(connection, tmp_path, schema_name=SCHEMA)
    await connection.execute(
        """
        INSERT INTO nodes (name, managed, config) VALUES
            ('a', false, '{"language": "German"}'), ('b', false, '{"language": "pt-BR"}'),
            ('c', false, '{"language": "Deutsch (DE)", "title": "C"}'), ('d', false, '{}')
        """
    )
    await connection.close()
    await migrate(url)
    async with PostgresStore(url) as store:
        nodes = (await store.load()).nodes
    assert [(node.config.language, node.config.title) for node in nodes] == [
        ("German", ""), ("pt-BR", ""), ("", "C"), ("", ""),
    ]  # fmt: skip


async def test_a_migration_that_the_data_refuse_is_named_and_undone(
    databases: Databases, tmp_path: Path
) -> None:
    url = await databases.empty("refusing")
    for number in range(1, 8):
        [migration] = directory().glob(f"{number:04}_*.sql")
        shutil.copy(migration, tmp_path)
    connection = await asyncpg.connect(url)
    await pogo_sql.ensure_pogo_sync(connection)
    await pogo.apply(connection, tmp_path, schema_name=SCHEMA)
    await connection.execute("INSERT INTO queues (name, timeout) VALUES ('patient', 'infinity')")

    with pytest.raises(MigrationError, match=r"0008_configuration_feed.*queues_finite") as refused:
        await migrate(url)
    assert "patient" not in str(refused.value), "a row may be personal, and this is logged"
    assert await check(url) == ALL[7:]

    await connection.execute("UPDATE queues SET timeout = 60")
    assert await migrate(url) == ALL[7:]
    await connection.close()


async def test_who_may_not_make_tables_is_told(databases: Databases) -> None:
    url = await databases.empty("forbidden")
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE ROLE pupil LOGIN")
    await connection.close()

    with pytest.raises(MigrationError, match="permission denied"):
        await migrate(re.sub("//[^@/]*@", "//pupil@", url))


async def test_a_database_that_goes_away_during_a_migration_is_away(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = await databases.empty("interrupted")

    async def killed(connection: asyncpg.Connection, *_: object, **__: object) -> None:
        await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    monkeypatch.setattr(pogo_sql, "migration_applied", killed)
    with pytest.raises(ConnectionError, match="0001_schema"):
        await migrate(url)


SCHEMA_AS_IT_IS = """
    SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' '
        || coalesce(column_default, '') || ' ' || is_identity
    FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace
    ORDER BY 1"""


async def test_each_migration_can_be_rolled_back_to_the_schema_before_it_since_the_second(
    databases: Databases, tmp_path: Path
) -> None:
    url = await databases.empty("rolled_back")
    connection = await asyncpg.connect(url)
    await pogo_sql.ensure_pogo_sync(connection)
    schemas = []
    for name in ALL:
        schemas.append([row[0] for row in await connection.fetch(SCHEMA_AS_IT_IS)])
        shutil.copy(directory() / f"{name}.sql", tmp_path)
        await pogo.apply(connection, tmp_path, schema_name=SCHEMA)
    for name in reversed(ALL[2:]):  # the second one leaves a default behind
        await pogo.rollback(connection, directory(), count=1, schema_name=SCHEMA)
        schema = [row[0] for row in await connection.fetch(SCHEMA_AS_IT_IS)]
        assert schema == schemas.pop(), name
    await connection.close()


async def test_a_database_newer_than_the_code_is_refused(databases: Databases) -> None:
    url = await databases.empty("too_new")
    await migrate(url)
    connection = await asyncpg.connect(url)
    await connection.execute(
        "INSERT INTO _pogo_migration (migration_hash, migration_id, schema_name, applied)"
        " VALUES ('x', '9999_future', 'public', now())"
    )
    await connection.close()

    for operation in (migrate, check):
        with pytest.raises(DatabaseTooNewError, match="9999_future"):
            await operation(url)


async def test_a_database_that_cannot_hold_every_text_is_refused_before_anything_is_made(
    databases: Databases,
) -> None:
    url = await databases.empty("latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    url = url.partition(" ")[0] + "?" + databases.server.url.partition("?")[2]
    for use in (check, migrate):
        with pytest.raises(MigrationError, match=r"encoding LATIN1.*--encoding=UTF8"):
            await use(url)


async def test_migrations_are_applied_whatever_is_set_for_the_database(
    databases: Databases,
) -> None:
    url = await databases.empty("careful")
    settings = (
        "statement_timeout = '2ms'",
        "standard_conforming_strings = off",
        "idle_in_transaction_session_timeout = '1ms'",
        "transaction_timeout = '20ms'",
    )
    connection = await asyncpg.connect(url)
    for setting in settings:
        await connection.execute(f"ALTER DATABASE careful SET {setting}")
    await connection.close()
    await migrate(url)
    assert await check(url) == []
