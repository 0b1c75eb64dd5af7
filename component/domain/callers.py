"""What callers do while they wait, and what is done with them: keys, skills, withdrawal."""

from dataclasses import replace
from datetime import datetime
from random import Random
from typing import assert_never

from component.domain import (
    announcements,
    callbacks,
    dialogue,
    leaving,
    moving,
    narrowing,
    replacing,
    routing,
    sticky,
)
from component.domain.commands import Command, SeekExit, ShowCall, WakeAt
from component.domain.errors import NotWaitingError
from component.domain.events import (
    AnnouncementDue,
    CallerReplaced,
    ConnectDue,
    DigitPressed,
    ExitFound,
    MoveCaller,
    NotLetGo,
    Said,
    SkillsWaived,
    StickyOver,
    Withdraw,
)
from component.domain.model import Call, WayOut
from component.domain.state import State
from component.domain.words import CallState, Outcome, QueueStatus

DIGITS_KEPT = 100
"""Of what one caller keys; nobody reads more. After that one leaves by a single key only."""

EXIT_DIGITS = 8
"""So long an extension of a queue's context may be: Asterisk is asked for each length."""

CallerEvent = (
    CallerReplaced
    | DigitPressed
    | NotLetGo
    | ExitFound
    | Withdraw
    | MoveCaller
    | SkillsWaived
    | StickyOver
    | ConnectDue
    | AnnouncementDue
    | Said
)


def step(state: State, event: CallerEvent, now: datetime, rng: Random) -> list[Command]:
    """Take in what a caller did or what is to happen to one. Raises a `DomainError`."""
    match event:
        case CallerReplaced():
            return replacing.step(state, event, now)
        case DigitPressed():
            return _digit_pressed(state, event, now, rng)
        case NotLetGo(call):
            return leaving.again(state, call)
        case ExitFound():
            return _exit_found(state, event, now)
        case Withdraw():
            return _withdraw(state, event, now, rng)
        case MoveCaller():
            return moving.step(state, event, now, rng)
        case SkillsWaived():
            return _skills_waived(state, event, now, rng)
        case StickyOver():
            return _sticky_over(state, event, now, rng)
        case ConnectDue():
            return _connect_due(state, event, now, rng)
        case AnnouncementDue():
            return announcements.look(state, event, now)
        case Said():
            return _said(state, event, now)
    assert_never(event)


def _digit_pressed(state: State, event: DigitPressed, now: datetime, rng: Random) -> list[Command]:
    call = state.call_on(event.channel)
    if call is None:
        return []
    if call.is_kept:
        return callbacks.key_pressed(state, call, event.digit, now, rng)
    if dialogue.concerns(state, call, event.digit, now):
        return dialogue.key_pressed(state, call, event.digit, now)
    return _digit_kept(state, call, event)


def _digit_kept(state: State, call: Call, event: DigitPressed) -> list[Command]:
    commands: list[Command] = []
    context = _context(state, call) if _may_leave(call) else ""
    keys = (call.keys + event.digit)[-EXIT_DIGITS:] if context else ""
    if len(call.digits) < DIGITS_KEPT:
        call = replace(call, digits=call.digits + event.digit, keys=keys)
        if call.offers:
            call = replace(call, revision=call.revision + 1)
        state.calls.put(call.id, call)
        commands += (ShowCall(offer.extension, call) for offer in call.offers)
    else:
        keys = event.digit
    if context:
        commands.append(SeekExit(call.id, call.channel, context, keys))
    return commands


def _exit_found(state: State, event: ExitFound, now: datetime) -> list[Command]:
    """Let the caller go to the extension, which exists; app_queue sets no QUEUESTATUS either."""
    call = state.calls.get(event.call_id)
    if call is None or not _may_leave(call) or event.context != _context(state, call):
        return []
    way_out = WayOut(context=event.context, number=event.keys)
    return routing.give_up(state, call, Outcome.EXITWITHKEY, way_out, now)


def _said(state: State, event: Said, now: datetime) -> list[Command]:
    call = announcements.said(state, event)
    if call is None:
        return []
    if call.is_kept:
        return callbacks.said(state, call)
    return announcements.speak(state, call, now)


def _withdraw(state: State, event: Withdraw, now: datetime, rng: Random) -> list[Command]:
    call = state.calls.get(event.call_id) or state.call_on(event.call_id)
    if call is not None and call.is_kept:
        return callbacks.give_up(state, call, Outcome.WITHDRAW, now, rng)
    if call is None or not call.is_waiting:
        raise NotWaitingError(call=event.call_id)
    return routing.release(state, call, QueueStatus.WITHDRAW, now, event.info)


def _skills_waived(state: State, event: SkillsWaived, now: datetime, rng: Random) -> list[Command]:
    call = state.calls.get(event.call_id)
    if call is None or not (call.is_waiting or call.is_kept):
        return []
    waived_at = narrowing.waived_at(state, call)
    if waived_at is None:
        return []
    if now < waived_at:  # the operator prolonged it meanwhile
        return [WakeAt(waived_at, event)]
    need = replace(call.terms.need, skills=frozenset())
    state.calls.put(call.id, replace(call, terms=replace(call.terms, need=need)))
    return routing.route(state, call.queue, now, rng)


def _sticky_over(state: State, event: StickyOver, now: datetime, rng: Random) -> list[Command]:
    call = state.calls.get(event.call_id)
    if call is None or not (call.is_waiting or call.is_kept):
        return []
    if now < sticky.waits_until(state, call):  # the operator prolonged it meanwhile
        return [*sticky.timer(state, call)]
    return routing.route(state, call.queue, now, rng)


def _connect_due(state: State, event: ConnectDue, now: datetime, rng: Random) -> list[Command]:
    call = state.calls.get(event.leg.call_id)
    if call is None or call.state is not CallState.CONNECTING or call.leg != event.leg:
        return []
    [taken] = call.offers
    connected = routing.connect(state, call, now)
    return connected + routing.route_to_another(state, taken.extension, now, rng)


def _may_leave(call: Call) -> bool:
    """Tell whether a key lets the caller leave: as with app_queue, not once an agent answered."""
    return call.state in (CallState.WAITING, CallState.OFFERED)


def _context(state: State, call: Call) -> str:
    queue = state.queues.get(call.queue)
    return "" if queue is None else queue.context
