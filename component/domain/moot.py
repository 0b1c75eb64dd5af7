"""Facts that are no reason to begin a transaction."""

from component.domain.events import (
    AnnouncementDue,
    CallerLeft,
    ConnectDue,
    DeviceStateChanged,
    RetryDue,
    RingTimedOut,
    SkillsWaived,
    StickyOver,
    WaitTimedOut,
)
from component.domain.state import State
from component.domain.words import AgentState, DeviceState

EXPECTED = {AgentState.RESERVED: DeviceState.RINGING, AgentState.ON_CALL: DeviceState.INUSE}
"""What the phone of an agent tells who is offered a call or has one: nothing that is not known."""


def is_moot(state: State, fact: object) -> bool:
    """Tell whether `step` would do nothing about a fact, as far as that is easily seen.

    Mostly such facts are timers: the call whose ringing they would end is long over. And when we
    hang a caller up, Asterisk tells that the caller is gone.
    """
    if isinstance(fact, CallerLeft):
        return state.call_on(fact.channel) is None
    call_id = call_of(fact)
    return call_id is not None and call_id not in state.calls


def call_of(fact: object) -> str | None:
    """Return the call that a timer is about, and with which it is over; None if it is none such."""
    match fact:
        case RingTimedOut(leg) | ConnectDue(leg):
            return leg.call_id
        case (
            WaitTimedOut(call_id)
            | RetryDue(call_id)
            | AnnouncementDue(call_id)
            | SkillsWaived(call_id)
            | StickyOver(call_id)
        ):
            return call_id
    return None


def may_wait(state: State, fact: object) -> bool:
    """Tell whether it is early enough to step a fact when the next one is.

    It changes nothing that anybody could see, or that is done before something else happens.
    """
    if not isinstance(fact, DeviceStateChanged):
        return False
    agent = state.agent_at(fact.device)
    if agent is None or not agent.device_state.is_there:
        return False
    return EXPECTED.get(agent.state) is fact.state
