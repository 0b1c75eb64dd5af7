"""An event loop in which waiting takes no time: when nothing can run, the clock jumps ahead."""

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import Context
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from typing import Any

BEGINNING = datetime(2026, 1, 1, 9, tzinfo=UTC)

AT_ONCE = 0.0005
"""In seconds: what is due within these is due at once."""


class DeadlockError(AssertionError):
    """Nothing can run and nothing is due: somebody waits for what will never happen."""


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Runs tasks and timers in an order that depends on nothing but the program.

    `tasks` are those under way, in the order in which they were made: asyncio itself only keeps a
    set of them, whose order differs from run to run. There are no sockets to be waited for, and
    timers of the same moment run in the order in which they were set.
    """

    def __init__(self) -> None:
        self._seconds = 0.0
        self._now = BEGINNING
        self._timers: list[tuple[float, int, asyncio.Handle]] = []
        self._numbers = count()
        super().__init__()
        self.tasks: dict[asyncio.Task[Any], None] = {}
        factory: Any = self._make_task  # its type differs between the Pythons, as mypy knows them
        self.set_task_factory(factory)

    def time(self) -> float:
        """Return the seconds since the beginning."""
        return self._seconds

    def now(self) -> datetime:
        """Return the virtual time of day; with it the loop is a `component.ports.Clock`."""
        return self._now

    def call_at(
        self,
        when: float,
        callback: Callable[..., object],
        *args: object,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Set a timer. The handle of one that is due at once is none of a timer, whatever the type.

        That is how uvloop has it, on which the service runs.
        """
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        if when - self._seconds < AT_ONCE:
            timer = asyncio.Handle(callback, args, self, context)  # type: ignore[assignment]
        heappush(self._timers, (when, next(self._numbers), timer))
        return timer

    def timers_of(self, owner: object) -> int:
        """Count the timers that have yet to call a method of `owner`."""
        timers = (timer for _, _, timer in self._timers if not timer.cancelled())
        callbacks = (timer._callback for timer in timers)  # type: ignore[attr-defined]
        return sum(getattr(callback, "__self__", None) is owner for callback in callbacks)

    def _run_once(self) -> None:
        """Run all that can run now, which is what the loop consists of."""
        timers = self._timers
        ready = self._ready  # type: ignore[attr-defined]
        while timers and timers[0][2].cancelled():
            heappop(timers)
        if not ready:
            if not timers:
                raise DeadlockError("nothing is due any more")
            self._pass(timers[0][0])
        while timers and timers[0][0] <= self._seconds:
            ready.append(heappop(timers)[2])
        for _ in range(len(ready)):
            handle = ready.popleft()
            if not handle.cancelled():
                handle._run()

    def _pass(self, until: float) -> None:
        if until > self._seconds:
            self._seconds = until
            self._now = BEGINNING + timedelta(seconds=until)

    def _make_task(
        self, loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Any], **options: Any
    ) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.Task(work, loop=loop, **options)
        self.tasks[task] = None
        task.add_done_callback(lambda done: self.tasks.pop(done, None))
        return task
