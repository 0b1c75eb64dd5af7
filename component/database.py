"""Where the configured database is, and its schema."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import structlog

from component.pauses import pauses
from component.ports import StoreUnavailableError
from component.settings import DatabaseConfig
from component.storage.embedded import EmbeddedServer
from component.storage.errors import UNAVAILABLE, words
from component.storage.migrations import migrate
from component.storage.poolers import SharedSessionError

log = structlog.get_logger(__name__)

LOOK_SECONDS = 1.0
"""How often it is seen, at least, whether the embedded server still runs."""

LAST_RETRY_SECONDS = 30.0
"""How long to wait, at most, before a server that does not start is tried again."""


@asynccontextmanager
async def database_url(settings: DatabaseConfig) -> AsyncIterator[str]:
    """Provide the URL; if the database is embedded, its server runs as long as the context lasts.

    A server that ends meanwhile is started again. What keeps it from starting in the first place is
    raised as it comes, mostly OSError.
    """
    if not settings.embedded:
        yield settings.url.get_secret_value()
        return
    server = await EmbeddedServer.start(settings.directory)
    keeping = asyncio.create_task(_keep_running(server), name="embedded database")
    try:
        yield server.url
    finally:
        keeping.cancel()
        await asyncio.wait([keeping])
        await server.stop()


async def _keep_running(server: EmbeddedServer) -> None:
    """Start the server again whenever it has ended: nobody else does."""
    waits = pauses(LOOK_SECONDS, LAST_RETRY_SECONDS)
    while True:
        await asyncio.sleep(next(waits))
        if server.is_running:
            waits = pauses(LOOK_SECONDS, LAST_RETRY_SECONDS)
            continue
        log.error("embedded database ended, starting it again")
        try:
            await server.restart()
        except Exception as error:  # noqa: BLE001 - of all kinds, and the next try may do better
            log.error("embedded database does not start", error=words(error))


async def bring_up_to_date(url: str) -> None:
    """Bring the schema up to date. Raises `StoreUnavailableError` or `MigrationError`."""
    try:
        applied = await migrate(url)
    except (*UNAVAILABLE, asyncpg.PostgresError) as error:
        raise StoreUnavailableError(words(error)) from error
    if applied:
        log.info("schema brought up to date", migrations=applied)


REMEDIES: tuple[tuple[type[BaseException], str], ...] = (
    (
        asyncpg.InvalidCatalogNameError,
        "create the database (createdb), or correct its name in {key}",
    ),
    (
        asyncpg.InvalidAuthorizationSpecificationError,
        "correct the user or password in {key}, or see pg_hba.conf",
    ),
    (
        asyncpg.ReadOnlySQLTransactionError,
        "name all servers in {key}, with target_session_attrs=read-write,"
        " or see default_transaction_read_only",
    ),
    (asyncpg.InsufficientPrivilegeError, "run sql/grants.sql as the owner, as after each upgrade"),
    (
        asyncpg.TooManyConnectionsError,
        "raise max_connections, or the CONNECTION LIMIT of the role or database",
    ),
    (asyncpg.DiskFullError, "make room where PostgreSQL keeps its data"),
    (asyncpg.LockNotAvailableError, "see pg_locks: somebody holds a table"),
    (
        SharedSessionError,
        "let {key} name PostgreSQL itself, or a pool that has pool_mode = session",
    ),
    (
        asyncpg.InterfaceError,
        "correct {key}: postgresql://user:password@host:port/database",
    ),
    (
        FileNotFoundError,
        "check that PostgreSQL runs, and the files in {key}: socket, sslrootcert",
    ),
    (
        TimeoutError,
        "check that PostgreSQL can be reached at {key} and is not overloaded,"
        " and in pg_locks that nobody holds a table",
    ),
    (OSError, "check that PostgreSQL runs, and host and port in {key}"),
)
"""How to mend what keeps us from the database that `key` of the configuration names; the first that
fits counts."""


def remedy(error: BaseException | None, key: str = "database.url") -> str:
    """Say how to mend what keeps us from the database that `key` of the configuration names."""
    if isinstance(error, ConnectionError) and isinstance(error.__cause__, asyncpg.PostgresError):
        return remedy(error.__cause__, key)  # of a migration
    for kind, mending in REMEDIES:
        if isinstance(error, kind):
            return mending.format(key=key)
    return "see what PostgreSQL logs"
