"""Keeping an agent free from all other calls, for a phone that rings or for a customer who is
called back; and letting the agent go.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from component.domain import hands, why
from component.domain.asterisk_ids import CUSTOMER_PREFIX
from component.domain.choice import ChosenBy
from component.domain.commands import CallCustomer, Command, DropNode, WakeAt
from component.domain.events import CallbackTimedOut, WrapUpOver
from component.domain.model import Agent, Call, Caller, Leg, Offer, Turn
from component.domain.queue import Queue
from component.domain.state import State
from component.domain.strategies import ROUND_ROBIN
from component.domain.transitions import CALL_TRANSITIONS, CallMove, advance
from component.domain.words import CallState

GRACE = timedelta(seconds=5)
"""Asterisk ends by itself, this much later, what this service should have ended."""


def reserve(state: State, queue: Queue, extension: str, leg: Leg) -> None:
    """Keep an agent from all other calls."""
    state.agents.put(extension, hands.take_up(state.agents[extension], leg, queue.name))


def free(state: State, agent: Agent, leg: Leg, now: datetime) -> list[Command]:
    """Let go of an agent whose leg is gone. Only a connected call counts as one."""
    for talk in agent.talks:
        if talk.leg == leg:
            _count_call(state, talk.queue, agent.extension)
    freed = hands.let_go(agent, leg, now, state.queues)
    if freed.leaving and not freed.legs:
        state.agents.delete(agent.extension)
        return [DropNode(agent.extension)]
    state.agents.put(agent.extension, freed)
    over = freed.wrap_up_until
    return [] if over is None else [WakeAt(over, WrapUpOver(agent.extension))]


def _count_call(state: State, queue: str, extension: str) -> None:
    member = state.members.get((queue, extension))
    if member is not None:  # the operator may have taken the membership away meanwhile
        counted = replace(member, calls_taken=member.calls_taken + 1)
        state.members.put((member.queue, member.extension), counted)


def note_turn(state: State, queue: Queue, extension: str) -> None:
    """Remember whose turn it was, if the queue goes round in a circle."""
    if queue.strategy in ROUND_ROBIN:
        logon_order = state.members[queue.name, extension].logon_order
        state.turns.put(queue.name, Turn(queue.name, extension, logon_order))


def reserved_for(state: State, call: Call) -> Agent | None:
    """Return the agent who is kept free for a customer; None if the agent went away meanwhile."""
    return state.agent_of(call.leg) if call.state is CallState.CALLING else None


def let_go(state: State, call: Call, now: datetime) -> tuple[list[Command], list[str]]:
    """Free the agent who was kept for a customer; return, too, what queues may want the agent."""
    queues = {call.queue}
    agent = reserved_for(state, call)
    commands: list[Command] = []
    if agent is not None:
        commands = free(state, agent, call.leg, now)
        queues.update(state.queues_of(agent.extension))
    return commands, sorted(queues & state.queues.keys())


def call_back(
    state: State, call: Call, extension: str, by: ChosenBy, now: datetime
) -> list[Command]:
    """Call the customer whose turn it is, and keep the agent free to whom the call is offered then.

    Where all phones would ring one agent is enough: the others serve the next callers.
    """
    queue, callback = state.queues[call.queue], call.callback
    endpoint = None if callback is None else queue.callback.endpoint(callback.number)
    if callback is None or endpoint is None:
        return []
    leg, timeout = Leg(call.id, call.attempt + 1), queue.callback.timeout
    why.note(state, call, [Offer(extension, leg, now)], by, now)
    callback = replace(callback, calls=callback.calls + 1, called_at=now)
    called = replace(
        call,
        state=advance(CALL_TRANSITIONS, call.state, CallMove.CALL_BACK),
        attempt=leg.attempt,
        retry_at=None,
        channel=f"{CUSTOMER_PREFIX}{leg}",
        callback=callback,
    )
    state.calls.put(call.id, called)
    reserve(state, queue, extension, leg)
    note_turn(state, queue, extension)
    caller, at_most = Caller(queue.callback.callerid), timeout + GRACE
    return [
        CallCustomer(call.id, called.channel, endpoint, caller, at_most, extension),
        WakeAt(now + timeout, CallbackTimedOut(called.channel)),
    ]
