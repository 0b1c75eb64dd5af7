"""What is to be reached, as ratios within one run."""

from collections.abc import Iterable

from lab.bench_calls import figures
from lab.bench_calls.figures import OURS, SPAWNED, THEIRS
from lab.bench_calls.sizes import AT_ONCE, Size
from lab.bench_pubsub.figures import Figures
from lab.bench_pubsub.targets import Result

CPU_MS = 4.0
"""Of our own process, for a call."""


def results(noted: Figures, size: Size) -> Iterable[Result]:
    """Yield every target, over the figures of a run."""
    for agents in size.busy:
        ratio = _ratio(noted, figures.FREE, figures.free(agents))
        yield Result(f"{figures.free(agents)} : app_queue", ratio, 1 / 50, at_most=True)
    for agents in size.turns:
        share = noted.get(figures.TURNS, OURS, figures.recorded_turn(agents))
        yield Result(figures.recorded_turn(agents), share, 100, at_most=False)
    for agents in size.entries:
        if agents >= 100:
            ratio = _ratio(noted, figures.ENTERS, figures.entry(agents))
            yield Result(f"{figures.entry(agents)} : app_queue", ratio, 1.5, at_most=True)
    for agents in size.entries:
        used = noted.get(figures.ENTERS, OURS, figures.cpu(agents, "the service"))
        yield Result(figures.cpu(agents, "the service"), used, CPU_MS, at_most=True)
    ratio = _ratio(noted, figures.RATE, figures.sustained(size.crowd))
    yield Result(f"{figures.sustained(size.crowd)} : app_queue", ratio, 0.75, at_most=False)
    what = figures.lookup(AT_ONCE)
    ratio = noted.get(figures.LOOKUPS, OURS, what) / noted.get(figures.LOOKUPS, SPAWNED, what)
    yield Result(f"a look-up, {what} : {SPAWNED}", ratio, 1 / 50, at_most=True)


def _ratio(noted: Figures, section: str, what: str) -> float:
    return noted.get(section, OURS, what) / noted.get(section, THEIRS, what)
