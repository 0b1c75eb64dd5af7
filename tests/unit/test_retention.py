"""How long records are kept."""

import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from component import retention
from component.ports import StoreUnavailableError
from component.retention import retain
from component.settings import RecordsConfig
from component.storage.forgetting import Record

pytestmark = pytest.mark.unit

DAY = timedelta(days=1)


class Rows:
    """Old rows, of which each request deletes one; at first the database may be away."""

    def __init__(self, old: dict[Record, int], *, away: bool = False) -> None:
        self.old = old
        self.asked: list[tuple[Record, timedelta]] = []
        self._away = away

    async def forget(self, record: Record, older: timedelta) -> bool:
        self.asked.append((record, older))
        if self._away:
            self._away = False
            raise StoreUnavailableError("gone")
        self.old[record] -= 1
        return self.old[record] > 0


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "PAUSE", 0)
    monkeypatch.setattr(retention, "EVERY", 0)


async def run(rows: Rows, *settings: RecordsConfig) -> None:
    """Let it look as often as there are settings, each time with the next ones."""
    left = iter(settings)
    with suppress(RuntimeError):  # what StopIteration becomes in a coroutine
        await retain(rows.forget, lambda: next(left))


async def test_it_goes_on_until_nothing_old_is_left() -> None:
    rows = Rows({Record.CHOICES: 3})
    await run(rows, RecordsConfig(choices_days=1))
    assert rows.asked == [(Record.CHOICES, DAY)] * 3


async def test_nothing_is_deleted_that_is_kept_for_ever() -> None:
    rows = Rows({})
    await run(rows, RecordsConfig(choices_days=0), RecordsConfig(choices_days=0))
    assert rows.asked == []
    assert RecordsConfig().calls_days == RecordsConfig().queue_log_days == 0


async def test_settings_that_change_count_from_the_next_time_on() -> None:
    rows = Rows({Record.CALLS: 1, Record.QUEUE_LOG: 1})
    await run(
        rows,
        RecordsConfig(choices_days=0, calls_days=2),
        RecordsConfig(choices_days=0, queue_log_days=1),
    )
    assert rows.asked == [(Record.CALLS, 2 * DAY), (Record.QUEUE_LOG, DAY)]


async def test_a_database_that_is_away_is_tried_again_later() -> None:
    rows = Rows({Record.CALLS: 1}, away=True)
    kept = RecordsConfig(choices_days=0, calls_days=1)
    with capture_logs() as logged:
        async with asyncio.timeout(20):
            await run(rows, kept, kept)
    assert rows.old == {Record.CALLS: 0}
    [line] = logged
    assert (line["event"], line["table"]) == ("old records not deleted", "calls")
