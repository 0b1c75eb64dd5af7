"""How callers leave when their call is over.

The call keeps it: only Asterisk's list of channels tells whether it was done, and after a gap, in
which the request may have been lost, it is asked for once more.
"""

from dataclasses import replace

from component.domain.asterisk_ids import talk_bridge
from component.domain.commands import Again, Command, EndCall, Hush, Join, Redirect, Release
from component.domain.model import Call, WayOut
from component.domain.state import State
from component.domain.words import QueueStatus

HANG_UP = WayOut()


def back(status: QueueStatus, info: str = "") -> WayOut:
    """Return the way back to the dialplan."""
    return WayOut(status=status, info=info)


def let_go(call: Call) -> list[EndCall | Join | Redirect | Release]:
    """Return what lets the caller of a call that is over leave; nothing if the caller has."""
    way = call.way_out
    if way is None:
        return []
    if way.peer:
        return [Join(call.id, call.channel, way.peer)]
    if way.number:
        return [Redirect(call.id, call.channel, way.context, way.number)]
    bridge = "" if call.answered_at is None else talk_bridge(call.leg, call.channel)
    if way.status is None:
        return [EndCall(call.id, call.channel, bridge)]
    return [Release(call.id, call.channel, way.status, way.info, bridge)]


def was_let_go(call: Call) -> bool:
    """Tell whether the caller of a call that is over was to leave.

    Who was told that he is called back is hung up, whatever becomes of that.
    """
    is_told_so = call.callback is not None and call.callback.asked_on == call.channel
    return call.way_out is not None or is_told_so


def again(state: State, call: Call) -> list[Command]:
    """Let a caller leave who was to, and is still there; unless he has come again meanwhile."""
    if state.call_on(call.channel) is not None:
        return []
    call = replace(call, way_out=call.way_out or HANG_UP)
    # That all was said may be of a moment ago, when it was to be cut off, and was not.
    hush = [Hush(call.id, call.told.number)] if call.told.number else []
    return [Again(command) for command in (*hush, *let_go(call))]
