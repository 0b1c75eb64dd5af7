"""Keyed records with a unit of work: what the pure parts keep their state in.

The engine steps many facts and then commits them in one transaction. Until the commit succeeds it
must be able to undo them all; when it succeeds it must know what to write. A `Ledger` does both:
each `Table` notes in it what a key held before it was changed.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

Undo = Callable[[], None]


class Ledger:
    """The order in which tables were changed since the last commit."""

    def __init__(self) -> None:
        self._undo: list[Undo] = []
        self._changed: list[Table[Hashable, object]] = []
        """Of all tables those that were, since the last commit."""
        self._in_doubt: list[Table[Hashable, object]] = []

    def mark(self) -> int:
        """Return a point that `rollback` can go back to."""
        return len(self._undo)

    def rollback(self, mark: int = 0) -> None:
        """Undo every change made since `mark`, the newest first."""
        while len(self._undo) > mark:
            self._undo.pop()()
        if mark == 0:
            self._forget()

    def rollback_in_doubt(self) -> None:
        """Undo every change, though the store may have it: what it touched is written again.

        Until a commit succeeds, `pending` yields those keys as they are then.
        """
        for table in self._changed:
            table.doubted.update(table.touched)
        self._in_doubt += self._changed
        self.rollback()

    def committed(self) -> None:
        """Make all changes final: they can no longer be undone and are no longer pending."""
        self._undo.clear()
        self._forget()
        self.trust()

    def trust(self) -> None:
        """Write nothing again: the store has what we have."""
        for table in self._in_doubt:
            table.doubted.clear()
        self._in_doubt.clear()

    def note(self, undo: Undo) -> None:
        """Remember how to undo one change."""
        self._undo.append(undo)

    def include(self, table: "Table[K, V]") -> None:
        """Let `committed` and `rollback` settle a table that is about to be changed."""
        self._changed.append(table)  # type: ignore[arg-type]

    def _forget(self) -> None:
        for table in self._changed:
            table.touched.clear()
        self._changed.clear()


class Table(Generic[K, V]):
    """A mapping of frozen records whose changes can be undone, and listed for the store.

    `on_change(old, new)` keeps derived indexes; it runs for changes and for their undoing alike.
    `on_put(old, new)` runs for changes alone.
    """

    def __init__(
        self,
        ledger: Ledger,
        on_change: Callable[[V | None, V | None], None] | None = None,
        on_put: Callable[[V | None, V | None], None] | None = None,
    ) -> None:
        self._ledger = ledger
        self._rows: dict[K, V] = {}
        self._on_change = on_change
        self._on_put = on_put
        self.touched: dict[K, V | None] = {}
        """What was changed since the last commit, as it was then."""
        self.doubted: set[K] = set()

    def __getitem__(self, key: K) -> V:
        return self._rows[key]

    def __contains__(self, key: K) -> bool:
        return key in self._rows

    def __iter__(self) -> Iterator[K]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def get(self, key: K) -> V | None:
        """Return the record of a key, or None."""
        return self._rows.get(key)

    def values(self) -> Iterator[V]:
        """Iterate over the records, in the order in which their keys were first put."""
        return iter(self._rows.values())

    def load(self, key: K, record: V) -> None:
        """Set a record as the store has it: nothing to undo, nothing to write."""
        self._swap(key, record)

    def put(self, key: K, record: V) -> None:
        """Insert or replace a record."""
        self._change(key, record)

    def delete(self, key: K) -> None:
        """Remove a record; an absent key is no error."""
        if key in self._rows:
            self._change(key, None)

    def forget(self, key: K) -> None:
        """Remove a record from memory alone: the store keeps it, nobody here needs it."""
        self._swap(key, None)

    def pending(self) -> Sequence[tuple[K, V | None]]:
        """Return each key whose record the store may not have as it is, None if there is none.

        Those that were changed come in the order of their first change.
        """
        if not self.touched and not self.doubted:
            return ()  # as nearly all tables are at any time
        keys = {**self.touched, **dict.fromkeys(self.doubted)} if self.doubted else self.touched
        return [(key, self._rows.get(key)) for key in keys]

    def is_news(self, key: K, stored: Callable[[V], object]) -> bool:
        """Tell whether the store may not have a pending record as it is.

        `stored` returns what of a record the store keeps.
        """
        old, new = self.touched.get(key), self._rows.get(key)
        if key in self.doubted or old is None or new is None:
            return True
        return stored(old) != stored(new)

    def _change(self, key: K, record: V | None) -> None:
        old = self._swap(key, record)
        if not self.touched:
            self._ledger.include(self)
        self.touched.setdefault(key, old)
        self._ledger.note(lambda: self._restore(key, old))
        if self._on_put is not None:
            self._on_put(old, record)

    def _restore(self, key: K, old: V | None) -> None:
        self._swap(key, old)

    def _swap(self, key: K, record: V | None) -> V | None:
        old = self._rows.get(key)
        if record is None:
            self._rows.pop(key, None)
        else:
            self._rows[key] = record
        if self._on_change is not None:
            self._on_change(old, record)
        return old
