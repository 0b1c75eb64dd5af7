"""Where the configured database is, and its schema."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import structlog

from component.config import ConfigError
from component.ports import StoreUnavailableError
from component.settings import DatabaseConfig
from component.storage.embedded import EmbeddedServer
from component.storage.migrations import migrate
from component.storage.postgres import UNAVAILABLE, words

log = structlog.get_logger(__name__)


@asynccontextmanager
async def database_url(settings: DatabaseConfig) -> AsyncIterator[str]:
    """Provide the URL; if the database is embedded, its server runs as long as the context lasts.

    What keeps the embedded server from starting is raised as it comes, mostly OSError.
    """
    if not settings.embedded:
        yield settings.url.get_secret_value()
        return
    server = await EmbeddedServer.start(settings.directory)
    try:
        yield server.url
    finally:
        await server.stop()


async def bring_up_to_date(url: str) -> None:
    """Bring the schema up to date.

    Raises `StoreUnavailableError`, `MigrationError`, or `ConfigError` if the URL is at fault.
    """
    try:
        applied = await migrate(url)
    except asyncpg.ClientConfigurationError as error:
        raise ConfigError("the service", [f"[database] url: {error}"]) from error
    except (*UNAVAILABLE, asyncpg.PostgresError) as error:
        raise StoreUnavailableError(words(error)) from error
    if applied:
        log.info("schema brought up to date", migrations=applied)
