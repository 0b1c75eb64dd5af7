"""Waiting for something to become true, with an error that says what did not."""

import asyncio
from collections.abc import Callable

PATIENCE = 20.0
"""Seconds that the other side may take, on a busy machine, for what it is to do at once."""


class Changes:
    """Wakes those who wait whenever something may have become true."""

    def __init__(self) -> None:
        self._next = asyncio.Event()

    def notify(self) -> None:
        """Let those who wait look again."""
        self._next.set()
        self._next = asyncio.Event()

    async def until(
        self, reached: Callable[[], bool], within: float, complaint: Callable[[], str]
    ) -> None:
        """Wait until `reached()`.

        Raises `TimeoutError` with `complaint()`, made at that moment, after `within` seconds.
        """
        try:
            async with asyncio.timeout(within):
                while not reached():
                    await self._next.wait()
        except TimeoutError:
            raise TimeoutError(f"{complaint()} (waited {within:g} s)") from None
