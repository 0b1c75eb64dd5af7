"""The embedded PostgreSQL is started again, whatever happens to it, and with its own data."""

import asyncio
import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import psutil
import pytest
from structlog.testing import capture_logs

from component import database
from component.settings import DatabaseConfig
from component.storage import embedded
from component.storage.embedded import EmbeddedServer, UnusableDirectoryError

pytestmark = pytest.mark.unit

PATIENCE = 20.0


class Library:
    """What the library makes of a directory: a process stands for the server's."""

    def __init__(self, pgdata: Path, process: psutil.Process) -> None:
        self.pgdata = pgdata
        self.log = pgdata / "log"
        self.process = process
        self.starts = 0

    def start(self) -> None:
        self.starts += 1

    def get_postmaster_info(self) -> SimpleNamespace:
        return SimpleNamespace(pid=self.process.pid, is_running=self.process.is_running)


@pytest.fixture
def child() -> Iterator[psutil.Popen]:
    with psutil.Popen(["sleep", "600"]) as process:
        yield process
        with suppress(psutil.NoSuchProcess):
            process.kill()


@pytest.fixture
def library(tmp_path: Path, child: psutil.Popen, monkeypatch: pytest.MonkeyPatch) -> Library:
    monkeypatch.setattr(embedded, "_users", Counter({tmp_path: 1}))
    return Library(tmp_path, psutil.Process(child.pid))


async def test_data_that_are_gone_are_not_made_anew_by_a_restart(library: Library) -> None:
    with pytest.raises(UnusableDirectoryError, match="are gone: is what holds them mounted"):
        await EmbeddedServer(library).restart()
    assert library.starts == 0


async def test_a_restart_takes_the_data_that_are_there(library: Library) -> None:
    (library.pgdata / "PG_VERSION").write_text("18\n")
    await EmbeddedServer(library).restart()
    assert library.starts == 1


async def test_a_server_that_ended_as_our_child_counts_as_ended(library: Library) -> None:
    assert EmbeddedServer(library).is_running

    library.process.kill()
    async with asyncio.timeout(PATIENCE):
        while EmbeddedServer(library).is_running:
            await asyncio.sleep(0.01)
    assert not psutil.pid_exists(library.process.pid)


class Fragile:
    """A server that has ended, and starts after some failures."""

    url = "postgresql:///"

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.is_running = False
        self.started = asyncio.Event()

    async def restart(self) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.is_running = True
        self.started.set()

    async def stop(self) -> None:
        self.is_running = False


async def test_it_is_tried_again_whatever_kept_it_from_starting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = Fragile(
        UnusableDirectoryError("no space"),
        FileNotFoundError("no log"),
        json.JSONDecodeError("no list of processes", "", 0),
        RuntimeError("no socket"),
        subprocess.TimeoutExpired("initdb", 10),
        psutil.AccessDenied(1),
    )
    expected = len(server.failures)

    async def start(_directory: Path) -> Fragile:
        return server

    monkeypatch.setattr(EmbeddedServer, "start", start)
    monkeypatch.setattr(database, "LOOK_SECONDS", 0.001)
    with capture_logs() as logs:
        async with database.database_url(DatabaseConfig()), asyncio.timeout(PATIENCE):
            await server.started.wait()
    told = [line["error"] for line in logs if line["event"] == "embedded database does not start"]
    assert len(told) == expected
    assert told[:2] == ["UnusableDirectoryError: no space", "FileNotFoundError: no log"]


async def test_the_pauses_between_attempts_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Fragile(*(RuntimeError("no socket") for _ in range(8)))
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if server.started.is_set():
            raise asyncio.CancelledError

    monkeypatch.setattr("component.database.asyncio.sleep", sleep)
    with pytest.raises(asyncio.CancelledError):
        await database._keep_running(cast(EmbeddedServer, server))
    assert slept[0] <= database.LOOK_SECONDS
    assert database.LAST_RETRY_SECONDS / 2 <= slept[7] <= database.LAST_RETRY_SECONDS
