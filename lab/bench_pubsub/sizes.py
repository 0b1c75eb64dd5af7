"""How much is measured."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """Numbers of everything."""

    latencies: Mapping[int, int]
    """Subscribers of a node → how often one publish to it is timed."""
    fan_outs: Mapping[int, int]
    """Subscribers of a node → publishes in a row."""
    nodes: int
    """With one subscriber each."""
    publishes: int
    """To those nodes, in a row."""
    stored_publishes: int
    """The same to Prosody's with its store, which is slow."""
    requests: int
    capacities: tuple[int, ...]
    """Numbers of nodes for which memory and start-up are measured."""

    @property
    def clients(self) -> int:
        """How many clients there must be."""
        return max(*self.latencies, *self.fan_outs)


SIZES: Mapping[str, Size] = {
    "full": Size(
        latencies={1: 200, 10: 100, 100: 30, 1000: 10},
        fan_outs={100: 150, 1000: 15},
        nodes=10_000,
        publishes=6_000,
        stored_publishes=200,
        requests=4_000,
        capacities=(1_000, 10_000, 100_000),
    ),
    "quick": Size(
        latencies={1: 100, 10: 20, 100: 10},
        fan_outs={100: 40},
        nodes=1_000,
        publishes=1_500,
        stored_publishes=50,
        requests=1_000,
        capacities=(1_000, 5_000),
    ),
}
