"""The rights of `sql/grants.sql`: enough to run, and no more. The calls are in tests/e2e."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg
import pytest
from pogo_core.util import migrate as pogo

from component.storage.migrations import (
    SCHEMA,
    NotAllowedError,
    check,
    directory,
    migrate,
)
from component.storage.postgres import PostgresStore
from component.storage.rights import WRITTEN
from tests.databases import Databases, as_service

pytestmark = pytest.mark.contract

CONFIGURED = {
    "customers", "extensions", "queues", "members", "people", "_pogo_migration", "_pogo_version"
}  # fmt: skip
READ = {"SELECT"}
WRITE = {"SELECT", "INSERT", "UPDATE", "DELETE"}


@dataclass(frozen=True, slots=True)
class Granted:
    """A database as its owner and as the service reach it."""

    owner: str
    service: str


@pytest.fixture
async def granted(databases: Databases) -> AsyncIterator[Granted]:
    async with databases.fresh() as owner:
        yield Granted(owner, await as_service(owner))


@pytest.fixture
async def service(granted: Granted) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(granted.service)
    yield connection
    await connection.close()


async def test_each_table_can_be_read_and_the_services_own_can_be_written(
    service: asyncpg.Connection,
) -> None:
    rows = await service.fetch(
        """
        SELECT relname, privilege FROM pg_class, unnest(ARRAY[
            'SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'
        ]) AS privilege
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
        AND has_table_privilege(pg_class.oid, privilege)
        """
    )
    rights: dict[str, set[str]] = {}
    for table, privilege in rows:
        rights.setdefault(table, set()).add(privilege)

    assert set(rights) == {*WRITTEN, *CONFIGURED}
    for table, privileges in rights.items():
        assert privileges == (READ if table in CONFIGURED else WRITE), table


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO customers (code, name) VALUES ('1', 'x')",
        "UPDATE extensions SET jid = 'mallory@example.com'",
        "DELETE FROM queues",
        "UPDATE members SET penalty = 0",
        "INSERT INTO members (queue, extension) VALUES ('support', '1000')",
        "INSERT INTO people (number, jid) VALUES ('66', 'mallory@example.com')",
        "UPDATE people SET pin = NULL",
        "DELETE FROM people",
        "DELETE FROM _pogo_migration",
        "TRUNCATE calls",
        "DROP TABLE calls",
        "ALTER TABLE calls ADD COLUMN x integer",
        "CREATE TABLE x (y integer)",
        "CREATE FUNCTION x() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "CREATE ROLE x",
        "SET ROLE postgres",
        "SELECT pg_read_file('postmaster.pid')",
        "COPY calls TO PROGRAM 'cat'",
        "ALTER DATABASE postgres ALLOW_CONNECTIONS false",
    ],
)
async def test_nothing_else_is_allowed(service: asyncpg.Connection, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await service.execute(statement)


async def test_an_up_to_date_schema_needs_no_rights(granted: Granted) -> None:
    assert await check(granted.service) == []
    assert await migrate(granted.service) == []
    async with PostgresStore(granted.service) as store:
        assert (await store.load()).queues


async def test_who_may_not_migrate_is_told_who_may(granted: Granted) -> None:
    owner = await asyncpg.connect(granted.owner)
    try:
        await pogo.rollback(owner, directory(), schema_name=SCHEMA, count=1)
        with pytest.raises(NotAllowedError, match=r"run `ivr-pubsub migrate` as the owner"):
            await migrate(granted.service)
    finally:
        await owner.close()


async def test_granting_twice_changes_nothing(granted: Granted) -> None:
    assert await as_service(granted.owner) == granted.service
