"""Channels that were taken back, and may come into being all the same.

A request to make a channel that got no answer may be worked on after the one to take it down: if
Asterisk was frozen, or the two went different ways. A phone would ring then for nobody. So such a
channel is looked for as long as it may ring.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from component.telephony.errors import AriError

log = structlog.get_logger(__name__)

PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds before each look. Of what comes later still a reconnect tells, or its being answered."""


class LateChannels:
    """Takes channels down that come late. `hang_up` raises an `AriError` if there is none."""

    def __init__(self, hang_up: Callable[[str], Awaitable[None]]) -> None:
        self._hang_up = hang_up
        self._looking: set[asyncio.Task[None]] = set()

    def expect(self, channel: str) -> None:
        """Begin to look for a channel that should not be there any more."""
        looking = asyncio.create_task(self._look_for(channel), name=f"late {channel}")
        self._looking.add(looking)
        looking.add_done_callback(self._looking.discard)

    async def close(self) -> None:
        """Look no more."""
        looking = set(self._looking)
        for task in looking:
            task.cancel()
        await asyncio.gather(*looking, return_exceptions=True)

    async def _look_for(self, channel: str) -> None:
        for seconds in PAUSES:
            await asyncio.sleep(seconds)
            try:
                await self._hang_up(channel)
            except AriError as error:
                log.debug("no channel came late", channel=channel, error=str(error))
            else:
                log.warning("channel came late, hung up", channel=channel)
                return
