"""Facts of which nothing can come any more.

Mostly they are timers: the call whose ringing they would end is long over. And when we hang a
caller up, Asterisk tells that the caller is gone.
"""

from component.domain.events import CallerLeft, RetryDue, RingTimedOut, WaitTimedOut
from component.domain.state import State


def is_moot(state: State, fact: object) -> bool:
    """Tell whether `step` would do nothing about a fact, as far as that is easily seen."""
    match fact:
        case RingTimedOut(leg):
            return leg.call_id not in state.calls
        case WaitTimedOut(call_id) | RetryDue(call_id):
            return call_id not in state.calls
        case CallerLeft(channel):
            return state.call_on(channel) is None
    return False
