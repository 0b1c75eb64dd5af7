"""What an agent has in hand: one call, or several if the extension's `max_calls` allows it.

Only one is offered at a time. What an agent is on meanwhile goes on; when all calls are
over there is the wrap-up that ends last. Each function returns the agent as he is then.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from component.domain.model import Agent, Leg, Talk, WrapUp
from component.domain.queue import Queue
from component.domain.transitions import AGENT_TRANSITIONS, AgentMove, advance
from component.domain.words import AgentState


def take_up(agent: Agent, leg: Leg, queue: str) -> Agent:
    """Keep an agent from all other calls, for one that is offered. A wrap-up waits meanwhile."""
    reserved = advance(AGENT_TRANSITIONS, agent.state, AgentMove.RESERVE)
    if agent.wrap_up_until is not None and agent.queue is not None:
        agent = replace(agent, deferred=WrapUp(agent.queue, agent.wrap_up_until))
    return replace(
        agent, state=reserved, leg=leg, queue=queue, wrap_up_until=None, others=agent.talks
    )


def answer(agent: Agent) -> Agent:
    """Let an agent be on the call that was offered."""
    return replace(agent, state=advance(AGENT_TRANSITIONS, agent.state, AgentMove.ANSWER))


def fail(agent: Agent, leg: Leg) -> Agent:
    """Let a call that an agent was believed to be on be none; its leg is taken down.

    If another one is offered already, or was answered, this one keeps the agent from nothing.
    """
    if leg == agent.leg:
        return replace(agent, state=advance(AGENT_TRANSITIONS, agent.state, AgentMove.FAIL))
    return replace(agent, others=_without(agent.others, leg))


def let_go(agent: Agent, leg: Leg, now: datetime, queues: Mapping[str, Queue]) -> Agent:
    """Let an agent go from a leg that is gone. Only a call that he was on counts as one."""
    left = _without(agent.talks, leg)
    for ended in agent.talks:
        if ended.leg == leg:
            agent = replace(agent, last_call=now, calls_taken=agent.calls_taken + 1)
            agent = _defer_wrap_up(agent, ended, now, queues)
    if leg != agent.leg and agent.state is AgentState.RESERVED:
        return replace(agent, others=left)
    if left:
        state = advance(AGENT_TRANSITIONS, agent.state, AgentMove.RESUME)
        *others, foremost = left
        return replace(
            agent, state=state, leg=foremost.leg, queue=foremost.queue, others=tuple(others)
        )
    return _put_down(agent, now)


def _put_down(agent: Agent, now: datetime) -> Agent:
    """Let an agent have nothing in hand any more."""
    wrap_up = agent.deferred
    agent = replace(agent, leg=None, queue=None, others=(), deferred=None)
    if wrap_up is None or wrap_up.until <= now:
        state = advance(AGENT_TRANSITIONS, agent.state, AgentMove.RELEASE)
        return replace(agent, state=state)
    state = advance(AGENT_TRANSITIONS, agent.state, AgentMove.WRAP_UP)
    return replace(agent, state=state, queue=wrap_up.queue, wrap_up_until=wrap_up.until)


def _defer_wrap_up(agent: Agent, ended: Talk, now: datetime, queues: Mapping[str, Queue]) -> Agent:
    """Note what time an agent is to have after a call; the later end counts."""
    queue = queues.get(ended.queue)
    wrapuptime = timedelta(0) if queue is None else queue.wrapuptime
    until = now + wrapuptime
    if not wrapuptime or (agent.deferred is not None and until < agent.deferred.until):
        return agent
    return replace(agent, deferred=WrapUp(ended.queue, until))


def _without(talks: tuple[Talk, ...], leg: Leg) -> tuple[Talk, ...]:
    return tuple(talk for talk in talks if talk.leg != leg)
