"""Run all scenarios, print the tables, and keep those of a full run in `docs/benchmarks/`."""

import asyncio
import logging
import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from lab.bench_calls.centre import running
from lab.bench_calls.measure import measure
from lab.bench_calls.sizes import SIZES, Size
from lab.bench_calls.targets import results
from lab.bench_pubsub.figures import Figures
from lab.bench_pubsub.report import report
from lab.paths import PROJECT, STATE
from lab.ports import PortBlock

KEPT = PROJECT / "docs" / "benchmarks" / "calls.md"

HEAD = """# `make bench-calls`

This service beside Asterisk's own app_queue: the same Asterisk, the same telephones, the same
strategy (`leastrecent`), one after the other in one run. The telephones are simulated on one UDP
port; agents pick up at once. This service keeps everything in PostgreSQL, looks each caller up by
number, and announces each call over Prosody to one account that all agents share, before it rings;
app_queue keeps nothing. Ratios count, times depend on the machine, of which the telephones take a
part, too.
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


def main() -> None:
    """Take the name of a size; without one, measure in full."""
    name = sys.argv[1] if len(sys.argv) > 1 else "full"
    if name not in SIZES:
        sys.exit(f"There is no size {name}: take one of {', '.join(SIZES)}.")
    logging.getLogger("pogo_core").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="ivr") as directory:
        text = asyncio.run(run(SIZES[name], Path(directory)))
    file = KEPT if name == "full" else STATE / f"bench-calls-{name}.md"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    print(text)
    print(f"This is kept in {file.relative_to(PROJECT)}.", file=sys.stderr)


if __name__ == "__main__":
    main()
