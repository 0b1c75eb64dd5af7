"""The reference software as the tests use it."""

import asyncio
import logging
from contextlib import aclosing
from typing import Any, Self

import pytest

from component.call_event import CallEvent
from component.subscriber import RefusedError, Subscriber
from tests.contract.subscriber.pubsub_server import PASSWORD

PATIENCE = 20.0


class Log(logging.Handler):
    """Lets tests wait for what the subscriber says about its connection."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: asyncio.Queue[str] = asyncio.Queue()

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.put_nowait(record.getMessage())

    async def says(self, part: str) -> None:
        """Wait for a message that contains this; those before it are passed over."""
        async with asyncio.timeout(PATIENCE):
            while part not in await self.messages.get():
                pass


class Watched:
    """What a subscriber showed so far."""

    def __init__(self, port: int, **options: Any) -> None:
        login: dict[str, Any] = {"jid": "user1@example.com", "password": PASSWORD}
        at = {"extension": "1000", "host": "127.0.0.1", "port": port, "plaintext": True}
        self.subscriber = Subscriber(**(login | at | options))
        self.events: list[CallEvent] = []
        self._news = asyncio.Condition()

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def has_shown(self, *expected: tuple[str, str]) -> None:
        """Wait until as many events were shown; they must be exactly these: (state, call id)."""
        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(lambda: len(self.events) >= len(expected))
        assert [(event.state, event.call_id) for event in self.events] == list(expected)

    async def _watch(self) -> None:
        async with aclosing(self.subscriber.events()) as events:
            async for event in events:
                async with self._news:
                    self.events.append(event)
                    self._news.notify_all()


async def refusal(port: int, **options: Any) -> str:
    """Return why a subscriber gave up."""
    async with Watched(port, **options) as watched:
        with pytest.raises(RefusedError) as caught:
            await asyncio.wait_for(watched._task, PATIENCE)
    return str(caught.value)
