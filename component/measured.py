"""Parts of the service, measured: each does what the part does that it is made around."""

import asyncio
import time
from collections.abc import Callable, Collection, Sequence
from typing import Protocol
from xml.etree import ElementTree as ET

from component.domain.model import Call, Customer
from component.markup import Markup
from component.metrics import Failure, LookupResult, Metrics
from component.ports import (
    Changes,
    Directory,
    Store,
    Stored,
    StoreRefusedError,
    StoreUnavailableError,
)
from component.pubsub.model import Item

LAG_SECONDS = 0.25
"""How often the event loop's lag is measured."""


class MeasuredDirectory:
    """A customer directory whose look-ups are counted and timed."""

    def __init__(self, directory: Directory, metrics: Metrics) -> None:
        self._directory = directory
        self._metrics = metrics

    async def customer(self, code: str, number: str = "") -> Customer | None:
        """Look up as the directory does. What is given up or fails counts as TIMEOUT."""
        started = time.monotonic()
        result = LookupResult.TIMEOUT
        try:
            customer = await self._directory.customer(code, number)
            result = LookupResult.UNKNOWN if customer is None else LookupResult.FOUND
            return customer
        finally:
            self._metrics.customer_looked_up(result, time.monotonic() - started)


class MeasuredStore:
    """A store whose failures to commit are counted; what succeeds, the engine times."""

    def __init__(self, store: Store, metrics: Metrics) -> None:
        self._store = store
        self._metrics = metrics

    async def load(self) -> Stored:
        """Read everything. Raises `StoreUnavailableError`."""
        return await self._store.load()

    async def read_items(self, keys: Sequence[tuple[str, str]]) -> list[Item]:
        """Read items as the store does. Raises `StoreUnavailableError`."""
        return await self._store.read_items(keys)

    async def last_ended(self, channels: Collection[str]) -> list[Call]:
        """Read which calls are over as the store does. Raises `StoreUnavailableError`."""
        return await self._store.last_ended(channels)

    async def commit(self, changes: Changes) -> None:
        """Commit as the store does. Raises what it raises."""
        try:
            await self._store.commit(changes)
        except StoreUnavailableError:
            self._metrics.commit_failed(Failure.NO_ANSWER)
            raise
        except StoreRefusedError:
            self._metrics.commit_failed(Failure.REFUSED)
            raise


class Answerer(Protocol):
    """Who answers stanzas."""

    async def answer(self, stanza: ET.Element) -> Markup | None:
        """Return the reply to a stanza, if it calls for one."""
        ...

    def decline(self, stanza: ET.Element) -> Markup | None:
        """Return the reply to a stanza that there is no time for."""
        ...


class MeasuredAnswerer:
    """Who answers stanzas, with the requests timed and the messages counted that come back."""

    def __init__(self, answerer: Answerer, metrics: Metrics) -> None:
        self._answerer = answerer
        self._metrics = metrics

    async def answer(self, stanza: ET.Element) -> Markup | None:
        """Answer as the one within does."""
        if stanza.tag.endswith("}message") and stanza.get("type") == "error":
            self._metrics.bounced()
        started = time.monotonic()
        reply = await self._answerer.answer(stanza)
        if reply is not None and stanza.tag.endswith("}iq"):
            refused = reply.startswith("<iq type='error'")
            self._metrics.request_answered(time.monotonic() - started, refused=refused)
        elif stanza.tag.endswith("}iq") and stanza.get("type") not in ("result", "error"):
            self._metrics.request_unanswered()
        return reply

    def decline(self, stanza: ET.Element) -> Markup | None:
        """Decline as the one within does."""
        reply = self._answerer.decline(stanza)
        if reply is not None:
            self._metrics.request_declined()
        return reply


async def measure_lag(report: Callable[[float], None]) -> None:
    """Report for ever how much later than due this task is woken, in seconds."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + LAG_SECONDS
        await asyncio.sleep(LAG_SECONDS)
        report(max(0.0, loop.time() - due))
