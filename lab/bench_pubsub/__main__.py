"""Run all scenarios, print the tables, and keep those of a full run in `docs/benchmarks/`."""

import sys
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
from lab.benchmark import main
from lab.ports import PortBlock


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


if __name__ == "__main__":
    main("pubsub", SIZES, run)
