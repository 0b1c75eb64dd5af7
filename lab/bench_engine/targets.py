"""What is to be reached."""

from collections.abc import Iterable

from component.domain.queue import StrategyName
from lab.bench_engine import figures
from lab.bench_engine.sizes import Size
from lab.bench_pubsub.figures import Figures
from lab.bench_pubsub.targets import Result

GROWTH = 2.0
"""What a decision may cost with the most agents, if it costs 1 with the fewest.

Not by `ringall`, which makes as many offers as there are agents."""


def results(noted: Figures, size: Size) -> Iterable[Result]:
    """Yield every target, over the figures of a run."""
    fewest, most = figures.column(size.agents[0]), figures.column(size.agents[-1])
    choosing = [strategy for strategy in StrategyName if strategy is not StrategyName.RINGALL]
    kinds = [(figures.OF_AGENTS, strategy) for strategy in choosing]
    for section, strategy in [*kinds, (figures.OF_CALLERS, StrategyName.LEASTRECENT)]:
        what = figures.decision(strategy)
        ratio = noted.get(section, most, what) / noted.get(section, fewest, what)
        yield Result(f"{section}: {what}, {most} : {fewest}", ratio, GROWTH, at_most=True)
