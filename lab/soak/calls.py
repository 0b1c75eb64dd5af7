"""Calls that end in many ways, while agents and programs come and go.

The operator makes changes meanwhile, and Asterisk goes away now and then.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random

from component.domain.commands import CallCommand, HangUpLeg, Ring
from component.domain.errors import DomainError
from component.domain.events import (
    AgentChanged,
    AgentRemoved,
    AsteriskLost,
    BlindTransfer,
    CallerEntered,
    CallerLeft,
    DeviceStateChanged,
    Event,
    LegAnswered,
    LegEnded,
    LogOff,
    LogOn,
    MemberChanged,
    MemberRemoved,
    NotConnected,
    NumberLookedUp,
    Pause,
    QueueChanged,
    Unpause,
)
from component.domain.model import Caller, Customer
from component.domain.words import DeviceState, LegEnd
from component.ports import Snapshot
from component.pubsub.addresses import extension_node
from component.pubsub.audience import Resource
from component.pubsub.service import PubSub, Request
from component.pubsub.subscribing import Options
from lab.bench_engine.centre import ACCOUNT, DOMAIN, QUEUE, Centre, agent

PATIENCE = 3.0
"""Seconds that a caller waits for a phone to ring."""

CALLS_PER_CHANGE = 10
CHANGES_PER_GAP = 60

PROGRAMS = 20
"""Of agents, that are online and subscribed at a time."""


@dataclass(slots=True)
class Traffic:
    """What is done to a call centre with so many agents. Each run does the same."""

    centre: Centre
    agents: int
    rng: Random = field(default_factory=lambda: Random(1))  # noqa: S311 each run is to be like the last
    calls: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    _rung: dict[str, asyncio.Queue[Ring]] = field(default_factory=dict)
    _online: deque[str] = field(default_factory=deque)

    async def deal_out(self) -> None:
        """Give each phone that rings to the call that it rings for, for ever."""
        while True:
            ring = await self.centre.outside.rung.get()
            rung = self._rung.get(ring.leg.call_id)
            if rung is not None:
                rung.put_nowait(ring)
            else:
                self.centre.engine.submit(LegEnded(ring.leg, LegEnd.HUNG_UP))

    def obey(self, commands: Iterable[CallCommand]) -> None:
        """Let phones that are to be rung no longer say so, as Asterisk does."""
        for command in commands:
            if isinstance(command, HangUpLeg):
                ended = LegEnded(command.leg, LegEnd.HUNG_UP)
                asyncio.get_running_loop().call_soon(self.centre.engine.submit, ended)

    async def go_on(self, until: int) -> None:
        """Make one call after another until there were so many."""
        while self.calls < until:
            self.calls += 1
            number = self.calls
            if number % CALLS_PER_CHANGE == 0:
                await self._change(number // CALLS_PER_CHANGE)
            await self._call(number)

    async def _call(self, number: int) -> None:
        call_id, channel = f"{number:032x}", f"channel{number}"
        customer = Customer(number, str(number), f"Company {number}")
        self._rung[call_id] = asyncio.Queue()
        self.centre.engine.submit(
            CallerEntered(call_id, QUEUE, channel, Caller(f"5{number:07}"), str(number), customer)
        )
        try:
            async with asyncio.timeout(PATIENCE):
                end = await self._lead(call_id, channel, self.rng.random())
        except TimeoutError:
            end = "gave up"
        finally:
            del self._rung[call_id]
        self.ends[end] += 1
        await self._tell(CallerLeft(channel))

    async def _lead(self, call_id: str, channel: str, chance: float) -> str:
        """Lead a call until the caller leaves; return how it ended."""
        ring = await self._rung[call_id].get()
        await self._tell(DeviceStateChanged(ring.device, DeviceState.RINGING))
        if chance < 0.1:
            await self._tell(CallerLeft(channel), *_over(ring))
            return "abandoned"
        if chance < 0.2:
            await self._tell(*_over(ring, LegEnd.REJECTED))
            ring = await self._rung[call_id].get()
        await self._tell(LegAnswered(ring.leg), DeviceStateChanged(ring.device, DeviceState.INUSE))
        if chance < 0.25:
            await self._tell(NotConnected(ring.leg), *_over(ring))
            return "not connected"
        if chance < 0.35:
            number, context = "4100", "from-phones"
            await self._tell(
                BlindTransfer(ring.leg, number, context),
                NumberLookedUp(ring.leg, number, context, exists=True),
                *_over(ring),
            )
            return "passed on"
        await self._tell(*_over(ring))
        return "served"

    async def _change(self, number: int) -> None:
        extension = agent(self.rng.randrange(self.agents))
        device = f"PJSIP/{extension}"
        match number % 6:
            case 0 if number % CHANGES_PER_GAP == 0:
                await self._lose_asterisk()
            case 0:
                await self._tell(LogOff(device, None), LogOn(device, None))
            case 1:
                await self._tell(Pause(device, QUEUE, "lunch"), Unpause(device, QUEUE))
            case 2 | 3:
                await self._subscribe(number, extension)
            case 4:
                queue = await self.centre.engine.errand(lambda state, *_: state.queues[QUEUE])
                level = timedelta(seconds=10 + number % 5)
                await self._tell(QueueChanged(replace(queue, servicelevel=level)))
            case 5:
                await self._hire_and_fire(f"new{number}")

    async def _subscribe(self, number: int, extension: str) -> None:
        """Let a program come, subscribe, and renew its lease; let the oldest one go."""
        jid, engine = f"{ACCOUNT}/{number}", self.centre.engine
        request = Request(jid, DOMAIN, extension_node(extension))
        await engine.pubsub(lambda pubsub, _: pubsub.arrive(DOMAIN, Resource(jid)))
        await engine.pubsub(lambda pubsub, now: pubsub.subscribe(request, jid, jid, now))
        for days in (1, 2, 3):
            await engine.pubsub(partial(_renew, request, timedelta(days=days)))
        self._online.append(jid)
        if len(self._online) > PROGRAMS:
            gone = self._online.popleft()
            await engine.pubsub(lambda pubsub, _: pubsub.leave(DOMAIN, gone))

    async def _hire_and_fire(self, extension: str) -> None:
        device = f"PJSIP/{extension}"
        await self._tell(
            AgentChanged(extension, device, f"{extension}@example.com"),
            MemberChanged(QUEUE, extension),
            LogOn(device, QUEUE),
            LogOff(device, QUEUE),
            MemberRemoved(QUEUE, extension),
            AgentRemoved(extension),
        )

    async def _lose_asterisk(self) -> None:
        """Lose Asterisk, and find it again without any call."""
        self.centre.engine.submit(AsteriskLost())
        idle = {f"PJSIP/{agent(n)}": DeviceState.NOT_INUSE for n in range(self.agents)}
        found = Snapshot(datetime.now(UTC), (), frozenset(), frozenset(), {}, idle)
        await self.centre.engine.reconcile(found)

    async def _tell(self, *facts: Event) -> None:
        for fact in facts:
            with suppress(DomainError):  # it came too late, as it may in a gap
                await self.centre.engine.step(fact)


def _renew(request: Request, lease: timedelta, pubsub: PubSub, now: datetime) -> None:
    pubsub.set_options(request, request.actor, None, Options(expire=now + lease), now)


def _over(ring: Ring, end: LegEnd = LegEnd.HUNG_UP) -> tuple[Event, Event]:
    return DeviceStateChanged(ring.device, DeviceState.NOT_INUSE), LegEnded(ring.leg, end)
