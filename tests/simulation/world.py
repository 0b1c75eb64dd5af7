"""A whole world from one seed: callers, agents, faults, and one life of the service after another.

All that happens outside the service is a timer of the loop, so the only tasks are the service's:
to kill it is to cancel them.
"""

import asyncio
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from random import Random
from typing import Any, NoReturn
from unittest.mock import patch

import structlog

from component import decisions as decisions_module
from component import pauses as pauses_module
from component.domain.errors import DomainError
from component.domain.events import LogOff, LogOn, Pause, QueueChanged, Unpause
from component.domain.model import Agent, Customer, Member
from component.ports import Stored, StoreUnavailableError
from component.pubsub.addresses import extension_node
from component.pubsub.model import Subscription
from component.pubsub.state import key_of
from component.storage.memory import MemoryStore
from tests.simulation import watch
from tests.simulation.asterisk import Asterisk, Channel
from tests.simulation.history import History, ViolationError
from tests.simulation.life import ADDRESS, Life, Surroundings
from tests.simulation.loop import VirtualTimeLoop
from tests.simulation.reference import Reference
from tests.simulation.scenario import CALLBACK_KEY, NO_FAULTS, Scenario, draw_queue
from tests.simulation.store import UnreliableStore
from tests.simulation.xmpp import Link, Subscriber, XmppServer

EXPECTED_TROUBLE = frozenset({"database away"})
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
        self.reference = Reference(self.history)
        self.fates: dict[str, str] = {}
        """How each caller's stay ended, by channel."""
        self.suspects: dict[str, float] = {}
        """Differences between Asterisk and the engine, and since when there are."""
        content = _content(scenario, self.dice)
        self.store = UnreliableStore(content, self.dice, self.history)
        self.store.on_dying = self.crash
        self.queues = [queue.name for queue in content.queues]
        self.devices = [agent.device for agent in content.agents.values()]
        self.asterisk = Asterisk(
            self.loop, self.dice, scenario, self.history, self.devices, self._caller_gone
        )
        self.xmpp = XmppServer(self.history)
        for agent in content.agents.values():
            self.xmpp.subscribers[agent.jid] = Subscriber()
            node = extension_node(agent.extension)
            subscription = Subscription(node, ADDRESS, agent.jid, "s", self.loop.now())
            self.store.subscriptions[key_of(subscription)] = subscription
        ids = count(1)
        self.around = Surroundings(
            self.loop, self.dice, self.history, self.store, self.asterisk, lambda: f"c{next(ids)}"
        )
        self.life: Life | None = None
        self.storm = False
        """Whether faults happen now."""
        self.disturbed_at = 0.0
        """When something last went wrong."""
        self._callers = count(1)
        self._loose: set[asyncio.Task[Any]] = set()

    # The course of the world. -------------------------------------------------------------------

    async def run(self) -> None:
        """Live through all phases. Raises `ViolationError`."""
        self._main = asyncio.current_task()
        self._start_service()
        self.loop.call_later(1.0, self._look_around)
        for device in self.devices:
            for queue in self.queues:
                self.loop.call_later(self.dice.uniform(1, 5), self._log, LogOn(device, queue))
        for _ in range(self.scenario.phases):
            await self._phase()
            await watch.settled(self)
            watch.nothing_left_over(self)

    async def _phase(self) -> None:
        self._begin_faults()
        for name, rate, act in self._happenings():
            self._repeat(name, rate, act)
        for _ in range(self.scenario.calls):
            await self._pass(self.dice.expovariate(self.scenario.callers_per_second))
            self._enter()
        await self._pass(10)
        self._end_faults()

    async def _pass(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        if self.history.violations:
            raise ViolationError(self.history.violations[0])

    def _happenings(self) -> Iterator[tuple[str, float, Callable[[], None]]]:
        """Yield what happens by itself: its name, how often a second, what it does."""
        faults = self.scenario.faults
        yield "crash", faults.crash / 1000, self.crash
        yield "store away", faults.store_away / 1000, self._lose_store
        yield "socket drop", faults.socket_drop / 1000, self.asterisk.drop_socket
        yield "socket deaf", faults.socket_deaf / 1000, self._deafen
        yield "asterisk restart", faults.asterisk_restart / 1000, self._restart_asterisk
        yield "xmpp drop", faults.xmpp_drop / 1000, lambda: self._drop_xmpp(1.0)
        yield "xmpp restart", faults.xmpp_restart / 1000, lambda: self._drop_xmpp(8.0)
        yield "phone vanishes", faults.phone_vanishes / 1000, self._lose_phone
        yield "", self.scenario.log_changes_per_second, self._log_change
        yield "", self.scenario.log_changes_per_second, self._private_call
        yield "", self.scenario.keys_per_second, self._press_key
        yield "", self.scenario.changes_per_second, self._change_queue
        yield "", self.scenario.callbacks_per_second, self._ask_to_be_called_back

    def _repeat(self, name: str, rate: float, act: Callable[[], None]) -> None:
        """Let something happen at random, this often a second, for as long as the storm lasts."""
        if rate:
            self.loop.call_later(self.dice.expovariate(rate), self._happen, name, rate, act)

    def _happen(self, name: str, rate: float, act: Callable[[], None]) -> None:
        if not self.storm:
            return
        if name:
            self.history.note(f"fault: {name}")
            self.disturb()
        act()
        self._repeat(name, rate, act)

    def _begin_faults(self) -> None:
        self.storm = True
        self.asterisk.faults = self.store.faults = self.scenario.faults

    def _end_faults(self) -> None:
        self.storm = False
        self.asterisk.faults = self.store.faults = NO_FAULTS
        for phone in self.asterisk.phones.values():
            phone.registered, phone.busy = True, False
            self.asterisk.show_state(phone)

    def disturb(self) -> None:
        """Take note that not all can be well for a while."""
        self.disturbed_at = self.loop.time()

    def _look_around(self) -> None:
        watch.nobody_forgotten(self)
        self.loop.call_later(1.0, self._look_around)

    # The service. -------------------------------------------------------------------------------

    def _start_service(self) -> None:
        self.history.note("service starts")
        self.disturb()
        life = Life(self.around, Link(self.xmpp, self.loop, self.dice, self.history))
        self.life = life
        self._serving = self.loop.create_task(life.run(self._loaded))
        self._serving.add_done_callback(self._service_ended)

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
        self.disturb()
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

    # What the people do. ------------------------------------------------------------------------

    def _enter(self) -> None:
        channel = f"caller{next(self._callers)}"
        digits = self.dice.choice(("", "1111", "2222"))
        queue = self.dice.choice(self.queues)
        priority = self.dice.randrange(self.scenario.priorities)
        self.history.note("caller enters", channel, queue, digits, priority)
        wish = self.dice.choice(self.scenario.wishes)
        if not self.asterisk.enter(channel, f"{queue},{digits},{priority},{wish}"):
            self._caller_gone(Channel(channel, self.loop.time()), "fallback")

    def _caller_gone(self, channel: Channel, how: str) -> None:
        if channel.id in self.fates:
            self.history.fail(f"{channel.id}: {self.fates[channel.id]}, and now {how}")
        self.fates[channel.id] = how
        self.history.note("caller gone", channel.id, how)

    def _log_change(self) -> None:
        device, queue = self.dice.choice(self.devices), self.dice.choice(self.queues)
        # More on than off: an empty queue is soon told.
        if self.dice.random() < 0.6:
            self._log((LogOn if self.dice.random() < 0.6 else LogOff)(device, queue))
        else:
            kind = Pause if self.dice.random() < 0.3 else Unpause
            self._log(kind(device, queue if self.dice.random() < 0.5 else None))

    def _log(self, event: LogOn | LogOff | Pause | Unpause) -> None:
        if self.life is None or not self.life.serving:
            return
        self._keep(self.loop.create_task(self._dial(self.life, event)))

    def _keep(self, task: "asyncio.Task[None]") -> None:
        self._loose.add(task)
        task.add_done_callback(self._loose.discard)

    async def _dial(self, life: Life, event: LogOn | LogOff | Pause | Unpause) -> None:
        try:
            await life.engine.step(event)
        except (DomainError, StoreUnavailableError) as error:
            self.history.note("code refused", type(error).__name__)

    def _change_queue(self) -> None:
        """Let the operator change a queue's settings; the service hears of it, or loads it."""
        number = self.dice.randrange(len(self.queues))
        old = self.store.queues[number]
        queue = replace(draw_queue(self.dice, number), callback=old.callback)
        self.history.note("queue changed", queue.name)
        self.store.queues[number] = queue
        if self.life is not None and self.life.serving:
            self._keep(self.loop.create_task(self._take_over(self.life)))

    async def _take_over(self, life: Life) -> None:
        """Take over what is configured, as often as that takes."""
        while life is self.life:
            try:
                for queue in self.store.queues:
                    if life.state.queues[queue.name] != queue:
                        await life.engine.step(QueueChanged(queue))
                return
            except StoreUnavailableError:
                await asyncio.sleep(1.0)

    def _press_key(self) -> None:
        callers = [c for c in self.asterisk.channels.values() if c.in_stasis and not c.device]
        if callers:
            self.asterisk.press(self.dice.choice(callers), self.dice.choice("0123"))

    def _ask_to_be_called_back(self) -> None:
        """Let somebody who waits key what it takes; who is sent away by it hangs up."""
        callers = [c for c in self.asterisk.channels.values() if c.in_stasis and not c.device]
        waiting = [c for c in callers if c.bridge is None]
        if waiting:
            channel, after = self.dice.choice(waiting), 0.0
            for digit in (CALLBACK_KEY, "#", "1"):
                self.loop.call_later(after, self._press, channel, digit)
                after += self.dice.uniform(0.1, 2)

    def _press(self, channel: Channel, digit: str) -> None:
        if self.asterisk.channels.get(channel.id) is channel and channel.in_stasis:
            self.asterisk.press(channel, digit)

    def _private_call(self) -> None:
        phone = self.asterisk.phones[self.dice.choice(self.devices)]
        phone.busy = not phone.busy
        self.asterisk.show_state(phone)

    # What goes wrong. ---------------------------------------------------------------------------

    def _lose_store(self) -> None:
        self.store.away = True
        self.loop.call_later(self.dice.uniform(0.1, 8), self._find_store)

    def _find_store(self) -> None:
        self.store.away = False
        self.disturb()

    def _deafen(self) -> None:
        if self.asterisk.socket is not None:
            self.asterisk.socket.deaf = True

    def _restart_asterisk(self) -> None:
        if self.asterisk.up:
            self.asterisk.restart(self.dice.uniform(0.5, 8))

    def _drop_xmpp(self, seconds: float) -> None:
        life = self.life
        if life is not None and life.link.up:
            life.link.drop()
            self.loop.call_later(self.dice.uniform(0.1, seconds), self._reconnect_xmpp, life)

    def _reconnect_xmpp(self, life: Life) -> None:
        if life is self.life:
            life.link.connect(life.engine)

    def _lose_phone(self) -> None:
        phone = self.asterisk.phones[self.dice.choice(self.devices)]
        phone.registered = False
        self.asterisk.show_state(phone)
        self.loop.call_later(self.dice.uniform(1, 30), self._find_phone, phone.device)

    def _find_phone(self, device: str) -> None:
        phone = self.asterisk.phones[device]
        phone.registered = True
        self.asterisk.show_state(phone)

    # Looking on. --------------------------------------------------------------------------------

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
            finally:
                _close(world.loop)
    counts = world.history.counts
    counts["calls"] = len(world.fates)
    for fate in world.fates.values():
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
            error = event.get("exc_info")
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
    ]
    return MemoryStore(
        queues=scenario.queues,
        agents=[
            Agent(e, f"PJSIP/{e}", f"user{e}@example.com", skills={"french": int(e) % 3})
            for e in extensions
        ],
        members=members,
        customers=[Customer(1, "1111", "Company 1", {})],
    )
