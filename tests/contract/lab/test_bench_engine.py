"""`make bench-engine` still runs: its decisions and calls, with numbers that say nothing."""

import tempfile
from pathlib import Path

import pytest

from component.domain.queue import StrategyName
from lab.bench_engine import decisions, figures, latency
from lab.bench_engine.sizes import Size
from lab.bench_engine.targets import results
from lab.bench_pubsub.figures import Figures

pytestmark = [pytest.mark.contract, pytest.mark.timeout(120)]

TINY = Size(agents=(4, 8), waiting=3, decisions=4, calls=3)


async def test_the_engine_carries_out_what_it_decides_in_every_scenario() -> None:
    noted = Figures()
    decisions.measure(TINY, noted)
    # Not below pytest's, which the user that PostgreSQL runs as may not enter.
    with tempfile.TemporaryDirectory(prefix="ivr") as directory:
        await latency.measure(TINY, Path(directory), noted)

    column = figures.column(4)
    for what in (figures.ENTERS, figures.FREE, figures.COMMIT):
        assert noted.get(figures.LATENCY, column, figures.latency(what)) > 0
    assert noted.get(figures.LATENCY, column, figures.RATE) > 0
    kinds = len(StrategyName) + len(figures.CHOOSING) + 1
    assert len(list(results(noted, TINY))) == kinds
