import asyncio
from collections.abc import Collection
from datetime import UTC, datetime, timedelta

import pytest

from component.domain.commands import WakeAt
from component.domain.events import Event, RetryDue, RingTimedOut, WaitTimedOut, WrapUpOver
from component.domain.model import Leg
from component.timers import Timers

pytestmark = pytest.mark.unit

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SOON = NOW + timedelta(milliseconds=10)
BEFORE = NOW - timedelta(hours=1)


class Clock:
    def now(self) -> datetime:
        return NOW


class Due:
    """What timers hand in."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.timers = Timers(self.events.append, Clock())

    def set(self, at: datetime, *events: Event) -> None:
        self.timers.set(WakeAt(at, event) for event in events)

    async def all(self) -> Collection[Event]:
        """Return what was handed in, once all that was set is due.

        In whatever order: after a moment in which the process was not let run, uvloop has timers
        that became due meanwhile go before what was to be done at once.
        """
        over = WrapUpOver("the last")
        self.set(SOON + timedelta(milliseconds=10), over)
        async with asyncio.timeout(20):
            while over not in self.events:
                await asyncio.sleep(0.001)
        return {*self.events} - {over}


async def test_events_are_handed_in_when_it_is_time() -> None:
    due = Due()
    due.set(SOON, WaitTimedOut("a"))
    due.set(BEFORE, RetryDue("b", NOW))
    assert due.events == []
    assert await due.all() == {RetryDue("b", NOW), WaitTimedOut("a")}


async def test_timers_of_a_call_that_is_over_are_dropped_and_no_others() -> None:
    due = Due()
    due.set(SOON, RingTimedOut(Leg("a", 1)), WaitTimedOut("a"), WaitTimedOut("b"), WrapUpOver("x"))
    due.timers.drop(["a", "of which there is none"])
    assert await due.all() == {WaitTimedOut("b"), WrapUpOver("x")}


async def test_a_call_may_have_another_timer_when_one_is_due_at_once() -> None:
    due = Due()
    due.set(NOW, RetryDue("a", NOW))
    due.set(NOW + timedelta(microseconds=100), WaitTimedOut("a"))
    due.set(SOON, RingTimedOut(Leg("a", 1)))
    assert await due.all() == {RetryDue("a", NOW), WaitTimedOut("a"), RingTimedOut(Leg("a", 1))}


async def test_nothing_is_kept_of_a_call_but_what_is_to_come() -> None:
    due = Due()
    for _ in range(10):
        due.set(BEFORE, RetryDue("a", NOW))
        await asyncio.sleep(0.002)
    due.set(SOON, RetryDue("a", NOW))
    assert len(due.timers._of_calls["a"]) == 1
    due.timers.drop(["a"])
    assert due.timers._of_calls == {}
