"""Deletes records that have been kept for long enough, while the service runs."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from component.ports import StoreRefusedError, StoreUnavailableError
from component.settings import RecordsConfig
from component.storage.forgetting import Record

log = structlog.get_logger(__name__)

EVERY = 60.0
"""Seconds from one look at what is too old to the next."""

PAUSE = 0.2
"""Seconds between two helpings: the database has other things to do."""

Forget = Callable[[Record, timedelta], Awaitable[bool]]
"""Deletes some of what is older; tells whether there may be more. Raises as a store does."""


async def retain(forget: Forget, settings: Callable[[], RecordsConfig]) -> None:
    """Keep records for as long as the settings say that are in force, again and again."""
    while True:
        records = settings()
        await _retain(forget, Record.CALLS, records.calls_days)
        await _retain(forget, Record.CHOICES, records.choices_days)
        await _retain(forget, Record.QUEUE_LOG, records.queue_log_days)
        await asyncio.sleep(EVERY)


async def _retain(forget: Forget, record: Record, days: float) -> None:
    if not days:
        return
    try:
        more = True
        while more:
            more = await forget(record, timedelta(days=days))
            await asyncio.sleep(PAUSE)
    except (StoreUnavailableError, StoreRefusedError) as error:
        log.warning("old records not deleted", table=record, error=str(error))
