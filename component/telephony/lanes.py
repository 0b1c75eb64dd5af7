"""Work in order per key, side by side across keys."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import structlog

log = structlog.get_logger(__name__)

T = TypeVar("T")

_Behind = tuple[T, asyncio.Event | None]
"""An item, and what is set when all is done behind which it comes."""


class Lanes(Generic[T]):
    """Each key has a lane, in which one item after another is worked on.

    A lane exists only while it has work: nothing is kept of keys that are done.
    """

    def __init__(self, work: Callable[[T], Awaitable[None]]) -> None:
        self._work = work
        self._waiting: dict[str, deque[_Behind[T] | asyncio.Event]] = {}
        """Events are set when all is done that was put before them."""
        self._workers: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, key: str, item: T, *, behind: str = "") -> None:
        """Append an item to the lane of a key; never blocks.

        It is worked on when all is done that is in the lane `behind` by now, too.
        """
        done = None if behind == key else self._end_of(behind)
        waiting = self._waiting.get(key)
        if waiting is not None:
            waiting.append((item, done))
            return
        self._waiting[key] = deque([(item, done)])
        self._start(key)

    async def drain(self, seconds: float) -> None:
        """Wait until all lanes are done, but not longer than this; give up what is left."""
        if self._workers:
            await asyncio.wait(set(self._workers), timeout=seconds)
        left = set(self._workers)
        for worker in left:
            worker.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _end_of(self, key: str) -> asyncio.Event | None:
        """Return what is set when all is done that is in a lane by now; None if nothing is."""
        waiting = self._waiting.get(key)
        if waiting is None:
            return None
        done = asyncio.Event()
        waiting.append(done)
        return done

    def _start(self, key: str) -> None:
        worker = asyncio.create_task(self._run(key), name=f"lane {key}")
        self._workers.add(worker)
        worker.add_done_callback(lambda done: self._stopped(key, done))

    async def _run(self, key: str) -> None:
        waiting = self._waiting[key]
        while waiting:
            first = waiting.popleft()
            if isinstance(first, asyncio.Event):
                first.set()
                continue
            item, behind = first
            if behind is not None:
                await behind.wait()
            await self._work(item)
        del self._waiting[key]  # in the same step as the look at `waiting`: nothing slips between

    def _stopped(self, key: str, worker: asyncio.Task[None]) -> None:
        self._workers.discard(worker)
        if worker.cancelled():
            self._waiting.pop(key, None)
        elif (error := worker.exception()) is not None:
            log.error("work failed", lane=key, exc_info=error)
            self._start(key)  # the rest of the lane is not to suffer
