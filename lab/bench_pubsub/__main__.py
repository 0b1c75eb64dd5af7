"""Run all scenarios, print the tables, and keep those of a full run in `docs/benchmarks/`."""

import asyncio
import logging
import sys
import tempfile
import time
from pathlib import Path

from lab.bench_pubsub import capacity
from lab.bench_pubsub.figures import Figures
from lab.bench_pubsub.measure import Measurements
from lab.bench_pubsub.report import report
from lab.bench_pubsub.servers import BenchEjabberd, BenchProsody, BenchServer
from lab.bench_pubsub.sizes import SIZES, Size
from lab.bench_pubsub.stage import staged
from lab.bench_pubsub.targets import Targets
from lab.paths import PROJECT, STATE
from lab.ports import PortBlock

KEPT = PROJECT / "docs" / "benchmarks" / "pubsub.md"


async def run(size: Size, directory: Path) -> str:
    """Measure everything; return the report."""
    began = time.monotonic()
    noted = Figures()
    with PortBlock() as ports:
        for kind in (BenchProsody, BenchEjabberd):
            await measure(kind, size, directory / kind.name, ports, noted)
        await capacity.measure(size.capacities, directory / "capacity", ports, noted)
    return report(noted, Targets(noted, size).results(), time.monotonic() - began)


async def measure(
    kind: type[BenchServer], size: Size, directory: Path, ports: PortBlock, noted: Figures
) -> None:
    """Measure all services on one server."""
    print(f"{kind.name}: starting it and its clients", file=sys.stderr, flush=True)
    async with staged(kind, size, directory, ports) as stage:
        print(f"{kind.name}: measuring", file=sys.stderr, flush=True)
        Measurements(stage, noted).run()


def main() -> None:
    """Take the name of a size; without one, measure in full."""
    name = sys.argv[1] if len(sys.argv) > 1 else "full"
    if name not in SIZES:
        sys.exit(f"There is no size {name}: take one of {', '.join(SIZES)}.")
    logging.getLogger("pogo_core").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="ivr") as directory:
        text = asyncio.run(run(SIZES[name], Path(directory)))
    file = KEPT if name == "full" else STATE / f"bench-pubsub-{name}.md"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    print(text)
    print(f"This is kept in {file.relative_to(PROJECT)}.", file=sys.stderr)


if __name__ == "__main__":
    main()
