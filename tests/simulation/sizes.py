"""How big the call centres are of which a simulation is made up."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle

from tests.simulation.scenario import Scenario, draw, large


@dataclass(frozen=True, slots=True)
class Size:
    """How many call, and how many agents there are; 0 is what the seed says, 20 at most."""

    calls: int
    """In each of a seed's phases."""
    agents: int = 0

    def scenario(self, seed: int) -> Scenario:
        """Return the call centre of a seed."""
        return large(seed, self.agents, self.calls) if self.agents else draw(seed, self.calls)

    def again(self, seed: int) -> str:
        """Return the command that runs a seed again."""
        big = f" --agents {self.agents}" if self.agents else ""
        return f"python -m tests.simulation --seed {seed} --calls {self.calls}{big}"


SMALL, MEDIUM = Size(100), Size(2000, agents=30)

MIX = (
    *(*(SMALL,) * 4, MEDIUM, *(SMALL,) * 4, Size(3000, agents=100), *(SMALL,) * 4, MEDIUM) * 4,
    Size(5000, agents=1000),
)
"""Small ones, in which everything meets everything, and bigger ones, in which most calls are. With
1,000 agents a call may take many times as long as with 30: so few are so big."""


def mixed(calls: int) -> Iterator[Size]:
    """Yield sizes in turn until there are so many calls."""
    left = calls
    for size in cycle(MIX):
        if left <= 0:
            return
        yield size
        left -= size.calls * size.scenario(0).phases
