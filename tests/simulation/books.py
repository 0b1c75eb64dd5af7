"""The books of somebody who watches a call centre: what happened is entered, and nothing decided.

Entries are undone together with what the engine undoes.
"""

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Set
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from component.domain.events import Event
from component.domain.model import Agent, Call, Leg, Member, Spoke
from component.domain.queue import Queue
from component.domain.queue_log import LogEntry
from component.domain.restoring import in_hand
from component.domain.state import State
from component.domain.strategies import ROUND_ROBIN
from component.domain.words import CallState
from component.ports import Stored
from component.records import Ledger
from tests.simulation.channels import Channel
from tests.simulation.entries import Caller, PassedOn, Person, Seat
from tests.simulation.history import History
from tests.simulation.logbook import Logbook
from tests.simulation.registers import Book, Registers

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Books:
    """Queues, people, seats, callers."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.ledger = Ledger()
        """The engine's."""
        self.state: State | None = None
        """The engine's, as it was stepped last: for the little that nobody else knows."""
        self.now = datetime.min.replace(tzinfo=UTC)
        self.registers = registers = Registers(self)
        self.queues: Book[str, Queue] = Book(registers.queue_changed)
        self.people: Book[str, Person] = Book(registers.person_changed)
        self.legs: Book[Leg, str] = Book()
        """To whose phone each leg goes."""
        self.guests: Book[str, str] = Book()
        """Who came to another's desk, by its extension."""
        self.log = Logbook(self)
        self.seats: Book[tuple[str, str], Seat] = Book(self._seat_changed)
        """By queue and extension."""
        self.callers: Book[str, Caller] = Book(registers.caller_changed)
        self.rung: Book[str, tuple[int, str]] = Book()
        """Who was rung last by each queue: as which of all log-ons, and the extension."""
        self.spoke: Book[int, Spoke] = Book(registers.spoke_changed)
        """Who spoke with each customer last."""
        self.logged: Book[int, LogEntry] = Book()
        """All of `queue_log`, by number."""
        self.passed_on: Book[str, PassedOn] = Book()
        """By the caller's channel."""
        self.renewed: Set[str] = frozenset()
        """Extensions that the operator took away and added, of which the store has nothing yet."""
        self.stays: Mapping[str, int] = {}
        """How often the dialplan has sent us each caller's channel, as only Asterisk knows."""
        self.bridges: Mapping[str, Collection[str]] = {}
        """Which channels are together, as only Asterisk knows."""
        self.channels_there: Mapping[str, Channel] = {}
        """The channels that there are, as only Asterisk knows."""
        self.acquainted: list[int] = []
        """Customers of whom it turned out just now who spoke with them last."""
        self.blameless: Mapping[str, datetime] = {}
        """By the channel of a leg, since when its agent cannot help it that nothing comes of it."""
        self.entries: Book[str, int] = Book()
        """How often each channel was let into a queue, or not let in and logged."""
        self.flags: Book[str, bool] = Book()
        """Whether new callers are turned away (`draining`)."""

    def load(self, stored: Stored, *, compare: bool) -> None:
        """Begin with what the store has; it should be what the books have already."""
        agents = in_hand(stored.agents, stored.calls)
        found = (_people_of(agents), _seats_of(stored.members), _callers_of(stored.calls))
        if compare and self.people:
            written = {agent.extension for agent in stored.agents} - self.renewed
            self._compare(*found, written=written)
        people, seats, callers = found
        self.queues.begin({queue.name: queue for queue in stored.queues})
        self.people.begin(people)
        self.legs.begin({leg: name for name, person in people.items() for leg in person.legs})
        numbers = ((name, person.number) for name, person in people.items())
        self.guests.begin({name: number for name, number in numbers if number is not None})
        self.seats.begin(seats)
        self.callers.begin(callers)
        self.spoke.begin({spoke.customer: spoke for spoke in stored.spoke})
        self.rung.begin({turn.queue: (turn.logon_order, turn.extension) for turn in stored.turns})
        self.passed_on.begin({call.channel: PassedOn.of(call) for call in stored.passed_on})
        self.flags.clear()

    def agree(self, agents: Iterable[Agent], members: Iterable[Member], calls: list[Call]) -> None:
        """Compare with what the engine has, and the registers with the books."""
        known = (self.people, self.seats, self.callers)
        found = (_people_of(agents), _seats_of(members), _callers_of(calls))
        for ours, theirs in zip(known, found, strict=True):
            if ours != theirs:
                self.history.fail(f"the engine has {_differences(theirs, ours)}")
        for what in self.registers.differences():
            self.history.fail(f"the registers are wrong: {what}")

    def begin(self, event: Event, state: State, now: datetime) -> None:
        """Turn to the next fact."""
        self.now, self.ledger, self.state = now, state.ledger, state
        self.log.begin(event)

    # Looking up. --------------------------------------------------------------------------------

    def is_logged_on(self, extension: str) -> bool:
        """Tell whether anybody at an extension is logged on to any queue."""
        return any(seat.since is not None for _, seat in self.seats_of(extension))

    def seats_of(self, extension: str, queue: str | None = None) -> Iterator[tuple[str, Seat]]:
        """Yield the seats of an extension with their queues: in one queue, or in all (None)."""
        for name in list(self.registers.desks[extension]) if queue is None else [queue]:
            if (name, extension) in self.seats:
                yield name, self.seats[name, extension]

    # Entering. ----------------------------------------------------------------------------------

    def person(self, extension: str, **changes: object) -> None:
        """Change what is known of an agent."""
        old = self.people[extension]
        new = old.changed(**changes)
        self.set(self.people, extension, new)
        if old.leg != new.leg or old.others != new.others:
            self._legs_changed(extension, old.legs, new.legs)
        if old.number != new.number:
            self.set(self.guests, extension, new.number)

    def _legs_changed(self, extension: str, old: Set[Leg], new: Set[Leg]) -> None:
        for leg in old - new:
            self.set(self.legs, leg, None)
        for leg in new - old:
            self.set(self.legs, leg, extension)

    def dismiss(self, extension: str) -> None:
        """Strike out an agent, with all that he has in hand."""
        self.person(extension, leg=None, others=(), number=None)
        self.set(self.people, extension, None)

    def take_up(self, extension: str, leg: Leg, queue: str) -> None:
        """Note that a leg to an agent is made, or to be made."""
        person = self.people[extension]
        if person.wrap_up_until is not None and person.queue is not None:
            self.person(extension, paperwork=(person.queue, person.wrap_up_until))
        self.person(
            extension, leg=leg, queue=queue, on_call=False, others=person.talks, wrap_up_until=None
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
        seat = self.seats.get((queue, extension))
        if seat is not None:
            self.seat(queue, extension, calls=seat.calls + 1)
        self.person(extension, last_call=self.now)
        known, settings = self.people[extension].paperwork, self.queues.get(queue)
        wrapuptime = timedelta(0) if settings is None else settings.wrapuptime
        if wrapuptime and (known is None or self.now + wrapuptime >= known[1]):
            self.person(extension, paperwork=(queue, self.now + wrapuptime))

    def note_rung(self, queue: str, extension: str) -> None:
        """Remember whose turn it was in a queue that goes round."""
        if self.queues[queue].strategy in ROUND_ROBIN:
            self.set(self.rung, queue, (self.seats[queue, extension].order, extension))

    def caller(self, call_id: str, **changes: object) -> None:
        """Change what is known of a caller."""
        self.set(self.callers, call_id, self.callers[call_id].changed(**changes))

    def _seat_changed(self, key: tuple[str, str], old: Seat | None, new: Seat | None) -> None:
        self.registers.seat_changed(key, old, new)
        self.log.seat_changed(key, old, new)

    def send_away(self, call_id: str) -> None:
        """Strike out a caller who goes on in the dialplan, and may come into a queue again."""
        caller = self.callers[call_id]
        if caller.passed_by is not None:
            by, at = caller.passed_by, caller.passed_at
            passed_on = PassedOn(call_id, by, at, caller.customer, caller.number)
            self.set(self.passed_on, caller.channel, passed_on)
        self.strike_out(call_id)

    def strike_out(self, call_id: str) -> None:
        """Strike out a caller: who passed him on spoke with him last, if nobody talks with him."""
        caller, spoke = self.callers[call_id], None
        if caller.passed_by and caller.passed_at and caller.passed_at > caller.place[1]:
            spoke = (caller.passed_by, caller.passed_at)
        if spoke and not caller.answered:
            self.spoken(caller.customer, *spoke)
        self.set(self.callers, call_id, None)

    def spoken(self, customer: int | None, extension: str, at: datetime) -> None:
        """Note who spoke with a customer, and until when."""
        known = None if customer is None else self.spoke.get(customer)
        if customer is not None and (known is None or known.at <= at):
            self.set(self.spoke, customer, Spoke(customer, extension, at))
            self.acquainted.append(customer)

    def seat(self, queue: str, extension: str, **changes: object) -> None:
        """Change a seat."""
        key = (queue, extension)
        self.set(self.seats, key, self.seats[key].changed(**changes))

    def set(self, book: Book[K, V], key: K, entry: V | None) -> None:
        """Make an entry that is undone when the engine undoes its own."""
        old = book.get(key)
        book.write(key, entry)
        self.ledger.note(lambda: book.write(key, old))

    # Below. -------------------------------------------------------------------------------------

    def _compare(
        self,
        people: dict[str, Person],
        seats: dict[tuple[str, str], Seat],
        callers: dict[str, Caller],
        *,
        written: Set[str],
    ) -> None:
        """Compare what is not the operator's: that may have been changed meanwhile.

        Of agents who are not among those `written`, what their calls tell is all that is known: a
        call that is over, or was passed on, tells nothing, though its leg be there still.
        """
        known = {e: p for e, p in self.people.items() if e in written}
        with_whom = {call_id: caller.offered_to for call_id, caller in callers.items()}
        unwritten = ((e, p.talks) for e, p in self.people.items() if e not in written)
        hands = (
            (e, tuple((leg, q) for leg, q in all_ if e in with_whom.get(leg.call_id, ())))
            for e, all_ in unwritten
        )
        for extension, talks in (hand for hand in hands if hand[1]):
            if extension not in people or people[extension].talks != talks:
                self.history.fail(f"{extension} has lost {talks}: {people.get(extension)}")
        places = self.seats.items()
        same = {k: seat for k, seat in places if k in seats and seats[k].made == seat.made}
        found = (
            {name: people[name].changed(**_operators(person)) for name, person in known.items()},
            {key: seats[key].changed(penalty=seat.penalty) for key, seat in same.items()},
            callers,
        )
        for book, stored in zip((known, same, self.callers), found, strict=True):
            if book != stored:
                self.history.fail(f"the store has {_differences(stored, book)}")


def _operators(person: Person) -> dict[str, Any]:
    """Return what of a person the operator sets, and what the devices tell."""
    names = ("phone", "device", "wants_calls", "french", "max_calls", "leaving")
    return {name: getattr(person, name) for name in names}


def _people_of(agents: Iterable[Agent]) -> dict[str, Person]:
    return {agent.extension: Person.of(agent) for agent in agents}


def _seats_of(members: Iterable[Member]) -> dict[tuple[str, str], Seat]:
    return {(member.queue, member.extension): Seat.of(member) for member in members}


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
