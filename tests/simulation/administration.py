"""What the operator changes while calls go on."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING

from component.domain.configuring import Configured
from component.domain.events import LogOn
from component.domain.model import Member
from component.domain.queue import Queue
from component.ports import StoreUnavailableError
from tests.simulation.life import Life
from tests.simulation.scenario import MOST_RUNG, draw_queue, never_ringing_all
from tests.simulation.storm import Happening

if TYPE_CHECKING:
    from tests.simulation.world import World


class Operator:
    """Writes to the database; the service hears of it, or loads it."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._dice = world.dice
        self._made = count(1)
        self._queues = {queue.name: queue for queue in world.store.queues}
        """As they were last, those too that are removed."""
        self._turn = asyncio.Lock()
        self._untold: set[asyncio.Task[None]] = set()

    def happenings(self) -> Iterator[Happening]:
        """Yield what happens by itself."""
        yield "", self._world.scenario.changes_per_second, self._change
        yield "", self._world.scenario.removals_per_second, self._remove

    # Settings. ----------------------------------------------------------------------------------

    def _change(self) -> None:
        change = self._dice.choice((self._change_queue, self._close_queue, self._change_agent))
        change()
        self.announce()

    def _change_queue(self) -> None:
        name = self._dice.choice(self._world.queues)
        self._world.history.note("queue changed", name)
        self._put(self._drawn(name))

    def _drawn(self, name: str) -> Queue:
        queue = draw_queue(self._dice, self._world.queues.index(name))
        if self._world.scenario.agents > MOST_RUNG:
            queue = never_ringing_all(queue)
        return replace(queue, callback=self._queues[name].callback)

    def _close_queue(self) -> None:
        """Close a queue for a while, or open it again."""
        queue = self._queues[self._dice.choice(self._world.queues)]
        until = self._world.loop.now() + timedelta(seconds=self._dice.uniform(5, 60))
        is_open = queue.closed_until is None
        self._world.history.note("queue closed" if is_open else "queue opened", queue.name)
        self._put(replace(queue, closed_until=until if is_open else None))

    def _put(self, queue: Queue) -> None:
        store = self._world.store
        self._queues[queue.name] = queue
        store.queues = [queue if old.name == queue.name else old for old in store.queues]

    def _change_agent(self) -> None:
        """Give an agent another penalty in a queue, and other skills."""
        store, dice = self._world.store, self._dice
        extension = dice.choice(self._world.extensions)
        key = (dice.choice(self._world.queues), extension)
        self._world.history.note("agent changed", *key)
        if key in store.members:
            penalty = dice.choice((0, 0, 1, 2))
            store.members[key] = replace(store.members[key], penalty=penalty)
        skills = {"french": dice.randrange(3)}
        if extension in store.agents:
            store.agents[extension] = replace(store.agents[extension], skills=skills)

    # Coming and going. --------------------------------------------------------------------------

    def _remove(self) -> None:
        """Remove a queue or a membership; after a while there is one like it."""
        dice, name = self._dice, self._dice.choice(self._world.queues)
        after = dice.uniform(0, 20)
        if dice.random() < self._world.scenario.queues_removed:
            self._remove_queue(name)
            self._world.loop.call_later(after, self._add_queue, name)
        else:
            extension = dice.choice(self._world.extensions)
            if self._world.store.members.pop((name, extension), None) is not None:
                self._world.history.note("member removed", name, extension)
            self._world.loop.call_later(after, self.add_members, [name], extension)
        self.announce()

    def _remove_queue(self, name: str) -> None:
        """Remove a queue with all that the database removes together with it."""
        store = self._world.store
        self._world.history.note("queue removed", name)
        store.queues = [queue for queue in store.queues if queue.name != name]
        store.members = {key: m for key, m in store.members.items() if m.queue != name}
        store.turns.pop(name, None)

    def _add_queue(self, name: str) -> None:
        store = self._world.store
        if name in (queue.name for queue in store.queues):
            return
        self._world.history.note("queue added", name)
        self._queues[name] = queue = self._drawn(name)
        store.queues = [*store.queues, queue]
        for extension in store.agents:
            self._add_member(name, extension)
        self.announce()

    def add_members(self, names: Iterable[str], extension: str) -> None:
        """Let an agent be a member of queues, as far as they are there."""
        for name in names:
            self._add_member(name, extension)
        self.announce()

    def _add_member(self, name: str, extension: str) -> None:
        """Let an agent be a member, who soon logs on."""
        store, dice = self._world.store, self._dice
        if name not in (queue.name for queue in store.queues) or (name, extension) in store.members:
            return
        if extension not in store.agents:
            return
        member = Member(name, extension, penalty=dice.choice((0, 0, 1)), made=next(self._made))
        store.members[name, extension] = member
        log_on = LogOn(store.agents[extension].device, name, self._world.staff.who())
        self._world.loop.call_later(dice.uniform(0, 5), self._world.staff.log_on, log_on)

    # The service. -------------------------------------------------------------------------------

    @property
    def is_heard(self) -> bool:
        """Whether the service that lives has taken over all that it was told to."""
        return not self._untold

    def announce(self) -> None:
        """Have the service take over what is configured now."""
        if self._world.life is not None:
            self._untold.add(task := self._world.staff.keep(self._take_over(self._world.life)))
            task.add_done_callback(self._untold.discard)

    async def _take_over(self, life: Life) -> None:
        """Take over what is configured, as often as that takes; one change after another."""
        async with self._turn:
            while life is self._world.life:
                with suppress(StoreUnavailableError):
                    if life.serving:
                        await life.takeover(self._configured(life))
                        return
                await asyncio.sleep(1.0 if life.serving else 0.1)

    def _configured(self, life: Life) -> Configured:
        """Return all that is configured, and what of all that is known is not."""
        known, store = life.takeover.known(), self._world.store
        return Configured(
            {**known.queues, **{queue.name: queue for queue in store.queues}},
            {**known.agents, **store.agents},
            {**known.members, **store.members},
        )
