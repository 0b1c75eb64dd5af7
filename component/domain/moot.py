"""Facts that are no reason to begin a transaction."""

from component.domain.events import (
    CallerLeft,
    DeviceStateChanged,
    RetryDue,
    RingTimedOut,
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
    match fact:
        case RingTimedOut(leg):
            return leg.call_id not in state.calls
        case WaitTimedOut(call_id) | RetryDue(call_id):
            return call_id not in state.calls
        case CallerLeft(channel):
            return state.call_on(channel) is None
    return False


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
