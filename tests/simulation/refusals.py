"""What people ask for in vain, by the books: who gets which refusal."""

from component.domain.errors import (
    AgentElsewhereError,
    AlreadyLoggedOnError,
    DomainError,
    ExtensionInUseError,
    NotAMemberError,
    NotInWrapUpError,
    NotLoggedOnError,
    NotWaitingError,
    QueueRefusesError,
    UnknownDeviceError,
    UnknownQueueError,
)
from component.domain.events import (
    Event,
    ExtendWrapUp,
    LogOff,
    LogOn,
    MemberChanged,
    MoveCaller,
    Pause,
    Unpause,
    Withdraw,
)
from tests.simulation.books import Books
from tests.simulation.expectations import Expectations

Refusal = type[DomainError] | None
"""None is that it is granted."""


class Refusals:
    """Reads the books, and writes nothing."""

    def __init__(self, books: Books, expectations: Expectations) -> None:
        self._books = books
        self._expectations = expectations

    def expected(self, event: Event) -> Refusal:
        """Return why a fact is refused."""
        match event:
            case LogOn():
                return self._log_on(event)
            case LogOff(device, queue) | Pause(device, queue) | Unpause(device, queue):
                return self._deed(device, queue)
            case ExtendWrapUp(extension):
                person = self._books.people.get(extension)
                until = None if person is None else person.wrap_up_until
                return NotInWrapUpError if until is None else None
            case Withdraw(call_id):
                caller = self._books.callers.get(call_id)
                return NotWaitingError if caller is None or caller.answered else None
            case MoveCaller():
                return self._move(event)
            case MemberChanged(queue, extension):
                if queue not in self._books.queues:
                    return UnknownQueueError
                return None if extension in self._books.people else NotAMemberError
        return None

    def _deed(self, device: str, queue: str | None) -> Refusal:
        """Return what somebody is told who needs to be logged on for it."""
        extension = self._books.registers.phones.get(device)
        if extension is None:
            return UnknownDeviceError
        if unseated := self._unseated(extension, queue):
            return unseated
        seats = self._books.seats_of(extension, queue)
        on = any(seat.since is not None for _, seat in seats)
        return None if on else NotLoggedOnError

    def _unseated(self, extension: str, queue: str | None) -> Refusal:
        """Return what somebody is told who is no member: of one queue, or of any (None)."""
        if queue is not None and queue not in self._books.queues:
            return UnknownQueueError
        return None if any(self._books.seats_of(extension, queue)) else NotAMemberError

    def _log_on(self, event: LogOn) -> Refusal:
        books, extension = self._books, self._books.registers.phones.get(event.device)
        if extension is None:
            return UnknownDeviceError
        if unseated := self._unseated(extension, event.queue):
            return unseated
        here = books.people[extension].number
        wanted = None if event.person is None else event.person.number
        talks = books.people[extension].leg is not None
        if talks or here is not None or books.is_logged_on(extension):
            if here != wanted:
                return ExtensionInUseError
        elif wanted is not None and wanted in books.guests.values():
            return AgentElsewhereError
        seats = books.seats_of(extension, event.queue)
        on = all(seat.since is not None for _, seat in seats)
        return AlreadyLoggedOnError if on else None

    def _move(self, event: MoveCaller) -> Refusal:
        caller = self._books.callers.get(event.call_id)
        if caller is None or not caller.is_in_line or caller.kept is not None:
            return NotWaitingError
        if (event.queue or caller.queue) not in self._books.queues:
            return UnknownQueueError
        if event.queue in (None, caller.queue):
            return None
        if caller.offered_to:
            return NotWaitingError
        refused = self._expectations.turned_away(event.queue or "", caller.need)
        return None if refused is None else QueueRefusesError
