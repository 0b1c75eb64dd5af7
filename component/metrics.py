"""What Prometheus is told.

Label values are few and known: queues from the database, words from this code. Nothing about a
caller or a customer becomes a label.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import get_args

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Info,
    ProcessCollector,
    disable_created_metrics,
)

from component.agent_times import Activity
from component.domain.words import OfferEnd, Outcome, TurnedAway
from component.growing_histogram import GrowingHistogram
from component.pubsub.crowd import Kind, Limit
from component.pubsub.model import NodeEvent
from component.words import snake_case

WAIT_BUCKETS = (1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 300, 600)
RING_BUCKETS = (1, 2, 3, 5, 7.5, 10, 15, 20, 30, 60)
TALK_BUCKETS = (10, 30, 60, 120, 180, 300, 450, 600, 900, 1200, 1800, 3600)
"""Seconds, for what people do; each queue's servicelevel is added to them."""
LATENCY_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""Seconds, for what machines do for one another."""
BATCH_BUCKETS = (1, 2, 5, 10, 20, 50, 100, 200, 500)

UNAVAILABLE = "unavailable"
"""The outcome of a call that could not be held because of the database."""
ANSWERED = "answered"
"""The result of an offer that was taken."""
ANNOUNCEMENT = "announcement"
"""The kind of message that tells the members of a queue that a caller waits."""

OUTCOMES = (*Outcome, UNAVAILABLE, TurnedAway.DRAINING)
OFFER_RESULTS = (ANSWERED, *(end for end in OfferEnd if end is not OfferEnd.TRANSFERRED))
KINDS = (ANNOUNCEMENT, *(snake_case(event.__name__) for event in get_args(NodeEvent)))


class WaitEnd(StrEnum):
    """How a wait ended."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    RELEASED = "released"
    """The caller went back to the dialplan."""
    KEPT = "kept"
    """The caller hung up, to be called back."""


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


class Failure(StrEnum):
    """What a request to Asterisk or the database came to, if not to an answer."""

    REFUSED = "refused"
    """It was answered: no. Of Asterisk this is mostly normal: a channel is just gone."""
    FAILED = "failed"
    """It was answered by an error of the other side's own."""
    NO_ANSWER = "no_answer"


class Metrics:
    """All metrics, in a registry of their own. Durations are in seconds."""

    def __init__(self, version: str) -> None:
        # They are nearly as many series again, and no query of ours asks for them.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        Info("ivr_build", "Version of the service", registry=self.registry).info(
            {"version": version}
        )
        self._make_call_metrics()
        self._make_agent_metrics()
        self._make_xmpp_metrics()
        self._make_asterisk_metrics()
        self._make_engine_metrics()
        self._show_zeros()

    # Calls. -------------------------------------------------------------------------------------

    def queue(self, name: str, servicelevel: float) -> None:
        """Tell of a queue: its series start at zero, and have a bucket at its service level."""
        self._servicelevel.labels(name).set(servicelevel)
        for times in (self._wait, self._ring, self._talk, self._wrap_up):
            times.add_bound(servicelevel)
        for end in WaitEnd:
            self._wait.show(name, end)
        for times in (self._ring, self._talk, self._wrap_up):
            times.show(name)
        self._in_time.labels(name)
        for outcome in OUTCOMES:
            self._calls.labels(name, outcome)
        for result in OFFER_RESULTS:
            self._offers.labels(name, result)
        for activity in Activity:
            self._agent_seconds.labels(name, activity)

    def forget_queue(self, name: str) -> None:
        """Show no more how things stand in a queue that is gone; what happened stays counted."""
        for gauge in (
            self._servicelevel, self._waiting, self._longest_wait, self._callbacks, self._members,
        ):  # fmt: skip
            gauge.remove(name)
        for activity in Activity:
            self._agents.remove(name, activity)

    def call_left(self, queue: str, outcome: str) -> None:
        """Count a call that is over."""
        self._calls.labels(queue, outcome).inc()

    def call_to_no_queue(self) -> None:
        """Count a caller for whose queue there is none: what the dialplan names is no label."""
        self._calls.labels("", TurnedAway.NO_SUCH_QUEUE).inc()

    def wait_ended(self, queue: str, end: WaitEnd, seconds: float) -> None:
        """Count a wait, once the caller is connected or gone."""
        self._wait.observe(seconds, queue, end)

    def answered_in_time(self, queue: str) -> None:
        """Count a call that was answered within its queue's service level."""
        self._in_time.labels(queue).inc()

    def offer_ended(self, queue: str, result: str, rang: float) -> None:
        """Count an offer that an agent took or that came to nothing."""
        self._offers.labels(queue, result).inc()
        self._ring.observe(rang, queue)

    def talked(self, queue: str, seconds: float) -> None:
        """Count a conversation."""
        self._talk.observe(seconds, queue)

    def waiting(self, queue: str, callers: int, longest: float, callbacks: int) -> None:
        """Set how many callers wait, for how long the one has who came first, and how many are to
        be called back, whom the others are not counted with.
        """
        self._callbacks.labels(queue).set(callbacks)
        self._waiting.labels(queue).set(callers)
        self._longest_wait.labels(queue).set(longest)

    def customer_looked_up(self, result: LookupResult, seconds: float) -> None:
        """Count a customer lookup."""
        self._lookups.labels(result).inc()
        self._lookup.observe(seconds, result)

    # Agents. ------------------------------------------------------------------------------------

    def members(self, queue: str, logged_on: int, doing: Mapping[Activity, int]) -> None:
        """Set how many members of a queue are logged on, and how many do what."""
        self._members.labels(queue).set(logged_on)
        for activity in Activity:
            self._agents.labels(queue, activity).set(doing.get(activity, 0))

    def agents_spent(self, queue: str, activity: Activity, seconds: float) -> None:
        """Count time that members spent, all together."""
        self._agent_seconds.labels(queue, activity).inc(seconds)

    def wrapped_up(self, queue: str, seconds: float) -> None:
        """Count a wrap-up that is over."""
        self._wrap_up.observe(seconds, queue)

    # XMPP. --------------------------------------------------------------------------------------

    def notified(self, kind: str, count: int) -> None:
        """Count recipients of notifications, or of another kind of message."""
        self._notifications.labels(kind).inc(count)

    def handed_over(self, seconds: float) -> None:
        """Count a message written to the stream, so long after it was decided on."""
        self._handover.observe(seconds)

    def kept_out(self, kind: Kind, limit: Limit, count: int) -> None:
        """Count who was kept out by a limit on strangers."""
        self._kept_out.labels(kind, limit).inc(count)

    def bounced(self) -> None:
        """Count a message that came back."""
        self._bounced.inc()

    def request_answered(self, seconds: float, *, refused: bool) -> None:
        """Count an answered request."""
        self._request.observe(seconds)
        if refused:
            self._refused.inc()

    def request_declined(self) -> None:
        """Count a request for which there was no time."""
        self._declined.inc()

    def request_unanswered(self) -> None:
        """Count a request that could not be answered."""
        self._unanswered.inc()

    def outbox(self, depth: int, oldest: float) -> None:
        """Set how many messages the XMPP server has not confirmed yet, and the oldest's age."""
        self._outbox.set(depth)
        self._oldest.set(oldest)

    # Peers. -------------------------------------------------------------------------------------

    def up(self, peer: Peer, *, up: bool) -> None:
        """Set whether the connection to a peer works."""
        self._up.labels(peer).set(up)

    def reconnected(self, peer: Peer) -> None:
        """Count a connection that was lost and made again."""
        self._reconnects.labels(peer).inc()

    def asterisk_asked(self, operation: str, seconds: float, failure: Failure | None) -> None:
        """Count a request to Asterisk."""
        self._ari.observe(seconds, operation)
        for possible in Failure:
            self._ari_errors.labels(operation, possible)
        if failure is not None:
            self._ari_errors.labels(operation, failure).inc()

    # The engine. --------------------------------------------------------------------------------

    def committed(self, events: int, seconds: float) -> None:
        """Count a transaction that `events` shared."""
        self._batch.observe(events)
        self._commit.observe(seconds)

    def commit_failed(self, failure: Failure) -> None:
        """Count a transaction that was not committed, as far as is known."""
        self._commit_errors.labels(failure).inc()

    def inbox(self, depth: int) -> None:
        """Set how many events wait to be stepped."""
        self._inbox.set(depth)

    def loop_lagged(self, seconds: float) -> None:
        """Count how much later than due the event loop did something."""
        self._lag.observe(seconds)

    # Making them. -------------------------------------------------------------------------------

    def _make_call_metrics(self) -> None:
        self._calls = self._counter("calls", "Calls that are over", "queue", "outcome")
        self._wait = self._histogram(
            "wait_seconds", "From entering the queue to being connected or leaving it",
            WAIT_BUCKETS, "queue", "result",
        )  # fmt: skip
        self._servicelevel = self._gauge(
            "servicelevel_seconds", "Within this time callers are to be answered", "queue"
        )
        self._in_time = self._counter(
            "answered_in_time", "Calls that were answered within the queue's servicelevel", "queue"
        )
        self._offers = self._counter("offers", "Calls that rang at an agent", "queue", "result")
        self._ring = self._histogram(
            "ring_seconds", "From offering a call to its being taken or withdrawn",
            RING_BUCKETS, "queue",
        )  # fmt: skip
        self._talk = self._histogram(
            "talk_seconds", "From connecting caller and agent until they part",
            TALK_BUCKETS, "queue",
        )  # fmt: skip
        self._waiting = self._gauge("callers_waiting", "Callers not connected yet", "queue")
        self._longest_wait = self._gauge(
            "longest_wait_seconds", "For how long the caller waits who came first", "queue"
        )
        self._callbacks = self._gauge(
            "callbacks_waiting", "Callers who hung up and are to be called back", "queue"
        )
        self._lookups = self._counter("customer_lookups", "Customer codes looked up", "result")
        self._lookup = self._histogram(
            "customer_lookup_seconds", "Duration of a customer lookup", LATENCY_BUCKETS, "result"
        )

    def _make_agent_metrics(self) -> None:
        self._members = self._gauge("members_logged_on", "Members that are logged on", "queue")
        self._agents = self._gauge("agents", "Members by what they do", "queue", "state")
        self._agent_seconds = self._counter(
            "agent_seconds", "Time that members spent, all together", "queue", "state"
        )
        self._wrap_up = self._histogram(
            "wrap_up_seconds", "From the end of a call to the end of its paperwork",
            TALK_BUCKETS, "queue",
        )  # fmt: skip

    def _make_xmpp_metrics(self) -> None:
        self._notifications = self._counter(
            "notifications", "Messages to subscribers and members, by recipient", "kind"
        )
        self._handover = self._histogram(
            "notification_handover_seconds",
            "From the decision to publish to the stream to the XMPP server", LATENCY_BUCKETS,
        )  # fmt: skip
        self._bounced = self._counter("bounced_messages", "Messages that came back undeliverable")
        self._kept_out = self._counter(
            "limit_refusals", "What a limit on strangers did not let in", "kind", "limit"
        )
        self._outbox = self._gauge("outbox_messages", "Messages owed to the XMPP server")
        self._oldest = self._gauge(
            "outbox_oldest_seconds", "Age of the message that is owed for the longest time"
        )
        self._request = self._histogram(
            "xmpp_request_seconds", "Duration of answering a request (IQ)", LATENCY_BUCKETS
        )
        self._refused = self._counter("xmpp_requests_refused", "Requests answered by an error")
        self._declined = self._counter("xmpp_requests_declined", "Requests beyond what is bearable")
        self._unanswered = self._counter(
            "xmpp_requests_unanswered", "Requests whose id fits into no answer"
        )

    def _make_asterisk_metrics(self) -> None:
        self._up = self._gauge("up", "Whether the connection to this peer works (1) or not", "peer")
        self._reconnects = self._counter("reconnects", "Connections made again", "peer")
        self._ari = self._histogram(
            "ari_request_seconds", "Duration of a request to Asterisk",
            LATENCY_BUCKETS, "operation",
        )  # fmt: skip
        self._ari_errors = self._counter(
            "ari_errors", "Requests to Asterisk that came to nothing", "operation", "error"
        )

    def _make_engine_metrics(self) -> None:
        self._batch = self._histogram(
            "engine_batch_events", "Events that shared a transaction", BATCH_BUCKETS
        )
        self._commit = self._histogram(
            "engine_commit_seconds", "Duration of a transaction", LATENCY_BUCKETS
        )
        self._commit_errors = self._counter(
            "engine_commit_errors", "Transactions that came to nothing", "error"
        )
        self._inbox = self._gauge("engine_inbox_events", "Events that wait to be stepped")
        self._lag = self._histogram(
            "event_loop_lag_seconds", "How much later than due a timer goes off", LATENCY_BUCKETS
        )

    def _show_zeros(self) -> None:
        """Let series whose labels are known exist from the start: rates need a first value."""
        for peer in Peer:
            self._up.labels(peer).set(0)
            self._reconnects.labels(peer)
        self._calls.labels("", TurnedAway.NO_SUCH_QUEUE)
        for result in LookupResult:
            self._lookups.labels(result)
            self._lookup.show(result)
        for kind in KINDS:
            self._notifications.labels(kind)
        for kept_out in Kind:
            for limit in Limit:
                self._kept_out.labels(kept_out, limit)
        for failure in (Failure.REFUSED, Failure.NO_ANSWER):
            self._commit_errors.labels(failure)

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"ivr_{name}", meaning, labels, registry=self.registry)

    def _gauge(self, name: str, meaning: str, *labels: str) -> Gauge:
        return Gauge(f"ivr_{name}", meaning, labels, registry=self.registry)

    def _histogram(
        self, name: str, meaning: str, buckets: tuple[float, ...], *labels: str
    ) -> GrowingHistogram:
        histogram = GrowingHistogram(f"ivr_{name}", meaning, labels, buckets)
        if not labels:
            histogram.show()
        self.registry.register(histogram)
        return histogram
