"""What agents, supervisors and the operator ask of the service."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from component.domain.configuring import Configured
from component.domain.errors import DomainError
from component.domain.events import (
    DrainBegun,
    DrainEnded,
    Event,
    ExtendWrapUp,
    LogOff,
    LogOn,
    MoveCaller,
    Pause,
    Unpause,
    Withdraw,
)
from component.domain.model import Person
from component.domain.words import Place
from component.ports import StoreUnavailableError
from component.pubsub.addresses import extension_node
from component.pubsub.errors import PubSubError
from component.pubsub.rules import Request
from tests.simulation.life import ADDRESS, Life
from tests.simulation.scenario import draw_queue
from tests.simulation.storm import Happening

if TYPE_CHECKING:
    from tests.simulation.world import World

REASONS = ("", "lunch", "meeting")


class Staff:
    """Everybody who works here."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._dice = world.dice
        self._asking: set[asyncio.Task[None]] = set()

    def happenings(self) -> Iterator[Happening]:
        """Yield what happens by itself."""
        scenario = self._world.scenario
        yield "", scenario.log_changes_per_second, self._log_change
        yield "", scenario.log_changes_per_second, self._private_call
        yield "", scenario.changes_per_second, self._configure
        yield "", scenario.supervised_per_second, self._supervise

    def come(self) -> None:
        """Let the agents log on, many of them at the same moment; some desks are left free."""
        for device in self._world.devices:
            if self._world.scenario.people and self._dice.random() < 0.2:
                continue
            who = self._who()
            for queue in self._world.queues:
                after = float(self._dice.randint(1, 5))
                self._world.loop.call_later(after, self._log_on, LogOn(device, queue, who))

    # Agents. ------------------------------------------------------------------------------------

    def _log_change(self) -> None:
        device, queue = self._dice.choice(self._world.devices), self._some_queue()
        # More on than off: an empty queue is soon told.
        what = self._dice.random()
        if what < 0.4:
            self._log_on(LogOn(device, queue, self._who()))
        elif what < 0.55:
            self._ask(LogOff(device, queue))
        elif what < 0.7:
            self._ask(Pause(device, queue, self._dice.choice(REASONS)))
        else:
            self._ask(Unpause(device, queue))

    def _some_queue(self) -> str | None:
        """Return one queue, or all (None): those do so who leave for another desk."""
        one = 0.4 if self._world.scenario.people else 0.8
        return self._dice.choice(self._world.queues) if self._dice.random() < one else None

    def _who(self) -> Person | None:
        people = self._world.scenario.people
        if not people or self._dice.random() < 0.5:
            return None
        number = str(9000 + self._dice.randrange(people))
        return Person(number, f"person{number}@example.com")

    def _log_on(self, event: LogOn) -> None:
        """Log somebody on; then the software, which is at hand, wants to see the calls."""
        extension = event.device.removeprefix("PJSIP/")
        own = f"user{extension}@example.com"
        account = own if event.person is None else event.person.jid
        request = Request(account, ADDRESS, extension_node(extension))
        if self._world.scenario.people:
            self._ask(event, lambda life: self._subscribe(life, request))
        else:
            self._ask(event)

    async def _subscribe(self, life: Life, request: Request) -> None:
        jid = request.actor
        await life.engine.pubsub(lambda pubsub, now: pubsub.subscribe(request, jid, jid, now))
        self._world.history.note("subscribed", jid, request.node)

    def _private_call(self) -> None:
        phone = self._world.asterisk.phones[self._dice.choice(self._world.devices)]
        phone.busy = not phone.busy
        self._world.asterisk.agents.show_state(phone)

    # Supervisors. -------------------------------------------------------------------------------

    def _supervise(self) -> None:
        dice, life = self._dice, self._world.life
        if life is None or not life.serving:
            return
        waiting = [call.id for call in life.state.calls.values() if call.is_waiting]
        calls = waiting if dice.random() < 0.8 else list(life.state.calls)
        what = dice.random()
        if what < 0.6 and calls:
            place = dice.choice((*Place, dice.randrange(3)))
            queue = dice.choice((None, dice.choice(self._world.queues)))
            self._ask(MoveCaller(dice.choice(calls), queue, place))
        elif what < 0.7 and calls:
            self._ask(Withdraw(dice.choice(calls), "sorry"))
        elif what < 0.75:
            extension = dice.choice(self._world.devices).removeprefix("PJSIP/")
            self._ask(ExtendWrapUp(extension, timedelta(seconds=dice.uniform(1, 5))))
        elif what > 0.95:
            self._ask(DrainBegun())
            self._world.loop.call_later(dice.uniform(1, 10), self._ask, DrainEnded())

    def _ask(
        self, event: Event, then: Callable[[Life], Coroutine[Any, Any, None]] | None = None
    ) -> None:
        """Have the service take in a fact; who asked is told if it is refused."""
        if self._world.life is not None and self._world.life.serving:
            self._keep(self._asked(self._world.life, event, then))

    async def _asked(
        self, life: Life, event: Event, then: Callable[[Life], Coroutine[Any, Any, None]] | None
    ) -> None:
        try:
            await life.engine.step(event)
            if then is not None:
                await then(life)
        except (DomainError, PubSubError, StoreUnavailableError) as error:
            self._world.history.note("request refused", type(error).__name__)
            self._world.history.counts[f"refused {type(error).__name__}"] += 1

    # The operator. ------------------------------------------------------------------------------

    def _configure(self) -> None:
        """Let the operator change something; the service hears of it, or loads it."""
        change = self._dice.choice((self._change_queue, self._close_queue, self._change_agent))
        change()
        if self._world.life is not None and self._world.life.serving:
            self._keep(self._take_over(self._world.life))

    def _change_queue(self) -> None:
        number = self._dice.randrange(len(self._world.queues))
        old = self._world.store.queues[number]
        queue = replace(draw_queue(self._dice, number), callback=old.callback)
        self._world.history.note("queue changed", queue.name)
        self._world.store.queues[number] = queue

    def _close_queue(self) -> None:
        """Close a queue for a while, or open it again."""
        number = self._dice.randrange(len(self._world.queues))
        queue = self._world.store.queues[number]
        until = self._world.loop.now() + timedelta(seconds=self._dice.uniform(5, 60))
        is_open = queue.closed_until is None
        self._world.history.note("queue closed" if is_open else "queue opened", queue.name)
        closed = replace(queue, closed_until=until if is_open else None)
        self._world.store.queues[number] = closed

    def _change_agent(self) -> None:
        """Give an agent another penalty in a queue, and other skills."""
        store, dice = self._world.store, self._dice
        extension = dice.choice(self._world.devices).removeprefix("PJSIP/")
        key = (dice.choice(self._world.queues), extension)
        self._world.history.note("agent changed", *key)
        store.members[key] = replace(store.members[key], penalty=dice.choice((0, 0, 1, 2)))
        skills = {"french": dice.randrange(3)}
        store.agents[extension] = replace(store.agents[extension], skills=skills)

    async def _take_over(self, life: Life) -> None:
        """Take over what is configured, as often as that takes."""
        store = self._world.store
        while life is self._world.life:
            queues = {queue.name: queue for queue in store.queues}
            try:
                await life.takeover(Configured(queues, dict(store.agents), dict(store.members)))
                return
            except StoreUnavailableError:
                await asyncio.sleep(1.0)

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._world.loop.create_task(work)
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)
