"""How the service takes its database, and what it says meanwhile."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from component.config import ConfigError
from component.ports import StoreUnavailableError
from component.service_manager import ServiceManager
from component.storage.postgres import PostgresStore
from component.watched_database import WatchedDatabase

pytestmark = pytest.mark.unit


class AnotherHasIt(PostgresStore):
    """A database that another service has; `seen` is what was said while it had it."""

    def __init__(self, database: WatchedDatabase) -> None:
        super().__init__("")
        self._database = database
        self.seen = ""

    async def claim(self, stand_by: Callable[[str], None]) -> None:
        stand_by("10.0.0.5")
        self.seen = self._database.status.detail


class WrongUrl(PostgresStore):
    """A database whose URL asyncpg does not take."""

    async def claim(self, stand_by: Callable[[str], None]) -> None:
        del stand_by
        raise StoreUnavailableError("no") from asyncpg.ClientConfigurationError("no such file")


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(10)
        yield listener


async def test_who_stands_by_is_started_for_the_service_manager_and_not_ready_for_others(
    listener: socket.socket,
) -> None:
    """Else `systemctl start`, and a boot, would wait for the end of the other service."""
    database = WatchedDatabase(ServiceManager(listener.getsockname()))
    store = AnotherHasIt(database)
    await database.take(store)

    assert store.seen == "standing by: another service has it"
    assert not database.status.ready
    said = listener.recv(4096).decode()
    assert said == "READY=1\nSTATUS=standing by: another service has the database"


async def test_a_url_that_cannot_be_used_is_not_tried_again() -> None:
    with pytest.raises(ConfigError, match=r"\[database\] url: no such file"):
        await WatchedDatabase(ServiceManager()).take(WrongUrl(""))
