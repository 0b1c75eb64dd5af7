"""`make bench-pubsub` still runs: all of it, with numbers that say nothing."""

import tempfile
from pathlib import Path

import pytest

from lab.bench_pubsub.__main__ import run
from lab.bench_pubsub.sizes import Size

pytestmark = pytest.mark.contract

TINY = Size(
    latencies={1: 2, 6: 2},
    fan_outs={6: 2},
    nodes=10,
    publishes=10,
    stored_publishes=5,
    requests=4,
    capacities=(10, 20),
)


async def test_everything_is_measured() -> None:
    # Not below pytest's directories, which the user that PostgreSQL runs as may not enter.
    with tempfile.TemporaryDirectory(prefix="ivr") as directory:
        text = await run(TINY, Path(directory))
    assert "| prosody: publishes/s to nodes with 1 subscriber : mod_pubsub |" in text
    assert "| ejabberd: notifications/s to 6 subscribers : bare socket |" in text
    assert "| KiB a node : ejabberd |" in text
    assert text.count("\n## ") == 4
