"""Measure everything, print the tables, and keep those of a full run in `docs/benchmarks/`."""

import io
import os
import time
from datetime import UTC, datetime
from pathlib import Path

from component.logs import configure
from component.settings import LogConfig
from lab.bench_engine import decisions, latency
from lab.bench_engine.sizes import SIZES, Size
from lab.bench_engine.targets import results
from lab.bench_pubsub.figures import Figures
from lab.bench_pubsub.report import report
from lab.benchmark import main

HEAD = """# `make bench-engine`

What a decision costs: `step` alone, in one queue with so many agents, half of whom are free (with
`ringall` ten, as it rings them all); and when all talk and 1,000 callers wait. And how long it
takes from a fact to the deed that it leads to, with the notifications made (the agent's software is
shown the call, and told by message), everything counted and logged, and the transaction durable in
PostgreSQL; the engine is idle before, so that no fact waits for another one's transaction.
Asterisk and the XMPP server have no part in it.
"""


class Nowhere(io.StringIO):
    """A log that nobody keeps."""

    def write(self, text: str) -> int:
        """Lose what is written."""
        return len(text)


async def run(size: Size, directory: Path) -> str:
    """Measure everything; return the report."""
    began = time.monotonic()
    load = os.getloadavg()[1]
    configure(LogConfig(format="json"), Nowhere())
    noted = Figures()
    decisions.measure(size, noted)
    await latency.measure(size, directory, noted)
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    head = f"{HEAD}\nMeasured on {day}; the load average before was {load:.1f}.\n"
    took = time.monotonic() - began
    return report(noted, results(noted, size), took, head, compared="the most agents : the fewest")


if __name__ == "__main__":
    main("engine", SIZES, run)
