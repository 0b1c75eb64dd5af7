"""The books of somebody who watches a call centre: what happened is entered, and nothing derived.

Entries are undone together with what the engine undoes.
"""

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

from component.domain.model import Agent, Call, Leg, Member, Spoke
from component.domain.queue import Queue
from component.domain.words import CallState
from component.ports import Stored
from component.records import Ledger
from tests.simulation.entries import Caller, Person, Seat
from tests.simulation.history import History

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Books:
    """Queues, people, seats, callers."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.ledger = Ledger()
        """The engine's."""
        self.now = datetime.min.replace(tzinfo=UTC)
        self.queues: dict[str, Queue] = {}
        self.people: dict[str, Person] = {}
        self.legs: dict[Leg, str] = {}
        """To whose phone each leg goes."""
        self.guests: dict[str, str] = {}
        """Who came to another's desk, by its extension."""
        self.seats: dict[str, dict[str, Seat]] = {}
        """By queue, then by extension."""
        self.callers: dict[str, Caller] = {}
        self.rung: dict[str, tuple[int, str]] = {}
        """Who was rung last by each queue: as which of all log-ons, and the extension."""
        self.devices: dict[str, str] = {}
        """The extension of each phone."""
        self.spoke: dict[int, Spoke] = {}
        """Who spoke with each customer last."""
        self.flags: dict[str, bool] = {}
        """Whether new callers are turned away (`draining`)."""

    def load(self, stored: Stored, *, compare: bool) -> None:
        """Begin with what the store has; it should be what the books have already."""
        known = (dict(self.people), dict(self.seats), dict(self.callers))
        self.queues = {queue.name: queue for queue in stored.queues}
        self.devices = {agent.device: agent.extension for agent in stored.agents}
        self.people = {agent.extension: Person.of(agent) for agent in stored.agents}
        self.legs = {leg: name for name, person in self.people.items() for leg in person.legs}
        numbers = ((name, person.number) for name, person in self.people.items())
        self.guests = {name: number for name, number in numbers if number is not None}
        self.seats = _seats_of(stored.members)
        self.callers = _callers_of(stored.calls)
        if compare and known[0]:
            self._compare(*known)
        self.spoke = {spoke.customer: spoke for spoke in stored.spoke}
        self.rung = {turn.queue: (turn.logon_order, turn.extension) for turn in stored.turns}
        self.flags.clear()

    def agree(self, agents: Iterable[Agent], members: Iterable[Member], calls: list[Call]) -> None:
        """Compare with what the engine has."""
        known = (self.people, self.seats, self.callers)
        found = ({a.extension: Person.of(a) for a in agents}, _seats_of(members))
        for ours, theirs in zip(known, (*found, _callers_of(calls)), strict=True):
            if ours != theirs:
                self.history.fail(f"the engine has {_differences(theirs, ours)}")

    # Looking up. --------------------------------------------------------------------------------

    def is_logged_on(self, extension: str) -> bool:
        """Tell whether anybody at an extension is logged on to any queue."""
        return any(seat.since is not None for _, seat in self.seats_of(extension))

    def seats_of(self, extension: str, queue: str | None = None) -> Iterator[tuple[str, Seat]]:
        """Yield the seats of an extension with their queues: in one queue, or in all (None)."""
        for name in list(self.seats) if queue is None else [queue]:
            if extension in self.seats[name]:
                yield name, self.seats[name][extension]

    # Entering. ----------------------------------------------------------------------------------

    def person(self, extension: str, **changes: object) -> None:
        """Change what is known of an agent."""
        old = self.people[extension]
        new: Person = replace(old, **changes)  # type: ignore[arg-type]
        self.set(self.people, extension, new)
        for leg in old.legs - new.legs:
            self.set(self.legs, leg, None)
        for leg in new.legs - old.legs:
            self.set(self.legs, leg, extension)
        if old.number != new.number:
            self.set(self.guests, extension, new.number)

    def take_up(self, extension: str, leg: Leg, queue: str) -> None:
        """Note that a leg to an agent is made, or to be made."""
        others = self.people[extension].talks
        self.person(
            extension, leg=leg, queue=queue, on_call=False, others=others, wrap_up_until=None
        )

    def put_down(self, extension: str, leg: Leg) -> None:
        """Note that a leg to an agent is gone, or not to be made after all."""
        person = self.people[extension]
        for talk, queue in person.talks:
            if talk == leg:
                self._end_talk(extension, queue)
        left = tuple(talk for talk in person.talks if talk[0] != leg)
        paperwork = self.people[extension].paperwork
        if leg != person.leg and not person.on_call:  # another one rings
            self.person(extension, others=left)
        elif left:
            leg, queue = left[-1]
            self.person(extension, leg=leg, queue=queue, on_call=True, others=left[:-1])
        else:
            self.person(extension, leg=None, queue=None, on_call=False, others=(), paperwork=None)
            if paperwork is not None and paperwork[1] > self.now:
                queue, until = paperwork
                self.person(extension, queue=queue, wrap_up_until=until)

    def _end_talk(self, extension: str, queue: str) -> None:
        seat = self.seats[queue].get(extension)
        if seat is not None:
            self.seat(queue, extension, calls=seat.calls + 1)
        self.person(extension, last_call=self.now)
        known, wrapuptime = self.people[extension].paperwork, self.queues[queue].wrapuptime
        if wrapuptime and (known is None or self.now + wrapuptime >= known[1]):
            self.person(extension, paperwork=(queue, self.now + wrapuptime))

    def caller(self, call_id: str, **changes: object) -> None:
        """Change what is known of a caller."""
        self.set(self.callers, call_id, replace(self.callers[call_id], **changes))  # type: ignore[arg-type]

    def seat(self, queue: str, extension: str, **changes: object) -> None:
        """Change a seat."""
        seats = self.seats[queue]
        self.set(seats, extension, replace(seats[extension], **changes))  # type: ignore[arg-type]

    def set(self, book: dict[K, V], key: K, entry: V | None) -> None:
        """Make an entry that is undone when the engine undoes its own."""
        old = book.get(key)
        self._write(book, key, entry)
        self.ledger.note(lambda: self._write(book, key, old))

    def _write(self, book: dict[K, V], key: K, entry: V | None) -> None:
        if entry is None:
            book.pop(key, None)
        else:
            book[key] = entry

    # Below. -------------------------------------------------------------------------------------

    def _compare(
        self,
        people: dict[str, Person],
        seats: dict[str, dict[str, Seat]],
        callers: dict[str, Caller],
    ) -> None:
        """Compare what is not the operator's: that may have been changed meanwhile."""
        found = (
            {
                name: replace(person, device=people[name].device, french=people[name].french)
                for name, person in self.people.items()
            },
            {
                queue: {
                    name: replace(seat, penalty=seats[queue][name].penalty)
                    for name, seat in there.items()
                }
                for queue, there in self.seats.items()
            },
            self.callers,
        )
        for known, stored in zip((people, seats, callers), found, strict=True):
            if known != stored:
                self.history.fail(f"the store has {_differences(stored, known)}")


def _seats_of(members: Iterable[Member]) -> dict[str, dict[str, Seat]]:
    seats: dict[str, dict[str, Seat]] = {}
    for member in members:
        seats.setdefault(member.queue, {})[member.extension] = Seat.of(member)
    return seats


def _callers_of(calls: Iterable[Call]) -> dict[str, Caller]:
    return {call.id: Caller.of(call) for call in calls if call.state is not CallState.ENDED}


def _differences(found: object, expected: object) -> str:
    """Return what is found where it is not as expected."""
    if not (isinstance(found, dict) and isinstance(expected, dict)):
        return f"{found}, expected {expected}"
    return "; ".join(
        f"{key}: {_differences(found.get(key), expected.get(key))}"
        for key in found.keys() | expected.keys()
        if found.get(key) != expected.get(key)
    )
