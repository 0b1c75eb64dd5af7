"""What is to be reached."""

from collections.abc import Iterable

from component.domain.queue import StrategyName
from lab.bench_engine import figures
from lab.bench_engine.sizes import Size
from lab.bench_pubsub.figures import Figures
from lab.bench_pubsub.targets import Result

GROWTH = 2.0
"""What a decision may cost with the most agents, if it costs 1 with the fewest."""


def results(noted: Figures, size: Size) -> Iterable[Result]:
    """Yield every target, over the figures of a run."""
    fewest, most = figures.column(size.agents[0]), figures.column(size.agents[-1])
    kinds = [
        *((figures.OF_AGENTS, strategy) for strategy in StrategyName),
        *((figures.OF_THE_NEXT, strategy) for strategy in figures.CHOOSING),
        (figures.OF_CALLERS, StrategyName.LEASTRECENT),
    ]
    for section, strategy in kinds:
        what = figures.decision(strategy)
        ratio = noted.get(section, most, what) / noted.get(section, fewest, what)
        yield Result(f"{section}: {what}, {most} : {fewest}", ratio, GROWTH, at_most=True)
