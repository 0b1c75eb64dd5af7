"""What is measured of one service, seen from its clients."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from lab.bench_pubsub.stanzas import PING, publish, subscribe, unsubscribe
from lab.bench_pubsub.stanzas import items as items_request
from lab.bench_pubsub.usage import cpu_seconds
from lab.bench_pubsub.wire import Audience, Client, Request

Pids = Mapping[str, Callable[[], Iterable[int]]]
"""What takes part, by name: its processes."""


PAUSE = 0.005
"""Seconds without anything, before what is timed by itself: processes that have just worked are
quicker, so pings must not come in a row where publishes do not."""


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds from a request to the first and to the last of what it leads to."""

    first: Sequence[float]
    last: Sequence[float]


@dataclass(frozen=True, slots=True)
class Rate:
    """How many there were in a second, and the seconds of CPU that a thousand of them took."""

    per_second: float
    cpu: Mapping[str, float]


class Service:
    """One service at its address, with those who publish and those who are told."""

    def __init__(
        self, address: str, publisher: Client, audience: Audience, processes: Pids
    ) -> None:
        self.address = address
        self._publisher = publisher
        self._audience = audience
        self._processes = processes
        self._began = 0.0

    def ask(self, requests: Iterable[Request], client: Client | None = None) -> None:
        """Send many requests and wait for their replies."""
        self._audience.ask(client or self._publisher, self.address, requests)

    def ping(self, times: int) -> list[float]:
        """Time round trips to the service, one after another."""
        return [self._round_trip(PING) for _ in range(times)]

    def publish_once(self, node: str, subscribers: int, times: int) -> Times:
        """Time single publishes to a node, one after another."""
        first, last = [], []
        for _ in range(times):
            self._audience.settle(PAUSE)
            self._begin()
            self._publisher.request(self.address, publish(node))
            self._wait_for(subscribers)
            first.append(self._audience.first_at - self._began)
            last.append(self._audience.last_at - self._began)
        return Times(first, last)

    def publish_often(self, nodes: Sequence[str], subscribers: int, under_way: int) -> Rate:
        """Publish to one node after another, so many under way at once; count notifications."""
        requests, expected = [publish(node) for node in nodes], len(nodes) * subscribers

        def work() -> None:
            self._audience.ask(self._publisher, self.address, requests, under_way)
            self._wait_for(expected)

        return self._rate(work, expected)

    def retrieve_often(self, node: str, times: int) -> Rate:
        """Ask for a node's items."""
        return self._rate(lambda: self.ask([items_request(node)] * times), times)

    def subscribe_often(self, node: str, times: int, client: Client) -> Rate:
        """Subscribe and unsubscribe in turn."""
        pair = (subscribe(node, client.jid), unsubscribe(node, client.jid))
        return self._rate(lambda: self.ask(pair * (times // 2), client), times)

    def listen(self, write: Callable[[], None], expected: int) -> tuple[Times, Rate]:
        """Let somebody else send notifications, and count and time them."""

        def work() -> None:
            write()
            self._wait_for(expected)

        rate = self._rate(work, expected)
        first, last = self._audience.first_at, self._audience.last_at
        return Times([first - self._began], [last - self._began]), rate

    def _round_trip(self, request: Request) -> float:
        self._audience.settle(PAUSE)
        begin, replies = time.perf_counter(), self._publisher.replies
        self._publisher.request(self.address, request)
        self._audience.wait(lambda: self._publisher.replies > replies)
        return time.perf_counter() - begin

    def _rate(self, work: Callable[[], None], count: int) -> Rate:
        self._audience.settle(0.05)
        before = self._cpu()
        self._begin()
        work()
        seconds = time.perf_counter() - self._began
        after = self._cpu()
        cpu = {name: (after[name] - before[name]) / count * 1000 for name in after}
        return Rate(count / seconds, cpu)

    def _begin(self) -> None:
        self._audience.forget()
        self._began = time.perf_counter()

    def _wait_for(self, notifications: int) -> None:
        self._audience.wait(lambda: self._audience.received >= notifications)

    def _cpu(self) -> dict[str, float]:
        return {name: cpu_seconds(pids()) for name, pids in self._processes.items()}
