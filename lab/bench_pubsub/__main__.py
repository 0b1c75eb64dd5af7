"""Run all scenarios, print the tables, and keep those of a full run in `docs/benchmarks/`."""

from pathlib import Path

from lab.bench_pubsub import capacity, figures
from lab.bench_pubsub.databases import databases
from lab.bench_pubsub.figures import Figures
from lab.bench_pubsub.measure import Measurements
from lab.bench_pubsub.report import HEAD, report
from lab.bench_pubsub.run import Run
from lab.bench_pubsub.servers import BenchEjabberd, BenchProsody, BenchServer
from lab.bench_pubsub.sizes import SIZES, Size
from lab.bench_pubsub.stage import staged
from lab.bench_pubsub.targets import EJABBERD, PROSODY, Targets
from lab.benchmark import main
from lab.ports import PortBlock


async def run(size: Size, directory: Path) -> str:
    """Measure everything; return the report."""
    with PortBlock() as ports:
        async with databases(directory / "postgresql") as made:
            this = Run(size, ports, made)
            for kind in (BenchProsody, BenchEjabberd):
                await measure(kind, directory / kind.name, this)
            await capacity.measure(directory / "capacity", this)
    results = Targets(this.noted, size).results()
    return report(this.noted, results, this.progress.seconds, f"{HEAD}\n{_rounds(this.noted)}\n")


async def measure(kind: type[BenchServer], directory: Path, run: Run) -> None:
    """Measure all services on one server."""
    run.progress.say(f"{kind.name}: starting it and its clients")
    async with staged(kind, directory, run) as stage:
        run.progress.tell_parts()
        run.progress.say(f"{kind.name}: measuring")
        Measurements(stage, run).take()
        run.progress.tell_parts()


def _rounds(noted: Figures) -> str:
    """Return of how many rounds the figures are."""
    counts = {s: len(noted.rounds(s, figures.HOST, figures.PING)) for s in (PROSODY, EJABBERD)}
    told = " and ".join(f"{count} behind {server}" for server, count in counts.items())
    return f"There were rounds in so far as there was time for them: {told}."


if __name__ == "__main__":
    main("pubsub", SIZES, run)
