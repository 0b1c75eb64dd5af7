"""A store that is slow, goes away, and may succeed without being able to say so."""

import asyncio
from collections.abc import Callable
from random import Random

from component.domain.events import CallerEntered
from component.domain.model import Call, Customer, Person
from component.domain.words import CallState, Outcome
from component.ports import Changes, Stored, StoreUnavailableError
from component.storage.memory import MemoryStore
from tests.simulation import pins
from tests.simulation.history import History
from tests.simulation.scenario import Faults

LOOKUP_DEADLINE = 2.0
"""Seconds that the service waits to learn who a caller is."""

SLOWEST_COMMIT = 4.0
"""Seconds that a commit takes at most which is slow."""


class UnreliableStore(MemoryStore):
    """`MemoryStore` behind a bad line. `on_dying` kills the service that waits for the answer."""

    def __init__(
        self, content: MemoryStore, dice: Random, history: History, commit_seconds: float
    ) -> None:
        queues, agents, members = content.queues, content.agents, content.members
        super().__init__(queues, agents.values(), members.values(), content.customers.values())
        self._dice = dice
        self._history = history
        self._commit_seconds = commit_seconds
        self.faults: Faults | None = None
        self.on_dying: Callable[[], None] = lambda: None
        self.doubtful = False
        """Something was written of which the engine does not know."""
        self.promised: set[int] = set()
        """Messages that were committed for good, and are always of use."""
        self.in_flight_written = False
        """The engine waits for a commit that has succeeded."""
        self.renewed: set[str] = set()
        """Extensions that the operator took away and added, of whose agents nothing is written."""
        self.unanswered = 0
        """Look-ups whose answer did not come, or not in time: of who may enter unidentified."""
        self.people_refused = 0
        """How often nobody could say who somebody is that logs on by number."""
        self._called_for: dict[str, frozenset[str]] = {}
        """From where somebody has called for a customer, by the channel of that one."""

    async def load(self) -> Stored:
        stored = await super().load()
        stored.calls.sort(key=lambda call: (call.entered_at, call.id))
        return stored

    async def commit(self, changes: Changes) -> None:
        dice, faults = self._dice, self.faults
        await asyncio.sleep(dice.uniform(0.1, 1) * self._commit_seconds)
        if faults is not None and dice.random() < faults.commit_slow:
            self._history.note("fault: commit slow")
            await asyncio.sleep(dice.uniform(0.1, SLOWEST_COMMIT))
        fate = dice.random()
        self._forbid_revival(changes)
        await super().commit(changes)
        self.renewed.difference_update(agent.extension for agent in changes.agents)
        if faults is not None:
            if fate < faults.crash_at_commit:
                self._history.note("fault: crash after commit")
                self._promise(changes)
                self.in_flight_written = True
                self.on_dying()
                self.in_flight_written = False
                await asyncio.get_running_loop().create_future()
            if fate > 1 - faults.commit_in_doubt:
                self._history.note("fault: commit in doubt")
                self.doubtful = True
                raise StoreUnavailableError("the answer was lost")
        self.doubtful = False
        self._promise(changes)

    async def customer(self, code: str, number: str = "") -> Customer | None:
        if self.faults is not None and self._dice.random() < self.faults.lookup_lost:
            self._history.note("fault: look-up lost")
            self.unanswered += 1
            await asyncio.get_running_loop().create_future()
        seconds = self._dice.uniform(0, 0.05) * self._dice.choice((1, 1, 1, 100))
        late = seconds >= LOOKUP_DEADLINE
        self.unanswered += late
        await asyncio.sleep(seconds)
        self.unanswered += self.away and not late
        return await super().customer(code, number)

    async def person(self, number: str) -> tuple[Person, str] | None:
        """Return who has a number, and the PIN as it is stored. Raises `StoreUnavailableError`."""
        await asyncio.sleep(self._dice.uniform(0, 0.05) * self._dice.choice((1, 1, 1, 100)))
        if self.away:
            self.people_refused += 1
            raise StoreUnavailableError("the store is away")
        return (pins.person(number), pins.stored(number)) if pins.is_somebody(number) else None

    def came_for(self, channel: str, before: str, number: str) -> None:
        """Take note from where somebody has called for the customer who is there now."""
        self._called_for[channel] = self._called_for.get(before, frozenset()) | {number}

    def see_who_enters(self, event: CallerEntered) -> None:
        """Look whether a caller is taken for who it is; or for nobody, if no look-up said who.

        Who is passed on while he is about to enter may be taken for who has called for him.
        """
        numbers = self._called_for.get(event.channel, frozenset()) | {event.caller.number}
        expected = {number: self._customer_of(event.digits, number) for number in numbers}
        if event.customer in expected.values():
            return
        if event.customer is None and self.unanswered:
            self.unanswered -= 1
        else:
            self._history.fail(f"{event} is by {expected}")

    def _customer_of(self, code: str, number: str) -> Customer | None:
        known = self.customers.values()
        found = [c for c in known if c.code == code or (not code and _calls_from(c, number))]
        return found[0] if found else None

    def _promise(self, changes: Changes) -> None:
        self.promised.update(m.seq for m in changes.outgoing if m.expires_at is None)

    def _forbid_revival(self, changes: Changes) -> None:
        for call in changes.calls:
            known = self.calls.get(call.id)
            ended = known is not None and known.state is CallState.ENDED and not _goes_on(known)
            if ended and not self.doubtful and call.state is not CallState.ENDED:
                self._history.fail(f"call {call.id} has ended and lives again")


def _goes_on(call: Call) -> bool:
    """Tell whether the caller of a call that is over went on in the dialplan, passed on."""
    return bool(call.transfers) and call.outcome not in (Outcome.COMPLETED, Outcome.ABANDONED)


def _calls_from(customer: Customer, number: str) -> bool:
    return customer.attributes.get("phone") == number
