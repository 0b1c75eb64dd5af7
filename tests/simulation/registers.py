"""What is looked up all the time: kept as the books are written, at times compared with them.

And where something was written: only there anything can have become wrong.
"""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from component.domain.model import Spoke, dnd_device
from component.domain.queue import Queue
from tests.simulation.entries import Caller, Person, Seat
from tests.unit.domain import reference as naive

if TYPE_CHECKING:
    from tests.simulation.books import Books

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

Place = tuple[int, datetime, str]

Some = dict[K, None]
"""A set whose order is the same in each run."""


class Book(dict[K, V]):
    """Entries by key. `tell(key, old, new)` hears of each one that is made or struck out."""

    def __init__(self, tell: Callable[[K, V | None, V | None], None] | None = None) -> None:
        super().__init__()
        self._tell = tell

    def write(self, key: K, entry: V | None) -> None:
        """Make an entry, or strike it out (None)."""
        old = self.get(key)
        if entry is None:
            self.pop(key, None)
        else:
            self[key] = entry
        if self._tell is not None:
            self._tell(key, old, entry)

    def begin(self, entries: Mapping[K, V]) -> None:
        """Have these entries and no others."""
        for key in [key for key in self if key not in entries]:
            self.write(key, None)
        for key, entry in entries.items():
            self.write(key, entry)


@dataclass(slots=True)
class Touched:
    """Where something was written since it was looked at."""

    seats: defaultdict[str, Some[str]] = field(default_factory=lambda: defaultdict(dict))
    """Of each queue, the extensions of which something was written."""
    callers: Some[str] = field(default_factory=dict)
    queues: Some[str] = field(default_factory=dict)


class Registers:
    """Of people, seats and callers. Nothing of it is the engine's."""

    def __init__(self, books: "Books") -> None:
        self._books = books
        self.touched = Touched()
        self.stirred: Some[str] = {}
        """Extensions from which somebody may have gone."""
        self.phones: dict[str, str] = {}
        """The extension of each phone."""
        self.dnd: dict[str, Some[str]] = {}
        """Of each device that says whether somebody wants calls, whose it is: all who have it."""
        self._holders: defaultdict[str, Some[str]] = defaultdict(dict)
        """All who have a phone: two while one of them leaves; the last has it by now."""
        self.desks: defaultdict[str, Some[str]] = defaultdict(dict)
        """The queues of an extension."""
        self.seats: defaultdict[str, dict[str, Seat]] = defaultdict(dict)
        """The seats of a queue, by extension."""
        self.callers: defaultdict[str, Some[str]] = defaultdict(dict)
        """All callers of a queue."""
        self.waiting: defaultdict[str, Some[str]] = defaultdict(dict)
        """Those who wait for an agent only."""
        self.lines: defaultdict[str, list[Place]] = defaultdict(list)
        """The places of those who are in a queue's line, in its order."""
        self.channels: dict[str, Some[str]] = {}
        """The callers on a channel; of no channel on which nobody is."""
        self._free: defaultdict[str, dict[str, naive.Person]] = defaultdict(dict)
        self._stale: defaultdict[str, Some[str]] = defaultdict(dict)

    def free(self, queue: str) -> Mapping[str, naive.Person]:
        """Return who may be offered a call of a queue, as the naive strategies see them."""
        free, seats = self._free[queue], self.seats[queue]
        for extension in self._stale.pop(queue, ()):
            free.pop(extension, None)
            if extension in seats and self.is_free(queue, extension):
                free[extension] = self._seen(queue, extension)
        return free

    def is_free(self, queue: str, extension: str) -> bool:
        """Tell whether nothing keeps an agent from the calls of a queue."""
        seat, person = self.seats[queue][extension], self._books.people[extension]
        there = seat.since is not None and not seat.paused
        return there and person.is_free(self._books.queues[queue])

    def _seen(self, queue: str, extension: str) -> naive.Person:
        return self.seats[queue][extension].taken_by(extension, self._books.people[extension])

    def place(self, caller: Caller) -> int:
        """Return the how many-th in the line somebody is, or would be."""
        return bisect_left(self.lines[caller.queue], caller.place) + 1

    def differences(self) -> Iterable[str]:
        """Yield where all this is not what follows from the books."""
        books = self._books
        for name in books.queues:
            seats = {e: seat for (queue, e), seat in books.seats.items() if queue == name}
            free = {e: self._seen(name, e) for e in seats if self.is_free(name, e)}
            callers = {i: c for i, c in books.callers.items() if c.queue == name}
            waiting = {call_id for call_id, caller in callers.items() if caller.waits}
            if seats != self.seats[name] or free != self.free(name):
                yield f"seats of {name}"
            if callers.keys() != self.callers[name].keys() or waiting != set(self.waiting[name]):
                yield f"callers of {name}"
            if sorted(c.place for c in callers.values() if c.is_in_line) != self.lines[name]:
                yield f"line of {name}"

    # What was written. --------------------------------------------------------------------------

    def queue_changed(self, name: str, old: Queue | None, new: Queue | None) -> None:
        """Take note of other settings of a queue."""
        self._stale[name].update(dict.fromkeys(self.seats[name]))
        self.touched.queues[name] = None

    def person_changed(self, extension: str, old: Person | None, new: Person | None) -> None:
        """Take note of something else that is known of an agent, who may sit nowhere any more."""
        self.stirred[extension] = None
        if old is None or new is None or old.phone != new.phone:
            self._phone_changed(extension, old, new)
        for queue in self.desks[extension]:
            self._stir(queue, extension)

    def _phone_changed(self, extension: str, old: Person | None, new: Person | None) -> None:
        if old is not None:
            holders = self._holders[old.phone]
            del holders[extension]
            if holders:
                self.phones[old.phone] = next(reversed(holders))
            else:
                del self.phones[old.phone]
        if new is not None:
            self._holders[new.phone][extension] = None
            self.phones[new.phone] = extension
            self.dnd[dnd_device(new.phone)] = self._holders[new.phone]

    def seat_changed(self, key: tuple[str, str], old: Seat | None, new: Seat | None) -> None:
        """Take note of something else that is known of a seat."""
        queue, extension = key
        if new is None:
            self.seats[queue].pop(extension, None)
            self.desks[extension].pop(queue, None)
        else:
            self.seats[queue][extension] = new
            self.desks[extension][queue] = None
        self._stir(queue, extension)

    def _stir(self, queue: str, extension: str) -> None:
        self._stale[queue][extension] = None
        self.touched.seats[queue][extension] = None
        self.stirred[extension] = None

    def caller_changed(self, call_id: str, old: Caller | None, new: Caller | None) -> None:
        """Take note of something else that is known of a caller."""
        if old is not None:
            self.callers[old.queue].pop(call_id)
            self.waiting[old.queue].pop(call_id, None)
            if old.is_in_line:
                line = self.lines[old.queue]
                del line[bisect_left(line, old.place)]
            self.channels[old.channel].pop(call_id)
            if not self.channels[old.channel]:
                del self.channels[old.channel]
        if new is not None:
            self.callers[new.queue][call_id] = None
            self.channels.setdefault(new.channel, {})[call_id] = None
            if new.is_in_line:
                insort(self.lines[new.queue], new.place)
            if new.waits:
                self.waiting[new.queue][call_id] = None
        self.touched.callers[call_id] = None

    def spoke_changed(self, customer: int, old: Spoke | None, new: Spoke | None) -> None:
        """Take note of who spoke with a customer: of whose other calls nobody keeps a list."""
        for callers in self.waiting.values():
            self.touched.callers.update(callers)
