"""Making the legs to agents' phones, and how long they may ring."""

from datetime import datetime

from component.domain.commands import Command, Ring, WakeAt
from component.domain.connecting import displayed
from component.domain.events import RingTimedOut
from component.domain.model import Call, Offer
from component.domain.queue import Queue
from component.domain.reserving import GRACE
from component.domain.state import State
from component.domain.words import CallState


def ring(state: State, queue: Queue, call: Call, offer: Offer) -> list[Command]:
    """Make the leg of an offer, which ends in time."""
    over = WakeAt(offer.offered_at + queue.timeout, RingTimedOut(offer.leg))
    return [make_leg(state, queue, call, offer), over]


def make_leg(state: State, queue: Queue, call: Call, offer: Offer) -> Ring:
    """Make the leg of an offer; after a gap, in which that was perhaps not done, once more."""
    device, caller = state.agents[offer.extension].device, displayed(call)
    at_most = queue.timeout + GRACE
    return Ring(offer.leg, device, call.channel, caller, at_most, offer.peer, offer.instead_of)


def ring_timers(state: State, now: datetime) -> list[WakeAt]:
    """Return when the phones that ring have rung for long enough.

    Of who is asked by another agent it is not known whether they ring for the call already.
    """
    timers = []
    for call in state.calls.values():
        queue = state.queues.get(call.queue)
        if call.state is CallState.OFFERED and queue is not None:
            for offer in call.offers:
                begun = now if offer.ends_consultation else offer.offered_at
                timers.append(WakeAt(begun + queue.timeout, RingTimedOut(offer.leg)))
    return timers
