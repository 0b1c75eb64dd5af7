"""An event loop in which waiting takes no time: when nothing can run, the clock jumps ahead."""

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

BEGINNING = datetime(2026, 1, 1, 9, tzinfo=UTC)


class DeadlockError(AssertionError):
    """Nothing can run and nothing is due: somebody waits for what will never happen."""


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Runs tasks and timers in an order that depends on nothing but the program.

    `tasks` are those under way, in the order in which they were made: asyncio itself only keeps a
    set of them, whose order differs from run to run.
    """

    def __init__(self) -> None:
        self._now = 0.0
        super().__init__(_Skipping(self))
        self.tasks: dict[asyncio.Task[Any], None] = {}
        self.set_task_factory(self._make_task)  # type: ignore[arg-type]

    def time(self) -> float:
        """Return the seconds since the beginning."""
        return self._now

    def now(self) -> datetime:
        """Return the virtual time of day; with it the loop is a `component.ports.Clock`."""
        return BEGINNING + timedelta(seconds=self._now)

    def skip(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds

    def timers_of(self, owner: object) -> int:
        """Count the timers that have yet to call a method of `owner`."""
        timers: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]
        callbacks = (handle._callback for handle in timers if not handle.cancelled())  # type: ignore[attr-defined]
        return sum(getattr(callback, "__self__", None) is owner for callback in callbacks)

    def _make_task(
        self, loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Any], **options: Any
    ) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.Task(work, loop=loop, **options)
        self.tasks[task] = None
        task.add_done_callback(lambda done: self.tasks.pop(done, None))
        return task


class _Skipping(selectors.SelectSelector):
    """Instead of waiting for sockets, of which there are none, lets the time pass."""

    def __init__(self, loop: VirtualTimeLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise DeadlockError("nothing is due any more")
        if timeout > 0:
            self._loop.skip(timeout)
        return []
