"""A timer that may be set to several times, and rings at the first of them."""

import asyncio
from collections.abc import Callable
from math import inf


class Alarm:
    """Rings once; to ring again it has to be set again."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._set: asyncio.Handle | None = None
        self._at = inf
        """When it rings. Of a timer that is due at once, uvloop's handle does not know."""

    def set(self, seconds: float) -> None:
        """Let it ring after so many seconds, unless it rings before."""
        loop = asyncio.get_running_loop()
        at = loop.time() + seconds
        if self._at <= at:
            return
        if self._set is not None:
            self._set.cancel()
        self._set, self._at = loop.call_at(at, self._go_off), at

    def _go_off(self) -> None:
        self._set, self._at = None, inf
        self._ring()
