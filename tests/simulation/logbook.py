"""`queue_log` once more, as somebody writes it who keeps the books.

Each fact adds to it exactly what follows from the books: which entries, and every field of them.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from component.domain.asterisk_ids import leg_channel
from component.domain.events import Event, LogOff, LogOn
from component.domain.model import Leg
from component.domain.queue_log import NONE, LogEntry
from tests.simulation.entries import Caller, Kept, Seat

if TYPE_CHECKING:
    from tests.simulation.books import Books

Data = tuple[str, ...]


class Logbook:
    """What is to be logged of one fact."""

    def __init__(self, books: "Books") -> None:
        self._books = books
        self._due: Counter[LogEntry] = Counter()
        self._asked_on = NONE
        """The channel on which a code was dialled that logs somebody on or off."""

    def begin(self, event: Event) -> None:
        """Turn to the next fact."""
        self._due.clear()
        self._asked_on = (event.dialled_on if isinstance(event, LogOn | LogOff) else "") or NONE

    def compare(self, logged: Sequence[LogEntry], *, placed: bool) -> None:
        """Look whether this is what was to be logged; of who is withdrawn, `placed`, the place."""
        if not (logged or self._due):
            return
        written, due = Counter(logged), self._due
        if not placed:
            written, due = _unplaced(written), _unplaced(due)
        if dict(written) != dict(due):  # compared as such in a tenth of the time
            missing, surplus = list(due - written), list(written - due)
            self._books.history.fail(f"queue_log lacks {missing}, and has {surplus}")

    # Agents. ------------------------------------------------------------------------------------

    def in_all_queues(self, extension: str, name: str, *data: str) -> None:
        """An agent is paused in all queues at once, or comes back."""
        self._add(LogEntry(self._books.now, NONE, NONE, extension, name, data))

    def seat_changed(self, key: tuple[str, str], old: Seat | None, new: Seat | None) -> None:
        """Note what is to be told of a seat: nothing of one in which nobody sits."""
        queue, extension = key

        def note(name: str, *data: str) -> None:
            self._add(LogEntry(self._books.now, NONE, queue, extension, name, data))

        was_there = old is not None and old.since is not None
        if new is None or new.since is None:
            if was_there:
                self._add(
                    LogEntry(self._books.now, self._asked_on, queue, extension, "REMOVEMEMBER")
                )
            return
        if not was_there:
            self._add(LogEntry(self._books.now, self._asked_on, queue, extension, "ADDMEMBER"))
        if old is not None and old.penalty != new.penalty:
            note("PENALTY", str(new.penalty))
        paused = old is not None and old.paused
        if new.paused and not (paused and old is not None and old.reason == new.reason):
            note("PAUSE", new.reason)
        elif paused and not new.paused:
            note("UNPAUSE")

    # Callers. -----------------------------------------------------------------------------------

    def entered(self, caller: Caller) -> None:
        """Somebody has a place in the line."""
        self._note(caller, NONE, "ENTERQUEUE", "", caller.number, str(caller.came_as))

    def moved(self, caller: Caller, queue: str) -> None:
        """Somebody leaves a queue for another one."""
        self._note(caller, NONE, "WITHDRAW", *self._stay(caller), f"moved to {queue}")

    def taken_over(self, asked: Caller, caller: Caller) -> None:
        """An agent's second call, which nobody has answered, leaves its place to a caller."""
        left = f"taken over by {caller.channel}"
        self._note(asked, NONE, "WITHDRAW", *self._stay(asked), left)

    def connected(self, caller: Caller, leg: Leg) -> None:
        """An agent begins to hear the caller."""
        if caller.passed_to is not None:
            return
        assert caller.taken is not None, "somebody answered"
        extension, at, _ = caller.taken
        data = (self._waited(caller), leg_channel(leg), _seconds(caller.rung_at, at))
        self._note(caller, extension, "CONNECT", *data)

    def not_taken(self, caller: Caller, extension: str, *, canceled: bool = False) -> None:
        """An agent's phone has rung in vain; or was answered, and nothing came of that."""
        if caller.taken is not None:
            name = "SYSCOMPAT" if caller.answered else "AGENTDUMP"
            self._note(caller, extension, name)
            return
        assert caller.rung_at is not None, "the phone rings"
        rang = (self._books.now - caller.rung_at) // timedelta(milliseconds=1)
        name = "RINGCANCELED" if canceled else "RINGNOANSWER"
        self._note(caller, extension, name, str(rang))

    def completed(self, caller: Caller, name: str, *how: str) -> None:
        """A talk is over: COMPLETECALLER, COMPLETEAGENT, or the call is passed on."""
        if caller.passed_to is not None:
            return
        assert caller.taken is not None, "somebody answered"
        held = _seconds(caller.place[1], caller.heard_at)
        talked = _seconds(caller.heard_at, self._books.now)
        self._note(caller, caller.taken[0], name, *how, held, talked, str(caller.came_as))

    def left(self, caller: Caller, name: str, *, first: Data = (), last: Data = ()) -> None:
        """Somebody leaves a queue who talks to nobody."""
        if caller.passed_to is not None:
            return
        agent = NONE
        if caller.taken is not None:
            agent = caller.taken[0]
        else:
            for extension in caller.offered_to:
                canceled = name in ("ABANDON", "EXITWITHKEY")
                self.not_taken(caller, extension, canceled=canceled)
        self._note(caller, agent, name, *first, *self._stay(caller), *last)

    # Callers who are not on the line. -----------------------------------------------------------

    def kept(self, caller: Caller, number: str) -> None:
        """Somebody is to be called back."""
        self._note(caller, NONE, "CALLBACK", number, self._waited(caller))

    def called(self, caller: Caller, calls: int) -> None:
        """A customer is called, the how many-th time."""
        self._note(caller, NONE, "CALLBACKCALL", str(calls))

    def missed(self, caller: Caller, kept: Kept, reason: str) -> None:
        """A customer is not there, or has pressed no key."""
        why = "unconfirmed" if kept.reached else reason
        tried = _seconds(kept.called_at, self._books.now)
        self._note(caller, NONE, "CALLBACKMISSED", why, str(kept.calls), tried)

    def reached(self, caller: Caller, kept: Kept) -> None:
        """A customer is there."""
        since = _seconds(kept.asked_at, self._books.now)
        self._note(caller, NONE, "CALLBACKTAKEN", str(kept.calls), since)

    # Below. -------------------------------------------------------------------------------------

    def _stay(self, caller: Caller) -> Data:
        """Return the place in the line, that on entering it, and the time in between."""
        place = self._books.registers.place(caller)
        return str(place), str(caller.came_as), self._waited(caller)

    def _waited(self, caller: Caller) -> str:
        return _seconds(caller.place[1], self._books.now)

    def _note(self, caller: Caller, agent: str, name: str, *data: str) -> None:
        self._add(LogEntry(self._books.now, caller.came_on, caller.queue, agent, name, data))

    def _add(self, entry: LogEntry) -> None:
        """Note an entry; an agent is named by who sits there when it happens."""
        person = self._books.people.get(entry.agent)
        number = None if person is None else person.number
        self._due[replace(entry, person=number or "")] += 1


def _unplaced(entries: Counter[LogEntry]) -> Counter[LogEntry]:
    """Leave out where in the line they were who are withdrawn, and in which order is not known."""
    return Counter(
        replace(entry, data=entry.data[1:]) if entry.event == "WITHDRAW" else entry
        for entry in entries.elements()
    )


def _seconds(since: datetime | None, until: datetime | None) -> str:
    assert since is not None, "it began"
    assert until is not None, "and is over"
    return str(int((until - since).total_seconds()))
