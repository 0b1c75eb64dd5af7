"""Counts what the engine does and what the service is connected to, in the metrics."""

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta

from component.domain.commands import Command, Connect, HideCall
from component.domain.model import Call, CallState, Customer
from component.domain.state import State
from component.http import Status
from component.metrics import LookupResult, Metrics, OfferResult, Outcome, Peer
from component.outbox import Outbox
from component.ports import Changes, Directory


class EngineObserver:
    """`component.ports.Observer` by metrics."""

    def __init__(self, metrics: Metrics, state: State, outbox: Outbox) -> None:
        self._metrics = metrics
        self._state = state
        self._outbox = outbox

    def committed(
        self, facts: int, commands: Sequence[Command], changes: Changes, duration: timedelta
    ) -> None:
        """So many facts led to these commands; committing their changes took this long."""
        self._metrics.committed(facts, duration.total_seconds())
        self._metrics.notified(
            sum(len(m.recipients) for m in changes.outgoing if m.type == "headline")
        )
        for command in commands:
            self._count_offer(command)
        for call in changes.calls:
            if call.state is CallState.ENDED and call.outcome is not None:
                self._metrics.call_left(call.queue, Outcome(call.outcome), _waited(call))

    def turned_away(self, queue: str) -> None:
        """A caller could not be held because of the database."""
        self._metrics.call_left(queue, Outcome.UNAVAILABLE, 0.0)

    def refresh(self) -> None:
        """Set the gauges to how things stand now."""
        state = self._state
        self._metrics.queues(
            waiting={queue: state.callers(queue) for queue in state.queues},
            members={queue: len(state.logged_on(queue)) for queue in state.queues},
        )
        self._metrics.outbox(len(self._outbox))

    def _count_offer(self, command: Command) -> None:
        if isinstance(command, HideCall):
            self._metrics.offer_ended(command.call.queue, OfferResult(command.reason))
        elif isinstance(command, Connect):
            call = self._state.calls[command.leg.call_id]
            self._metrics.offer_ended(call.queue, OfferResult.ANSWERED)
            if _waited(call) <= self._state.queues[call.queue].servicelevel.total_seconds():
                self._metrics.answered_in_time(call.queue)


class MeasuredDirectory:
    """A customer directory whose look-ups are counted and timed."""

    def __init__(self, directory: Directory, metrics: Metrics) -> None:
        self._directory = directory
        self._metrics = metrics

    async def customer(self, code: str) -> Customer | None:
        """Look up as the directory does. What is given up or fails counts as TIMEOUT."""
        started = time.monotonic()
        result = LookupResult.TIMEOUT
        try:
            customer = await self._directory.customer(code)
            result = LookupResult.UNKNOWN if customer is None else LookupResult.FOUND
            return customer
        finally:
            self._metrics.customer_looked_up(result, time.monotonic() - started)


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


def _waited(call: Call) -> float:
    until = call.answered_at or call.ended_at or call.entered_at
    return (until - call.entered_at).total_seconds()
