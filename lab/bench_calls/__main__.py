"""Run all scenarios, print the tables, and keep those of a full run in `docs/benchmarks/`."""

import os
import time
from datetime import UTC, datetime
from pathlib import Path

from lab.bench_calls.centre import running
from lab.bench_calls.measure import measure
from lab.bench_calls.sizes import SIZES, Size
from lab.bench_calls.targets import results
from lab.bench_pubsub.figures import Figures
from lab.bench_pubsub.report import report
from lab.benchmark import main
from lab.ports import PortBlock

HEAD = """# `make bench-calls`

This service beside Asterisk's own app_queue: the same Asterisk, the same telephones, the same
strategy (`leastrecent`), one after the other in one run. The telephones are simulated on one UDP
port; agents pick up at once. This service keeps everything in PostgreSQL, looks each caller up by
number, and announces each call over Prosody to one account that all agents share, before it rings;
app_queue keeps nothing. Whose turn it was is told twice: by the telephones' clocks, in which agents
who hang up at nearly the same time may change places on their way through Asterisk; and by the
records of this service, from which it is found out again who was free, and since when. How many
calls a second are sustained is found in steps of ten where it matters. A look-up is what a call
takes with it and not without, as the median of rounds in turns. Ratios count, times depend on the
machine, of which the telephones take a part, too.
[Where a call's time goes](calls-notes.md) says why what is not met is not.
"""


async def run(size: Size, directory: Path) -> str:
    """Measure everything; return the report."""
    began = time.monotonic()
    load = os.getloadavg()[1]
    noted = Figures()
    with PortBlock() as ports:
        async with running(size.agents, directory, ports) as centre:
            await measure(centre, size, noted)
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    head = f"{HEAD}\nMeasured on {day}; the load average before was {load:.1f}.\n"
    return report(noted, results(noted, size), time.monotonic() - began, head)


if __name__ == "__main__":
    main("calls", SIZES, run)
