"""How a queue chooses among those who may be offered a call: app_queue's strategies.

Each says where a member stands among those alike, and whom of the line to ring: one of them, or
with `ringall` several at once. Alike are those of the same penalty who have as many calls in hand.
The lowest penalty comes first in all but `wrandom`, for which, as in app_queue, it is a weight;
then the fewest calls in hand, of which most agents may have but one.

Who was tried already for this call is chosen by none.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from random import Random
from types import MappingProxyType
from typing import Protocol

from component.domain.candidates import Line, Place, Rank
from component.domain.model import Agent, Member, Turn
from component.domain.queue import StrategyName

Tried = frozenset[str]

Chosen = tuple[str, ...]
"""The extensions to ring."""


class Strategy(Protocol):
    """How one strategy orders and chooses."""

    @property
    def ordered_by(self) -> tuple[str, ...]:
        """The names of what a place consists of."""
        ...

    def place(self, agent: Agent, member: Member, /) -> Place:
        """Return where a member, who is logged on, stands among those alike."""
        ...

    def order(self, line: Line, turn: Turn | None, /) -> Iterator[Rank]:
        """Yield the line as it is looked through; `turn` is as for `choose`."""
        ...

    def choose(self, line: Line, tried: Tried, turn: Turn | None, rng: Random, /) -> Chosen:
        """Return whom to offer the call, nobody if all in line were tried.

        `turn` is who was offered the last call of this queue.
        """
        ...


@dataclass(frozen=True, slots=True)
class InOrder:
    """Takes the first of an order that `place` gives."""

    by: Callable[[Agent, Member], Place]
    ordered_by: tuple[str, ...]

    def place(self, agent: Agent, member: Member) -> Place:
        """Return the place in the order."""
        return self.by(agent, member)

    def order(self, line: Line, _turn: Turn | None) -> Iterator[Rank]:
        """Yield the line as it is."""
        return line.ranks()

    def choose(self, line: Line, tried: Tried, _turn: Turn | None, _rng: Random) -> Chosen:
        """Take the first."""
        return next(((extension,) for extension in line if extension not in tried), ())


@dataclass(frozen=True, slots=True)
class RoundRobin:
    """Goes round in a circle, on from whom the last call of the queue was offered to."""

    by: Callable[[Member | Turn], Place]
    ordered_by: tuple[str, ...] = ()

    def place(self, _agent: Agent, member: Member) -> Place:
        """Return the place in the circle."""
        return self.by(member)

    def order(self, line: Line, turn: Turn | None) -> Iterator[Rank]:
        """Yield the circles of those alike."""
        for penalty, in_hand, positions in line.alike():
            start = positions.start
            if turn is not None:
                start = line.position_after((penalty, in_hand, *self.by(turn), turn.extension))
            for position in chain(range(start, positions.stop), range(positions.start, start)):
                yield line.rank(line[position])

    def choose(self, line: Line, tried: Tried, turn: Turn | None, _rng: Random) -> Chosen:
        """Take the next in the circle."""
        circle = (rank[-1] for rank in self.order(line, turn))
        return next(((extension,) for extension in circle if extension not in tried), ())


@dataclass(frozen=True, slots=True)
class Drawn:
    """Draws lots. `weight` is of a penalty: it stretches the lots, of which the smallest wins."""

    weight: Callable[[int], int] | None
    """None: the lowest penalty wins."""
    ordered_by: tuple[str, ...] = ()

    def place(self, _agent: Agent, _member: Member) -> Place:
        """Return nothing: all are alike."""
        return ()

    def order(self, line: Line, _turn: Turn | None) -> Iterator[Rank]:
        """Yield all among whom lots are drawn."""
        return line.ranks()

    def choose(self, line: Line, tried: Tried, _turn: Turn | None, rng: Random) -> Chosen:
        """Draw one lot for all who are alike together, then one among the winners.

        The smallest of n lots between 0 and 1 is below x with probability 1 - (1 - x)ⁿ.
        """
        best: tuple[int, float, int, list[int], range] | None = None
        for penalty, in_hand, positions in line.alike():
            taken = _taken(line, positions, tried)
            free = len(positions) - len(taken)
            if not free:
                continue
            lot = 0.0
            if self.weight is not None:
                lot = self.weight(penalty) * (1 - (1 - rng.random()) ** (1 / free))
            if best is None or (in_hand, lot) < best[:2]:
                best = (in_hand, lot, free, taken, positions)
            if self.weight is None:
                break
        if best is None:
            return ()
        *_, free, taken, positions = best
        return (line[_nth_free(positions.start + rng.randrange(free), taken)],)


@dataclass(frozen=True, slots=True)
class All:
    """Takes all who are alike at once, the others when none of them took the call."""

    by: Callable[[Agent, Member], Place]
    ordered_by: tuple[str, ...]

    def place(self, agent: Agent, member: Member) -> Place:
        """Return the place in the order in which the phones begin to ring."""
        return self.by(agent, member)

    def order(self, line: Line, _turn: Turn | None) -> Iterator[Rank]:
        """Yield the line as it is."""
        return line.ranks()

    def choose(self, line: Line, tried: Tried, _turn: Turn | None, _rng: Random) -> Chosen:
        """Take all of the first who are alike of whom anybody is left."""
        for _, _, positions in line.alike():
            left = tuple(line[p] for p in positions if line[p] not in tried)
            if left:
                return left
        return ()


def _taken(line: Line, positions: range, tried: Tried) -> list[int]:
    found = (line.position(extension) for extension in tried)
    return sorted(p for p in found if p is not None and p in positions)


def _nth_free(position: int, taken: Iterable[int]) -> int:
    """Move a position, counted among those that are free, over those that are taken."""
    for other in taken:
        if position >= other:
            position += 1
    return position


def _least_recent(agent: Agent, member: Member) -> Place:
    """Who talked longest ago; one who never did counts from the moment of log-on."""
    return (agent.last_call or member.logged_on_at, member.logon_order)


def _fewest_calls(agent: Agent, member: Member) -> Place:
    """Who has had the fewest calls of this queue; among equals the least recent."""
    return (member.calls_taken, *_least_recent(agent, member))


def _order_of_log_on(_agent: Agent, member: Member) -> Place:
    return (member.logon_order,)


_IDLE = ("idle_since", "logon_order")

STRATEGIES: Mapping[StrategyName, Strategy] = MappingProxyType(
    {
        StrategyName.LEASTRECENT: InOrder(_least_recent, _IDLE),
        StrategyName.FEWESTCALLS: InOrder(_fewest_calls, ("calls_taken", *_IDLE)),
        StrategyName.LINEAR: InOrder(_order_of_log_on, ("logon_order",)),
        # By extension, so that logging off and on does not change one's place in the circle.
        StrategyName.RRMEMORY: RoundRobin(lambda _member: ()),
        StrategyName.RRORDERED: RoundRobin(lambda member: (member.logon_order,), ("logon_order",)),
        StrategyName.RANDOM: Drawn(None),
        StrategyName.WRANDOM: Drawn(lambda penalty: 1 + penalty),
        StrategyName.RINGALL: All(_least_recent, _IDLE),
    }
)

ROUND_ROBIN = frozenset(
    name for name, strategy in STRATEGIES.items() if isinstance(strategy, RoundRobin)
)
"""Those that must remember whose turn it was."""
