"""Passing a call on: it goes to the other agent past the queue, and so does its item.

If that agent does not take it, the caller waits in the queue again, in the old place: before all
who came later. To somebody who is none of our agents the caller goes by the dialplan, and for us
the call is over; but see `consulting` for who was asked in a queue.
"""

from dataclasses import replace
from datetime import datetime
from typing import assert_never

from component.domain import connecting, consulting, narrowing, routing, why
from component.domain.commands import (
    AnswerTransfer,
    Command,
    HangUpLeg,
    HideCall,
    SeekNumber,
    ShowCall,
    WakeAt,
)
from component.domain.events import (
    AttendedTransfer,
    BlindTransfer,
    ConsultOver,
    NumberLookedUp,
    WaitTimedOut,
)
from component.domain.holding import begun_anew, hold
from component.domain.model import Agent, Call, Leg, Offer, Transfer, WayOut
from component.domain.queue import MessageTo
from component.domain.reserving import reserve
from component.domain.ringing import ring
from component.domain.state import State
from component.domain.transitions import CALL_TRANSITIONS, CallMove, advance
from component.domain.words import AgentState, CallState, DeviceState, OfferEnd

TransferEvent = BlindTransfer | NumberLookedUp | AttendedTransfer | ConsultOver


def step(state: State, event: TransferEvent, now: datetime) -> list[Command]:
    """Take in that an agent passes a call on."""
    call = state.calls.get(event.leg.call_id)
    if call is None or call.leg != event.leg:
        return []
    if isinstance(event, ConsultOver):
        return _consult_over(state, call)
    if call.state is CallState.CONNECTING:  # the agent passes on whom he does not hear yet
        return [AnswerTransfer(event.leg, accepted=False)]
    if call.state is not CallState.ANSWERED:
        return []
    asked = None if isinstance(event, NumberLookedUp) else state.call_on(event.consult)
    if asked is not None:
        return consulting.take_place(state, call, asked, now)
    match event:
        case BlindTransfer():
            return _blind(state, call, event, now)
        case NumberLookedUp():
            return _looked_up(state, call, event, now)
        case AttendedTransfer():
            return _attended(state, call, event, now)
    assert_never(event)


def _blind(state: State, call: Call, event: BlindTransfer, now: datetime) -> list[Command]:
    """Ring the other agent, and let go of the first one. Who cannot be rung is refused."""
    target = state.agents.get(event.number)
    if target is None:
        return [SeekNumber(event.leg, call.channel, event.context, event.number)]
    if not (_may_take(state, call, target) and _may_ring(state, call, target)):
        return [AnswerTransfer(event.leg, accepted=False)]
    commands = _pass_on(state, call, target, now, consult=event.consult)
    if event.consult:
        return commands  # let go of now, the agent might end the second call just as it is answered
    return [*commands, AnswerTransfer(event.leg, accepted=True), HangUpLeg(event.leg)]


def _looked_up(state: State, call: Call, event: NumberLookedUp, now: datetime) -> list[Command]:
    """Send the caller to a number that is no agent's; if there is none, the talk goes on."""
    answer = AnswerTransfer(event.leg, accepted=event.exists)
    if not event.exists:
        return [answer]
    way_out = WayOut(context=event.context, number=event.number)
    # The answer goes first, while the leg is there.
    return [answer, *routing.hand_over(state, call, way_out, now, attended=False)]


def _attended(state: State, call: Call, event: AttendedTransfer, now: datetime) -> list[Command]:
    """Fetch the other agent, who talks with the first one; that one is let go of when it is done.

    Were he let go of at once, his phone might end the second call before anybody is fetched.
    """
    target = state.agent_at(event.device)
    if target is None:
        return routing.hand_over(state, call, WayOut(peer=event.peer), now, attended=True)
    if not _may_take(state, call, target):
        return [AnswerTransfer(event.leg, accepted=False)]
    return _pass_on(state, call, target, now, peer=event.peer)


def _consult_over(state: State, call: Call) -> list[Command]:
    """Let go of the agent whose second call was taken down; the caller rings there instead."""
    if call.state is not CallState.OFFERED:
        return []
    offers = tuple(replace(offer, instead_of="") for offer in call.offers)
    state.calls.put(call.id, replace(call, offers=offers))
    return routing.conclude_transfer(state, call)


def _may_take(state: State, call: Call, agent: Agent) -> bool:
    """Tell whether a call may be passed on to an agent: a colleague may disturb the paperwork.

    Not to who has it, and not if the operator has removed the queue meanwhile, to which the call
    could not come back.
    """
    if call.queue not in state.queues or agent.extension == call.extension:
        return False
    free = agent.state in (AgentState.AVAILABLE, AgentState.WRAP_UP)
    return free or agent.may_have_another


def _may_ring(state: State, call: Call, agent: Agent) -> bool:
    """Tell whether an agent's phone may be rung: one with a call of ours by the queue's leave.

    If it rings already, that is mostly because the first agent asks there. The phone may take down
    that call only afterwards, and Asterisk does not tell of it.
    """
    if agent.do_not_disturb:
        return False
    if agent.device_state is DeviceState.RINGING:
        return True
    in_use = agent.may_have_another and state.queues[call.queue].ringinuse
    return agent.device_state.is_there if in_use else agent.device_state.can_ring


def _pass_on(
    state: State, call: Call, target: Agent, now: datetime, *, peer: str = "", consult: str = ""
) -> list[Command]:
    [given_up] = call.offers
    queue = state.queues[call.queue]
    transfer = Transfer(given_up.extension, now, attended=bool(peer))
    leg = Leg(call.id, call.attempt + 1)
    offer = Offer(target.extension, leg, now, peer=peer, instead_of=consult)
    hidden = replace(call, revision=call.revision + 1)
    passed_on = replace(
        hidden,
        state=advance(CALL_TRANSITIONS, call.state, CallMove.TRANSFER),
        offers=(offer,),
        attempt=offer.leg.attempt,
        tried=frozenset({given_up.extension}),
        answered_at=None,
        transfers=(*call.transfers, transfer),
        direct=True,
    )
    passed_on = begun_anew(state, passed_on, now)
    state.calls.put(call.id, passed_on)
    why.note_transfer(state, call, offer)
    reserve(state, queue, offer.extension, offer.leg)
    return [
        HideCall(given_up.extension, hidden, OfferEnd.TRANSFERRED),
        ShowCall(offer.extension, passed_on),
        *routing.message(queue, passed_on, [offer.extension], MessageTo.AGENT),
        *ring(state, queue, passed_on, offer),
        connecting.part(call),
        hold(call, queue, state.time_left(passed_on, now)),
        WakeAt(state.waits_until(passed_on), WaitTimedOut(call.id)),
        *narrowing.timers(state, passed_on),
    ]
