"""What was to come to pass by now, by the books: it does, though timers may be lost in gaps."""

from collections.abc import Iterator
from datetime import datetime

from tests.simulation.books import Books
from tests.simulation.entries import Caller
from tests.simulation.expectations import Expectations

Due = tuple[str, datetime]
"""What is to come to pass, and when."""


class Overdue:
    """Reads the books, and writes nothing. `fixed` is that nobody changes settings."""

    def __init__(self, books: Books, expectations: Expectations, *, fixed: bool) -> None:
        self._books = books
        self._expectations = expectations
        self._fixed = fixed

    def since(self, now: datetime) -> Iterator[Due]:
        """Yield what should have come to pass before."""
        for call_id, caller in self._books.callers.items():
            if caller.queue in self._books.queues:  # else it was loaded, and is soon sent away
                due = self._of_kept(caller) if caller.kept else self._of_caller(caller)
                yield from ((f"{call_id} {what}", at) for what, at in due if at < now)
        for extension, person in self._books.people.items():
            if person.wrap_up_until is not None and person.wrap_up_until < now:
                yield f"{extension} has done all paperwork", person.wrap_up_until

    def _of_caller(self, caller: Caller) -> Iterator[Due]:
        queue = self._books.queues[caller.queue]
        if caller.answered:
            return
        if caller.taken is not None:
            if self._fixed:
                yield "is heard", caller.taken[1] + queue.memberdelay
            return
        yield "has waited for long enough", self._expectations.waits_until(caller)
        if caller.need.skills and queue.skills_timeout:
            yield "needs no skills any more", caller.place[1] + queue.skills_timeout
        if caller.retry_at is not None:
            yield "is offered once more to who was tried", caller.retry_at
        is_known = caller.rings_at_most is not None or (self._fixed and not caller.rings_anew)
        if caller.rung_at is not None and is_known:
            rings_for = caller.rings_at_most or queue.timeout
            yield "has rung for long enough", caller.rung_at + rings_for

    def _of_kept(self, caller: Caller) -> Iterator[Due]:
        kept, terms = caller.kept, self._books.queues[caller.queue].callback
        assert kept is not None, "somebody keeps the place"
        if kept.calling:
            if kept.called_at is not None and not kept.reached and self._fixed:
                yield "has been called for long enough", kept.called_at + terms.timeout
            return
        yield "is called back no more", kept.asked_at + terms.max_age
        if kept.again_at is not None:
            yield "may be called again", kept.again_at
