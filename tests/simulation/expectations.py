"""What is to be decided, by the books and naively: what is written in the documentation, without
any index.

Among the members who may be offered a call, the queue's strategy says who is rung. Who did not take
a call is not offered it again until all other candidates were tried. The callers of a queue are
served by priority, then in the order in which they came; of the queues that an agent serves, the
one of greater weight comes first.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from component.domain.terms import ANYBODY, Need
from component.domain.words import Place, QueueStatus
from tests.simulation.books import Books
from tests.simulation.emptiness import Emptiness
from tests.simulation.entries import Caller
from tests.simulation.registers import Book, Some
from tests.unit.domain import reference as naive
from tests.unit.domain.reference import admissible


class Expectations:
    """Reads the books, and writes nothing."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self.holding_out: Book[str, bool] = Book(self._holds_out)
        """Callers who have a timer that ends their waiting for one agent."""
        self.emptiness = Emptiness(books)

    # Who is rung. -------------------------------------------------------------------------------

    def rung(self, caller: Caller) -> set[frozenset[str]]:
        """Return who may be rung for a caller: any of these groups."""
        queue, favourite = self._books.queues[caller.queue], self.favourite(caller)
        free = self.free_for(caller)
        if favourite is not None:
            if any(person.extension == favourite for person in free):
                return {frozenset({favourite})}
            if self._is_awaited(caller, favourite):
                return set()
        return admissible(queue.strategy, free, self._books.rung.get(queue.name))

    def free_for(self, caller: Caller) -> list[naive.Person]:
        """Return who may be offered the call of a caller."""
        free = self._books.registers.free(caller.queue)
        if caller.need is ANYBODY and not caller.tried:
            return list(free.values())
        return [
            person
            for extension, person in free.items()
            if extension not in caller.tried and self._accepts(caller, extension)
        ]

    def may_be_offered(self, queue: str, extension: str) -> bool:
        """Tell whether nothing keeps an agent from the calls of a queue."""
        return extension in self._books.registers.free(queue)

    def _accepts(self, caller: Caller, extension: str) -> bool:
        books = self._books
        return caller.accepts(books.seats[caller.queue, extension], books.people[extension])

    def skipped(self, caller: Caller, extension: str) -> Iterator[str]:
        """Yield the calls that an agent should be offered before that of a caller."""
        books, weight = self._books, self._books.queues[caller.queue].weight
        for queue in books.registers.desks[extension]:
            heavier = books.queues[queue].weight > weight
            if (queue != caller.queue and not heavier) or not self.may_be_offered(queue, extension):
                continue
            for call_id in books.registers.waiting[queue]:
                other = books.callers[call_id]
                if not heavier and other.place >= caller.place:
                    continue
                if not self._is_to_be_served(other):
                    continue
                if extension in other.tried or not self._accepts(other, extension):
                    continue
                favourite = self.favourite(other)
                if favourite is None or favourite == extension:
                    yield call_id
                elif call_id not in self.holding_out and not self._is_awaited(other, favourite):
                    yield call_id  # who holds out does so until the timer, though it may be late

    def concerned(self) -> Iterator[str]:
        """Yield callers for whom something may have become wrong by what was written of late."""
        registers, touched = self._books.registers, self._books.registers.touched
        yield from touched.callers
        for queue in touched.queues:
            yield from registers.waiting[queue]
        for queue, extensions in touched.seats.items():
            if registers.waiting[queue]:
                yield from self._concerned_by(extensions, queue)

    def _concerned_by(self, extensions: Some[str], queue: str) -> Iterator[str]:
        """Yield those who wait and might be offered to somebody, or wait for somebody."""
        registers, settings = self._books.registers, self._books.queues.get(queue)
        free = registers.free(queue)
        found = [extension for extension in extensions if extension in free]
        if not found and (settings is None or not settings.sticky):
            return
        for call_id in registers.waiting[queue]:
            caller = self._books.callers[call_id]
            if self.favourite(caller) in extensions or any(self._accepts(caller, e) for e in found):
                yield call_id

    def waiting_in_vain(self, call_ids: Iterable[str]) -> Iterator[str]:
        """Yield who of these waits for an agent though one is free who might be rung."""
        for call_id in call_ids:
            caller = self._books.callers.get(call_id)
            if caller is None or not self._is_to_be_served(caller) or call_id in self.holding_out:
                continue
            if caller.queue not in self._books.queues:
                continue  # loaded from the store, and soon sent away
            if free := self.rung(caller):
                yield f"{call_id} waits though {free} are free"

    def _is_to_be_served(self, caller: Caller) -> bool:
        """Tell whether a caller waits for an agent only. While it drains nobody is called back."""
        return caller.waits and (caller.kept is None or "draining" not in self._books.flags)

    # One agent rather than another. -------------------------------------------------------------

    def hold_out(self, call_id: str, caller: Caller) -> None:
        """Note whether a caller waits for one agent until a timer ends that."""
        if self.favourite(caller) is not None and self._books.queues[caller.queue].sticky_wait:
            self._books.set(self.holding_out, call_id, True)

    def spoken_with(self, customer: int) -> None:
        """Note who waits for one agent from now on, of the customer's other callers: who entered
        after that talk, and not so long ago that no timer would end it."""
        books = self._books
        spoke = books.spoke[customer]
        for call_id, caller in books.callers.items():
            if caller.customer == customer and caller.queue in books.queues:
                entered, wait = caller.place[1], books.queues[caller.queue].sticky_wait
                books.set(self.holding_out, call_id, None)
                if spoke.at <= entered and books.now < entered + wait:
                    self.hold_out(call_id, caller)

    def favourite(self, caller: Caller) -> str | None:
        """Return who spoke with the customer last, not long before."""
        books = self._books
        spoke = None if caller.customer is None else books.spoke.get(caller.customer)
        queue = books.queues.get(caller.queue)
        if queue is None or spoke is None or spoke.extension in caller.tried:
            return None
        sticky, ago = queue.sticky, caller.place[1] - spoke.at
        return spoke.extension if sticky and ago <= sticky else None

    def _is_awaited(self, caller: Caller, favourite: str) -> bool:
        books = self._books
        seat = books.seats.get((caller.queue, favourite))
        spoke = None if caller.customer is None else books.spoke.get(caller.customer)
        waited = books.now - caller.place[1]
        return (
            seat is not None
            and spoke is not None
            and spoke.at <= caller.place[1]
            and seat.since is not None
            and not seat.paused
            and books.people[favourite].wants_calls
            and waited < books.queues[caller.queue].sticky_wait
            and caller.accepts(seat, books.people[favourite])
        )

    # Who may enter, and stay. -------------------------------------------------------------------

    def turned_away(self, name: str, need: Need) -> QueueStatus | None:
        """Return why nobody may enter a queue now, None if one may."""
        queue = self._books.queues.get(name)
        if queue is None:
            return QueueStatus.UNAVAILABLE
        if queue.closed_until is not None and self._books.now < queue.closed_until:
            return QueueStatus.JOINEMPTY
        if self.emptiness.is_empty(name, queue.joinempty, need):
            seats = self._books.registers.seats[name].values()
            there = any(seat.since is not None for seat in seats)
            return QueueStatus.JOINUNAVAIL if there else QueueStatus.JOINEMPTY
        if queue.maxlen and sum(c.kept is None for c in self._line(name)) >= queue.maxlen:
            return QueueStatus.FULL
        return None

    def waits_until(self, caller: Caller) -> datetime:
        """Return when a caller goes back to the dialplan."""
        return caller.until or caller.place[1] + self._wait(caller)

    def anew_until(self, caller: Caller) -> datetime:
        """Return until when a caller may wait whose wait begins now."""
        return self._books.now + self._wait(caller)

    # Moving. ------------------------------------------------------------------------------------

    def priority(self, call_id: str, queue: str, place: Place | int) -> int:
        """Return the priority of a caller who is moved."""
        own = -self._books.callers[call_id].place[0]
        line = (c for c in self._line(queue) if c.place[2] != call_id)
        others = [-caller.place[0] for caller in line]
        if not isinstance(place, Place):
            return place
        if place is Place.KEEP or not others:
            return own
        return (
            max(own, *(p + 1 for p in others))
            if place is Place.FRONT
            else min(own, *(p - 1 for p in others))
        )

    # Below. -------------------------------------------------------------------------------------

    def _wait(self, caller: Caller) -> timedelta:
        return caller.timeout or self._books.queues[caller.queue].max_wait

    def _line(self, queue: str) -> Iterator[Caller]:
        for call_id in self._books.registers.callers[queue]:
            caller = self._books.callers[call_id]
            if caller.is_in_line:
                yield caller

    def _holds_out(self, call_id: str, old: bool | None, new: bool | None) -> None:
        self._books.registers.touched.callers[call_id] = None
