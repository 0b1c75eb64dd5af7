"""Who may be offered a call, in the order of the queue's strategy.

The order is kept sorted while agents come and go, so that choosing costs the same with ten
thousand agents as with a hundred.
"""

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from component.domain.obstacles import Obstacle
from component.domain.terms import ANYBODY, Need

NO_SKILLS: Mapping[str, int] = MappingProxyType({})

Place = tuple[Any, ...]
"""Where a member stands among those alike, by the strategy: the smallest first."""

Rank = tuple[Any, ...]
"""(penalty, calls in hand, *place, extension)"""

MOST_NEEDS = 200
"""Of which a queue has lines. The dialplan may invent as many as there are callers, and each line
costs its part whenever a member's place changes; that of whom nobody has asked for longest goes."""


class Line:
    """The members of one queue who may be offered a call now."""

    def __init__(self) -> None:
        self._ranks: list[Rank] = []
        self._by_extension: dict[str, Rank] = {}

    def __len__(self) -> int:
        return len(self._ranks)

    def __contains__(self, extension: object) -> bool:
        return extension in self._by_extension

    def __iter__(self) -> Iterator[str]:
        return (rank[-1] for rank in self._ranks)

    def __getitem__(self, position: int) -> str:
        extension: str = self._ranks[position][-1]
        return extension

    def ranks(self) -> Iterator[Rank]:
        """Yield where the members stand, in order."""
        return iter(self._ranks)

    def rank(self, extension: str) -> Rank:
        """Return where a member stands who is in line."""
        return self._by_extension[extension]

    def alike(self) -> Iterator[tuple[int, int, range]]:
        """Yield each penalty that occurs, the lowest first, with each number of calls in hand, and
        the positions that have them.
        """
        start = 0
        while start < len(self._ranks):
            penalty, in_hand = self._ranks[start][:2]
            stop = bisect_left(self._ranks, (penalty, in_hand + 1))
            yield penalty, in_hand, range(start, stop)
            start = stop

    def position(self, extension: str) -> int | None:
        """Return where a member stands, None if not in line."""
        rank = self._by_extension.get(extension)
        return None if rank is None else bisect_left(self._ranks, rank)

    def position_after(self, rank: Rank) -> int:
        """Return the first position behind a rank, whether or not somebody has this rank."""
        return bisect_right(self._ranks, rank)

    def place(self, extension: str, rank: Rank | None) -> None:
        """Give a member another place, or none."""
        old = self._by_extension.pop(extension, None)
        if old is not None:
            del self._ranks[bisect_left(self._ranks, old)]
        if rank is not None:
            self._by_extension[extension] = rank
            insort(self._ranks, rank)


class Candidates:
    """The lines of all queues; for each need that callers have, one of those who meet it.

    And who is in no line, by what keeps them from calls.
    """

    def __init__(self) -> None:
        self._lines: defaultdict[str, Line] = defaultdict(Line)
        self._needed: defaultdict[str, dict[Need, Line]] = defaultdict(dict)
        self._skills: dict[str, Mapping[str, int]] = {}
        self._obstacles: dict[tuple[str, str], Obstacle] = {}
        self._kept_back: defaultdict[str, defaultdict[Obstacle, list[str]]] = defaultdict(
            lambda: defaultdict(list)
        )

    def of(self, queue: str, need: Need = ANYBODY) -> Line:
        """Return the candidates of a queue; iterated over, their extensions in order.

        The caller must not keep them across a change.
        """
        if need is ANYBODY or need == ANYBODY:  # is: comparing takes longer than all the rest
            return self._lines[queue]
        lines = self._needed[queue]
        found = lines.pop(need, None)
        if found is None:
            found = self._meeting(queue, need)
            if len(lines) == MOST_NEEDS:
                del lines[next(iter(lines))]
        lines[need] = found  # as the last one
        return found

    def any(self, queue: str) -> bool:
        """Tell whether a queue has a candidate at all."""
        return len(self._lines[queue]) > 0

    def place(
        self, queue: str, extension: str, rank: Rank | None, skills: Mapping[str, int] = NO_SKILLS
    ) -> None:
        """Give a member another place in a queue's lines, or none."""
        if rank is not None:  # else the skills may be those that count in other queues
            self._skills[extension] = skills
        self._lines[queue].place(extension, rank)
        for need, line in self._needed[queue].items():
            self._place_if_met(line, need, extension, rank)

    def keep_back(self, queue: str, extension: str, obstacle: Obstacle | None) -> None:
        """Note what keeps a member from calls; None is nothing, or that there is no such member."""
        old = self._obstacles.pop((queue, extension), None)
        if old is not None:
            line = self._kept_back[queue][old]
            del line[bisect_left(line, extension)]
        if obstacle is not None:
            self._obstacles[queue, extension] = obstacle
            insort(self._kept_back[queue][obstacle], extension)

    def kept_back(self, queue: str) -> Mapping[Obstacle, Sequence[str]]:
        """Return the members who may be offered nothing, by extension."""
        return self._kept_back[queue]

    def _meeting(self, queue: str, need: Need) -> Line:
        line = Line()
        for rank in self._lines[queue].ranks():
            self._place_if_met(line, need, rank[-1], rank)
        return line

    def _place_if_met(self, line: Line, need: Need, extension: str, rank: Rank | None) -> None:
        met = rank is not None and need.met_by(rank[0], self._skills[extension])
        line.place(extension, rank if met else None)
