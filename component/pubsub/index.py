"""Records grouped by what they have in common."""

from bisect import bisect_left, insort
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

V = TypeVar("V")

_EMPTY: list[Any] = []


class Index(Generic[V]):
    """Records grouped by a string, sorted within each group by an order that is unique there.

    Groups without records take no memory, and those of one record no list: most nodes have hardly
    any items and subscribers.
    """

    def __init__(self, group: Callable[[V], str], order: Callable[[V], Any]) -> None:
        self._group = group
        self._order = order
        self._groups: dict[str, V | list[V]] = {}

    def of(self, group: str) -> Sequence[V]:
        """Return a group as it is now; the caller must not keep it across a change."""
        held = self._groups.get(group, _EMPTY)
        return held if isinstance(held, list) else (held,)

    def changed(self, old: V | None, new: V | None) -> None:
        """Follow a change of a record; a `Table`'s `on_change`."""
        if old is not None and new is not None and self._place(old) == self._place(new):
            self._replace(old, new)
            return
        if old is not None:
            self._remove(old)
        if new is not None:
            self._add(new)

    def _place(self, record: V) -> tuple[str, Any]:
        return self._group(record), self._order(record)

    def _replace(self, old: V, new: V) -> None:
        """Put a record where another one is, as a change does that is not about its key."""
        name = self._group(old)
        held = self._groups[name]
        if isinstance(held, list):
            held[bisect_left(held, self._order(old), key=self._order)] = new
        else:
            self._groups[name] = new

    def _add(self, record: V) -> None:
        name = self._group(record)
        held = self._groups.get(name)
        if held is None:
            self._groups[name] = record
        elif not isinstance(held, list):
            self._groups[name] = sorted((held, record), key=self._order)
        elif self._order(held[-1]) < self._order(record):
            held.append(record)  # as nearly all are that are loaded, and new items
        else:
            insort(held, record, key=self._order)

    def _remove(self, record: V) -> None:
        name = self._group(record)
        held = self._groups[name]
        if not isinstance(held, list):
            del self._groups[name]
            return
        del held[bisect_left(held, self._order(record), key=self._order)]
        if len(held) == 1:
            self._groups[name] = held[0]
