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


def remedy(error: BaseException | None, key: str = "database.url") -> str:
    """Say how to mend what keeps us from the database that `key` of the configuration names."""
    match error:
        case asyncpg.InvalidCatalogNameError():
            return f"create the database (createdb), or correct its name in {key}"
        case asyncpg.InvalidAuthorizationSpecificationError():
            return f"correct the user or password in {key}, or see pg_hba.conf"
        case asyncpg.InterfaceError():
            return f"correct {key}: postgresql://user:password@host:port/database"
        case FileNotFoundError():
            return f"check that PostgreSQL runs, and the files in {key}: socket, sslrootcert"
        case OSError():
            return f"check that PostgreSQL runs, and host and port in {key}"
        case _:
            return "see what PostgreSQL logs"
