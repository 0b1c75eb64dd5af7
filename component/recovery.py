"""After any gap: what Asterisk and the database say, turned into facts.

Nothing is replayed by Asterisk after a reconnect. So what it has is read and compared with what is
believed here; each difference becomes the event that would have told it.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from component.domain import callbacks, connecting, narrowing, ringing, routing
from component.domain.asterisk_ids import earlier_bridge, leg_channel, talk_bridge
from component.domain.commands import (
    AnswerTransfer,
    CallCommand,
    HangUpCustomer,
    HangUpLeg,
    Hush,
    LiftBound,
    Part,
    WakeAt,
)
from component.domain.events import (
    AnnouncementDue,
    CallbackDue,
    CallbackExpired,
    CallbackTimedOut,
    CallerLeft,
    CallerReplaced,
    ConnectDue,
    ConsultOver,
    CustomerAnswered,
    DeviceStateChanged,
    Event,
    LegAnswered,
    LegEnded,
    QueueRemoved,
    RetryDue,
    Said,
    WaitTimedOut,
    WrapUpOver,
)
from component.domain.holding import hold
from component.domain.model import Call, Caller, Leg, Offer
from component.domain.queue import Queue
from component.domain.state import State
from component.domain.words import CallState, LegEnd
from component.ports import CalledChannel, Snapshot, WaitingChannel

ANSWERS = 8
"""How many keys somebody may have pressed, and been answered, before the first answer is heard."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the comparison brought to light."""

    events: tuple[Event, ...]
    """What must have happened meanwhile, in an order that `step` can take."""
    commands: tuple[CallCommand, ...]
    """What was decided but not carried out, and legs that no call wants."""
    stray_bridges: tuple[str, ...]
    """Ids of bridges of talks that are over."""
    unknown: "Unknown"


@dataclass(frozen=True, slots=True)
class Unknown:
    """Who is there, and no call that goes on is theirs: one that is over may be."""

    strangers: tuple[WaitingChannel, ...]
    """Callers who came in while nobody listened, whoever called first before the others."""
    customers: tuple[HangUpCustomer, ...]
    """The end of calls to customers that are not wanted any more."""


def timers(state: State, now: datetime) -> Iterator[WakeAt]:
    """Yield the timers of what was loaded: the old ones died with the process."""
    for agent in state.agents.values():
        if agent.wrap_up_until is not None:
            yield WakeAt(agent.wrap_up_until, WrapUpOver(agent.extension))
    for call in state.calls.values():
        queue = state.queues.get(call.queue)
        if queue is None:  # removed while nobody listened
            yield WakeAt(now, QueueRemoved(call.queue))
            continue
        if call.is_waiting or call.is_kept:
            yield from narrowing.timers(state, call)
        if call.is_waiting:
            yield WakeAt(state.waits_until(call), WaitTimedOut(call.id))
        if call.told.periodic_at is not None:  # also who talks may come back to the queue
            yield WakeAt(now + queue.min_announce_frequency, AnnouncementDue(call.id))
        if call.state is CallState.CONNECTING:
            [taken] = call.offers
            yield WakeAt((taken.answered_at or now) + queue.memberdelay, ConnectDue(taken.leg))
        if call.retry_at is not None:
            yield WakeAt(call.retry_at, RetryDue(call.id, call.retry_at))
        yield from _of_callback(call, queue)


def _of_callback(call: Call, queue: Queue) -> Iterator[WakeAt]:
    callback = call.callback
    if callback is None or not call.is_kept:
        return
    yield WakeAt(callback.asked_at + queue.callback.max_age, CallbackExpired(call.id))
    if callback.again_at is not None:
        yield WakeAt(callback.again_at, CallbackDue(call.id))
    over = callbacks.until(call, queue)
    if over is not None:
        yield WakeAt(over, CallbackTimedOut(call.channel))


def compare(state: State, snapshot: Snapshot) -> Found:
    """Compare what is believed with what Asterisk has.

    Calls that entered and legs that were rung after the reading began are left alone: that they
    are missing from it says nothing. So are those decided before whose commit took so long.
    """
    present = {caller.channel for caller in snapshot.callers}
    present |= {customer.channel for customer in snapshot.customers}
    for channels in snapshot.bridges.values():
        present |= channels
    calls = [call for call in state.calls.values() if _began(call) < snapshot.taken_at]
    staying = present - snapshot.newcomers
    missing = [call for call in calls if call.channel and call.channel not in staying]
    replaced = {event.channel: event for event in _replaced(snapshot, missing)}
    gone = [call for call in missing if call.channel not in replaced]
    known = {call.channel for call in state.calls.values()} | _let_go(state).keys()
    known |= {event.by for event in replaced.values()}
    there = [call for call in calls if call not in missing]
    unmade = {offer.leg for call in there for offer in _unmade(snapshot, call)}
    legs = [*_legs(state, snapshot, unmade)]
    unfinished = [*_unfinished(state, snapshot, there)]
    parted = {command.bridge for command in unfinished if isinstance(command, Part)}
    talks = [call for call in state.calls.values() if call.state is CallState.ANSWERED]
    in_use = {_bridge(snapshot, call) for call in talks} | parted
    return Found(
        events=(
            *(DeviceStateChanged(*found) for found in snapshot.device_states.items()),
            *replaced.values(),
            *(CallerLeft(call.channel) for call in gone),
            *legs,
            *_reached(state, snapshot),
            *(Said(call.id, call.told.number) for call in calls if call.told.speaking),
        ),
        commands=(
            *_cut_off(snapshot, there),
            *(HangUpLeg(leg) for leg in _stray_legs(state, snapshot)),
            *_perhaps_late(state, legs, gone),
            *_lingering(state, snapshot),
            *unfinished,
            *_unanswered(snapshot, there),
        ),
        stray_bridges=tuple(bridge for bridge in snapshot.bridges if bridge not in in_use),
        unknown=Unknown(
            strangers=tuple(_strangers(snapshot, known)),
            customers=tuple(_stray_customers(state, snapshot)),
        ),
    )


def _cut_off(snapshot: Snapshot, calls: Iterable[Call]) -> Iterator[Hush]:
    """Yield the end of what callers may hear still, before anything else is done with them.

    That it is believed to be over may be of a moment ago, when it was asked for and not done. What
    was said since then, on a key pressed just now, is only heard after that.
    """
    for call in calls:
        is_bridged = _talks(snapshot, call)
        is_reached = call.callback is not None and call.callback.reached_at is not None
        if call.told.number and not is_bridged and (is_reached or not call.is_kept):
            for number in range(_first_perhaps_heard(call), call.told.number + 1):
                yield Hush(call.id, number)


def _first_perhaps_heard(call: Call) -> int:
    """Return the number of the first announcement that may go on.

    Who is asked something and has pressed keys during a slow commit was answered each in it.
    """
    back = ANSWERS if call.dialogue is not None else int(call.told.speaking)
    return max(1, call.told.number - back)


def _replaced(snapshot: Snapshot, missing: Iterable[Call]) -> Iterator[CallerReplaced]:
    """Yield who has the place of a caller in the talk that goes on.

    It may be the bridge of who had the place before, if the one was gone before he was connected.
    Of one who waits nothing tells which place it was: who took it enters as one who has come.
    """
    listed = {caller.channel: caller for caller in snapshot.callers}
    for call in missing:
        if call.state is CallState.ANSWERED:
            for bridge, channel in _beside(snapshot, call.leg):
                found = listed.get(channel)
                came_by_itself = found is not None and not found.queue
                if came_by_itself or bridge == talk_bridge(call.leg, call.channel):
                    caller = Caller(found.caller_number, found.caller_name) if found else Caller("")
                    yield CallerReplaced(call.channel, channel, caller)


def _beside(snapshot: Snapshot, leg: Leg) -> Iterator[tuple[str, str]]:
    """Yield who is in the bridges of an agent's leg, whomever they are named by, and in which."""
    for bridge, channels in snapshot.bridges.items():
        if bridge.startswith(talk_bridge(leg, "")):
            for channel in channels - {leg_channel(leg)}:
                yield bridge, channel


def _strangers(snapshot: Snapshot, known: Collection[str]) -> list[WaitingChannel]:
    unknown = (caller for caller in snapshot.callers if caller.channel not in known)
    return sorted(unknown, key=lambda caller: caller.created_at)


def _legs(state: State, snapshot: Snapshot, unmade: Collection[Leg]) -> Iterator[Event]:
    """Yield what became of the legs that are believed to be there, but for those yet to be made."""
    there = snapshot.ringing_legs | snapshot.answered_legs
    for agent in list(state.agents.values()):
        for leg in agent.legs:
            call = state.calls.get(leg.call_id)
            if call is not None and call.state is CallState.CALLING and call.leg == leg:
                continue  # it is made when the customer is there
            offer = None if call is None else call.offer_on(leg)
            if leg not in there:
                if leg not in unmade and (offer is None or offer.offered_at < snapshot.taken_at):
                    yield LegEnded(leg, LegEnd.HUNG_UP)
            elif offer is not None and _is_offered(call):
                if leg in snapshot.answered_legs:
                    yield LegAnswered(leg)
                elif offer.instead_of:
                    yield ConsultOver(leg)


def _perhaps_late(
    state: State, events: Iterable[Event], gone: Iterable[Call]
) -> Iterator[HangUpLeg | HangUpCustomer]:
    """Yield the end of what was to ring, and was not found: it may just be about to be made."""
    for event in events:
        if isinstance(event, LegEnded) and _is_offered(state.calls.get(event.leg.call_id)):
            yield HangUpLeg(event.leg)
    for call in gone:
        if call.state is CallState.CALLING:
            yield HangUpCustomer(call.id, call.channel)


def _unmade(snapshot: Snapshot, call: Call) -> Iterator[Offer]:
    """Yield the offer to an agent who is asked by another one, if its leg is not there.

    Perhaps it was not made. Should it have ended meanwhile, it does so once more, since nobody is
    there to be fetched; but if the leg were not made, the two would go on talking, or ringing.
    """
    if call.state is not CallState.OFFERED:
        return
    there = snapshot.ringing_legs | snapshot.answered_legs
    for offer in call.offers:
        new = offer.leg not in there and offer.offered_at < snapshot.taken_at
        if new and offer.ends_consultation:
            yield offer


def _stray_legs(state: State, snapshot: Snapshot) -> Iterator[Leg]:
    """Yield the legs that no call wants, or wants no more."""
    for leg in sorted(snapshot.ringing_legs | snapshot.answered_legs, key=str):
        call = state.calls.get(leg.call_id)
        if call is None or not (call.offer_on(leg) or _asks(state, call, leg)):
            yield leg


def _asks(state: State, call: Call, leg: Leg) -> bool:
    """Tell whether a leg is of who asks the one who is to be fetched: it would end that talk."""
    asked = call.state is CallState.OFFERED and any(o.ends_consultation for o in call.offers)
    return asked and HangUpLeg(leg) in routing.let_go_of_who_passed_on(state, call)


def _reached(state: State, snapshot: Snapshot) -> Iterator[CustomerAnswered]:
    """Yield the customers who took the call."""
    for customer in snapshot.customers:
        if customer.answered and _is_wanted(state, customer):
            yield CustomerAnswered(customer.call_id, customer.channel)


def _stray_customers(state: State, snapshot: Snapshot) -> Iterator[HangUpCustomer]:
    """Yield the calls to customers that are not wanted any more: another one may be made later.

    Who has gone on to the dialplan is with somebody else; who was to, and has not, is let go as he
    was to be. Or he is in a call that was another one's.
    """
    for customer in snapshot.customers:
        if not customer.elsewhere and state.call_on(customer.channel) is None:
            yield HangUpCustomer(customer.call_id, customer.channel)


def _lingering(state: State, snapshot: Snapshot) -> Iterator[HangUpCustomer]:
    """Yield the end of calls whose callers keep the place, and were let go just before the gap."""
    let_go = _let_go(state)
    for caller in snapshot.callers:
        if caller.channel in let_go:
            yield HangUpCustomer(let_go[caller.channel].id, caller.channel)


def _let_go(state: State) -> dict[str, Call]:
    """Return the calls of who keeps the place and has been told so, by the channel they asked on.

    Their leaving may have been told, or only have been asked for.
    """
    away = (call for call in state.calls.values() if call.state is CallState.AWAY)
    return {
        call.callback.asked_on: call for call in away if call.callback and not call.told.speaking
    }


def _is_wanted(state: State, customer: CalledChannel) -> bool:
    call = state.calls.get(customer.call_id)
    return call is not None and call.channel == customer.channel


def _unfinished(state: State, snapshot: Snapshot, calls: list[Call]) -> Iterator[CallCommand]:
    """Yield again what was decided just before a crash and perhaps not done."""
    bridged = {channel: of for of, channels in snapshot.bridges.items() for channel in channels}
    for call in calls:
        if call.is_kept:
            continue
        if call.state is not CallState.ANSWERED:
            bridge = bridged.get(call.channel)
            if bridge is not None:  # he is still with an agent who passed him on
                yield Part(call.id, bridge)
            queue = state.queues.get(call.queue)
            if queue is not None:
                for offer in _unmade(snapshot, call):
                    yield ringing.make_leg(state, queue, call, offer)
                yield hold(call, queue, state.time_left(call, snapshot.taken_at))
            continue
        if call.leg in snapshot.answered_legs:
            if _talks(snapshot, call):
                yield LiftBound(call.id, call.channel)
                yield from connecting.display(call)
            else:
                yield from connecting.talk(call)


def _talks(snapshot: Snapshot, call: Call) -> bool:
    """Tell whether a caller is in the bridge of the call's talk."""
    return call.channel in snapshot.bridges.get(_bridge(snapshot, call), ())


def _bridge(snapshot: Snapshot, call: Call) -> str:
    """Return the bridge of a call's talk, by its earlier name if the caller is in that one."""
    earlier = earlier_bridge(call.id)
    if call.channel in snapshot.bridges.get(earlier, ()):
        return earlier
    return talk_bridge(call.leg, call.channel)


def _unanswered(snapshot: Snapshot, calls: Iterable[Call]) -> Iterator[AnswerTransfer]:
    """Yield the answer to phones that have asked for a transfer, if nobody knows of it any more.

    Asterisk does not say which phones have. The others are told nothing by it.
    """
    for call in calls:
        is_taken = call.state in (CallState.CONNECTING, CallState.ANSWERED)
        if is_taken and call.leg in snapshot.answered_legs:
            yield AnswerTransfer(call.leg, accepted=False)


def _began(call: Call) -> datetime:
    """Return when the channel of a call came into being, as far as this service knows."""
    called_at = None if call.callback is None else call.callback.called_at
    return called_at or call.entered_at


def _is_offered(call: Call | None) -> bool:
    return call is not None and call.state is CallState.OFFERED
