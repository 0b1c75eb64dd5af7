"""How much is measured."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Traffic:
    """Calls that come at random to agents who talk at random lengths."""

    talk: float
    """Seconds on average."""
    calls: int


@dataclass(frozen=True, slots=True)
class Size:
    """Numbers of everything."""

    entries: Mapping[int, int]
    """Agents → calls, one after another, each to a free agent."""
    busy: Mapping[int, float]
    """Agents, all of whom talk while callers wait → for how many seconds."""
    turns: Mapping[int, Traffic]
    """Agents → the traffic in which it is seen whose turn it is."""
    crowd: int
    """Agents who take as many calls a second as there can be."""
    rates: tuple[int, ...]
    """Calls a second that are tried, until one is too many."""
    step: float
    """For how many seconds each is tried."""
    lookups: int
    """Look-ups of a customer in each round, one by one, and `AT_ONCE` at a time."""
    lookup_rounds: int

    @property
    def agents(self) -> tuple[int, ...]:
        """Return how many agents the queues have, the fewest first."""
        return tuple(sorted({*self.entries, *self.busy, *self.turns, self.crowd}))


AT_ONCE = 10

SIZES: Mapping[str, Size] = {
    "full": Size(
        entries={3: 150, 100: 150, 1000: 150},
        busy={3: 15.0, 100: 10.0},
        turns={3: Traffic(0.3, 80), 20: Traffic(1.0, 200), 100: Traffic(4.0, 300)},
        crowd=300,
        rates=(10, 20, 40, 60, 80, *range(100, 200, 10), *range(200, 301, 20)),
        step=3.0,
        lookups=20,
        lookup_rounds=5,
    ),
    "quick": Size(
        entries={3: 30, 100: 30},
        busy={3: 8.0, 100: 6.0},
        turns={3: Traffic(0.3, 30), 20: Traffic(0.6, 60)},
        crowd=100,
        rates=(10, 30, 60),
        step=2.0,
        lookups=10,
        lookup_rounds=3,
    ),
}
