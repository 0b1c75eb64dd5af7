"""The database as the service has it: waited for, taken, and watched."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg
import structlog

from component.config import ConfigError
from component.database import remedy
from component.http import Status
from component.pauses import pauses
from component.ports import StoreUnavailableError
from component.service_manager import ServiceManager
from component.storage.postgres import PostgresStore

log = structlog.get_logger(__name__)

T = TypeVar("T")

FIRST_RETRY_SECONDS = 0.5
LAST_RETRY_SECONDS = 10.0
"""Between attempts to reach the database when the service starts."""

WATCH_SECONDS = 1.0
"""How often the database is asked for a sign of life."""


class WatchedDatabase:
    """What is known of the database, and what is said of it."""

    def __init__(self, manager: ServiceManager) -> None:
        self._manager = manager
        self.status = Status(ready=False, detail="not connected yet")
        """What `/readyz` says."""

    async def take(self, store: PostgresStore) -> None:
        """Wait until no other service writes to the database, however long that takes.

        Raises `ConfigError` if the URL is at fault.
        """
        started = time.monotonic()
        stood_by = False

        def stand_by(holder: str) -> None:
            nonlocal stood_by
            stood_by = True
            self.status = Status(ready=False, detail="standing by: another service has it")
            self._manager.ready("standing by: another service has the database")
            log.warning("another service has the database, standing by", holder=holder)

        async def claim() -> None:
            try:
                await store.claim(stand_by)
            except StoreUnavailableError as error:
                cause = error.__cause__
                if isinstance(cause, asyncpg.ClientConfigurationError):
                    raise ConfigError("the service", [f"[database] url: {cause}"]) from cause
                raise

        await self.do("taking it", claim)
        if stood_by:
            log.info("database taken over", stood_by=round(time.monotonic() - started, 1))

    async def do(self, doing: str, work: Callable[[], Awaitable[T]]) -> T:
        """Do what needs the database, again and again until it is there."""
        waits = pauses(FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS)
        self.status = Status(ready=False, detail=doing)
        while True:
            try:
                return await work()
            except StoreUnavailableError as error:
                pause = next(waits)
                self.status = Status(ready=False, detail=str(error))
                self._manager.status("waiting for the database")
                log.warning(
                    "database away",
                    error=str(error),
                    mend=remedy(error.__cause__),
                    retry_in=round(pause, 2),
                )
                await asyncio.sleep(pause)

    async def watch(self, store: PostgresStore, refresh: Callable[[], None]) -> None:
        """Ask it for signs of life, for ever; after each, `refresh` is called.

        Raises `StoreLostError`.
        """
        while True:
            try:
                await store.ping()
            except StoreUnavailableError as error:
                if str(error) != self.status.detail:
                    log.error("database not ready", error=str(error), mend=remedy(error.__cause__))
                self.status = Status(ready=False, detail=str(error))
            else:
                self.status = Status(ready=True, detail="connected")
            refresh()
            await asyncio.sleep(WATCH_SECONDS)
