"""Work in order per key, side by side across keys."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import structlog

log = structlog.get_logger(__name__)

T = TypeVar("T")


class Lanes(Generic[T]):
    """Each key has a lane, in which one item after another is worked on.

    A lane exists only while it has work: nothing is kept of keys that are done.
    """

    def __init__(self, work: Callable[[T], Awaitable[None]]) -> None:
        self._work = work
        self._waiting: dict[str, deque[T]] = {}
        self._workers: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, key: str, item: T) -> None:
        """Append an item to the lane of a key; never blocks."""
        waiting = self._waiting.get(key)
        if waiting is not None:
            waiting.append(item)
            return
        self._waiting[key] = deque([item])
        self._start(key)

    async def drain(self, seconds: float) -> None:
        """Wait until all lanes are done, but not longer than this; give up what is left."""
        if self._workers:
            await asyncio.wait(set(self._workers), timeout=seconds)
        left = set(self._workers)
        for worker in left:
            worker.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _start(self, key: str) -> None:
        worker = asyncio.create_task(self._run(key), name=f"lane {key}")
        self._workers.add(worker)
        worker.add_done_callback(lambda done: self._stopped(key, done))

    async def _run(self, key: str) -> None:
        waiting = self._waiting[key]
        while waiting:
            await self._work(waiting.popleft())
        del self._waiting[key]  # in the same step as the look at `waiting`: nothing slips between

    def _stopped(self, key: str, worker: asyncio.Task[None]) -> None:
        self._workers.discard(worker)
        if worker.cancelled():
            self._waiting.pop(key, None)
        elif (error := worker.exception()) is not None:
            log.error("work failed", lane=key, exc_info=error)
            self._start(key)  # the rest of the lane is not to suffer
