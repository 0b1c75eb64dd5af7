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
    """A table with a column for each service of each server."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, str], dict[str, float]] = {}

    def add(self, server: str, service: str, what: str, value: float) -> None:
        """Note one figure."""
        self._values.setdefault((server, service), {})[what] = value

    def add_times(
        self, server: str, service: str, names: Sequence[str], seconds: Sequence[float]
    ) -> None:
        """Note the median and the 99th percentile of times, in milliseconds."""
        p99 = (
            statistics.quantiles(seconds, n=100, method="inclusive")[98]
            if len(seconds) > 1
            else seconds[0]
        )
        for name, value in zip(names, (statistics.median(seconds), p99), strict=True):
            self.add(server, service, name, value * 1000)

    def get(self, server: str, service: str, what: str) -> float:
        """Return a figure. Raises KeyError if it was not measured."""
        return self._values[server, service][what]

    def servers(self) -> list[str]:
        """Return what there are tables of."""
        return list(dict.fromkeys(server for server, _ in self._values))

    def columns(self, server: str) -> list[str]:
        """Return the services of a server."""
        return [service for at, service in self._values if at == server]

    def rows(self, server: str) -> Iterator[tuple[str, list[float | None]]]:
        """Yield what was measured on a server, and the figures of its services."""
        columns = [self._values[server, service] for service in self.columns(server)]
        for what in dict.fromkeys(what for column in columns for what in column):
            yield what, [column.get(what) for column in columns]
