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


def paged(whole: Sequence[V], page: Page, id_of: Callable[[V], str]) -> Paged[V]:
    """Return the page that is asked for. Raises `PageNotFoundError` if it cannot be found."""
    start, end = 0, len(whole)
    if page.after is not None:
        start = _position(whole, page.after, id_of) + 1
    elif page.before:
        end = _position(whole, page.before, id_of)
    elif page.index is not None:
        if page.index > len(whole):
            raise PageNotFoundError
        start = page.index
    if page.limit is not None:
        if page.before is not None:
            start = max(start, end - page.limit)
        else:
            end = min(end, start + page.limit)
    entries = tuple(whole[start:end])
    if not entries:
        return Paged(entries, len(whole), start)
    return Paged(entries, len(whole), start, id_of(entries[0]), id_of(entries[-1]))


def _position(whole: Sequence[V], wanted: str, id_of: Callable[[V], str]) -> int:
    for position, entry in enumerate(whole):
        if id_of(entry) == wanted:
            return position
    raise PageNotFoundError
