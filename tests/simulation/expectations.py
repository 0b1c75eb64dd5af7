"""What is to be decided, by the books and naively: what is written in the documentation, without
any index.

Among the members who may be offered a call, the queue's strategy says who is rung. Who did not take
a call is not offered it again until all other candidates were tried. The callers of a queue are
served by priority, then in the order in which they came; of the queues that an agent serves, the
one of greater weight comes first.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from component.domain.queue import EmptyCondition, Queue
from component.domain.terms import Need
from component.domain.words import Place, QueueStatus
from tests.simulation.books import Books
from tests.simulation.entries import Caller, Seat
from tests.unit.domain import reference as naive
from tests.unit.domain.reference import admissible


class Expectations:
    """Reads the books, and writes nothing."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self.holding_out: dict[str, bool] = {}
        """Callers who have a timer that ends their waiting for one agent."""

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
        people = self._books.people
        return [
            seat.taken_by(extension, people[extension])
            for extension, seat in self._free(caller.queue)
            if extension not in caller.tried and caller.accepts(seat, people[extension])
        ]

    def may_be_offered(self, queue: str, extension: str) -> bool:
        """Tell whether nothing keeps an agent from the calls of a queue."""
        seat = self._books.seats[queue][extension]
        return self._is_free(self._books.queues[queue], extension, seat)

    def skipped(self, caller: Caller, extension: str) -> Iterator[str]:
        """Yield the calls that an agent should be offered before that of a caller."""
        books = self._books
        weight, person = books.queues[caller.queue].weight, books.people[extension]
        for call_id, other in books.callers.items():
            if not other.waits or extension in other.tried:
                continue
            seat = books.seats[other.queue].get(extension)
            if seat is None or not other.accepts(seat, person):
                continue
            favourite = self.favourite(other)
            if favourite not in (None, extension) and self._is_awaited(other, favourite or ""):
                continue
            earlier = other.queue == caller.queue and other.place < caller.place
            heavier = books.queues[other.queue].weight > weight
            if (earlier or heavier) and self.may_be_offered(other.queue, extension):
                yield call_id

    def waiting_in_vain(self) -> Iterator[str]:
        """Yield who waits for an agent though one is free who might be rung."""
        staffed = {name for name in self._books.queues if any(self._free(name))}
        for call_id, caller in self._books.callers.items():
            if caller.queue not in staffed or not caller.waits or call_id in self.holding_out:
                continue
            if free := self.rung(caller):
                yield f"{call_id} waits though {free} are free"

    # One agent rather than another. -------------------------------------------------------------

    def hold_out(self, call_id: str, caller: Caller) -> None:
        """Note whether a caller waits for one agent until a timer ends that."""
        if self.favourite(caller) is not None and self._books.queues[caller.queue].sticky_wait:
            self._books.set(self.holding_out, call_id, True)

    def favourite(self, caller: Caller) -> str | None:
        """Return who spoke with the customer last, not long before."""
        books = self._books
        spoke = None if caller.customer is None else books.spoke.get(caller.customer)
        if spoke is None or spoke.extension in caller.tried:
            return None
        sticky, ago = books.queues[caller.queue].sticky, caller.place[1] - spoke.at
        return spoke.extension if sticky and timedelta(0) <= ago <= sticky else None

    def _is_awaited(self, caller: Caller, favourite: str) -> bool:
        books = self._books
        seat = books.seats[caller.queue][favourite]
        waited = books.now - caller.place[1]
        return (
            seat.since is not None
            and not seat.paused
            and waited < books.queues[caller.queue].sticky_wait
            and caller.accepts(seat, books.people[favourite])
        )

    # Who may enter, and stay. -------------------------------------------------------------------

    def turned_away(self, name: str, need: Need) -> QueueStatus | None:
        """Return why nobody may enter a queue now, None if one may."""
        queue = self._books.queues[name]
        if queue.closed_until is not None and self._books.now < queue.closed_until:
            return QueueStatus.JOINEMPTY
        if self.is_empty(name, queue.joinempty, need):
            seats = self._books.seats[name].values()
            there = any(seat.since is not None for seat in seats)
            return QueueStatus.JOINUNAVAIL if there else QueueStatus.JOINEMPTY
        waiting = sum(caller.kept is None for caller in self._line(name))
        return QueueStatus.FULL if queue.maxlen and waiting >= queue.maxlen else None

    def is_empty(self, queue: str, excuses: frozenset[EmptyCondition], need: Need) -> bool:
        """Tell whether nobody counts as there, if anybody needs to be there."""
        if not excuses:
            return False
        caller = Caller(queue, "", (0, self._books.now, ""), need=need)
        limited = EmptyCondition.PENALTY in excuses
        return not any(
            seat.counts_as_there(self._books.people[extension], excuses)
            for extension, seat in self._books.seats[queue].items()
            if caller.allows(seat.penalty) or not limited
        )

    def staying_in_vain(self) -> Iterator[str]:
        """Yield who waits in a queue that is empty, and should be told so."""
        for call_id, caller in self._books.callers.items():
            if caller.waits and caller.kept is None:
                excuses = self._books.queues[caller.queue].leavewhenempty
                if self.is_empty(caller.queue, excuses, caller.need):
                    yield f"{call_id} stays though nobody is there"

    def waits_until(self, caller: Caller) -> datetime:
        """Return when a caller goes back to the dialplan."""
        wait = caller.timeout or self._books.queues[caller.queue].max_wait
        return caller.until or caller.place[1] + wait

    # Moving. ------------------------------------------------------------------------------------

    def priority(self, call_id: str, queue: str, place: Place | int) -> int:
        """Return the priority of a caller who is moved."""
        own = -self._books.callers[call_id].place[0]
        line = (c for i, c in self._books.callers.items() if i != call_id and c.queue == queue)
        others = [-caller.place[0] for caller in line if caller.is_in_line]
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

    def _line(self, queue: str) -> Iterator[Caller]:
        for caller in self._books.callers.values():
            if caller.queue == queue and caller.is_in_line:
                yield caller

    def _free(self, name: str) -> Iterator[tuple[str, Seat]]:
        queue = self._books.queues[name]
        for extension, seat in self._books.seats[name].items():
            if self._is_free(queue, extension, seat):
                yield extension, seat

    def _is_free(self, queue: Queue, extension: str, seat: Seat) -> bool:
        there = seat.since is not None and not seat.paused
        return there and self._books.people[extension].is_free(queue)
