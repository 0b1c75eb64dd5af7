"""Where the configured database is."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from component.settings import DatabaseConfig
from component.storage.embedded import EmbeddedServer


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
