"""How much is measured."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """Numbers of everything; where something is measured in rounds, those of one round."""

    rounds: int
    """At most."""
    seconds: float
    """For the rounds on each server. One that has begun is finished, and there are some anyway."""
    pings: int
    """To the server and to the service, and pages written to the disk."""
    latencies: Mapping[int, int]
    """Subscribers of a node → how often one publish to it is timed."""
    fan_outs: Mapping[int, int]
    """Subscribers of a node → publishes in a row, of a server of the usual pace."""
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
        rounds=7,
        seconds=90,
        pings=50,
        latencies={1: 50, 10: 15, 100: 6, 1000: 1},
        fan_outs={100: 20, 1000: 2},
        nodes=10_000,
        publishes=900,
        stored_publishes=70,
        requests=600,
        capacities=(1_000, 10_000, 100_000),
    ),
    "quick": Size(
        rounds=3,
        seconds=60,
        pings=30,
        latencies={1: 40, 10: 10, 100: 4},
        fan_outs={100: 15},
        nodes=1_000,
        publishes=500,
        stored_publishes=50,
        requests=500,
        capacities=(1_000, 5_000),
    ),
}
