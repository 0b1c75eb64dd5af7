"""The same happens in a queue of app_queue's and in one of ours: both write the same log."""

import asyncio
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from operator import methodcaller
from typing import ClassVar

import pytest

from lab.sip import IncomingCall, OutgoingCall, Phone, answering, rejecting, ringing_only
from tests.e2e.queue_logs import IDS, Entry, comparable, our_log, their_log
from tests.e2e.world import World

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.queue(
        timeout=4, autopause="yes", context="ivr-queue-keys", leavewhenempty="unavailable"
    ),
]


class Side(ABC):
    """One of the two queues, with its only agent."""

    codes: ClassVar[Mapping[str, str]]
    """What the agent dials, by what is logged of it."""
    number: ClassVar[str]
    """What callers dial."""
    status: ClassVar[str]
    """The global variable that has the last QUEUESTATUS."""

    def __init__(self, world: World, agent: Phone) -> None:
        self.world = world
        self.agent = agent
        self._awaited: Counter[str] = Counter()

    @abstractmethod
    async def log(self) -> list[Entry]:
        """Read the log."""

    @abstractmethod
    async def set_penalty(self, penalty: int) -> None:
        """Give the agent another penalty."""

    async def told(self) -> list[Entry]:
        """Read the log without what cannot be the same on both sides."""
        agent = self.agent.user
        names = {agent: "agent", f"PJSIP/{agent}": "agent", "support": "queue", "theirs": "queue"}
        return [comparable(entry, names) for entry in await self.log()]

    async def logs(self, event: str) -> None:
        """Wait until an event is logged once more than it was waited for."""
        self._awaited[event] += 1
        await self.world.until(lambda: self._has_logged(event), f"{type(self)} logs {event}")

    async def left_by(self) -> str:
        """Read the QUEUESTATUS of the last caller who went on in the dialplan."""
        return await self.world.dialplan_variable(self.status)

    async def id_in(self, event: str) -> str:
        """Read the id that an event named when it was logged last."""
        return [entry[4 + IDS[event]] for entry in await self.log() if entry[3] == event][-1]

    async def dials(self, event: str) -> None:
        """Let the agent dial a code."""
        call = await self.agent.dial(self.codes[event])
        await self.logs(event)
        await call.hang_up()
        await self.world.until(self._is_free, f"phone {self.agent.user} is free")

    @asynccontextmanager
    async def caller(self, how: str = "") -> AsyncIterator[OutgoingCall]:
        """Somebody calls, and hangs up in the end."""
        phone = await self.world.caller()
        call = await phone.dial(self.number + how)
        await self.logs("ENTERQUEUE")
        yield call
        await call.hang_up()
        await self.world.until(self._is_free, f"phone {self.agent.user} is free")

    @asynccontextmanager
    async def ringing(self) -> AsyncIterator[tuple[OutgoingCall, IncomingCall]]:
        """Somebody calls, and the agent's phone rings until something is done."""
        self.agent.on_call = ringing_only()
        async with self.caller() as caller:
            yield caller, await self.agent.next_call()

    @asynccontextmanager
    async def talking(self) -> AsyncIterator[tuple[OutgoingCall, IncomingCall]]:
        """Somebody calls and talks with the agent."""
        self.agent.on_call = answering()
        async with self.caller() as caller:
            taken = await self.agent.next_call()
            await self.logs("CONNECT")
            yield caller, taken

    async def _has_logged(self, event: str) -> bool:
        count = sum(entry[3] == event for entry in await self.log())
        return count >= self._awaited[event]

    async def _is_free(self) -> bool:
        return await self.world.device_is_free(self.agent.user)


class Ours(Side):
    codes: ClassVar[Mapping[str, str]] = {
        "ADDMEMBER": "*56466*",
        "REMOVEMEMBER": "*564633*",
        "PAUSEALL": "*72873",
        "UNPAUSEALL": "*8672873",
    }
    number = "ours"
    status = "OURS_LEFT"

    async def log(self) -> list[Entry]:
        return await our_log(self.world)

    async def set_penalty(self, penalty: int) -> None:
        await self.world.sql(
            "UPDATE members SET penalty = $1 WHERE extension = $2", penalty, self.agent.user
        )


class Theirs(Side):
    codes: ClassVar[Mapping[str, str]] = {
        "ADDMEMBER": "their-logon",
        "REMOVEMEMBER": "their-logoff",
        "PAUSEALL": "their-pause",
        "UNPAUSEALL": "their-unpause",
    }
    number = "theirs"
    status = "THEIRS_LEFT"

    async def log(self) -> list[Entry]:
        entries = await their_log(self.world)  # also of what other tests let happen
        return [e for e in entries if e[1] == "theirs" or e[2].endswith(self.agent.user)]

    async def set_penalty(self, penalty: int) -> None:
        device = f"PJSIP/{self.agent.user}"
        await self.world.asterisk.cli(f"queue set penalty {penalty} on {device} in theirs")


async def each(sides: list[Side], happens: Callable[[Side], Awaitable[None]]) -> None:
    """Let the same happen on both sides at once."""
    await asyncio.gather(*map(happens, sides))


async def the_agent_ends_a_talk(side: Side) -> None:
    async with side.talking() as (_, taken):
        assert await side.id_in("CONNECT") in await side.world.channels()
        await taken.hang_up()
        await side.logs("COMPLETEAGENT")


async def the_caller_ends_a_talk(side: Side) -> None:
    async with side.talking() as (caller, _):
        await caller.hang_up()
        await side.logs("COMPLETECALLER")


async def the_caller_gives_up_while_it_rings(side: Side) -> None:
    async with side.ringing() as (caller, _):
        await caller.hang_up()
        await side.logs("ABANDON")


async def the_caller_presses_a_key_while_it_rings(side: Side) -> None:
    async with side.ringing() as (caller, _):
        await caller.answered()
        await caller.send_digits("0")
        await side.logs("EXITWITHKEY")


async def the_agent_passes_the_caller_on(side: Side) -> None:
    async with side.talking() as (_, taken):
        await taken.transfer("0000")
        await side.logs("BLINDTRANSFER")


async def the_agent_asks_somebody_and_passes_the_caller_on(somebody: Phone, side: Side) -> None:
    async with side.talking() as (_, taken):
        await side.world.until(side.world.talks, "the caller talks with the agent")
        talks = await side.world.talks()
        consulting = await side.agent.dial(somebody.user)
        asked = await somebody.next_call()
        await consulting.answered()
        await side.world.until(lambda: side.world.talks(besides=talks), "the two are connected")
        await taken.transfer_to(consulting)
        await side.logs("ATTENDEDTRANSFER")
        await consulting.ended()
        assert await side.id_in("ATTENDEDTRANSFER") in talks
    await asked.ended()


async def the_agent_refuses_and_is_paused(side: Side) -> None:
    side.agent.on_call = rejecting(486)
    async with side.caller():
        await side.agent.next_call()
        await side.logs("PAUSE")
    await side.logs("ABANDON")


async def the_agent_does_not_answer_and_is_paused(side: Side) -> None:
    async with side.ringing():
        await side.logs("PAUSE")
    await side.logs("ABANDON")


async def nobody_is_free_and_one_waits_behind_another(side: Side) -> None:
    async with side.caller("-briefly"):
        async with side.caller():
            await side.logs("EXITWITHTIMEOUT")
        await side.logs("ABANDON")


async def a_caller_leaves_by_several_keys(side: Side) -> None:
    async with side.caller() as caller:
        await caller.answered()
        await caller.send_digits("712")
        await side.logs("EXITWITHKEY")


async def the_agent_has_another_penalty(side: Side) -> None:
    await side.set_penalty(3)
    await side.logs("PENALTY")


async def the_agent_goes_away(side: Side) -> None:
    async with side.caller() as caller:
        await side.agent.unregister()
        await side.logs("EXITEMPTY")
        await caller.ended()
        await side.agent.register()


async def test_both_logs_tell_the_same(world: World) -> None:
    sides = [Ours(world, await world.phone("1000")), Theirs(world, await world.phone("2000"))]
    await each(sides, methodcaller("dials", "ADDMEMBER"))
    await each(sides, the_agent_ends_a_talk)
    await each(sides, the_caller_ends_a_talk)
    await each(sides, the_caller_gives_up_while_it_rings)
    await each(sides, the_caller_presses_a_key_while_it_rings)
    await each(sides, the_agent_passes_the_caller_on)
    somebody = await world.phone("3000")
    for side in sides:  # who can talk with one of them
        await the_agent_asks_somebody_and_passes_the_caller_on(somebody, side)
    await each(sides, the_agent_refuses_and_is_paused)
    await each(sides, methodcaller("dials", "UNPAUSEALL"))
    await each(sides, the_agent_does_not_answer_and_is_paused)
    await each(sides, nobody_is_free_and_one_waits_behind_another)
    await each(sides, a_caller_leaves_by_several_keys)
    await each(sides, the_agent_has_another_penalty)
    await each(sides, the_agent_goes_away)
    left_by = [await side.left_by() for side in sides]
    assert left_by == ["LEAVEUNAVAIL", "LEAVEEMPTY"], "app_queue can no longer tell them apart"
    for event in ("UNPAUSEALL", "PAUSEALL", "REMOVEMEMBER"):
        await each(sides, methodcaller("dials", event))

    ours, theirs = [await side.told() for side in sides]
    assert ours == theirs
