"""Pages of a long list (XEP-0059): the rules, without the stanza."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from component.pubsub.errors import PageNotFoundError

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is asked for. At most one of `after`, `before`, `index` is set."""

    limit: int | None = None
    """The most entries; 0 asks for nothing but their number (§2.7)."""
    after: str | None = None
    before: str | None = None
    """The id of the entry that the page ends before; "" asks for the last page (§2.5)."""
    index: int | None = None
    """How many come before the page; if there are no more than these, it is empty (§2.6)."""


@dataclass(frozen=True, slots=True)
class Paged(Generic[V]):
    """A part of a list, and where it stands in the whole."""

    entries: tuple[V, ...]
    count: int
    """How long the whole is."""
    index: int = 0
    first: str | None = None
    """None if the page is empty."""
    last: str | None = None


@dataclass(frozen=True, slots=True)
class Budget(Generic[V]):
    """How large the entries of a page may be in all; one entry always fits."""

    size_of: Callable[[V], int]
    size: int


def paged(
    whole: Sequence[V],
    page: Page,
    id_of: Callable[[V], str],
    place_of: Callable[[str], tuple[int, int]] | None = None,
    budget: Budget[V] | None = None,
) -> Paged[V]:
    """Return the page that is asked for, shorter if it goes beyond the budget.

    `place_of` returns between which entries an id stands: the indexes where what comes before it
    ends, and where what comes after it begins. Raises `PageNotFoundError`.
    """
    place_of = place_of or (lambda wanted: _place(whole, wanted, id_of))
    start, end = 0, len(whole)
    if page.after is not None:
        start = place_of(page.after)[1]
    elif page.before:
        end = place_of(page.before)[0]
    elif page.index is not None:
        start = min(page.index, end)
    if page.limit is not None:
        if page.before is not None:
            start = max(start, end - page.limit)
        else:
            end = min(end, start + page.limit)
    entries = tuple(whole[start:end])
    if budget is not None:
        entries = _affordable(entries, budget, backwards=page.before is not None)
        start = end - len(entries) if page.before is not None else start
    if not entries:
        return Paged(entries, len(whole), start)
    return Paged(entries, len(whole), start, id_of(entries[0]), id_of(entries[-1]))


def _affordable(entries: tuple[V, ...], budget: Budget[V], *, backwards: bool) -> tuple[V, ...]:
    """Return as many entries as fit, the last ones if the page is read backwards."""
    size = 0
    for number, entry in enumerate(reversed(entries) if backwards else entries):
        size += budget.size_of(entry)
        if size > budget.size and number > 0:
            return entries[-number:] if backwards else entries[:number]
    return entries


def _place(whole: Sequence[V], wanted: str, id_of: Callable[[V], str]) -> tuple[int, int]:
    for position, entry in enumerate(whole):
        if id_of(entry) == wanted:
            return position, position + 1
    raise PageNotFoundError
