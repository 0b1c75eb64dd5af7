"""An event loop in which waiting takes no time: when nothing can run, the clock jumps ahead."""

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import Context, copy_context
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from typing import Any

BEGINNING = datetime(2026, 1, 1, 9, tzinfo=UTC)

THREAD_SECONDS = 0.04


class DeadlockError(AssertionError):
    """Nothing can run and nothing is due: somebody waits for what will never happen."""


class Handle:
    """What is to be run, and may be cancelled before: what people use of asyncio's handles.

    A timer's does not say when it is due: on uvloop, on which the service runs, not all of them do.
    """

    __slots__ = ("_args", "_context", "callback", "is_cancelled")

    def __init__(
        self, callback: Callable[..., object], args: tuple[object, ...], context: Context | None
    ) -> None:
        self.callback = callback
        self._args = args
        self._context = copy_context() if context is None else context
        self.is_cancelled = False

    def cancel(self) -> None:
        """Have it not run."""
        self.is_cancelled = True
        self.callback, self._args = _nothing, ()

    def run(self, loop: asyncio.AbstractEventLoop) -> None:
        """Run it; what it raises is the loop's affair."""
        try:
            self._context.run(self.callback, *self._args)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:  # noqa: BLE001 - as asyncio does it
            message = f"Exception in callback {self.callback}"
            loop.call_exception_handler({"message": message, "exception": error})


def _nothing() -> None:
    """Stand in for what is not to be run, of which nothing is to be kept."""


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Runs tasks and timers in an order that depends on nothing but the program.

    `tasks` are those under way, in the order in which they were made: asyncio itself only keeps a
    set of them, whose order differs from run to run. There are no sockets to be waited for, and
    timers of the same moment run in the order in which they were set.

    A simulation is nothing but small callbacks: what asyncio does in several calls for each of
    them, in part for its debug mode, is done in one here.
    """

    def __init__(self) -> None:
        self._seconds = 0.0
        self._now: datetime | None = BEGINNING
        """None is that nobody has asked since the clock went on."""
        self._timers: list[tuple[float, int, Handle]] = []
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
        if self._now is None:
            self._now = BEGINNING + timedelta(seconds=self._seconds)
        return self._now

    def call_soon(
        self, callback: Callable[..., object], *args: object, context: Context | None = None
    ) -> Any:
        """Have something run after all that can run already; return its `Handle`."""
        handle = Handle(callback, args, context)
        self._ready.append(handle)  # type: ignore[attr-defined]
        return handle

    def call_later(
        self,
        delay: float,
        callback: Callable[..., object],
        *args: object,
        context: Context | None = None,
    ) -> Any:
        """Have something run after some seconds; return its `Handle`."""
        handle = Handle(callback, args, context)
        heappush(self._timers, (self._seconds + delay, next(self._numbers), handle))
        return handle

    def call_at(
        self,
        when: float,
        callback: Callable[..., object],
        *args: object,
        context: Context | None = None,
    ) -> Any:
        """Have something run when it is so late; return its `Handle`."""
        handle = Handle(callback, args, context)
        heappush(self._timers, (when, next(self._numbers), handle))
        return handle

    def run_in_executor(  # type: ignore[override]  # its type is beyond what is of use here
        self, executor: None, func: Callable[..., Any], *args: object
    ) -> asyncio.Future[Any]:
        """Have something done as if by a thread, which has its result a little later."""
        result: asyncio.Future[Any] = self.create_future()

        def run() -> None:
            if not result.cancelled():
                result.set_result(func(*args))

        self.call_later(THREAD_SECONDS, run)
        return result

    def timers_of(self, owner: object) -> int:
        """Count the timers that have yet to call a method of `owner`."""
        callbacks = (handle.callback for _, _, handle in self._timers)
        return sum(getattr(callback, "__self__", None) is owner for callback in callbacks)

    def _run_once(self) -> None:
        """Run all that can run, until the loop is to stop: it consists of nothing else."""
        timers = self._timers
        ready = self._ready  # type: ignore[attr-defined]
        while not self._stopping:  # type: ignore[attr-defined]
            if not ready:
                self._jump()
            while timers and timers[0][0] <= self._seconds:
                ready.append(heappop(timers)[2])
            for _ in range(len(ready)):
                handle = ready.popleft()
                if not handle.is_cancelled:
                    handle.run(self)

    def _jump(self) -> None:
        """Let it be as late as when something is due next."""
        timers = self._timers
        while timers and timers[0][2].is_cancelled:
            heappop(timers)
        if not timers:
            raise DeadlockError("nothing is due any more")
        if timers[0][0] > self._seconds:
            self._seconds, self._now = timers[0][0], None

    def _make_task(
        self, loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Any], **options: Any
    ) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.Task(work, loop=loop, **options)
        self.tasks[task] = None
        task.add_done_callback(lambda done: self.tasks.pop(done, None))
        return task
