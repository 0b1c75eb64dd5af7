"""Whether anybody is there in a queue, by the books and by what the caller needs."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from component.domain.queue import EmptyCondition
from component.domain.terms import Need
from tests.simulation.books import Books
from tests.simulation.entries import within
from tests.simulation.registers import Some

Excuses = frozenset[EmptyCondition]
"""For what members do not count as there."""


class Emptiness:
    """Reads the books, and writes nothing."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._there: defaultdict[str, dict[tuple[Excuses, Need], str]] = defaultdict(dict)
        """By queue, who counted as there when it was looked at last: who may well do so again."""

    def is_empty(self, queue: str, excuses: Excuses, need: Need) -> bool:
        """Tell whether nobody counts as there, if anybody needs to be there."""
        if not excuses:
            return False
        people, seats = self._books.people, self._books.registers.seats[queue]
        limited, there = EmptyCondition.PENALTY in excuses, self._there[queue]
        before = there.pop((excuses, need), None)
        for extension in seats if before not in seats else (before, *seats):
            seat = seats[extension]
            if limited and not within(need, seat.penalty):
                continue
            if seat.counts_as_there(people[extension], excuses):
                there[excuses, need] = extension
                return False
        return True

    def concerned(self) -> Iterator[str]:
        """Yield callers for whom a queue may have become empty by what was written of late.

        For none of the others as long as nothing was written of who counted as there.
        """
        registers, touched = self._books.registers, self._books.registers.touched
        yield from touched.callers
        for queue in touched.queues:
            yield from registers.waiting[queue]
        for queue, extensions in touched.seats.items():
            if registers.waiting[queue] and self._hinges_on(extensions, queue):
                yield from registers.waiting[queue]

    def _hinges_on(self, extensions: Some[str], queue: str) -> bool:
        return any(extension in extensions for extension in self._there[queue].values())

    def staying_in_vain(self, call_ids: Iterable[str]) -> Iterator[str]:
        """Yield who of these waits in a queue that is empty, and should be told so."""
        for call_id in call_ids:
            caller = self._books.callers.get(call_id)
            if caller is None or not caller.waits or caller.kept is not None:
                continue
            queue = self._books.queues.get(caller.queue)
            if queue is None:
                continue  # loaded from the store, and soon sent away
            if self.is_empty(queue.name, queue.leavewhenempty, caller.need):
                yield f"{call_id} stays though nobody is there"
