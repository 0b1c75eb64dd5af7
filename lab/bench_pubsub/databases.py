"""One PostgreSQL server for a whole run: to make one takes longer than many a measurement."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from component.storage.embedded import EmbeddedServer
from component.storage.migrations import migrate


class Databases:
    """Makes databases with the current schema, for one service each."""

    def __init__(self, server: EmbeddedServer, directory: Path) -> None:
        self._server = server
        self._numbers = count(1)
        self.postmaster = int((directory / "postmaster.pid").read_text().split()[0])
        """The process id of the server."""

    async def fresh(self) -> str:
        """Return the URL of a new one."""
        name = f"bench{next(self._numbers)}"
        connection = await asyncpg.connect(self._server.url)
        try:
            await connection.execute(f"CREATE DATABASE {name}")
        finally:
            await connection.close()
        url = urlunsplit(urlsplit(self._server.url)._replace(path=f"/{name}"))
        await migrate(url)
        return url


@asynccontextmanager
async def databases(directory: Path) -> AsyncIterator[Databases]:
    """Run a server in this directory."""
    server = await EmbeddedServer.start(directory)
    try:
        yield Databases(server, directory)
    finally:
        await server.stop()
