"""An agent asks in a queue, whose number he has dialled, before he passes a call on.

The caller takes the place of the agent's phone there: in the line, at phones that ring, or with who
took that call, which goes on with the caller's data and history. The two calls change their
callers; the one that is left with the agent's own phone is over.
"""

from dataclasses import replace
from datetime import datetime

from component.domain import announcements, connecting, leaving, narrowing, routing
from component.domain.asterisk_ids import talk_bridge
from component.domain.commands import (
    AnswerTransfer,
    Command,
    HangUpLeg,
    HideCall,
    Part,
    ShowCall,
    WakeAt,
)
from component.domain.events import WaitTimedOut
from component.domain.holding import begun_anew, hold
from component.domain.model import Call, Transfer
from component.domain.state import State
from component.domain.words import CallState, OfferEnd, Outcome


def take_place(state: State, call: Call, asked: Call, now: datetime) -> list[Command]:
    """Let a caller who talks go on in the place of the phone that asks, if that is possible."""
    if not _may_take_place(state, call, asked):
        return [AnswerTransfer(call.leg, accepted=False)]
    talks = asked.state is CallState.ANSWERED
    [given_up] = call.offers
    over = replace(call, channel=asked.channel, revision=call.revision + 1, way_out=leaving.HANG_UP)
    ended = routing.end(state, over, Outcome.COMPLETED, now)
    taken = replace(
        asked,
        channel=call.channel,
        caller=call.caller,
        digits=call.digits,
        customer=call.customer,
        terms=replace(asked.terms, continues=call.terms.continues),
        tried=asked.tried | {given_up.extension},
        revision=asked.revision + 1,
        position=0 if talks else state.position(asked),
        transfers=(*call.transfers, Transfer(given_up.extension, now, attended=talks)),
        direct=talks,
        told=replace(asked.told, position=0, position_at=None),
        dialogue=None,
        asked_before=call.asked,
        keys="",
    )
    taken = begun_anew(state, taken, now)
    state.calls.put(taken.id, taken)
    # The end of the other call is that of the phone's channel, and takes down no bridge of his.
    leaves = Part(taken.id, talk_bridge(call.leg, call.channel), connected_by=call.id)
    return [
        HideCall(given_up.extension, ended, OfferEnd.TRANSFERRED),
        *(ShowCall(offer.extension, taken) for offer in taken.offers),
        leaves,
        *(
            [connecting.part(asked), *connecting.talk(taken)]
            if talks
            else _wait_on(state, asked, taken, ended, now)
        ),
        AnswerTransfer(call.leg, accepted=True),
        HangUpLeg(call.leg),
        *leaving.let_go(ended),
        WakeAt(state.waits_until(taken), WaitTimedOut(taken.id)),
    ]


def _may_take_place(state: State, call: Call, asked: Call) -> bool:
    """Tell whether a caller may go on there: not where the agent who asks has the call himself.

    Nor if the operator has removed the queue meanwhile, to which the call could not come back.
    """
    there = asked.state is CallState.ANSWERED or (asked.is_waiting and not asked.direct)
    has_it = call.extension in {offer.extension for offer in asked.offers}
    return there and not has_it and asked.callback is None and asked.queue in state.queues


def _wait_on(state: State, asked: Call, taken: Call, ended: Call, now: datetime) -> list[Command]:
    """Let the caller, who has left the agent, wait. The phone that asked is of the other call
    first, or Asterisk would hang up what rings when that phone goes."""
    queue, wait = state.queues[taken.queue], state.time_left(taken, now)
    return [
        *(replace(hush, before=ended.id) for hush in announcements.hush(state, asked)),
        hold(ended, queue, wait),
        hold(taken, queue, wait),
        *narrowing.timers(state, taken),
    ]
