"""The numbered migrations."""

import asyncpg
import pytest

from component.storage.migrations import DatabaseTooNewError, check, migrate
from tests.databases import Databases

ALL = ["0001_schema", "0003_call_centre"]

pytestmark = pytest.mark.contract


async def test_an_empty_database_is_brought_up_to_date_once(databases: Databases) -> None:
    url = await databases.empty("migrated_once")

    assert await check(url) == ALL
    assert await migrate(url) == ALL
    assert await check(url) == []
    assert await migrate(url) == []


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
