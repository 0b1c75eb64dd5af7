"""The figures of a run as Markdown."""

import os
import platform
from collections.abc import Iterable, Sequence
from pathlib import Path

from lab.bench_pubsub.figures import Figures
from lab.bench_pubsub.targets import Result

HEAD = """# `make bench-pubsub`

This service behind Prosody and behind ejabberd, beside their own mod_pubsub, a bare socket that
writes prepared notifications on a component's stream (the limit for any component), and the same
service behind slixmpp's plugin layer. This service keeps everything in PostgreSQL; Prosody's
mod_pubsub is measured with its default store, and with all in memory where the store makes it too
slow. All ran on one machine. Ratios count, times depend on the machine: what is compared took turns
in several short rounds, and shown is the median of the rounds, with the least and the most in
parentheses.
[Where the time goes](pubsub-notes.md) says why what is not met is not.
"""


def report(
    noted: Figures,
    results: Iterable[Result],
    seconds: float,
    head: str = HEAD,
    compared: str = "this service : the other",
) -> str:
    """Return the whole report; `compared` says what the targets are ratios of."""
    parts = [head, f"{_machine()}. The run took {seconds:.0f} s.", ""]
    parts += ["## Targets", "", _targets(results, compared), ""]
    for server in noted.servers():
        parts += [f"## {server[0].upper()}{server[1:]}", "", _table(noted, server), ""]
    return "\n".join(parts)


def _targets(results: Iterable[Result], compared: str) -> str:
    rows = [
        (
            result.text,
            _measured(result),
            f"{'≤' if result.at_most else '≥'} {result.limit:g}",
            "yes" if result.met else "**no**",
        )
        for result in results
    ]
    return _markdown([compared, "measured", "target", "met"], rows)


def _table(noted: Figures, server: str) -> str:
    rows = [
        (what, *("" if value is None else _number(value) for value in values))
        for what, values in noted.rows(server)
    ]
    return _markdown(["", *noted.columns(server)], rows)


def _markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _measured(result: Result) -> str:
    value = _number(result.value)
    if not result.met and value == _number(result.limit):
        value = _number(result.value, more=1)  # else it would look as if it were met
    if result.spread is None:
        return value
    least, most = map(_number, result.spread)
    return f"{value} ({least} to {most})"


def _number(value: float, more: int = 0) -> str:
    """Return a number with as many decimals as matter, and so many more."""
    if abs(value) >= 100:
        decimals = 0
    elif abs(value) >= 10:
        decimals = 1
    else:
        decimals = 2 if abs(value) >= 0.1 else 4
    return f"{value:,.{decimals + more}f}"


def _machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "?")
    return (
        f"{os.cpu_count()} times {model}, Linux {platform.release().split('-')[0]}, "
        f"Python {platform.python_version()}"
    )
