"""What the operator changes while calls go on: queues, extensions, memberships.

Told twice is no harm, and what is said about something that is not there is said too late.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import TypeVar, assert_never

from component.domain import agents, announcements, callbacks, narrowing, routing
from component.domain.commands import Command, DropNode, HostNode, WakeAt, WatchDevice
from component.domain.errors import NotAMemberError, UnknownQueueError
from component.domain.events import (
    AgentChanged,
    AgentRemoved,
    CallbackDue,
    CallbackExpired,
    ConfigurationEvent,
    MemberChanged,
    MemberRemoved,
    QueueChanged,
    QueueRemoved,
    WaitTimedOut,
)
from component.domain.holding import hold
from component.domain.model import Agent, Call, Member
from component.domain.queue import Queue
from component.domain.state import State
from component.domain.words import DeviceState, Outcome, QueueStatus

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Configured:
    """What is configured, of what was asked for; None where there is nothing.

    Of agents and members only what the operator sets counts, not their state.
    """

    queues: Mapping[str, Queue | None]
    agents: Mapping[str, Agent | None]
    members: Mapping[tuple[str, str], Member | None]


def differences(state: State, configured: Configured) -> Iterator[ConfigurationEvent]:
    """Yield what changes the state to what is configured, in an order that `step` can take."""
    yield from _removals(state, configured)
    for queue in configured.queues.values():
        if queue is not None and queue != state.queues.get(queue.name):
            yield QueueChanged(queue)
    for agent in configured.agents.values():
        if agent is not None and _identity(agent) != _identity(state.agents.get(agent.extension)):
            yield AgentChanged(
                agent.extension, agent.device, agent.jid, agent.skills, agent.max_calls
            )
    for key, member in configured.members.items():
        known = state.members.get(key)
        if member is not None and (known is None or _place(known) != _place(member)):
            yield MemberChanged(member.queue, member.extension, member.penalty, member.made)


def everything_known(state: State) -> Configured:
    """Return the names of all that is known, as if nothing of it were configured.

    Calls that outlived their queue name it, too.
    """
    names = [*state.queues, *(call.queue for call in state.calls.values())]
    return Configured(
        dict.fromkeys(names), dict.fromkeys(state.agents), dict.fromkeys(state.members)
    )


def step(state: State, event: ConfigurationEvent, now: datetime, rng: Random) -> list[Command]:
    """Take in what the operator changed. Raises a `DomainError`."""
    match event:
        case QueueChanged(queue):
            return _queue_changed(state, queue, now, rng)
        case QueueRemoved(name):
            return _queue_removed(state, name, now, rng)
        case AgentChanged():
            return _agent_changed(state, event, now, rng)
        case AgentRemoved(extension):
            return _agent_removed(state, extension, now, rng)
        case MemberChanged():
            return _member_changed(state, event, now, rng)
        case MemberRemoved(queue, extension):
            state.members.delete((queue, extension))
            return routing.route(state, queue, now, rng)  # some may have waited for this agent
    assert_never(event)


def _queue_changed(state: State, queue: Queue, now: datetime, rng: Random) -> list[Command]:
    old = state.queues.get(queue.name)
    state.put_queue(queue)
    commands: list[Command] = []
    if old is not None and _holds_otherwise(old, queue):
        for call in _queued(state, queue.name):
            commands += _hold_otherwise(state, call, queue, queue.max_wait - old.max_wait, now)
    if old is not None and old.callback.max_age > queue.callback.max_age:
        commands += [WakeAt(now, CallbackExpired(call.id)) for call in _kept(state, queue.name)]
    if old is not None and old.callback.retry != queue.callback.retry:
        commands += _call_again_otherwise(state, queue, queue.callback.retry - old.callback.retry)
    for call in state.calls.values():
        if call.queue == queue.name and (call.is_waiting or call.is_kept):
            commands += narrowing.timers(state, call)
    commands += routing.route(state, queue.name, now, rng)
    for call in _queued(state, queue.name):
        commands += announcements.inform(state, call, now)
    return commands


def _holds_otherwise(old: Queue, new: Queue) -> bool:
    """Tell whether callers may have to wait for another time than they were told to, or hear other
    music."""
    return any(
        getattr(old, setting) != getattr(new, setting)
        for setting in ("max_wait", "memberdelay", "musicclass")
    )


def _hold_otherwise(
    state: State, call: Call, queue: Queue, longer: timedelta, now: datetime
) -> list[Command]:
    """Let a caller wait by new settings, also one whose wait did not begin with the call."""
    if call.wait_until is not None and call.terms.timeout is None:
        call = replace(call, wait_until=call.wait_until + longer)
        state.calls.put(call.id, call)
    return [
        WakeAt(state.waits_until(call), WaitTimedOut(call.id)),
        *announcements.hush(state, call),
        hold(call, queue, state.time_left(call, now)),
    ]


def _call_again_otherwise(state: State, queue: Queue, later: timedelta) -> list[Command]:
    """Let customers who were not reached be called again when the new settings say so."""
    commands: list[Command] = []
    for call in _kept(state, queue.name):
        if call.callback is not None and call.callback.again_at is not None:
            again_at = call.callback.again_at + later
            put_off = replace(call.callback, again_at=again_at)
            state.calls.put(call.id, replace(call, callback=put_off))
            commands.append(WakeAt(again_at, CallbackDue(call.id)))
    return commands


def _queue_removed(state: State, name: str, now: datetime, rng: Random) -> list[Command]:
    """Send the callers who wait back to the dialplan. Those who talk go on.

    Nobody is called back any more.
    """
    commands: list[Command] = []
    for call in _queued(state, name):
        commands += routing.release(state, call, QueueStatus.WITHDRAW, now)
    others: set[str] = set()
    for call in _kept(state, name):
        ended, queues = callbacks.end(state, call, Outcome.WITHDRAW, now)
        commands += ended
        others.update(queues)
    for member in state.members_of(name):
        state.members.delete((name, member.extension))
    state.turns.delete(name)
    state.drop_queue(name)
    # Not before all who were kept free are so again: it may be anybody's turn.
    return commands + routing.route_all(state, others - {name}, now, rng)


def _agent_changed(state: State, event: AgentChanged, now: datetime, rng: Random) -> list[Command]:
    commands: list[Command] = []
    agent = old = state.agents.get(event.extension)
    if agent is None:
        agent = Agent(event.extension, event.device, event.jid)
    account = replace(agent, jid=event.jid).account
    if old is None or old.account != account:
        commands.append(HostNode(event.extension, account))
    if old is None or old.device != event.device:
        # What the old device did says nothing about the new one.
        unknown = DeviceState.UNKNOWN
        agent = replace(agent, device=event.device, device_state=unknown, do_not_disturb=False)
        commands += [WatchDevice(device) for device in agent.devices]
    agent = replace(
        agent, jid=event.jid, skills=event.skills, max_calls=event.max_calls, leaving=False
    )
    state.agents.put(agent.extension, agent)
    return commands + routing.route_all(state, state.queues_of(agent.extension), now, rng)


def _agent_removed(state: State, extension: str, now: datetime, rng: Random) -> list[Command]:
    """Let an agent go: at once, or when the call that is going on is over."""
    agent = state.agents.get(extension)
    if agent is None:
        return []
    queues = list(state.queues_of(extension))
    for queue in queues:
        state.members.delete((queue, extension))
    commands = agents.pass_over(state, agent, now)
    if commands and agent.queue in state.queues and agent.queue not in queues:
        queues.append(agent.queue)  # no membership any more, or there was none
    if agent.talks:
        state.agents.put(extension, replace(agent, leaving=True))
    else:
        state.agents.delete(extension)
        commands.append(DropNode(extension))
    return commands + routing.route_all(state, queues, now, rng)


def _member_changed(
    state: State, event: MemberChanged, now: datetime, rng: Random
) -> list[Command]:
    if event.queue not in state.queues:
        raise UnknownQueueError(queue=event.queue)
    if event.extension not in state.agents:
        raise NotAMemberError(extension=event.extension, queue=event.queue)
    key = (event.queue, event.extension)
    member = state.members.get(key) or Member(*key)
    state.members.put(key, replace(member, penalty=event.penalty, made=event.made))
    return routing.route(state, event.queue, now, rng)


def _removals(state: State, configured: Configured) -> Iterator[ConfigurationEvent]:
    for key, member in configured.members.items():
        known = state.members.get(key)
        if known is not None and (member is None or member.made != known.made):
            yield MemberRemoved(*key)
    for extension in _absent(configured.agents):
        agent = state.agents.get(extension)
        if agent is not None and not agent.leaving:
            yield AgentRemoved(extension)
    for name in _absent(configured.queues):
        if name in state.queues or _queued(state, name) or _kept(state, name):
            yield QueueRemoved(name)


def _absent(records: Mapping[K, object]) -> Iterable[K]:
    return [key for key, record in records.items() if record is None]


def _identity(agent: Agent | None) -> tuple[str, str, dict[str, int], int] | None:
    if agent is None or agent.leaving:
        return None
    return agent.device, agent.jid, agent.skills, agent.max_calls


def _place(member: Member) -> tuple[int, int]:
    return member.penalty, member.made


def _queued(state: State, queue: str) -> list[Call]:
    """Return the calls of a queue that wait to be connected, those at a ringing phone too."""
    return [call for call in state.calls.values() if call.queue == queue and call.is_waiting]


def _kept(state: State, queue: str) -> list[Call]:
    """Return the calls of a queue whose callers are to be called back."""
    return [call for call in state.calls.values() if call.queue == queue and call.is_kept]
