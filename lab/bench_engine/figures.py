"""What the figures are called."""

import statistics
from collections.abc import Sequence

from component.domain.queue import StrategyName
from lab.bench_pubsub.figures import Figures

OF_AGENTS = "A caller enters: which agent"
OF_THE_NEXT = "A phone refuses: which agent is next"
OF_CALLERS = "An agent comes free: which caller"
LATENCY = "From the fact to the deed"

ENTERS = "a caller enters → phone to be rung"
FREE = "an agent is free → the next phone to be rung"
COMMIT = "of which PostgreSQL's commit"
CPU = "CPU ms per call"
RATE = "callers/s, if all come at once"

CHOOSING = tuple(strategy for strategy in StrategyName if strategy is not StrategyName.RINGALL)
"""The strategies that choose; `ringall` rings all phones there are."""


def column(agents: int) -> str:
    """Name a call centre by its size."""
    return f"{agents:,} agents"


def decision(strategy: StrategyName, statistic: str = "µs p50") -> str:
    """Name what one decision took."""
    return f"{strategy}, {statistic}"


def note_decisions(
    noted: Figures, section: str, agents: int, strategy: StrategyName, seconds: Sequence[float]
) -> None:
    """Note what decisions took, in microseconds, and how many of them there can be a second."""
    p99 = statistics.quantiles(seconds, n=100, method="inclusive")[98]
    for name, value in (
        ("µs p50", 1e6 * statistics.median(seconds)),
        ("µs p99", 1e6 * p99),
        ("decisions/s", 1 / statistics.fmean(seconds)),
    ):
        noted.add(section, column(agents), decision(strategy, name), value)


def latency(what: str, statistic: str = "p50") -> str:
    """Name the time from a fact to the command that it leads to."""
    return f"{what}, ms {statistic}"
