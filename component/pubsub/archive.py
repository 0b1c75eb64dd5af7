"""The archive of a node (XEP-0313, XEP-0442): the items that it keeps, in the order of publication.

There is no other: what was retracted, purged or has expired is gone from here too. A place in the
archive is named by the number of the publication, which no later one has, whatever became of the
item: so whoever asks for what came after a place misses nothing.
"""

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import datetime

from component.pubsub.errors import PageNotFoundError, UnsupportedError
from component.pubsub.model import Item, Node
from component.pubsub.paging import Budget, Page, Paged, paged
from component.pubsub.retrieving import Retrieving, size_of
from component.pubsub.rules import Request

MAX_PAGE = 50
"""The most entries that come at once."""

PAGE_SIZE = 1_000_000
"""Bytes of payloads that come at once."""

_PLACE = re.compile("[1-9][0-9]{0,17}")


@dataclass(frozen=True, slots=True)
class Query:
    """Which entries are asked for; those that match everything that is set."""

    start: datetime | None = None
    end: datetime | None = None
    """Published then, or between the two."""
    after: str | None = None
    before: str | None = None
    """Places."""
    ids: tuple[str, ...] = ()
    """Places, all of which must have an entry."""
    sender: str | None = None
    """Who has sent the notification; that is always the address that is asked."""


EVERYTHING = Query()


def place_of(item: Item) -> str:
    """Return the place of an item in the archive."""
    return str(item.seq)


class Archive(Retrieving):
    """Operations on archives. Who may retrieve items may ask for them."""

    def archived(self, request: Request, query: Query, page: Page) -> tuple[Node, Paged[Item]]:
        """Return a page of what a node has kept, and the node.

        Raises what `readable` raises, `UnsupportedError` if the node keeps no items, and
        `PageNotFoundError` for a place that no entry has had.
        """
        node = self.readable(request)
        if not node.config.persist_items:
            raise UnsupportedError("persistent-items")
        entries = [
            item
            for item in self._between(node, query)
            if (query.start is None or query.start <= item.published_at)
            and (query.end is None or item.published_at <= query.end)
        ]
        if query.sender not in (None, request.service):
            entries = []
        limit = MAX_PAGE if page.limit is None else min(page.limit, MAX_PAGE)
        asked = Page(limit, page.after, page.before, page.index)

        def between(place: str) -> tuple[int, int]:
            return self._place(entries, place)

        return node, paged(entries, asked, place_of, between, Budget(size_of, PAGE_SIZE))

    def _between(self, node: Node, query: Query) -> list[Item]:
        kept = list(self._state.items_at.of(node.name))
        end = len(kept) if query.before is None else self._place(kept, query.before)[0]
        start = 0 if query.after is None else self._place(kept, query.after)[1]
        entries = kept[start:end]
        if not query.ids:
            return entries
        wanted = set(query.ids)
        if not wanted <= {place_of(item) for item in kept}:
            raise PageNotFoundError
        return [item for item in entries if place_of(item) in wanted]

    def _place(self, entries: list[Item], place: str) -> tuple[int, int]:
        """Return where the entries before a place end, and where those after it begin."""
        if _PLACE.fullmatch(place) is None or not self._state.was_given(int(place)):
            raise PageNotFoundError
        key = int(place)
        return (
            bisect_left(entries, key, key=lambda item: item.seq),
            bisect_right(entries, key, key=lambda item: item.seq),
        )
