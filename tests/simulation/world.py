"""A whole world from one seed: callers, agents, faults, and one life of the service after another.

All that happens outside the service is a timer of the loop, so the only tasks are the service's:
to kill it is to cancel them.
"""

import asyncio
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Any, NoReturn
from unittest.mock import patch

import structlog

from component import decisions as decisions_module
from component import pauses as pauses_module
from component.domain.model import Agent, Member
from component.ports import Stored
from component.pubsub.addresses import extension_node
from component.pubsub.model import Subscription
from component.pubsub.state import key_of
from component.storage.memory import MemoryStore
from tests.simulation import watch
from tests.simulation.administration import Operator
from tests.simulation.asterisk import Asterisk
from tests.simulation.callers import CUSTOMERS, Callers
from tests.simulation.channels import Phone, desk_phone, extension_at, mobile
from tests.simulation.extensions import Extensions
from tests.simulation.history import History, ViolationError
from tests.simulation.life import ADDRESS, WALLBOARD, Life, Surroundings
from tests.simulation.loop import VirtualTimeLoop
from tests.simulation.reference import Reference
from tests.simulation.replacements import Replacements
from tests.simulation.scenario import Scenario
from tests.simulation.staff import Staff
from tests.simulation.store import UnreliableStore
from tests.simulation.storm import Storm
from tests.simulation.xmpp import Link, XmppServer

EXPECTED_TROUBLE = frozenset(
    {"database away", "talk refused", "change refused", "request by phone failed"}
)
"""Errors that the service may log; any other is a violation."""


@dataclass(frozen=True, slots=True)
class Result:
    """How a seed went."""

    seed: int
    digest: str
    counts: dict[str, int]
    violations: list[str]
    lines: list[str]


class World:
    """One call centre, driven by one seed."""

    def __init__(self, seed: int, scenario: Scenario) -> None:
        self.scenario = scenario
        self.loop = VirtualTimeLoop()
        self.loop.set_exception_handler(self._callback_failed)
        self.dice = Random(f"world {seed}")
        self.history = History(self.loop)
        self.callers = Callers(self)
        self.replacements = Replacements(self)
        self.suspects: dict[str, float] = {}
        """Differences between Asterisk and the engine, and since when there are."""
        self.overdue: dict[str, float] = {}
        """What is to come to pass, and since when the service might see to it."""
        content = _content(scenario, self.dice)
        self.store = UnreliableStore(content, self.dice, self.history, scenario.commit_seconds)
        fixed = not (scenario.changes_per_second or scenario.removals_per_second)
        self.reference = Reference(self.history, self.store, fixed=fixed)
        self.store.on_dying = self.crash
        self.queues = [queue.name for queue in content.queues]
        self.extensions = list(content.agents)
        phones = [agent.device for agent in content.agents.values()]
        if scenario.extensions_per_second:
            phones += map(mobile, self.extensions)
        self.asterisk = Asterisk(
            self.loop, self.dice, scenario, self.history, phones, self.callers.gone,
            self.callers.come_again,
        )  # fmt: skip
        self.reference.books.blameless = self.asterisk.agents.blameless
        self.reference.books.stays = self.asterisk.stays
        self.reference.books.bridges = self.asterisk.bridges
        self.reference.books.channels_there = self.asterisk.channels
        self.storm = Storm(self)
        self.staff = Staff(self)
        self.operator = Operator(self)
        self.telephonist = Extensions(self)
        self.xmpp = XmppServer(self.history)
        for agent in content.agents.values():
            for account in (agent.jid, WALLBOARD):
                node = extension_node(agent.extension)
                subscription = Subscription(node, ADDRESS, account, "s", self.loop.now())
                self.store.subscriptions[key_of(subscription)] = subscription
        ids = count(1)
        self.around = Surroundings(
            self.loop, self.dice, self.history, self.store, self.asterisk,
            lambda: f"c{next(ids)}", self.storm.strike, self.crash,
            self.storm.connection_opens,
        )  # fmt: skip
        self.life: Life | None = None

    def phone_of(self, extension: str) -> Phone:
        """Return the phone that an extension has now, or had to begin with if there is none."""
        agent = self.store.agents.get(extension)
        return self.asterisk.phones[desk_phone(extension) if agent is None else agent.device]

    def extension_of(self, device: str) -> str:
        """Return the extension that has a phone, or had it to begin with if none has."""
        if self.scenario.extensions_per_second:
            for agent in self.store.agents.values():
                if agent.device == device:
                    return agent.extension
        return extension_at(device)

    # The course of the world. -------------------------------------------------------------------

    async def run(self) -> None:
        """Live through all phases. Raises `ViolationError`."""
        self._main = asyncio.current_task()
        self._start_service()
        self.loop.call_later(1.0, self._look_around)
        self.staff.come()
        for _ in range(self.scenario.phases):
            await self._phase()
            await watch.settled(self)
            watch.nothing_left_over(self)

    async def _phase(self) -> None:
        self.storm.begin(
            self.staff.happenings(),
            self.operator.happenings(),
            self.telephonist.happenings(),
            self.callers.happenings(),
            self.replacements.happenings(),
        )
        for _ in range(self.scenario.calls):
            await self.pass_time(self.dice.expovariate(self.scenario.callers_per_second))
            self.callers.enter()
        await self.pass_time(10)
        self.storm.end()

    async def pass_time(self, seconds: float) -> None:
        """Let time pass. Raises `ViolationError` if something has gone wrong."""
        await asyncio.sleep(seconds)
        if self.history.violations:
            raise ViolationError(self.history.violations[0])

    @property
    def is_in_order(self) -> bool:
        """Whether the service has had time to mend what the last fault did."""
        if self.life is None or self.life.settled_at is None or self.scenario.acts_late:
            return False
        mended = self.life.settled_at + watch.LATE_SECONDS
        return self.storm.disturbed_at < self.life.settled_at and mended < self.loop.time()

    def _look_around(self) -> None:
        watch.nobody_forgotten(self)
        watch.nothing_is_overdue(self)
        self.loop.call_later(1.0, self._look_around)

    # The service. -------------------------------------------------------------------------------

    def _start_service(self) -> None:
        self.history.note("service starts")
        self.storm.disturb()
        life = Life(self.around, Link(self.xmpp, self.loop, self.dice, self.history))
        self.life = life
        self._serving = self.loop.create_task(life.run(self._loaded))
        self._serving.add_done_callback(self._service_ended)
        self.operator.announce()  # all is compared when the feed of changes is connected

    def _loaded(self, stored: Stored) -> None:
        self.reference.load(stored, compare=not self.store.doubtful)
        self.store.doubtful = False

    def _service_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            self.history.fail(f"the service ended: {task.exception()!r}")

    def crash(self) -> None:
        """Kill the service without a word; another one starts a little later."""
        if self.life is None:
            return
        self.history.note("service dies")
        self.storm.disturb()
        life, self.life = self.life, None
        life.link.drop()
        self.asterisk.drop_socket()
        if self.store.in_flight_written:
            life.ledger.committed()
        else:
            life.ledger.rollback()  # for the sake of the reference, whose books outlive this
        for task in list(self.loop.tasks):
            if task is not self._main:
                task.cancel()
        self.loop.call_later(self.dice.uniform(0.5, 6), self._start_service)

    def _callback_failed(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if not isinstance(error, ViolationError):
            self.history.violations.append(f"{context['message']}: {error!r}")


def simulate(seed: int, scenario: Scenario) -> Result:
    """Run a seed's world to its end."""
    world = World(seed, scenario)
    with _silent(world), patch.object(decisions_module, "step", world.reference.step):
        dice = Random(f"pauses {seed}")
        with patch.object(pauses_module, "_dice", dice):
            try:
                world.loop.run_until_complete(world.run())
            except ViolationError:
                assert world.history.violations, "a violation is always reported"
            except Exception as error:  # noqa: BLE001 - the seeds that follow are to be run
                world.history.violations.append(f"the simulation ended: {error!r}")
            finally:
                _close(world.loop)
    counts = world.history.counts
    counts["calls"] = len(world.callers.fates)
    for fate in world.callers.fates.values():
        counts[f"caller {fate}"] += 1
    return Result(
        seed, world.history.digest, dict(counts), world.history.violations,
        list(world.history.lines),
    )  # fmt: skip


def _close(loop: VirtualTimeLoop) -> None:
    tasks = list(loop.tasks)
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.wait(tasks))
    loop.close()


@contextmanager
def _silent(world: World) -> Iterator[None]:
    """Have the service's log in the history; an error that it should not meet is a violation."""

    def keep(_: object, level: str, event: MutableMapping[str, Any]) -> NoReturn:
        text = event.pop("event")
        world.history.note(f"log: {text}", {k: str(v) for k, v in event.items()})
        if level == "error" and text not in EXPECTED_TROUBLE:
            error = sys.exc_info()[1] if event.pop("exc_info", False) else None
            world.history.violations.append(f"logged: {text} {event} {error!r}")
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(processors=[keep], wrapper_class=structlog.make_filtering_bound_logger(20))
    try:
        yield
    finally:
        structlog.configure(**before)


def _content(scenario: Scenario, dice: Random) -> MemoryStore:
    extensions = [str(1000 + n) for n in range(scenario.agents)]
    members = [
        Member(queue.name, extension, penalty=dice.choice((0, 0, 1)))
        for queue in scenario.queues
        for extension in extensions
        if scenario.membership == 1 or dice.random() < scenario.membership
    ]
    return MemoryStore(
        queues=scenario.queues,
        agents=[
            Agent(
                e,
                desk_phone(e),
                f"user{e}@example.com",
                skills={"french": int(e) % 3},
                max_calls=scenario.max_calls,
            )
            for e in extensions
        ],
        members=members,
        customers=CUSTOMERS,
    )
