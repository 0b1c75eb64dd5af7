"""What was measured, by server, service and scenario."""

import statistics
from collections.abc import Iterator, Sequence

OURS = "this service"
OWN = "mod_pubsub"
IN_MEMORY = "mod_pubsub, in memory"
BARE = "bare socket"
PLUGIN_LAYER = "plugin layer"
HOST = "the server itself"

CAPACITY = "nodes with one subscription and one item each"
"""In the place of a server, where services are compared whatever server they are behind."""

PING = "ping, ms p50"
DISK = "a page written to the disk, ms p50"
SPREAD = "publishes/s to nodes with 1 subscriber"
ITEMS = "requests/s: items"
SUBSCRIPTIONS = "requests/s: subscribe, unsubscribe"
MEMORY = "KiB a node"


def first(subscribers: int, statistic: str = "p50") -> str:
    """Name the time until the first of so many subscribers is told."""
    return f"1 publish to {subscribers:,}: first, ms {statistic}"


def last(subscribers: int, statistic: str = "p50") -> str:
    """Name the time until the last of them is told."""
    return f"1 publish to {subscribers:,}: last, ms {statistic}"


def fan_out(subscribers: int) -> str:
    """Name the rate of notifications to so many subscribers of one node."""
    return f"notifications/s to {subscribers:,} subscribers"


def ready(nodes: int) -> str:
    """Name the time from the start of a process until it serves so many nodes."""
    return f"s until {nodes:,} nodes are served"


def cpu_until(nodes: int) -> str:
    """Name the CPU time of a process until it serves so many nodes."""
    return f"CPU s until {nodes:,} nodes are served"


def memory(nodes: int) -> str:
    """Name the memory of a process with so many nodes."""
    return f"MiB with {nodes:,} nodes"


def cpu(what: str, process: str) -> str:
    """Name what a process used for a thousand of something."""
    return f"{what}: CPU s/1,000, {process}"


class Figures:
    """A table with a column for each service of each server.

    What is measured in several rounds has the median of them as its figure.
    """

    def __init__(self) -> None:
        self._rounds: dict[tuple[str, str], dict[str, list[float]]] = {}
        self._times: dict[tuple[str, str, str], list[float]] = {}

    def add(self, server: str, service: str, what: str, value: float) -> None:
        """Note one figure, in place of what it was."""
        self._column(server, service)[what] = [value]

    def add_round(self, server: str, service: str, what: str, value: float) -> None:
        """Note one figure of one more round."""
        self._column(server, service).setdefault(what, []).append(value)

    def add_times(
        self, server: str, service: str, names: Sequence[str], seconds: Sequence[float]
    ) -> None:
        """Note the median and the 99th percentile of times, in milliseconds.

        The median is one of one more round. A round is too short for the 99th percentile: that is
        one of all rounds so far.
        """
        p50, p99 = names
        times = self._times.setdefault((server, service, p99), [])
        times += seconds
        self.add_round(server, service, p50, statistics.median(seconds) * 1000)
        self.add(server, service, p99, _percentile_99(times) * 1000)

    def get(self, server: str, service: str, what: str) -> float:
        """Return a figure. Raises KeyError if it was not measured."""
        return statistics.median(self.rounds(server, service, what))

    def rounds(self, server: str, service: str, what: str) -> Sequence[float]:
        """Return the figures of all rounds. Raises KeyError if there was none."""
        return self._rounds[server, service][what]

    def servers(self) -> list[str]:
        """Return what there are tables of."""
        return list(dict.fromkeys(server for server, _ in self._rounds))

    def columns(self, server: str) -> list[str]:
        """Return the services of a server."""
        return [service for at, service in self._rounds if at == server]

    def rows(self, server: str) -> Iterator[tuple[str, list[float | None]]]:
        """Yield what was measured on a server, and the figures of its services."""
        columns = [self._rounds[server, service] for service in self.columns(server)]
        for what in dict.fromkeys(what for column in columns for what in column):
            yield what, [statistics.median(c[what]) if what in c else None for c in columns]

    def _column(self, server: str, service: str) -> dict[str, list[float]]:
        return self._rounds.setdefault((server, service), {})


def _percentile_99(values: Sequence[float]) -> float:
    if len(values) == 1:
        return values[0]
    return statistics.quantiles(values, n=100, method="inclusive")[98]
