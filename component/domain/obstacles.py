"""Why a member may not be offered a call."""

from enum import StrEnum

from component.domain.model import Agent, Member
from component.domain.queue import Queue
from component.domain.words import AgentState, MemberState


class Obstacle(StrEnum):
    """What keeps a member from calls, in app_queue's words where it has them."""

    LOGGED_OFF = "logged off"
    PAUSED = "paused"
    RINGING = "ringing"
    """Another call is offered, or its leg is being taken down."""
    ON_CALL = "on call"
    WRAPUP = "wrapup"
    INUSE = "inuse"
    """The phone is used for something else."""
    DND = "do not disturb"
    """The agent wants no calls, and has told Asterisk so."""
    UNAVAILABLE = "unavailable"
    """The phone is not registered, or unknown to Asterisk."""
    TRIED = "tried"
    """Did not take this very call."""
    PENALTY = "penalty"
    """Is beyond the caller's limits."""
    SKILLS = "skills"
    """Has not the skills that the caller needs."""


_OF_AGENT = {
    AgentState.RESERVED: Obstacle.RINGING,
    AgentState.ON_CALL: Obstacle.ON_CALL,
    AgentState.WRAP_UP: Obstacle.WRAPUP,
}


def obstacle(agent: Agent, member: Member, queue: Queue) -> Obstacle | None:
    """Return what keeps a member from any call of a queue now, None if nothing does."""
    state = member.state
    if state is not MemberState.READY:
        return Obstacle.PAUSED if state is MemberState.PAUSED else Obstacle.LOGGED_OFF
    may_have_another = queue.ringinuse and agent.may_have_another
    if agent.state is not AgentState.AVAILABLE and not may_have_another:
        return _OF_AGENT[agent.state]
    if agent.do_not_disturb:
        return Obstacle.DND
    device = agent.device_state
    if not device.is_there:
        return Obstacle.UNAVAILABLE
    return None if queue.ringinuse or device.can_ring else Obstacle.INUSE
