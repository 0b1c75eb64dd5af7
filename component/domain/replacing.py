"""A phone calls the queue for somebody, and passes him on to where it has come.

The phone is none of our agents', or its first call was none of ours: Asterisk connects the two by
itself, and tells that one channel has taken the place of the other. The call goes on.
"""

from dataclasses import replace
from datetime import datetime

from component.domain import announcements, connecting
from component.domain.commands import Command, Connect, EndCall, Release, ShowCall
from component.domain.events import CallerReplaced
from component.domain.holding import hold
from component.domain.model import Call
from component.domain.state import State
from component.domain.words import CallState, QueueStatus


def step(state: State, event: CallerReplaced, now: datetime) -> list[Command]:
    """Let who was passed on have the call, with the place in the line and all that is known."""
    call = state.call_on(event.channel)
    if call is None:  # it was over, or was taken to be: nobody else has the channel
        if event.unsettled or state.call_on(event.by) is not None:
            return []  # who has the channel may be found yet, or is told of again
        return [Release(event.by, event.by, QueueStatus.UNAVAILABLE)]
    if call.is_kept:
        return [EndCall(event.by, event.by)]
    taken = replace(
        call,
        channel=event.by,
        caller=event.caller if event.caller.number else call.caller,
        revision=call.revision + 1,
        position=0 if call.state is CallState.ANSWERED else state.position(call),
        dialogue=None,
        keys="",
    )
    state.calls.put(taken.id, taken)
    return [
        *_go_on(state, call, taken, now),
        *(ShowCall(offer.extension, taken) for offer in taken.offers),
    ]


def _go_on(state: State, call: Call, taken: Call, now: datetime) -> list[Command]:
    """Asterisk has put the channel where the other one was, and tells an agent's phone about it.

    But bridges are named by channels, and what is set for the one is not set for the other. What
    was being said is cut off: it was begun for the other one, and holds up what is to be set.
    """
    if taken.state is CallState.ANSWERED:
        return [Connect(taken.leg, taken.channel), connecting.part(call)]
    queue = state.queues.get(taken.queue)
    if queue is None:
        return []
    held = replace(hold(taken, queue, state.time_left(taken, now)), in_anothers_place=True)
    return [*announcements.hush(state, call), held]
