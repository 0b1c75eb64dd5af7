"""PgBouncer before PostgreSQL: if it would let two services write, it is refused."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest
from pydantic import SecretStr

from component.checks import ProblemError, check_database
from component.ports import Changes, Outgoing, StoreUnavailableError
from component.settings import DatabaseConfig
from component.storage.postgres import PostgresStore
from component.storage.writer import LOCK
from lab.ports import PortBlock
from lab.process import Process

pytestmark = pytest.mark.contract

PATIENCE = 30.0

CHANGES = Changes(outgoing=[Outgoing(1, "ivr.example.com", ("a@example.com",), "chat", "<body/>")])


def start(database_url: str, port: int, mode: str, directory: Path) -> Process:
    """Start PgBouncer before a database, as whom its socket belongs to."""
    parts = urlsplit(database_url)
    [host], name = parse_qs(parts.query)["host"], parts.path.removeprefix("/")
    settings = directory / "pgbouncer.ini"
    settings.write_text(
        f"[databases]\n{name} = host={host} user=postgres\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = any\npool_mode = {mode}\n"
    )
    directory.chmod(0o755)
    settings.chmod(0o644)
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program, "pgbouncer is not installed; run `make setup`"
    owner = Path(host).stat()
    as_owner = (f"--reuid={owner.st_uid}", f"--regid={owner.st_gid}", "--clear-groups")
    prefix = ("setpriv", *as_owner) if os.geteuid() == 0 else ()
    return Process([*prefix, program, settings], name="pgbouncer", log=directory / "log")


@asynccontextmanager
async def pooled(database_url: str, port: int, mode: str) -> AsyncIterator[str]:
    """Provide the URL at which PgBouncer has a database."""
    url = f"postgresql://postgres@127.0.0.1:{port}{urlsplit(database_url).path}"
    with TemporaryDirectory(prefix="ivr-pool") as directory:
        process = start(database_url, port, mode, Path(directory))
        try:
            await process.wait_until(lambda: is_up(url), PATIENCE)
            yield url
        finally:
            await process.stop()


async def is_up(url: str) -> bool:
    try:
        connection = await asyncpg.connect(url)
    except OSError:
        return False
    await connection.close()
    return True


async def test_one_that_keeps_sessions_apart_serves_also_after_a_connection_is_lost(
    database_url: str, ports: PortBlock
) -> None:
    """The session that is lent then may be the one before: it is not to be ended."""
    async with (
        pooled(database_url, ports.take(), "session") as url,
        PostgresStore(url) as store,
    ):
        await store.claim(lambda _: None)
        await store.load()
        await store.commit(CHANGES)
        store._writer.terminate()
        other = await asyncpg.connect(database_url)
        async with asyncio.timeout(PATIENCE):  # until the pool has cleared it
            while await other.fetchval(
                f"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = {LOCK}"
            ):
                await asyncio.sleep(0.01)
        await other.close()
        await store.commit(CHANGES)
        assert (await check_database(DatabaseConfig(url=SecretStr(url)))).endswith("up to date")


async def test_one_that_lends_a_session_by_the_transaction_is_refused_and_named(
    database_url: str, ports: PortBlock
) -> None:
    async with pooled(database_url, ports.take(), "transaction") as url:
        async with PostgresStore(url) as store:
            with pytest.raises(StoreUnavailableError, match="a connection pooler lends"):
                await store.claim(lambda _: None)
        with pytest.raises(ProblemError, match="a connection pooler lends") as problem:
            await check_database(DatabaseConfig(url=SecretStr(url)))
        assert "pool_mode = session" in problem.value.remedy
