"""`make bench-pubsub` still runs: all of it, with numbers that say nothing."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from lab.bench_pubsub import capacity
from lab.bench_pubsub.__main__ import measure
from lab.bench_pubsub.databases import databases
from lab.bench_pubsub.figures import (
    BARE,
    CAPACITY,
    DISK,
    HOST,
    IN_MEMORY,
    MEMORY,
    OURS,
    OWN,
    PING,
    PLUGIN_LAYER,
    SUBSCRIPTIONS,
    fan_out,
    last,
    ready,
)
from lab.bench_pubsub.run import Run
from lab.bench_pubsub.servers import BenchEjabberd, BenchProsody, BenchServer
from lab.bench_pubsub.sizes import Size
from lab.ports import PortBlock

pytestmark = [pytest.mark.contract, pytest.mark.timeout(300)]

TINY = Size(
    rounds=2,
    seconds=0,
    pings=2,
    latencies={1: 2, 6: 2},
    fan_outs={6: 2},
    nodes=10,
    publishes=10,
    stored_publishes=5,
    requests=4,
    capacities=(10, 20),
)


@pytest.fixture
def directory() -> Iterator[Path]:
    """Not below pytest's, which the user that PostgreSQL runs as may not enter."""
    with tempfile.TemporaryDirectory(prefix="ivr") as directory:
        yield Path(directory)


@pytest.fixture
async def run(directory: Path, ports: PortBlock) -> AsyncIterator[Run]:
    async with databases(directory / "postgresql") as made:
        yield Run(TINY, ports, made)


@pytest.mark.parametrize("kind", [BenchProsody, BenchEjabberd], ids=["prosody", "ejabberd"])
async def test_services_are_measured(kind: type[BenchServer], directory: Path, run: Run) -> None:
    noted = run.noted
    await measure(kind, directory, run)
    in_memory = {IN_MEMORY} if kind is BenchProsody else set()
    assert set(noted.columns(kind.name)) == {HOST, OWN, OURS, BARE, PLUGIN_LAYER} | in_memory
    assert noted.get(kind.name, HOST, PING) > 0
    assert noted.get(kind.name, HOST, DISK) > 0
    assert noted.get(kind.name, OURS, last(6)) > 0
    assert noted.get(kind.name, BARE, fan_out(6)) > 0
    assert noted.get(kind.name, PLUGIN_LAYER, SUBSCRIPTIONS) > 0


async def test_nodes_are_measured(directory: Path, run: Run) -> None:
    noted = run.noted
    await capacity.measure(directory, run)
    assert noted.columns(CAPACITY) == [OURS, "prosody", "ejabberd"]
    for service in noted.columns(CAPACITY):
        noted.get(CAPACITY, service, MEMORY)
        assert noted.get(CAPACITY, service, ready(20)) > 0
