"""What many seeds come to: `python -m tests.simulation.totals FILE...` adds up the records."""

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.simulation.sizes import Size
    from tests.simulation.world import Result

FAULT = "fault: "

DONE = "did: "
"""What really came of something (`tally.py`)."""

LOST = ("event lost", "event doubled", "request lost", "request late", "request done, not answered")
"""What else goes wrong than what is called a fault."""

DEEDS = (
    "calls passed on", "agent asks", "agent asks a queue", "places taken",
    "places in line taken", "caller comes again", "customers called", "customers reached",
    "phone vanishes while it rings",
    "caller returned WITHDRAW",
    "caller returned LEAVEEMPTY", "caller returned LEAVEUNAVAIL", "caller returned JOINEMPTY",
    "caller returned JOINUNAVAIL", "caller returned FULL", "queue removed", "member removed",
    "extension removed", "phone changed", "phones exchanged", "other number of calls",
    "logon ADDED", "logon WRONGPIN", "logon LOCKED", "logon AGENTELSEWHERE",
    "logon EXTENSIONINUSE",
)  # fmt: skip
"""What people do that not every call centre sees."""


def record(path: Path, size: "Size", result: "Result") -> None:
    """Append to a file what a seed counted."""
    row = {"seed": result.seed, **asdict(size), "counts": result.counts}
    with path.open("a") as file:
        print(json.dumps(row | {"violations": result.violations}), file=file)


class Totals:
    """What was counted in some seeds."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._sizes: Counter[int] = Counter()
        self._seen: Counter[str] = Counter()
        """How many seeds saw each kind."""

    def add(self, counts: Mapping[str, int], *, violations: int, agents: int = 0) -> None:
        """Add what was counted in a seed."""
        self.counts.update(counts)
        self._seen.update(kind for kind, number in counts.items() if number)
        self.counts["seeds"] += 1
        self.counts["violations"] += violations
        self._sizes[agents] += counts["calls"]

    def lines(self) -> Iterator[str]:
        """Yield all that was counted, for people."""
        for kind, number in sorted(self.counts.items()):
            yield f"{number:10}  {kind}"

    def table(self) -> Iterator[str]:
        """Yield the main things as a table in Markdown."""
        sizes = {"drawn": self._sizes.pop(0, 0)} | dict(sorted(self._sizes.items()))
        rows = {kind: self.counts[kind] for kind in ("seeds", "calls")}
        rows |= {f"calls, agents: {agents}": calls for agents, calls in sizes.items()}
        rows |= {"violations": self.counts["violations"]}
        yield "| what | how many | of 1,000 calls | in seeds |"
        yield "|---|---:|---:|---:|"
        for what, number in rows.items():
            yield f"| {what} | {number:,} | | |"
        for kind in ("step", "offers", "talk", *DEEDS, *self._all(DONE), "commits"):
            yield self._row(kind)
        for kind in (*self._all(FAULT), *LOST):
            yield self._row(kind)

    def _all(self, prefix: str) -> list[str]:
        return sorted(kind for kind in self.counts if kind.startswith(prefix))

    def _row(self, kind: str) -> str:
        number, seeds = self.counts[kind], self.counts["seeds"]
        rate, seen = 1000 * number / max(self.counts["calls"], 1), self._seen[kind] / max(seeds, 1)
        what = kind.removeprefix(DONE).removeprefix(FAULT)
        return f"| {what} | {number:,} | {rate:,.1f} | {seen:.0%} |"


def main() -> None:
    """Print the totals of the files that are named."""
    totals = Totals()
    for name in sys.argv[1:]:
        with Path(name).open() as file:
            for row in map(json.loads, file):
                violations = len(row["violations"])
                totals.add(row["counts"], violations=violations, agents=row["agents"])
    print(*totals.table(), sep="\n")


if __name__ == "__main__":
    main()
