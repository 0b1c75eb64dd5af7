"""What is to be reached, as ratios within one run."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lab.bench_pubsub import figures
from lab.bench_pubsub.figures import Figures
from lab.bench_pubsub.sizes import Size

PROSODY, EJABBERD = "prosody", "ejabberd"

SLACK_MS = 2.0
"""What a publish may take longer than the server's own ping."""

CPU_SECONDS = 0.01
"""Of our process, for a thousand notifications."""


@dataclass(frozen=True, slots=True)
class Result:
    """A target, and how far it was reached."""

    text: str
    value: float
    limit: float
    at_most: bool
    spread: tuple[float, float] | None = None
    """The least and the most of several rounds, whose median is the value."""

    @property
    def met(self) -> bool:
        """Whether it was reached."""
        return self.value <= self.limit if self.at_most else self.value >= self.limit


class Targets:
    """All targets, over the figures of a run."""

    def __init__(self, noted: Figures, size: Size) -> None:
        self._noted = noted
        self._size = size

    def results(self) -> Iterable[Result]:
        """Yield every target, in the order of the scenarios."""
        for server in (PROSODY, EJABBERD):
            pings = self._noted.rounds(server, figures.HOST, figures.PING)
            ours = self._noted.rounds(server, figures.OURS, figures.last(1))
            disk = self._noted.get(server, figures.HOST, figures.DISK)
            text = (
                f"{server}: 1 publish to 1 subscriber, p50 less the server's ping, ms"
                f" (of which the disk {disk:.2f})"
            )
            more = [publish - ping for publish, ping in zip(ours, pings, strict=True)]
            yield _result(text, more, SLACK_MS, at_most=True)
        yield self.at_least(PROSODY, figures.SPREAD, figures.OWN, 15)
        yield self.at_least(PROSODY, figures.SPREAD, figures.IN_MEMORY, 0.8)
        yield self.at_least(EJABBERD, figures.SPREAD, figures.OWN, 1.5)
        for subscribers in self._size.fan_outs:
            yield from self._fan_out(figures.fan_out(subscribers))
        most = max(self._size.latencies)
        yield self._at_most(PROSODY, figures.first(most), figures.IN_MEMORY, 0.05)
        for server in (PROSODY, EJABBERD):
            for what in (figures.ITEMS, figures.SUBSCRIPTIONS):
                yield self.at_least(server, what, figures.PLUGIN_LAYER, 1.6)
        yield self._capacity(figures.MEMORY, PROSODY, 0.6)
        yield self._capacity(figures.MEMORY, EJABBERD, 0.5)
        yield self._capacity(figures.ready(max(self._size.capacities)), PROSODY, 0.2)

    def at_least(self, server: str, what: str, other: str, limit: float) -> Result:
        """Return how a figure of ours compares with another service's, round by round."""
        ratios = self._ratios(server, what, other)
        return _result(f"{server}: {what} : {other}", ratios, limit, at_most=False)

    def _fan_out(self, what: str) -> Iterable[Result]:
        for server in (PROSODY, EJABBERD):
            yield self.at_least(server, what, figures.BARE, 0.9)
            used = self._noted.rounds(server, figures.OURS, figures.cpu(what, "component"))
            text = f"{server}: {what}: our CPU s/1,000"
            yield _result(text, used, CPU_SECONDS, at_most=True)
        yield self.at_least(EJABBERD, what, figures.OWN, 1.0)

    def _at_most(self, server: str, what: str, other: str, limit: float) -> Result:
        ratios = self._ratios(server, what, other)
        return _result(f"{server}: {what} : {other}", ratios, limit, at_most=True)

    def _ratios(self, server: str, what: str, other: str) -> list[float]:
        """Return the ratio in each round: both were measured one after the other."""
        ours = self._noted.rounds(server, figures.OURS, what)
        theirs = self._noted.rounds(server, other, what)
        return [one / another for one, another in zip(ours, theirs, strict=True)]

    def _capacity(self, what: str, server: str, limit: float) -> Result:
        ours = self._noted.get(figures.CAPACITY, figures.OURS, what)
        ratio = ours / self._noted.get(figures.CAPACITY, server, what)
        return Result(f"{what} : {server}", ratio, limit, at_most=True)


def _result(text: str, rounds: Sequence[float], limit: float, *, at_most: bool) -> Result:
    """Return the result of several rounds."""
    spread = (min(rounds), max(rounds))
    return Result(text, statistics.median(rounds), limit, at_most, spread)
