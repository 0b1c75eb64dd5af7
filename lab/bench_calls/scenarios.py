"""What is done with the telephones, to a queue of app_queue's and to one of ours alike."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Self

from lab.bench_calls.centre import Centre, Pids
from lab.bench_calls.phones import Call, Offer, Phones
from lab.bench_calls.sizes import Traffic
from lab.bench_pubsub.usage import cpu_seconds

SHORT = 0.02
"""Seconds of a call that is of no interest once it is answered."""

REST = 0.03
"""Seconds between a call and the next, for an idle Asterisk."""

PATIENCE = 20.0
"""Seconds after which a caller is lost."""

SUDDEN = 1.0
"""An offer that takes longer, in seconds, says that there are too many calls."""

BACKLOG = 10
"""Callers who wait while all agents talk."""

FREED_PER_SECOND = 20.0
"""Agents, at most, who hang up while callers wait."""

CALL_SECONDS = 0.03
"""Between the calls by which there are always enough of them."""

CROWD_TALK = 1.0
"""Seconds of talk while it is tried how many calls a second there can be."""

IDLE_SECONDS = 2.0
"""For which it is looked what processes use while there is no call."""

REST_SECONDS = 0.5
"""For which the processes are to have nothing to do, before something else is measured."""

AT_REST = 0.1
"""Of a processor, what all processes use together while they have nothing to do, at most."""

LOAD = 0.6
"""How many of the agents talk while it is seen whose turn it is."""


@dataclass(frozen=True, slots=True)
class Entries:
    """Times from INVITE to INVITE, and what each process used for a call."""

    seconds: Sequence[float]
    cpu: Mapping[str, float]
    """Seconds."""


class Listener:
    """Takes note of the offers, by the caller's number."""

    def __init__(self, phones: Phones, talk: Callable[[], float]) -> None:
        self.offers: dict[str, Offer] = {}
        self._talk = talk
        self._came = asyncio.Event()
        phones.on_offer = self._note

    async def offered(self, call: Call) -> Offer:
        """Wait for the offer of a call. Raises `TimeoutError`."""
        async with asyncio.timeout(PATIENCE):
            while call.number not in self.offers:
                self._came.clear()
                await self._came.wait()
        return self.offers[call.number]

    def _note(self, offer: Offer) -> float:
        self.offers.setdefault(offer.number, offer)
        self._came.set()
        return self._talk()


class Usage:
    """What processes use for their work, beyond what they use while there is none."""

    @classmethod
    async def idle(cls, centre: Centre) -> Self:
        """See what they use while there is none."""
        usage = cls(centre.pids, {})
        usage.begin()
        await asyncio.sleep(IDLE_SECONDS)
        usage._idle = {name: used / IDLE_SECONDS for name, used in usage.used().items()}
        return usage

    def __init__(self, pids: Pids, idle: Mapping[str, float]) -> None:
        self._pids = pids
        self._idle = idle
        self.begin()

    def begin(self) -> None:
        """Count from now on."""
        self._began = time.monotonic()
        self._before = {name: cpu_seconds(pids()) for name, pids in self._pids.items()}

    def used(self) -> dict[str, float]:
        """Return the seconds of CPU of each process since `begin`.

        A process that has no part in it may use less than it did while there was nothing to do.
        """
        lasted = time.monotonic() - self._began
        used = {name: cpu_seconds(pids()) - self._before[name] for name, pids in self._pids.items()}
        return {name: max(0.0, used[name] - self._idle.get(name, 0.0) * lasted) for name in used}

    async def rest(self) -> None:
        """Wait until the processes are done with what they were given before.

        After calls that were too many they go on for seconds. Raises `TimeoutError`.
        """
        async with asyncio.timeout(PATIENCE):
            used = AT_REST
            while used >= AT_REST * REST_SECONDS:
                before = self._total()
                await asyncio.sleep(REST_SECONDS)
                used = self._total() - before

    def _total(self) -> float:
        return sum(cpu_seconds(pids()) for pids in self._pids.values())


async def enter(phones: Phones, usage: Usage, extension: str, calls: int) -> Entries:
    """Make calls one after another; there is always a free agent."""
    listener = Listener(phones, lambda: SHORT)
    for _ in range(5):  # what is done but once
        await _one(phones, listener, extension)
    usage.begin()
    seconds = [await _one(phones, listener, extension) for _ in range(calls)]
    cpu = {name: used / calls for name, used in usage.used().items()}
    await phones.quiet()
    return Entries(seconds, cpu)


async def _one(phones: Phones, listener: Listener, extension: str) -> float:
    call = phones.call(extension)
    offer = await listener.offered(call)
    await asyncio.wait_for(call.over, PATIENCE)
    await asyncio.sleep(REST)
    return offer.arrived - call.sent


async def free(phones: Phones, extension: str, agents: int, seconds: float) -> list[float]:
    """Let all agents talk and callers wait; return how long each agent is free between two."""
    dice = Random(1)  # noqa: S311 - both queues are to have the same
    talk = agents / min(FREED_PER_SECOND, agents / 0.5)
    freed: dict[str, float] = {}
    gaps: list[float] = []

    def offered(offer: Offer) -> float:
        at = freed.pop(offer.agent, None)
        if at is not None:
            gaps.append(offer.arrived - at)
        return dice.uniform(0.5, 1.5) * talk

    phones.on_offer, phones.on_free = offered, freed.__setitem__
    ends = time.monotonic() + 2 * talk + seconds
    measured_from = ends - seconds
    while (now := time.monotonic()) < ends:
        if len(phones.calls) < agents + BACKLOG:
            phones.call(extension)
        if now < measured_from:
            gaps.clear()
        await asyncio.sleep(CALL_SECONDS)
    phones.on_offer, phones.on_free = lambda _: SHORT, lambda *_: None
    await phones.quiet()
    return gaps


@dataclass(frozen=True, slots=True)
class Turns:
    """Whose turn it was."""

    offers: int
    """Of which it can be told."""
    right: int
    late: float
    """By how many seconds, at most, somebody else had been idle longer."""


async def turns(phones: Phones, extension: str, agents: int, traffic: Traffic) -> Turns:
    """Let calls come at random; see who is offered each, and who has been idle the longest.

    Each has had a call before it counts, and they ended at some distance.
    """
    dice = Random(2)  # noqa: S311 - as above
    numbers: set[str] = set()
    called: set[str] = set()
    idle: dict[str, float] = {}
    found: list[float] = []

    def introduced(offer: Offer) -> float:
        if offer.number not in numbers:  # of what was measured before
            return SHORT
        called.add(offer.agent)
        return CALL_SECONDS * (agents + 20)

    def offered(offer: Offer) -> float:
        since = idle.pop(offer.agent, None)
        if since is not None and idle:
            found.append(max(0.0, since - min(idle.values())))
        return dice.uniform(0.2, 1.8) * traffic.talk

    def freed(name: str, at: float) -> None:
        if name in called:
            idle[name] = at

    phones.on_offer, phones.on_free = introduced, freed
    for _ in range(agents):
        numbers.add(phones.call(extension).number)
        await asyncio.sleep(CALL_SECONDS)
    await phones.idle()
    assert len(idle) == agents, f"only {len(idle)} of {agents} agents were called at once"
    phones.on_offer = offered
    pause = traffic.talk / (LOAD * agents)
    for _ in range(traffic.calls):
        phones.call(extension)
        await asyncio.sleep(dice.uniform(0.2, 1.8) * pause)
    phones.on_offer, phones.on_free = lambda _: SHORT, lambda *_: None
    await phones.quiet()
    return Turns(len(found), found.count(0.0), max(found, default=0.0))


async def at_rate(phones: Phones, extension: str, rate: int, seconds: float) -> list[float] | None:
    """Make so many calls a second; return the times to the offers, None if it was too much."""
    offers: dict[str, Offer] = {}

    def offered(offer: Offer) -> float:
        offers.setdefault(offer.number, offer)
        return CROWD_TALK

    phones.on_offer = offered
    loop = asyncio.get_running_loop()
    began, calls = loop.time(), []
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, began + number / rate - loop.time()))
        calls.append(phones.call(extension))
    await asyncio.sleep(SUDDEN)
    took = [offers[c.number].arrived - c.sent for c in calls if c.number in offers]
    prompt = sum(one <= SUDDEN for one in took)
    await _drained(phones)
    return took if prompt >= 0.99 * len(calls) else None


async def _drained(phones: Phones) -> None:
    """Wait until all calls are over; those that wait still are given up."""
    phones.on_offer = lambda _: SHORT
    await phones.quiet()


async def lookups(phones: Phones, extension: str, count: int, at_once: int) -> list[float]:
    """Have customers looked up, so many at a time; return how long each call took."""
    took: list[float] = []
    for start in range(0, count, at_once):
        calls = [phones.call(f"{extension}{start + n + 1}") for n in range(at_once)]
        took += [await asyncio.wait_for(call.over, PATIENCE) - call.sent for call in calls]
    return took
