"""What agents do, and what happens to them: log-on, pause, the end of wrap-up, their phones."""

from dataclasses import replace
from datetime import datetime
from random import Random
from typing import assert_never

from component.domain import persons, routing
from component.domain.commands import Command, HangUpLeg, WakeAt
from component.domain.errors import (
    AlreadyLoggedOnError,
    NotAMemberError,
    NotInWrapUpError,
    NotLoggedOnError,
    UnknownDeviceError,
    UnknownQueueError,
)
from component.domain.events import (
    DeviceStateChanged,
    ExtendWrapUp,
    LogOff,
    LogOn,
    Pause,
    PhoneGone,
    Unpause,
    WrapUpOver,
)
from component.domain.model import DND_PREFIX, Agent, Leg, Member
from component.domain.queue_log import InAllQueues
from component.domain.state import State
from component.domain.transitions import (
    AGENT_TRANSITIONS,
    MEMBER_TRANSITIONS,
    AgentMove,
    MemberMove,
    advance,
)
from component.domain.words import MemberState, OfferEnd

AgentEvent = (
    LogOn | LogOff | Pause | Unpause | WrapUpOver | ExtendWrapUp | DeviceStateChanged | PhoneGone
)


def step(state: State, event: AgentEvent, now: datetime, rng: Random) -> list[Command]:
    """Take in what an agent did or what happened to one. Raises a `DomainError`."""
    match event:
        case LogOn():
            return _log_on(state, event, now, rng)
        case LogOff():
            return _log_off(state, event, now, rng)
        case Pause():
            return _pause(state, event, now, rng)
        case Unpause():
            return _unpause(state, event, now, rng)
        case WrapUpOver():
            return _wrap_up_over(state, event, now, rng)
        case ExtendWrapUp():
            return _extend_wrap_up(state, event)
        case DeviceStateChanged():
            return _device_state_changed(state, event, now, rng)
        case PhoneGone(leg):
            return _phone_gone(state, leg, now, rng)
    assert_never(event)


def _log_on(state: State, event: LogOn, now: datetime, rng: Random) -> list[Command]:
    members = _memberships(state, event.device, event.queue)
    seated = persons.arrive(state, _agent_at(state, event.device), event.person)
    logged_off = [member for member in members if member.state is MemberState.LOGGED_OFF]
    if not logged_off:
        raise AlreadyLoggedOnError(device=event.device, queue=event.queue)
    for member in logged_off:
        advance(MEMBER_TRANSITIONS, member.state, MemberMove.LOG_ON)
        logged_on = replace(member, logged_on_at=now, logon_order=state.next_logon_order())
        state.members.put((member.queue, member.extension), logged_on)
    return seated + routing.route_all(state, [member.queue for member in logged_off], now, rng)


def _log_off(state: State, event: LogOff, now: datetime, rng: Random) -> list[Command]:
    members = _logged_on(state, event.device, event.queue)
    for member in members:
        advance(MEMBER_TRANSITIONS, member.state, MemberMove.LOG_OFF)
        logged_off = replace(member, logged_on_at=None, paused_at=None, pause_reason="")
        state.members.put((member.queue, member.extension), logged_off)
    return routing.route_all(state, [member.queue for member in members], now, rng)


def _pause(state: State, event: Pause, now: datetime, rng: Random) -> list[Command]:
    members = _logged_on(state, event.device, event.queue)
    if event.queue is None:
        state.note(InAllQueues(members[0].extension, paused=True, reason=event.reason))
    for member in members:
        routing.pause(state, member, event.reason, now)
    return routing.route_all(state, [member.queue for member in members], now, rng)


def _unpause(state: State, event: Unpause, now: datetime, rng: Random) -> list[Command]:
    members = _logged_on(state, event.device, event.queue)
    if event.queue is None:
        state.note(InAllQueues(members[0].extension, paused=False))
    for member in members:
        advance(MEMBER_TRANSITIONS, member.state, MemberMove.UNPAUSE)
        unpaused = replace(member, paused_at=None, pause_reason="")
        state.members.put((member.queue, member.extension), unpaused)
    return routing.route_all(state, [member.queue for member in members], now, rng)


def _wrap_up_over(state: State, event: WrapUpOver, now: datetime, rng: Random) -> list[Command]:
    agent = state.agents.get(event.extension)
    if agent is None or agent.wrap_up_until is None:
        return []
    if now < agent.wrap_up_until:  # the clock was set back: nobody else would end this wrap-up
        return [WakeAt(agent.wrap_up_until, event)]
    available = advance(AGENT_TRANSITIONS, agent.state, AgentMove.FINISH)
    state.agents.put(
        agent.extension, replace(agent, state=available, queue=None, wrap_up_until=None)
    )
    return routing.route_all(state, state.queues_of(agent.extension), now, rng)


def _extend_wrap_up(state: State, event: ExtendWrapUp) -> list[Command]:
    """Put the end of a wrap-up off. The timer that runs finds it too early, and is set anew."""
    agent = state.agents.get(event.extension)
    if agent is None or agent.wrap_up_until is None:
        raise NotInWrapUpError(extension=event.extension)
    state.agents.put(agent.extension, replace(agent, wrap_up_until=agent.wrap_up_until + event.by))
    return []


def _device_state_changed(
    state: State, event: DeviceStateChanged, now: datetime, rng: Random
) -> list[Command]:
    if event.device.startswith(DND_PREFIX):
        return _do_not_disturb(state, event, now, rng)
    agent = state.agent_at(event.device)
    if agent is None or agent.device_state is event.state:
        return []
    state.agents.put(agent.extension, replace(agent, device_state=event.state))
    commands = [] if event.state.is_there else pass_over(state, agent, now)
    queues = set(state.queues_of(agent.extension))
    if commands and agent.queue in state.queues:
        queues.add(agent.queue)  # the call may have been passed on to who is no member
    return commands + routing.route_all(state, queues, now, rng)


def _phone_gone(state: State, leg: Leg, now: datetime, rng: Random) -> list[Command]:
    commands = _pass_over(state, leg, now)
    if not commands:
        return []
    return commands + routing.route(state, state.calls[leg.call_id].queue, now, rng)


def _do_not_disturb(
    state: State, event: DeviceStateChanged, now: datetime, rng: Random
) -> list[Command]:
    """Take note of whether agents want calls. A phone that rings already rings on."""
    wanted = event.state.is_in_use
    changed = [a for a in state.agents_by_dnd(event.device) if a.do_not_disturb is not wanted]
    for agent in changed:
        state.agents.put(agent.extension, replace(agent, do_not_disturb=wanted))
    queues = {queue for agent in changed for queue in state.queues_of(agent.extension)}
    return routing.route_all(state, queues, now, rng)


def pass_over(state: State, agent: Agent, now: datetime) -> list[Command]:
    """Withdraw what is offered to an agent or phone that went away while it rang."""
    return [] if agent.leg is None else _pass_over(state, agent.leg, now)


def _pass_over(state: State, leg: Leg, now: datetime) -> list[Command]:
    call = state.calls.get(leg.call_id)
    offer = None if call is None else call.offer_on(leg)
    if call is None or not call.is_waiting or offer is None:
        return []
    return [*routing.withdraw(state, call, offer, OfferEnd.UNAVAILABLE, now), HangUpLeg(offer.leg)]


def _member(state: State, device: str, queue: str) -> Member:
    agent = _agent_at(state, device)
    if queue not in state.queues:
        raise UnknownQueueError(queue=queue)
    member = state.members.get((queue, agent.extension))
    if member is None:
        raise NotAMemberError(extension=agent.extension, queue=queue)
    return member


def _memberships(state: State, device: str, queue: str | None) -> list[Member]:
    """Return an agent's membership of one queue, or all (None), of which there is one at least."""
    if queue is not None:
        return [_member(state, device, queue)]
    extension = _agent_at(state, device).extension
    members = [state.members[name, extension] for name in state.queues_of(extension)]
    if not members:
        raise NotAMemberError(extension=extension, queue=queue)
    return members


def _logged_on(state: State, device: str, queue: str | None) -> list[Member]:
    """Return the memberships that an agent is logged on to: of one queue, or of all (None)."""
    members = _memberships(state, device, queue)
    logged_on = [member for member in members if member.state is not MemberState.LOGGED_OFF]
    if not logged_on:
        raise NotLoggedOnError(device=device, queue=queue)
    return logged_on


def _agent_at(state: State, device: str) -> Agent:
    agent = state.agent_at(device)
    if agent is None:
        raise UnknownDeviceError(device=device)
    return agent
