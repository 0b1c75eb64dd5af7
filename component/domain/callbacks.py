"""Callers who keep the place without staying on the line, and are called when it is their turn.

When it is, an agent is kept free and the customer is called: never more customers than agents. Who
answers and presses a key is offered to that agent, as any caller is. Who does not is called again
later, a few times, in the same place; the agent is free at once.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import assert_never

from component.domain import announcements, routing
from component.domain.commands import Command, HangUpCustomer, ShowCall, WakeAt
from component.domain.dialogue import NO, YES
from component.domain.events import (
    CallbackDue,
    CallbackExpired,
    CallbackTimedOut,
    CustomerAnswered,
    WaitTimedOut,
)
from component.domain.holding import begun_anew, hold
from component.domain.kept_place import Callback
from component.domain.model import Agent, Call, Offer
from component.domain.obstacles import obstacle
from component.domain.queue import MessageTo, Queue
from component.domain.reserving import let_go, reserved_for
from component.domain.ringing import ring
from component.domain.state import State
from component.domain.transitions import CALL_TRANSITIONS, CallMove, advance
from component.domain.words import AgentState, CallState, Outcome

CONNECT = "ivr/callback-connect"

CONFIRMATION = timedelta(seconds=20)
"""Who took the call presses a key within this time, or it was an answering machine."""

CallbackEvent = CustomerAnswered | CallbackTimedOut | CallbackDue | CallbackExpired


def step(state: State, event: CallbackEvent, now: datetime, rng: Random) -> list[Command]:
    """Take in what became of calling a customer, or that it is time to."""
    match event:
        case CustomerAnswered():
            return _answered(state, event, now)
        case CallbackTimedOut():
            return _timed_out(state, event, now, rng)
        case CallbackDue():
            return _due(state, event, now, rng)
        case CallbackExpired():
            return _expired(state, event, now, rng)
    assert_never(event)


def key_pressed(state: State, call: Call, digit: str, now: datetime, rng: Random) -> list[Command]:
    """Take in a key of a customer who was called."""
    if _of(call).reached_at is None:
        return []  # the caller who is about to hang up
    if digit == YES:
        return _connect(state, call, now, rng)
    if digit == NO:
        return give_up(state, call, Outcome.DECLINED, now, rng)
    return []


def said(state: State, call: Call) -> list[Command]:
    """Let the caller go who has heard the good-bye; ask the customer once more."""
    if _of(call).reached_at is not None:
        return announcements.say(state, call, CONNECT)
    return [HangUpCustomer(call.id, call.channel)] if call.channel else []


def left(state: State, call: Call, now: datetime, rng: Random) -> list[Command]:
    """Take note that the caller has hung up, to be called back; or the customer who was called."""
    if call.state is CallState.CALLING:
        return _missed(state, call, now, rng)
    state.calls.put(call.id, _on_no_line(call))
    return routing.route_all(state, {call.queue} & state.queues.keys(), now, rng)


def give_up(
    state: State, call: Call, outcome: Outcome, now: datetime, rng: Random
) -> list[Command]:
    """End a call whose caller is not on the line, and offer others to who was kept free for it."""
    commands, queues = end(state, call, outcome, now)
    return [*commands, *routing.route_all(state, queues, now, rng)]


def end(
    state: State, call: Call, outcome: Outcome, now: datetime
) -> tuple[list[Command], list[str]]:
    """End a call whose caller is not on the line, and all that is under way for it.

    Returns also the queues whose calls may be offered now to who was kept free for it.
    """
    freed, queues = let_go(state, call, now)
    routing.end(state, call, outcome, now)
    hang_up = [HangUpCustomer(call.id, call.channel)] if call.channel else []
    return [*hang_up, *freed], queues


def until(call: Call, queue: Queue) -> datetime | None:
    """Return when a customer who is being called has had time enough; None if nobody calls."""
    callback = call.callback
    if call.state is not CallState.CALLING or callback is None or callback.called_at is None:
        return None
    if callback.reached_at is not None:
        return callback.reached_at + CONFIRMATION
    return callback.called_at + queue.callback.timeout


def _answered(state: State, event: CustomerAnswered, now: datetime) -> list[Command]:
    """Ask whether it is a person. A call that is not wanted any more ends."""
    call = state.calls.get(event.call_id)
    if call is None or call.channel != event.channel:
        return [HangUpCustomer(event.call_id, event.channel)]
    if call.state is not CallState.CALLING or _of(call).reached_at is not None:
        return []  # told twice: by Asterisk's event, and by what was read after a reconnect
    reached = replace(call, callback=replace(_of(call), reached_at=now))
    queue = state.queues[call.queue]
    return [
        hold(call, queue, CONFIRMATION),
        *announcements.say(state, reached, CONNECT),
        WakeAt(now + CONFIRMATION, CallbackTimedOut(call.channel)),
    ]


def _timed_out(state: State, event: CallbackTimedOut, now: datetime, rng: Random) -> list[Command]:
    call = state.call_on(event.channel)
    queue = None if call is None else state.queues.get(call.queue)
    if call is None or queue is None:  # who talks, goes on when the operator removes the queue
        return []
    over = until(call, queue)
    if over is None:
        return []
    if now < over:  # meanwhile the customer answered, or the operator prolonged it
        return [WakeAt(over, event)]
    hang_up = HangUpCustomer(call.id, call.channel)
    return [hang_up, *_missed(state, call, now, rng)]


def _missed(state: State, call: Call, now: datetime, rng: Random) -> list[Command]:
    """Let go of the agent; the customer is called again later, unless it was often enough."""
    terms, callback = state.queues[call.queue].callback, _of(call)
    commands, queues = let_go(state, call, now)
    again_at = now + terms.retry
    missed = replace(
        _on_no_line(call),
        state=advance(CALL_TRANSITIONS, call.state, CallMove.MISS),
        callback=replace(callback, called_at=None, reached_at=None, again_at=again_at),
    )
    state.calls.put(call.id, missed)
    if callback.calls >= terms.tries:
        routing.end(state, missed, Outcome.UNREACHED, now)
    elif callback.asked_at + terms.max_age <= now:
        routing.end(state, missed, Outcome.EXPIRED, now)
    else:
        commands.append(WakeAt(again_at, CallbackDue(call.id)))
    return commands + routing.route_all(state, queues, now, rng)


def _connect(state: State, call: Call, now: datetime, rng: Random) -> list[Command]:
    """Offer the customer to the agent who was kept free, or to another if that one is not."""
    queue, agent = state.queues[call.queue], reserved_for(state, call)
    reached = begun_anew(state, call, now)
    offered = agent is not None and _may_ring(state, agent, queue)
    if agent is not None and offered:
        commands = _offer(state, reached, agent, queue, now)
    else:
        commands, queues = let_go(state, call, now)
        waiting = advance(CALL_TRANSITIONS, call.state, CallMove.RETURN)
        state.calls.put(call.id, replace(reached, state=waiting))
        commands += routing.route_all(state, queues, now, rng)
    if state.calls[call.id].state is CallState.ENDED:
        return commands  # it is empty, and callers are to leave
    return [
        *commands,
        *announcements.hush(state, call),
        hold(call, queue, state.time_left(reached, now)),
        WakeAt(state.waits_until(reached), WaitTimedOut(call.id)),
        *announcements.inform(state, state.calls[call.id], now),
    ]


def _offer(state: State, call: Call, agent: Agent, queue: Queue, now: datetime) -> list[Command]:
    offer = Offer(agent.extension, call.leg, now)
    offered = replace(
        call,
        state=advance(CALL_TRANSITIONS, call.state, CallMove.OFFER),
        offers=(offer,),
        revision=call.revision + 1,
    )
    state.calls.put(call.id, offered)
    return [
        ShowCall(offer.extension, offered),
        *routing.message(queue, offered, [offer.extension], MessageTo.AGENT),
        *ring(state, queue, offered, offer),
    ]


def _may_ring(state: State, agent: Agent, queue: Queue) -> bool:
    """Tell whether an agent who was kept free is still logged on, and the phone free."""
    member = state.members.get((queue.name, agent.extension))
    free = replace(agent, state=AgentState.AVAILABLE)
    return member is not None and obstacle(free, member, queue) is None


def _due(state: State, event: CallbackDue, now: datetime, rng: Random) -> list[Command]:
    call = state.calls.get(event.call_id)
    if call is None or call.state is not CallState.AWAY or call.callback is None:
        return []
    again_at = call.callback.again_at
    if again_at is None:
        return []
    if now < again_at:  # the clock was set back, or the customer was called meanwhile
        return [WakeAt(again_at, event)]
    state.calls.put(call.id, replace(call, callback=replace(call.callback, again_at=None)))
    return routing.route(state, call.queue, now, rng)


def _expired(state: State, event: CallbackExpired, now: datetime, rng: Random) -> list[Command]:
    """Give a call up that is too old; one that is going on may still succeed."""
    call = state.calls.get(event.call_id)
    if call is None or call.state is not CallState.AWAY:
        return []
    over = _of(call).asked_at + state.queues[call.queue].callback.max_age
    if now < over:  # the operator prolonged it meanwhile
        return [WakeAt(over, event)]
    return give_up(state, call, Outcome.EXPIRED, now, rng)


def _on_no_line(call: Call) -> Call:
    return replace(call, channel="", told=replace(call.told, speaking=False))


def _of(call: Call) -> Callback:
    assert call.callback is not None, "a place is kept for somebody who asked for it"
    return call.callback
