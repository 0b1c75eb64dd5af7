"""Counts what the engine does and what the service is connected to, in the metrics."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from component.agent_times import AgentTimes
from component.domain.commands import Announce, Command, Connect, HideCall, Release
from component.domain.model import Agent, Call
from component.domain.queue_log import LogEntry
from component.domain.state import State
from component.domain.words import AgentState, CallState, OfferEnd, Outcome, TurnedAway
from component.http import Status
from component.metrics import (
    ANNOUNCEMENT,
    ANSWERED,
    UNAVAILABLE,
    Failure,
    Metrics,
    Peer,
    WaitEnd,
)
from component.outbox import Outbox, made_at
from component.ports import Clock, Committed
from component.telephony.errors import AriError
from component.words import snake_case

WAIT_ENDS = {Outcome.COMPLETED: WaitEnd.ANSWERED, Outcome.ABANDONED: WaitEnd.ABANDONED}
"""All other outcomes mean that the caller went back to the dialplan. Of who is to be called back
the wait on the line is counted when the caller hangs up, and no other."""


class EngineObserver:
    """`component.ports.Observer` by metrics."""

    def __init__(self, metrics: Metrics, state: State, outbox: Outbox, clock: Clock) -> None:
        self._metrics = metrics
        self._state = state
        self._outbox = outbox
        self._clock = clock
        self._times = AgentTimes(state, metrics.agents_spent, clock.now())
        self._queues: set[str] = set()
        """Those that the gauges show."""
        self._answered: set[str] = set()
        """Calls that go on, of which the wait was counted when they were answered."""
        self._wrapping_up: dict[str, tuple[str, datetime]] = {}
        """Extension → the queue of the call that is over, and when it ended."""
        for agent in state.agents.values():
            self._follow_wrap_up(agent, clock.now())
        self.refresh(inbox=0)

    def committed(self, what: Committed) -> None:
        """A transaction has succeeded."""
        now = self._clock.now()
        self._metrics.committed(what.facts, what.duration.total_seconds())
        for notification in what.notifications:
            kind = snake_case(type(notification.event).__name__)
            self._metrics.notified(kind, len(notification.recipients))
        for (kind_refused, limit), count in what.refusals.items():
            self._metrics.kept_out(kind_refused, limit, count)
        for command in what.commands:
            self._count(command, now)
        for call in what.changes.calls:
            if call.state is CallState.ENDED and call.outcome is not None:
                self._count_ended(call, call.outcome)
        for entry in filter(None, what.changes.queue_log.values()):
            if entry.event == "CALLBACK":
                self._count_kept(entry)
        agents = [*what.changes.agents, *what.changes.agents_seen]
        for agent in agents:
            self._follow_wrap_up(agent, now)
        self._times.changed(agents, what.changes.members, now)

    def turned_away(self, queue: str) -> None:
        """A caller could not be held because of the database."""
        if queue in self._state.queues:
            self._count_turned_away(queue, UNAVAILABLE)
        else:
            self._metrics.call_to_no_queue()

    def handed_over(self, seqs: Sequence[int]) -> None:
        """Messages were written to the stream."""
        now = self._clock.now()
        for seq in seqs:
            self._metrics.handed_over(_seconds(made_at(seq), now))

    def refresh(self, inbox: int) -> None:
        """Set the gauges to how things stand now; so many events wait in the engine's inbox."""
        now = self._clock.now()
        self._times.add_up(now)
        gone = [known for known in self._wrapping_up if known not in self._state.agents]
        for extension in gone:
            del self._wrapping_up[extension]  # the operator has removed who was at it
        for name in self._queues - self._state.queues.keys():
            self._metrics.forget_queue(name)
        self._queues = set(self._state.queues)
        for name, queue in self._state.queues.items():
            self._metrics.queue(name, queue.servicelevel.total_seconds())
            first = self._state.longest_waiting(name)
            self._metrics.waiting(
                name,
                self._state.callers(name),
                _seconds(first, now),
                self._state.callbacks(name),
            )
            self._metrics.members(
                name, len(self._state.logged_on(name)), self._times.counts.get(name, {})
            )
        self._metrics.outbox(len(self._outbox), _seconds(self._outbox.oldest(), now))
        self._metrics.inbox(inbox)

    def _count(self, command: Command, now: datetime) -> None:
        match command:
            case Announce(_, extensions):
                self._metrics.notified(ANNOUNCEMENT, len(extensions))
            case HideCall(_, call, OfferEnd.TRANSFERRED):  # it was taken, and counted then
                if call.answered_at is not None and call.outcome is None:  # else its end counts
                    self._metrics.talked(call.queue, _seconds(call.answered_at, now))
            case HideCall(extension, call, reason):
                rang = _seconds(call.offered_at(extension), now)
                self._metrics.offer_ended(call.queue, reason, rang)
            case Release(turned_away=TurnedAway.NO_SUCH_QUEUE):
                self._metrics.call_to_no_queue()
            case Release(turned_away=TurnedAway() as why, queue=queue):
                self._count_turned_away(queue, why)
            case Connect(leg) if answered := self._state.calls.get(leg.call_id):
                if not answered.is_taken_over:
                    self._count_answered(answered, now)

    def _count_answered(self, call: Call, now: datetime) -> None:
        answered_at = call.answered_at or now
        waited = _seconds(call.entered_at, answered_at)
        [taken] = call.offers
        rang = _seconds(taken.offered_at, taken.answered_at or answered_at)
        self._metrics.offer_ended(call.queue, ANSWERED, rang)
        if call.has_waited or call.callback is not None or call.id in self._answered:
            return  # the wait for the first agent was counted, or that until the caller hung up
        self._answered.add(call.id)
        self._metrics.wait_ended(call.queue, WaitEnd.ANSWERED, waited)
        queue = self._state.queues.get(call.queue)
        if queue is not None and waited <= queue.servicelevel.total_seconds():
            self._metrics.answered_in_time(call.queue)

    def _count_ended(self, call: Call, outcome: Outcome) -> None:
        ended_at = call.ended_at or call.entered_at
        self._metrics.call_left(call.queue, outcome)
        if call.answered_at is not None:
            self._metrics.talked(call.queue, _seconds(call.answered_at, ended_at))
        elif not (call.has_waited or call.callback or call.id in self._answered):
            end = WAIT_ENDS.get(outcome, WaitEnd.RELEASED)
            self._metrics.wait_ended(call.queue, end, _seconds(call.entered_at, ended_at))
        self._answered.discard(call.id)

    def _count_turned_away(self, queue: str, outcome: str) -> None:
        self._metrics.call_left(queue, outcome)
        self._metrics.wait_ended(queue, WaitEnd.RELEASED, 0.0)

    def _count_kept(self, entry: LogEntry) -> None:
        """Count the wait of a caller who does not stay on the line: it is over."""
        _, waited = entry.data
        self._metrics.wait_ended(entry.queuename, WaitEnd.KEPT, float(waited))

    def _follow_wrap_up(self, agent: Agent, now: datetime) -> None:
        if agent.state is AgentState.WRAP_UP and agent.queue is not None:
            self._wrapping_up[agent.extension] = agent.queue, agent.last_call or now
        elif agent.extension in self._wrapping_up:
            queue, began = self._wrapping_up.pop(agent.extension)
            self._metrics.wrapped_up(queue, _seconds(began, now))


def asterisk_observer(metrics: Metrics) -> Callable[[str, float, AriError | None], None]:
    """Return what counts requests to Asterisk."""

    def asked(operation: str, seconds: float, error: AriError | None) -> None:
        metrics.asterisk_asked(operation, seconds, None if error is None else _failure(error))

    return asked


def _failure(error: AriError) -> Failure:
    if error.status == 0:
        return Failure.NO_ANSWER
    return Failure.REFUSED if 400 <= error.status < 500 else Failure.FAILED


class ConnectionObserver:
    """Follows which peers are connected."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._was_up: dict[Peer, bool] = {}
        self._seen: set[Peer] = set()

    def refresh(self, statuses: Mapping[str, Status]) -> None:
        """Set who is there now; count those who came back."""
        for name, status in statuses.items():
            peer = Peer(name)
            self._metrics.up(peer, up=status.ready)
            if status.ready and peer in self._seen and not self._was_up[peer]:
                self._metrics.reconnected(peer)
            if status.ready:
                self._seen.add(peer)
            self._was_up[peer] = status.ready


def _seconds(since: datetime | None, until: datetime) -> float:
    """Return how much time passed; none, if the clock was set back or nothing began."""
    return 0.0 if since is None else max(0.0, (until - since).total_seconds())
