"""Moving a caller who waits: to the head or the end of the line, or to another queue."""

from dataclasses import replace
from datetime import datetime
from random import Random

from component.domain import announcements, narrowing, routing
from component.domain.commands import Command, WakeAt
from component.domain.errors import NotWaitingError, QueueRefusesError, UnknownQueueError
from component.domain.events import MoveCaller, WaitTimedOut
from component.domain.holding import begun_anew, hold
from component.domain.model import Call
from component.domain.queue import MessageTo, Queue
from component.domain.state import State
from component.domain.words import CallState, Place


def step(state: State, event: MoveCaller, now: datetime, rng: Random) -> list[Command]:
    """Move a caller. Raises a `DomainError`."""
    call = state.calls.get(event.call_id)
    if call is None or call.direct or not call.is_waiting:
        raise NotWaitingError(call=event.call_id)
    queue = state.queues.get(event.queue or call.queue)
    if queue is None:
        raise UnknownQueueError(queue=event.queue)
    moved = replace(call, priority=_priority(state, call, queue.name, event.place))
    if queue.name == call.queue:
        state.calls.put(call.id, moved)
        return routing.route(state, call.queue, now, rng)
    if call.state is not CallState.WAITING:
        raise NotWaitingError(call=event.call_id)
    return _change_queue(state, moved, queue, now, rng)


def _change_queue(
    state: State, call: Call, queue: Queue, now: datetime, rng: Random
) -> list[Command]:
    """Let a caller wait in another queue, by its settings, as if just entered.

    The time of entering stays: so does what it tells of the wait, and the place it gives.
    """
    refusal = routing.join_refusal(state, queue, call.terms.need, now)
    if refusal is not None:
        raise QueueRefusesError(queue=queue.name, status=refusal)
    moved = replace(
        call,
        queue=queue.name,
        position=state.position(state.calls[call.id]),
        tried=frozenset(),
        retry_at=None,
        told=replace(call.told, position=0, position_at=None),
        dialogue=None,
        keys="",
    )
    moved = replace(begun_anew(state, moved, now), original_position=state.position(moved))
    state.calls.put(call.id, moved)
    commands: list[Command] = [WakeAt(state.waits_until(moved), WaitTimedOut(call.id))]
    commands += routing.message(queue, moved, state.extensions(queue.name), MessageTo.MEMBERS)
    commands += narrowing.timers(state, moved)
    commands += [*announcements.hush(state, call), hold(call, queue, state.time_left(moved, now))]
    commands += routing.route(state, queue.name, now, rng)
    if state.calls[call.id].state is CallState.WAITING:
        commands += announcements.inform(state, state.calls[call.id], now)
    return commands


def _priority(state: State, call: Call, queue: str, place: Place | int) -> int:
    """Return the priority that gives a caller this place among the others of a queue."""
    others = [other.priority for other in state.line(queue) if other.id != call.id]
    match place:
        case Place.KEEP:
            return call.priority
        case Place.FRONT if others:
            return max(call.priority, max(others) + 1)
        case Place.BACK if others:
            return min(call.priority, min(others) - 1)
        case Place():
            return call.priority
    return place
