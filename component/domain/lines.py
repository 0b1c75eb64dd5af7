"""The lines of the queues: which calls wait, in what order, and on which channel each call is."""

from bisect import bisect_left, insort
from collections import Counter, defaultdict
from datetime import datetime

from component.domain.model import Call
from component.domain.words import CallState

Place = tuple[int, datetime, str]
"""(-priority, entered, call id): the smallest is served first."""


class Lines:
    """Follows calls as they change, and knows them by id."""

    def __init__(self) -> None:
        self._by_channel: dict[str, str] = {}
        self._waiting: defaultdict[str, list[Place]] = defaultdict(list)
        self._queued: defaultdict[str, list[Place]] = defaultdict(list)
        self._limited: Counter[str] = Counter()
        self._kept: Counter[str] = Counter()
        self._to_be_called: Counter[str] = Counter()

    def call_changed(self, old: Call | None, new: Call | None) -> None:
        """Take in what a call was, and what it is now."""
        if old is not None:
            if self._by_channel.get(old.channel) == old.id:
                del self._by_channel[old.channel]
            if old.may_be_served:
                _remove(self._waiting[old.queue], old)
                self._limited[old.queue] -= _is_limited(old)
            if _is_queued(old):
                _remove(self._queued[old.queue], old)
            self._count_kept(old, -1)
        if new is not None:
            if new.state is not CallState.ENDED and new.channel:
                self._by_channel[new.channel] = new.id
            if new.may_be_served:
                insort(self._waiting[new.queue], _place(new))
                self._limited[new.queue] += _is_limited(new)
            if _is_queued(new):
                insort(self._queued[new.queue], _place(new))
            self._count_kept(new, 1)

    def on(self, channel: str) -> str | None:
        """Return the call that goes on on a caller's channel."""
        return self._by_channel.get(channel)

    def waiting(self, queue: str) -> tuple[Place, ...]:
        """Return the places of calls that wait in a queue now, the first to be served first."""
        return tuple(self._waiting[queue])

    def first_waiting(self, queue: str) -> Place | None:
        """Return the place of who is served next."""
        line = self._waiting[queue]
        return line[0] if line else None

    def queued(self, queue: str) -> list[Place]:
        """Return the places in a queue's line, those of calls that ring somewhere, too."""
        return self._queued[queue]

    def position(self, call: Call) -> int:
        """Return the place in its queue's line that a call has or would have, from 1."""
        return bisect_left(self._queued[call.queue], _place(call)) + 1

    def limited(self, queue: str) -> int:
        """Return how many of those who wait may not be offered to every penalty."""
        return self._limited[queue]

    def kept(self, queue: str) -> int:
        """Return how many callers of a queue keep their place to be called back."""
        return self._kept[queue]

    def to_be_called(self, number: str) -> int:
        """Return how many callers, of all queues, are to be called back at a number."""
        return self._to_be_called[number]

    def _count_kept(self, call: Call, by: int) -> None:
        if call.is_kept and call.callback is not None:
            self._kept[call.queue] += by
            self._to_be_called[call.callback.number] += by
            if not self._to_be_called[call.callback.number]:
                del self._to_be_called[call.callback.number]


def _is_queued(call: Call) -> bool:
    return (call.is_waiting or call.is_kept) and not call.direct


def _is_limited(call: Call) -> bool:
    return not call.is_kept and not call.terms.need.allows_any


def _place(call: Call) -> Place:
    return (-call.priority, call.entered_at, call.id)


def _remove(line: list[Place], call: Call) -> None:
    del line[bisect_left(line, _place(call))]
