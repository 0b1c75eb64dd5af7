"""`make simulate`: run many seeds, or one of them again."""

import argparse
import os
import sys
import time
from multiprocessing import Pool
from pathlib import Path
from random import SystemRandom

from tests.simulation.scenario import Scenario, draw, large
from tests.simulation.totals import Totals
from tests.simulation.world import Result, simulate


def main() -> int:
    """Return how many seeds failed, for the shell at most 1."""
    options = _options()
    first = options.seed if options.seed is not None else SystemRandom().randrange(10**9)
    seeds = [first + n for n in range(options.seeds)]
    jobs = [(seed, options) for seed in seeds]
    began, cpu = time.monotonic(), time.process_time()
    totals, failed = Totals(), 0
    with Pool(options.jobs) as pool:
        for result in pool.imap_unordered(_run, jobs) if options.jobs > 1 else map(_run, jobs):
            totals.add(result.counts, violations=len(result.violations))
            if options.record is not None:
                totals.record(options.record, options.agents, result)
            if result.violations:
                failed += 1
                report(result, options.calls, options.agents)
            elif len(seeds) == 1:
                print(f"digest {result.digest}")
    cpu = os.times().children_user + time.process_time() - cpu
    wall = time.monotonic() - began
    print(*totals.lines(), sep="\n")
    calls = totals.counts["calls"]
    print(f"{calls} calls, {len(seeds)} seeds from {first} in {wall:.1f} s", end="; ")
    print(f"{calls / max(cpu, 1e-9):.0f} calls per CPU second; {failed} seeds failed")
    return min(failed, 1)


def report(result: Result, calls: int, agents: int = 0) -> None:
    """Print how to see a failure again, and what led to it."""
    print(*result.lines, sep="\n")
    print(f"SEED {result.seed} FAILED: {result.violations[0]}")
    big = f" --agents {agents}" if agents else ""
    print(f"again: python -m tests.simulation --seed {result.seed} --calls {calls}{big}")
    sys.stdout.flush()


def scenario_of(seed: int, calls: int, agents: int) -> Scenario:
    """Return the seed's own call centre, or a big one if `agents` says how big."""
    return large(seed, agents, calls) if agents else draw(seed, calls)


def _run(job: tuple[int, argparse.Namespace]) -> Result:
    seed, options = job
    return simulate(seed, scenario_of(seed, options.calls, options.agents))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="the first seed; by default a fresh one")
    parser.add_argument("--seeds", type=int, default=1, help="how many")
    parser.add_argument("--calls", type=int, default=60, help="callers in each of a seed's phases")
    parser.add_argument("--agents", type=int, default=0, help="big call centres of so many")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--record", type=Path, help="append to this file what each seed counted")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
