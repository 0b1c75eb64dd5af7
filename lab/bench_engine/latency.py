"""How long it takes from a fact to the deed that it leads to, with the commit in between."""

import asyncio
import time
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path

from component.domain.commands import Ring
from component.domain.events import (
    CallerEntered,
    CallerLeft,
    DeviceStateChanged,
    Event,
    LegAnswered,
    LegEnded,
)
from component.domain.model import Caller, Customer
from component.domain.words import DeviceState, LegEnd
from lab.bench_engine import figures
from lab.bench_engine.centre import QUEUE, Centre, running
from lab.bench_engine.sizes import Size
from lab.bench_pubsub.figures import Figures

COMPANY = Customer(1, "1111", "Company 1", {"contract": "gold"})

PATIENCE = 30.0
"""Seconds after which a phone that does not ring never will."""

FIRST = 20
"""Calls that are not counted: with them is done what is done but once."""


async def measure(size: Size, directory: Path, noted: Figures) -> None:
    """Lead calls through the engine, with queues of several sizes."""
    for agents in size.agents:
        column = figures.column(agents)
        async with running(directory / str(agents), agents) as centre:
            calls = Calls(centre)
            for _ in range(FIRST):
                await calls.one()
            centre.commits.seconds.clear()
            began = time.process_time()
            entries = [await calls.one() for _ in range(size.calls)]
            used = time.process_time() - began
            _note(noted, column, figures.ENTERS, entries)
            _note(noted, column, figures.COMMIT, centre.commits.seconds)
            noted.add(figures.LATENCY, column, figures.CPU, 1000 * used / size.calls)
            rate = await calls.fill(agents, size.waiting)
            noted.add(figures.LATENCY, column, figures.RATE, rate)
            _note(noted, column, figures.FREE, [await calls.next_one() for _ in range(size.calls)])


def _note(noted: Figures, column: str, what: str, seconds: list[float]) -> None:
    names = [figures.latency(what), figures.latency(what, "p99")]
    noted.add_times(figures.LATENCY, column, names, seconds)


class Calls:
    """Makes calls, with all that Asterisk would report of them."""

    def __init__(self, centre: Centre) -> None:
        self._engine = centre.engine
        self._rung = centre.outside.rung
        self._number = 0
        self._talking: deque[Ring] = deque()

    async def one(self) -> float:
        """Lead a call from its beginning to its end; return the seconds until a phone is rung."""
        entered = self._caller()
        began = time.perf_counter()
        self._engine.submit(entered)
        ring = await self._ring()
        took = time.perf_counter() - began
        for fact in (*_taken(ring), *_over(ring), CallerLeft(entered.channel)):
            await self._engine.step(fact)
        return took

    async def fill(self, agents: int, waiting: int) -> float:
        """Let all agents talk, and then callers come all at once, who have to wait.

        Return how many of these are taken in a second.
        """
        for _ in range(agents):
            self._engine.submit(self._caller())
        self._talking.extend([await self._ring() for _ in range(agents)])
        await self._all(fact for ring in self._talking for fact in _taken(ring))
        began = time.perf_counter()
        await self._all(self._caller() for _ in range(waiting))
        return waiting / (time.perf_counter() - began)

    async def next_one(self) -> float:
        """Let the agent come free who talks the longest; return the seconds until the next call.

        Another caller takes the place of the one who is served.
        """
        over = self._talking.popleft()
        began = time.perf_counter()
        for fact in _over(over):
            self._engine.submit(fact)
        ring = await self._ring()
        took = time.perf_counter() - began
        self._talking.append(ring)
        await self._all([*_taken(ring), CallerLeft(over.channel), self._caller()])
        return took

    async def _ring(self) -> Ring:
        return await asyncio.wait_for(self._rung.get(), PATIENCE)

    async def _all(self, facts: Iterable[Event]) -> None:
        await asyncio.gather(*map(self._engine.step, facts))

    def _caller(self) -> CallerEntered:
        self._number += 1
        caller = Caller(str(5_000_000 + self._number))
        name = f"{self._number:032x}"
        return CallerEntered(name, QUEUE, f"channel{name}", caller, "1111", COMPANY)


def _taken(ring: Ring) -> Iterator[Event]:
    yield DeviceStateChanged(ring.device, DeviceState.RINGING)
    yield LegAnswered(ring.leg)
    yield DeviceStateChanged(ring.device, DeviceState.INUSE)


def _over(ring: Ring) -> Iterator[Event]:
    yield DeviceStateChanged(ring.device, DeviceState.NOT_INUSE)
    yield LegEnded(ring.leg, LegEnd.HUNG_UP)
