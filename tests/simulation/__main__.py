"""`make simulate`: run many seeds, or one of them again."""

import argparse
import os
import sys
import time
from multiprocessing import Pool
from pathlib import Path
from random import SystemRandom

from tests.simulation.sizes import Size, mixed
from tests.simulation.totals import Totals, record
from tests.simulation.world import Result, simulate

Job = tuple[int, Size]
"""A seed, and the size of its call centre."""

MOST_JOBS = 20
"""Of one process, so that it does not grow."""


def main() -> int:
    """Return how many seeds failed, for the shell at most 1."""
    options = _options()
    jobs = _jobs(options)
    began, cpu = time.monotonic(), time.process_time()
    totals, failed = Totals(), []
    with Pool(options.jobs, maxtasksperchild=MOST_JOBS) as pool:
        results = pool.imap_unordered(_run, jobs) if options.jobs > 1 else map(_run, jobs)
        for size, result in results:
            totals.add(result.counts, violations=len(result.violations), agents=size.agents)
            if options.record is not None:
                record(options.record, size, result)
            if result.violations:
                failed.append(f"failed: {size.again(result.seed)}")
                report(result, size)
            elif len(jobs) == 1:
                print(f"digest {result.digest}")
        pool.close()
        pool.join()
    cpu = os.times().children_user + time.process_time() - cpu
    wall = time.monotonic() - began
    print(*totals.lines(), *failed, sep="\n")
    calls = totals.counts["calls"]
    print(f"{calls} calls, {len(jobs)} seeds from {jobs[0][0]} in {wall:.1f} s", end="; ")
    print(f"{calls / max(cpu, 1e-9):.0f} calls per CPU second; {len(failed)} seeds failed")
    return min(len(failed), 1)


def report(result: Result, size: Size) -> None:
    """Print what led to a failure, and how to see it again."""
    print(*result.lines, sep="\n")
    print(f"SEED {result.seed} FAILED: {result.violations[0]}")
    print(f"again: {size.again(result.seed)}", flush=True)


def _run(job: Job) -> tuple[Size, Result]:
    seed, size = job
    return size, simulate(seed, size.scenario(seed))


def _jobs(options: argparse.Namespace) -> list[Job]:
    first = SystemRandom().randrange(10**9) if options.seed is None else options.seed
    sizes = [Size(options.calls, options.agents)] * options.seeds
    if options.total:
        sizes = list(mixed(options.total))
    return list(enumerate(sizes, start=first))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="the first seed; by default a fresh one")
    parser.add_argument("--seeds", type=int, default=1, help="how many")
    parser.add_argument("--calls", type=int, default=60, help="callers in each of a seed's phases")
    parser.add_argument("--agents", type=int, default=0, help="big call centres of so many")
    parser.add_argument(
        "--total", type=int, default=0, help="so many calls, in call centres of all sizes"
    )
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--record", type=Path, help="append to this file what each seed counted")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
