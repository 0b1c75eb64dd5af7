"""`step`: the one function through which every fact changes the call centre.

It has no clock, no dice and no I/O of its own. The state it is given it changes in place; the
ledger can undo that, which the engine does when the change cannot be committed.
"""

from dataclasses import replace
from datetime import datetime
from random import Random
from typing import assert_never

from component.domain import (
    agents,
    announcements,
    callbacks,
    callers,
    configuring,
    connecting,
    hands,
    hold_times,
    leaving,
    narrowing,
    persons,
    returning,
    ringing,
    routing,
    sticky,
    transfers,
)
from component.domain.commands import (
    Command,
    HangUpLeg,
    Release,
    WakeAt,
)
from component.domain.errors import (
    DomainError,
)
from component.domain.events import (
    AgentChanged,
    AgentRemoved,
    AnnouncementDue,
    AsteriskFound,
    AsteriskLost,
    AttendedTransfer,
    BlindTransfer,
    CallbackDue,
    CallbackExpired,
    CallbackTimedOut,
    CallerEntered,
    CallerLeft,
    CallerReplaced,
    ConnectDue,
    ConsultOver,
    CustomerAnswered,
    DeviceStateChanged,
    DigitPressed,
    DrainBegun,
    DrainEnded,
    Event,
    ExitFound,
    ExtendWrapUp,
    LegAnswered,
    LegEnded,
    LogOff,
    LogOn,
    MemberChanged,
    MemberRemoved,
    MoveCaller,
    NotConnected,
    NotLetGo,
    NumberLookedUp,
    Pause,
    PhoneGone,
    QueueChanged,
    QueueRemoved,
    RetryDue,
    RingTimedOut,
    Said,
    SkillsWaived,
    StickyOver,
    Unpause,
    WaitTimedOut,
    Withdraw,
    WrapUpOver,
)
from component.domain.holding import hold
from component.domain.model import Call, Leg, Offer
from component.domain.queue import MessageTo
from component.domain.reserving import free
from component.domain.state import State
from component.domain.words import CallState, LegEnd, OfferEnd, QueueStatus, TurnedAway

OFFER_ENDS = {
    LegEnd.NO_ANSWER: OfferEnd.NO_ANSWER,
    LegEnd.BUSY: OfferEnd.BUSY,
    LegEnd.REJECTED: OfferEnd.REJECTED,
    LegEnd.UNAVAILABLE: OfferEnd.UNAVAILABLE,
    LegEnd.HUNG_UP: OfferEnd.LOST,
}
"""What the end of a leg that was never answered means for the offer."""


def step(state: State, event: Event, now: datetime, rng: Random) -> list[Command]:
    """Take in one fact: change the state, return what is to be done, in order.

    Raises a `DomainError` if the fact is refused; nothing is changed then.
    """
    mark = state.ledger.mark()
    state.forget_changes()
    try:
        commands = _step(state, event, now, rng)
        commands += routing.route_all(state, sticky.no_longer_awaited_in(state), now, rng)
        for queue in filter(state.queues.get, state.presence.take_disturbed()):
            commands += routing.leave_if_empty(state, queue, now)
    except DomainError:
        state.ledger.rollback(mark)
        raise
    state.log(event, now)  # which names who goes now
    return commands + persons.leave(state)


def _step(state: State, event: Event, now: datetime, rng: Random) -> list[Command]:
    match event:
        case CallerEntered():
            return _caller_entered(state, event, now, rng)
        case CallerLeft():
            return _caller_left(state, event, now, rng)
        case LegAnswered():
            return _leg_answered(state, event, now, rng)
        case LegEnded():
            return _leg_ended(state, event, now, rng)
        case NotConnected():
            return _not_connected(state, event, now, rng)
        case BlindTransfer() | NumberLookedUp() | AttendedTransfer() | ConsultOver():
            return transfers.step(state, event, now)
        case RingTimedOut() | RetryDue() | WaitTimedOut():
            return _time_is_up(state, event, now, rng)
        case (
            CallerReplaced()
            | DigitPressed()
            | NotLetGo()
            | ExitFound()
            | Withdraw()
            | MoveCaller()
            | SkillsWaived()
            | StickyOver()
            | ConnectDue()
            | AnnouncementDue()
            | Said()
        ):
            return callers.step(state, event, now, rng)
        case CustomerAnswered() | CallbackTimedOut() | CallbackDue() | CallbackExpired():
            return callbacks.step(state, event, now, rng)
        case (
            LogOn()
            | LogOff()
            | Pause()
            | Unpause()
            | WrapUpOver()
            | ExtendWrapUp()
            | DeviceStateChanged()
            | PhoneGone()
        ):
            return agents.step(state, event, now, rng)
        case (
            QueueChanged()
            | QueueRemoved()
            | AgentChanged()
            | AgentRemoved()
            | MemberChanged()
            | MemberRemoved()
        ):
            return configuring.step(state, event, now, rng)
        case AsteriskLost() | AsteriskFound() | DrainBegun() | DrainEnded():
            return _circumstances_changed(state, event, now, rng)
    assert_never(event)


def _circumstances_changed(
    state: State,
    event: AsteriskLost | AsteriskFound | DrainBegun | DrainEnded,
    now: datetime,
    rng: Random,
) -> list[Command]:
    timers: list[WakeAt] = []
    if isinstance(event, DrainBegun | DrainEnded):
        state.draining = isinstance(event, DrainBegun)
    else:
        state.asterisk_up = isinstance(event, AsteriskFound)
        timers = ringing.ring_timers(state, now) if state.asterisk_up else []
    return [*timers, *routing.route_all(state, list(state.queues), now, rng)]


def _caller_entered(
    state: State, event: CallerEntered, now: datetime, rng: Random
) -> list[Command]:
    if state.call_on(event.channel) is not None:
        return []  # told twice: once by Asterisk's event, once by what was read after a reconnect
    queue = state.queues.get(event.queue)
    if queue is None:
        return [_turn_away(event, TurnedAway.NO_SUCH_QUEUE)]
    if state.draining and not returning.is_expected(state, event.channel, now):
        return [_turn_away(event, TurnedAway.DRAINING)]
    refusal = routing.join_refusal(state, queue, event.terms.need, now)
    call = Call(
        event.call_id,
        event.queue,
        event.channel,
        event.caller,
        now,
        event.digits,
        event.customer,
        priority=event.priority,
        terms=event.terms,
    )
    if refusal is not None:
        state.calls.put(call.id, call)
        return routing.release(state, call, refusal, now)
    call, retracted = returning.take_up(state, call)
    call = replace(call, original_position=state.position(call))
    state.calls.put(call.id, call)
    commands: list[Command] = [*retracted]
    commands += routing.message(queue, call, state.extensions(call.queue), MessageTo.MEMBERS)
    commands.append(WakeAt(now + state.max_wait(call), WaitTimedOut(call.id)))
    commands += narrowing.timers(state, call)
    commands += routing.route(state, call.queue, now, rng)
    if state.calls[call.id].state is not CallState.ENDED:
        # After the ringing has begun: the caller has time for the music, the agent has not.
        commands.append(hold(call, queue, state.max_wait(call)))
        commands += announcements.inform(state, state.calls[call.id], now)
    return commands


def _turn_away(event: CallerEntered, why: TurnedAway) -> Release:
    status = QueueStatus.UNAVAILABLE
    return Release(event.call_id, event.channel, status, turned_away=why, queue=event.queue)


def _caller_left(state: State, event: CallerLeft, now: datetime, rng: Random) -> list[Command]:
    call = state.call_on(event.channel)
    if call is None or event.call_id not in ("", call.id):
        return []
    if call.is_kept:
        return callbacks.left(state, call, now, rng)
    if call.state is CallState.ANSWERED:
        # The channel may live on: a colleague, or the dialplan, has taken the caller over.
        shown = routing.complete(state, call, None, now)
        return [*shown, connecting.part(call), HangUpLeg(call.leg)]
    return routing.abandon(state, call, now)


def _leg_answered(state: State, event: LegAnswered, now: datetime, rng: Random) -> list[Command]:
    call, agent = state.calls.get(event.leg.call_id), state.agent_of(event.leg)
    offer = _ringing(call, event.leg)
    if call is None or offer is None or agent is None:
        if call is not None and agent is not None and call.offer_on(event.leg) is not None:
            return []  # told twice: by Asterisk's event, and by what was read after a reconnect
        return [HangUpLeg(event.leg)]  # answered while it was being taken down
    answered = routing.answer(state, call, offer, now)
    return answered + routing.route_to_another(state, agent.extension, now, rng)


def _leg_ended(state: State, event: LegEnded, now: datetime, rng: Random) -> list[Command]:
    agent = state.agent_of(event.leg)
    commands: list[Command] = []
    call = state.calls.get(event.leg.call_id)
    offer = None if call is None else call.offer_on(event.leg)
    if call is not None and offer is not None:
        if call.is_waiting:
            taken = call.state is CallState.CONNECTING
            reason = OfferEnd.HUNG_UP if taken else OFFER_ENDS[event.reason]
            commands = routing.withdraw(state, call, offer, reason, now)
        elif call.state is CallState.ANSWERED:
            commands = routing.hand_back(state, call, now)
    if agent is None:
        return commands
    commands += free(state, agent, event.leg, now)
    queues = set(state.queues_of(agent.extension))
    if call is not None and call.queue in state.queues:
        queues.add(call.queue)  # it may have been passed on to who is no member
    return commands + routing.route_all(state, queues, now, rng)


def _not_connected(state: State, event: NotConnected, now: datetime, rng: Random) -> list[Command]:
    """Let the caller wait in the old place. The agent has had no call, and has no leg soon."""
    call, agent = state.calls.get(event.leg.call_id), state.agent_of(event.leg)
    offer = None if call is None else call.offer_on(event.leg)
    if call is None or agent is None or offer is None or call.state is not CallState.ANSWERED:
        return []
    queue = state.queues.get(call.queue)
    if queue is None:  # removed while they were about to talk
        gone = routing.complete(state, call, leaving.back(QueueStatus.WITHDRAW), now)
        return [*gone, HangUpLeg(event.leg)]
    state.agents.put(agent.extension, hands.fail(agent, event.leg))
    held = state.holdtimes.get(call.queue) or ()
    state.holdtimes.put(call.queue, hold_times.taken_back(held, call))
    commands = routing.withdraw(state, call, offer, OfferEnd.UNAVAILABLE, now)
    return [
        connecting.part(call),  # one of them may be in the bridge, and is to hear what is said next
        hold(call, queue, state.time_left(call, now)),
        *narrowing.timers(state, call),
        *commands,
        HangUpLeg(event.leg),
        *routing.route_all(state, {call.queue, *state.queues_of(agent.extension)}, now, rng),
    ]


def _time_is_up(
    state: State, event: RingTimedOut | RetryDue | WaitTimedOut, now: datetime, rng: Random
) -> list[Command]:
    match event:
        case RingTimedOut():
            return _ring_timed_out(state, event, now, rng)
        case RetryDue():
            return _retry_due(state, event, now, rng)
        case WaitTimedOut():
            return _wait_timed_out(state, event, now)
    assert_never(event)


def _ring_timed_out(state: State, event: RingTimedOut, now: datetime, rng: Random) -> list[Command]:
    call = state.calls.get(event.leg.call_id)
    offer = _ringing(call, event.leg)
    if call is None or offer is None or not state.asterisk_up:
        return []  # while Asterisk is away nobody knows whether it was answered
    return [
        *routing.withdraw(state, call, offer, OfferEnd.NO_ANSWER, now),
        HangUpLeg(event.leg),
        *routing.route(state, call.queue, now, rng),
    ]


def _retry_due(state: State, event: RetryDue, now: datetime, rng: Random) -> list[Command]:
    call = state.calls.get(event.call_id)
    if call is None or call.retry_at != event.at:
        return []  # it was offered to somebody meanwhile, or moved to another queue
    tried = frozenset[str]() if routing.all_tried(state, call) else call.tried
    state.calls.put(call.id, replace(call, retry_at=None, tried=tried))
    return routing.route(state, call.queue, now, rng)


def _wait_timed_out(state: State, event: WaitTimedOut, now: datetime) -> list[Command]:
    call = state.calls.get(event.call_id)
    if call is None or call.state not in (CallState.WAITING, CallState.OFFERED):
        return []  # an agent is there; if that comes to nothing, `withdraw` looks again
    over = state.waits_until(call)
    if now < over:  # the operator prolonged it meanwhile, or an agent passed the call on
        return [WakeAt(over, event)]
    return routing.release(state, call, QueueStatus.TIMEOUT, now)


def _ringing(call: Call | None, leg: Leg) -> Offer | None:
    """Return the offer that rings over this very leg."""
    if call is None or call.state is not CallState.OFFERED:
        return None
    return call.offer_on(leg)
