"""`make bench-calls` still runs: its calls, with numbers that say nothing."""

import tempfile
from pathlib import Path

import pytest

from lab.bench_calls import figures, measure
from lab.bench_calls.centre import running
from lab.bench_calls.figures import OURS, SPAWNED, THEIRS
from lab.bench_calls.measure import LOOKUPS
from lab.bench_calls.scenarios import Usage
from lab.bench_calls.sizes import Size, Traffic
from lab.bench_pubsub.figures import Figures
from lab.ports import PortBlock

pytestmark = [pytest.mark.contract, pytest.mark.timeout(200)]

TINY = Size(
    entries={2: 2},
    busy={2: 3.0},
    turns={2: Traffic(0.2, 4)},
    crowd=4,
    rates=(2,),
    step=1.0,
    lookups=3,
    lookup_rounds=1,
)


async def test_both_queues_serve_the_calls_of_every_scenario() -> None:
    noted = Figures()
    with tempfile.TemporaryDirectory(prefix="ivr") as directory, PortBlock() as ports:
        async with running(TINY.agents, Path(directory), ports) as centre:
            usage = Usage(centre.pids, {})
            for service in (THEIRS, OURS):
                await measure.enter(centre, usage, service, TINY, noted)
                await measure.free(centre, service, TINY, noted)
                await measure.turns(centre, service, TINY, noted)
                await measure.rate(centre, usage, service, TINY, noted)
            await measure.lookups(centre, usage, TINY, noted)

    assert noted.get(figures.TURNS, OURS, figures.recorded_turn(2)) == 100
    for service in (THEIRS, OURS):
        assert noted.get(figures.ENTERS, service, figures.entry(2)) > 0
        assert noted.get(figures.FREE, service, figures.free(2)) > 0
        assert 0 <= noted.get(figures.TURNS, service, figures.turn(2)) <= 100
        assert noted.get(figures.RATE, service, figures.sustained(4)) in (0, 2)
    added = {service: noted.get(figures.LOOKUPS, service, figures.lookup(1)) for service in LOOKUPS}
    assert added[SPAWNED] > added[OURS]
