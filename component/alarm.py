"""A timer that may be set to several times, and rings at the first of them."""

import asyncio
from collections.abc import Callable


class Alarm:
    """Rings once; to ring again it has to be set again."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._set: asyncio.TimerHandle | None = None

    def set(self, seconds: float) -> None:
        """Let it ring after so many seconds, unless it rings before."""
        loop = asyncio.get_running_loop()
        at = loop.time() + seconds
        if self._set is not None:
            if self._set.when() <= at:
                return
            self._set.cancel()
        self._set = loop.call_at(at, self._go_off)

    def _go_off(self) -> None:
        self._set = None
        self._ring()
