"""What a team and its callers do, and what can be seen of it, on either side."""

import asyncio
import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable
from typing import ClassVar

from lab.sip import IncomingCall, OutgoingCall, Phone
from lab.sip.behaviour import Behaviour, answering
from tests.e2e.app_queue import manage
from tests.e2e.queue_logs import Entry, comparable, our_log, their_log
from tests.e2e.twins import TEAMS, device, extension, extensions
from tests.e2e.world import PATIENCE, World

AVAILABLE = re.compile(r"^ .*\(Not in use\)(?!.*\(in call\))", re.MULTILINE)
"""A line of `queue show`: a member whom app_queue takes for free."""


class Side(ABC):
    """A team, with its queues on one side."""

    name: ClassVar[str]
    nobody_counts: ClassVar[str]
    """How a QUEUESTATUS ends if agents are logged on, but none who counts."""

    def __init__(self, world: World, team: str) -> None:
        self.world = world
        self.team = team
        self.queue = next(iter(TEAMS[team].queues))
        self._phones: dict[str, Phone] = {}
        self._rung: asyncio.Queue[tuple[str, IncomingCall]] = asyncio.Queue()
        self._callers = 0
        self._awaited: Counter[tuple[str, str]] = Counter()

    @abstractmethod
    async def log(self) -> list[Entry]:
        """Read the log of all queues."""

    @abstractmethod
    async def free(self, queue: str) -> int:
        """Return how many agents this side takes for free, whatever the truth."""

    @abstractmethod
    async def appoint(self, who: str, queue: str) -> None:
        """Let the operator log an agent on, who cannot dial, and pause him."""

    @abstractmethod
    async def set_penalty(self, who: str, penalty: int) -> None:
        """Let the operator give an agent another penalty in the only queue."""

    @abstractmethod
    async def withdraw(self, call: OutgoingCall, why: str) -> None:
        """Let the operator send a caller back to the dialplan, who waits in the only queue."""

    async def log_on(self, agents: Iterable[str], *queues: str) -> None:
        """Let agents log on one after another, to these queues or to all of the team."""
        for who in agents:
            penalty = TEAMS[self.team].penalty(who)
            for queue in queues or TEAMS[self.team].queues:
                await self.dial(who, f"add*{penalty}*{queue}")

    async def dial(self, who: str, code: str) -> None:
        """Let an agent dial a code; wait until it has done its work."""
        call = await (await self.phone(who)).dial(f"{self.name}*{code}")
        await call.ended()

    async def phone(self, who: str) -> Phone:
        """Return an agent's phone, registered. It answers, unless told otherwise."""
        if who not in self._phones:
            phone = await self.world.caller(extension(self.name, self.team, who))
            await phone.register()
            self._phones[who] = phone
            self.does(who, answering())
        return self._phones[who]

    def does(self, who: str, behaviour: Behaviour) -> None:
        """Say what an agent's phone does from now on when it is rung."""

        def behave(call: IncomingCall) -> None:
            behaviour(call)
            self._rung.put_nowait((who, call))

        self._phones[who].on_call = behave

    async def call(self, queue: str = "", manner: str = "simply") -> OutgoingCall:
        """Let somebody call a queue, or the only one; wait until Asterisk has answered."""
        self._callers += 1
        number = f"555{list(TEAMS).index(self.team):02}{self._callers:02}"
        phone = await self.world.caller(number)
        call = await phone.dial(f"{self.name}*{manner}*{queue or self.queue}")
        await call.answered()
        return call

    async def enter(self, queue: str = "", manner: str = "simply") -> OutgoingCall:
        """Let somebody call who is let in."""
        call = await self.call(queue, manner)
        await self.logs("ENTERQUEUE", queue)
        return call

    async def rung(self) -> tuple[str, IncomingCall]:
        """Wait until a phone is rung; return whose, and the call."""
        async with asyncio.timeout(PATIENCE):
            return await self._rung.get()

    async def talk(self, queue: str = "") -> tuple[str, IncomingCall]:
        """Wait until a phone is rung and its agent talks with the caller; return as `rung` does."""
        who, taken = await self.rung()
        await self.logs("CONNECT", queue)
        return who, taken

    async def end(self, taken: IncomingCall, queue: str = "") -> None:
        """Let an agent hang up who talks."""
        await taken.hang_up()
        await self.logs("COMPLETEAGENT", queue)

    async def logs(self, event: str, queue: str = "") -> None:
        """Wait until an event is logged once more than it was waited for."""
        queue = queue or self.queue
        self._awaited[queue, event] += 1
        wanted = self._awaited[queue, event]

        async def has_logged() -> bool:
            return sum((e[1], e[3]) == (queue, event) for e in await self.log()) >= wanted

        await self.world.until(has_logged, f"{self.name} logs {event} of {queue}")

    async def all_free(self, but: int = 0) -> None:
        """Wait until all who are logged on are free, except for so many."""
        wanted = len(self._phones) - but

        async def are_free() -> bool:
            return await self.free(self.queue) == wanted

        await self.world.until(are_free, f"{wanted} of {self.team} are free for {self.name}")

    async def left(self, *calls: OutgoingCall) -> set[str]:
        """Wait until callers are out of their queues and gone; return their QUEUESTATUS."""
        for call in calls:
            await call.ended()
        variables = await self.world.asterisk.cli("dialplan show globals")
        found = dict(re.findall(rf"LEFT_{self.name}_(\d+)=(.*)", variables))
        return {found[call.user] for call in calls}

    def number(self, who: str) -> str:
        """Return an agent's extension."""
        return extension(self.name, self.team, who)

    async def channel_of(self, call: OutgoingCall) -> str:
        """Return Asterisk's id of the channel of a caller who has entered."""
        [id_] = {e[0] for e in await self.log() if (e[3], e[5]) == ("ENTERQUEUE", call.user)}
        return id_

    async def told(self) -> list[Entry]:
        """Read what was logged of the team, queue by queue, if it can be the same on both sides."""
        names = {number: who for number, team, who in extensions(self.name) if team == self.team}
        names |= {f"PJSIP/{number}": who for number, who in names.items()}
        told = [
            comparable(entry, names)
            for entry in await self.log()
            if entry[1] in TEAMS[self.team].queues or entry[2] in names
        ]
        return sorted(told, key=lambda entry: entry[1])


class Ours(Side):
    """The service's side."""

    name = "ours"
    nobody_counts = "UNAVAIL"

    async def log(self) -> list[Entry]:
        return await our_log(self.world)

    async def appoint(self, who: str, queue: str) -> None:
        agent = self.number(who)
        await self.world.operate("log-on-agent", agent=agent, queue=queue)
        await self.world.operate("pause-agent", agent=agent, queue=queue)

    async def set_penalty(self, who: str, penalty: int) -> None:
        member = {"queue": self.queue, "extension": self.number(who)}
        await self.world.operate("change-member", **member, penalty=str(penalty))

    async def withdraw(self, call: OutgoingCall, why: str) -> None:
        channel = await self.channel_of(call)
        [row] = await self.world.sql("SELECT id FROM calls WHERE channel = $1", channel)
        await self.world.operate("withdraw-caller", call=row["id"], info=why)

    async def free(self, queue: str) -> int:
        return (await self.world.agents(queue)).get("available", 0)


class Theirs(Side):
    """app_queue's side."""

    name = "theirs"
    nobody_counts = "EMPTY"

    async def log(self) -> list[Entry]:
        return await their_log(self.world)

    async def appoint(self, who: str, queue: str) -> None:
        number, member = self.number(who), device(self.name, self.team, who)
        await self.world.asterisk.cli(f"queue add member {member} to {queue} penalty 0 as {number}")
        await self.world.asterisk.cli(f"queue pause member {member} queue {queue}")

    async def set_penalty(self, who: str, penalty: int) -> None:
        member = f"PJSIP/{self.number(who)} in {self.queue}"
        await self.world.asterisk.cli(f"queue set penalty {penalty} on {member}")

    async def withdraw(self, call: OutgoingCall, why: str) -> None:
        channels = (await self.world.asterisk.cli("core show channels concise")).splitlines()
        id_ = await self.channel_of(call)
        [caller] = [line.partition("!")[0] for line in channels if line.endswith(f"!{id_}")]
        withdrawn = {"Queue": self.queue, "Caller": caller, "WithdrawInfo": why}
        await manage(self.world.asterisk, "QueueWithdrawCaller", **withdrawn)

    async def free(self, queue: str) -> int:
        return len(AVAILABLE.findall(await self.world.asterisk.cli(f"queue show {queue}")))


def both(world: World, team: str) -> tuple[Side, Side]:
    """Return a team on our side and on app_queue's."""
    return Ours(world, team), Theirs(world, team)
