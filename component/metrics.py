"""What Prometheus is told.

Label values are few and known: queues from the database, words from this code. Nothing about a
caller or a customer becomes a label.
"""

from collections.abc import Mapping
from enum import StrEnum

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    Info,
    ProcessCollector,
)

WAIT_BUCKETS = (1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 300, 600)
"""Seconds. Service levels are usually set at one of these."""
LATENCY_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
"""Seconds, for one exchange with the database."""
BATCH_BUCKETS = (1, 2, 5, 10, 20, 50, 100, 200, 500)


class Outcome(StrEnum):
    """How a call's stay in a queue ended, in app_queue's terms where it has one."""

    COMPLETED = "completed"
    ABANDONED = "abandoned"
    TIMEOUT = "timeout"
    JOINEMPTY = "joinempty"
    LEAVEEMPTY = "leaveempty"
    FULL = "full"
    JOINUNAVAIL = "joinunavail"
    LEAVEUNAVAIL = "leaveunavail"
    UNAVAILABLE = "unavailable"


class OfferResult(StrEnum):
    """What became of a call that rang at an agent."""

    ANSWERED = "answered"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    REJECTED = "rejected"
    UNAVAILABLE = "unavailable"
    CALLER_LEFT = "caller_left"
    TIMEOUT = "timeout"


class LookupResult(StrEnum):
    """What a customer code led to."""

    FOUND = "found"
    UNKNOWN = "unknown"
    TIMEOUT = "timeout"


class Peer(StrEnum):
    """What this service is connected to."""

    ASTERISK = "asterisk"
    XMPP = "xmpp"
    DATABASE = "database"


class Metrics:
    """All metrics, in a registry of their own. Durations are in seconds."""

    def __init__(self, version: str) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        Info("ivr_build", "Version of the service", registry=self.registry).info(
            {"version": version}
        )
        self._calls = self._counter("calls", "Calls that left a queue", "queue", "outcome")
        self._offers = self._counter("offers", "Calls that rang at an agent", "queue", "result")
        self._in_time = self._counter(
            "answered_in_time", "Calls that were answered within the queue's servicelevel", "queue"
        )
        self._lookups = self._counter("customer_lookups", "Customer codes looked up", "result")
        self._notifications = self._counter("notifications", "Notifications sent to subscribers")
        self._reconnects = self._counter("reconnects", "Connections made again", "peer")
        self._waiting = self._gauge("callers_waiting", "Callers not connected yet", "queue")
        self._members = self._gauge("members_logged_on", "Members that take calls", "queue")
        self._outbox = self._gauge("outbox_messages", "Messages owed to the XMPP server")
        self._up = self._gauge("up", "Whether the connection to this peer works (1) or not", "peer")
        self._wait = self._histogram(
            "wait_seconds", "From entering the queue to leaving it or being connected",
            WAIT_BUCKETS, "queue",
        )  # fmt: skip
        self._lookup = self._histogram(
            "customer_lookup_seconds", "Duration of a customer lookup", LATENCY_BUCKETS
        )
        self._batch = self._histogram(
            "engine_batch_events", "Events that shared a transaction", BATCH_BUCKETS
        )
        self._commit = self._histogram(
            "engine_commit_seconds", "Duration of a transaction", LATENCY_BUCKETS
        )
        self._show_zeros()

    def call_left(self, queue: str, outcome: Outcome, waited: float) -> None:
        """Count a call that left its queue, after `waited` seconds without an agent."""
        self._calls.labels(queue, outcome).inc()
        self._wait.labels(queue).observe(waited)

    def offer_ended(self, queue: str, result: OfferResult) -> None:
        """Count an offer that an agent took or that came to nothing."""
        self._offers.labels(queue, result).inc()

    def answered_in_time(self, queue: str) -> None:
        """Count a call that was answered within its queue's service level."""
        self._in_time.labels(queue).inc()

    def queues(self, waiting: Mapping[str, int], members: Mapping[str, int]) -> None:
        """Set how many callers wait and how many members are logged on, for every queue."""
        for queue, count in waiting.items():
            self._waiting.labels(queue).set(count)
        for queue, count in members.items():
            self._members.labels(queue).set(count)

    def customer_looked_up(self, result: LookupResult, seconds: float) -> None:
        """Count a customer lookup."""
        self._lookups.labels(result).inc()
        self._lookup.observe(seconds)

    def notified(self, count: int) -> None:
        """Count notifications that were written to the XMPP stream."""
        self._notifications.inc(count)

    def outbox(self, depth: int) -> None:
        """Set how many messages the XMPP server has not confirmed yet."""
        self._outbox.set(depth)

    def committed(self, events: int, seconds: float) -> None:
        """Count a transaction that `events` shared."""
        self._batch.observe(events)
        self._commit.observe(seconds)

    def up(self, peer: Peer, *, up: bool) -> None:
        """Set whether the connection to a peer works."""
        self._up.labels(peer).set(up)

    def reconnected(self, peer: Peer) -> None:
        """Count a connection that was lost and made again."""
        self._reconnects.labels(peer).inc()

    def _show_zeros(self) -> None:
        """Let series whose labels are known exist from the start: rates need a first value."""
        for peer in Peer:
            self._up.labels(peer).set(0)
            self._reconnects.labels(peer)
        for result in LookupResult:
            self._lookups.labels(result)

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"ivr_{name}", meaning, labels, registry=self.registry)

    def _gauge(self, name: str, meaning: str, *labels: str) -> Gauge:
        return Gauge(f"ivr_{name}", meaning, labels, registry=self.registry)

    def _histogram(
        self, name: str, meaning: str, buckets: tuple[float, ...], *labels: str
    ) -> Histogram:
        return Histogram(f"ivr_{name}", meaning, labels, registry=self.registry, buckets=buckets)
