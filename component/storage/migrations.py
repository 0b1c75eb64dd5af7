"""Bringing a database's schema up to date with the numbered files in `sql/migrations/`."""

from pathlib import Path

import asyncpg
from pogo_core.error import BadMigrationError
from pogo_core.util import migrate as pogo
from pogo_core.util import sql as pogo_sql

from component.storage.errors import UNAVAILABLE, words

SCHEMA = "public"

OLDEST_SERVER = 14

CONNECT_SECONDS = 10.0
"""How long the server may take to accept a connection, and to end it."""

LOCK = 5604661
"""Of those who migrate at the same time, one works and the others wait."""


SETTINGS = """
SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0;
SET default_transaction_isolation = 'read committed'; SET standard_conforming_strings = on;
SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'transaction_timeout'
"""
"""What role or database may have otherwise: a migration takes as long as it takes, and its texts
mean what they say. How long it waits for others' locks is left to the administrator."""


class MigrationError(Exception):
    """The schema could not be brought up to date."""


class DatabaseTooNewError(MigrationError):
    """The database has migrations that this version does not know: install a newer one."""


class NotAllowedError(MigrationError):
    """Migrations are missing, and this role may not apply them."""


class EncodingError(MigrationError):
    """The database cannot hold every text."""


class ServerTooOldError(MigrationError):
    """The PostgreSQL server is older than 14."""


def directory() -> Path:
    """Return where the migrations are: beside the package in a checkout, inside it if installed."""
    package = Path(__file__).parent.parent
    installed = package / "sql"
    return (installed if installed.is_dir() else package.parent / "sql") / "migrations"


async def migrate(url: str) -> list[str]:
    """Apply what is missing; return the names of what was applied.

    If nothing is missing, it needs no rights but to look. A migration that fails is undone, those
    before it stay. Raises `MigrationError`, which says which one and why, and what asyncpg raises
    when the database cannot be reached.
    """
    connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS)
    try:
        return await _apply(connection)
    except UNAVAILABLE:
        raise
    except asyncpg.InsufficientPrivilegeError as error:
        raise NotAllowedError(f"{words(error)}: run `ivr-pubsub migrate` as the owner") from error
    except asyncpg.PostgresError as error:
        raise MigrationError(f"the schema cannot be changed: {words(error)}") from error
    finally:
        await connection.close(timeout=CONNECT_SECONDS)


async def _apply(connection: asyncpg.Connection) -> list[str]:
    await connection.execute(SETTINGS)
    await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
    before = await _applied(connection)
    if _known() <= before:
        return []  # what follows would read and parse every file
    await pogo_sql.ensure_pogo_sync(connection)
    try:
        await pogo.apply(connection, directory(), schema_name=SCHEMA)
    except BadMigrationError as error:
        cause = error.__cause__ or error
        if isinstance(cause, UNAVAILABLE):
            raise ConnectionError(f"{error}: {words(cause)}") from cause  # worth another try
        if isinstance(cause, asyncpg.InsufficientPrivilegeError):
            raise cause from None
        raise MigrationError(f"{error}: {words(cause)}") from cause
    return sorted(await _applied(connection) - before)


async def check(url: str) -> list[str]:
    """Return the names of the migrations that are missing. Raises as `migrate` does."""
    connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS)
    try:
        return sorted(_known() - await _applied(connection))
    finally:
        await connection.close()


async def _applied(connection: asyncpg.Connection) -> set[str]:
    version = connection.get_server_version()
    if version.major < OLDEST_SERVER:
        raise ServerTooOldError(f"PostgreSQL {version.major}, but {OLDEST_SERVER} is needed")
    encoding = connection.get_settings().server_encoding
    if encoding != "UTF8":
        raise EncodingError(
            f"the database has the encoding {encoding}, which does not hold every name:"
            " make one with UTF8 (createdb --template=template0 --encoding=UTF8)"
        )
    if await connection.fetchval("SELECT to_regclass('public._pogo_migration')") is None:
        return set()
    applied = set(await pogo_sql.get_applied_migrations(connection, schema_name=SCHEMA))
    unknown = applied - _known()
    if unknown:
        raise DatabaseTooNewError(
            f"the database has {', '.join(sorted(unknown))}, which this version does not know:"
            " install the version that made it, or a newer one"
        )
    return applied


def _known() -> set[str]:
    return {path.stem for path in directory().glob("[0-9]*.sql")}
