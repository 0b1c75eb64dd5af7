"""What callers are told while they wait: their position, how long it may take, and periodic words.

Settings, sentences and their order are app_queue's. Nothing is said while a phone rings for the
caller; what became due meanwhile is said if the offer comes to nothing.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from component.domain.commands import Command, Hush, Say, Sound, WakeAt
from component.domain.events import AnnouncementDue, Said
from component.domain.model import Call, Told
from component.domain.queue import AnnounceHoldTime, AnnouncePosition, Queue
from component.domain.state import State
from component.domain.words import CallState

NEXT = "queue-youarenext"
THERE_ARE = "queue-thereare"
WAITING = "queue-callswaiting"
MORE_THAN = "queue-quantity1"
MORE_WAITING = "queue-quantity2"
HOLD_TIME = "queue-holdtime"
MINUTE = "queue-minute"
MINUTES = "queue-minutes"
THANKS = "queue-thankyou"

ATTENTION = timedelta(seconds=30)
"""Who presses no key for so long has turned away from what was asked."""


def inform(state: State, call: Call, now: datetime) -> list[Command]:
    """Say what is due; unless that has begun, begin to look whether there is more to say."""
    if call.told.periodic_at is not None:
        return speak(state, call, now)
    queue = state.queues[call.queue]
    if not (queue.announce_frequency or queue.periodic_announce_frequency):
        return []
    state.calls.put(call.id, replace(call, told=replace(call.told, periodic_at=now)))
    return look(state, AnnouncementDue(call.id), now)


def look(state: State, event: AnnouncementDue, now: datetime) -> list[Command]:
    """Say what is due, and look again when something may be."""
    call = state.calls.get(event.call_id)
    if call is None or call.state is CallState.ENDED:
        return []
    if not call.is_waiting:  # who comes back to the queue is informed anew
        state.calls.put(call.id, replace(call, told=replace(call.told, periodic_at=None)))
        return []
    commands = speak(state, call, now)
    again = _next_look(state.queues[call.queue], state.calls[call.id].told, now)
    return [*commands, WakeAt(again, event)]


def said(state: State, event: Said) -> Call | None:
    """Take note that what is said to a caller last is over; return the call then."""
    call = state.calls.get(event.call_id)
    if call is None or not call.told.speaking or call.told.number != event.number:
        return None
    call = replace(call, told=replace(call.told, speaking=False))
    state.calls.put(call.id, call)
    return call


def say(state: State, call: Call, *sounds: Sound) -> list[Command]:
    """Say something at once, in place of what is being said."""
    told = replace(call.told, number=call.told.number + 1, speaking=True)
    state.calls.put(call.id, replace(call, told=told))
    queue = state.queues.get(call.queue)
    music = "" if queue is None else queue.musicclass
    return [*hush(state, call), Say(call.id, call.channel, told.number, sounds, music)]


def speak(state: State, call: Call, now: datetime) -> list[Command]:
    """Say what is due, if the caller can listen now.

    While Asterisk is away nobody knows that: the bridge of a call that was passed on may still be
    there, with who passed it on in it.
    """
    if not state.asterisk_up or call.state is not CallState.WAITING:
        return []
    if call.told.speaking or in_dialogue(call, now):
        return []
    queue, told = state.queues[call.queue], call.told
    position = state.position(call)
    sounds: list[Sound] = []
    if _position_is_due(queue, told, position, now):
        sounds += position_sounds(queue, position, state.holdtime(queue.name), call, now)
        told = replace(told, position=position, position_at=now)
    if _periodic_is_due(queue, told, now):
        sounds.append(queue.periodic_announce[told.periodic % len(queue.periodic_announce)])
        told = replace(told, periodic=told.periodic + 1, periodic_at=now)
    if not sounds:
        return []
    told = replace(told, number=told.number + 1, speaking=True)
    state.calls.put(call.id, replace(call, told=told))
    return [Say(call.id, call.channel, told.number, tuple(sounds), queue.musicclass)]


def in_dialogue(call: Call, now: datetime) -> bool:
    """Tell whether the caller is being asked something, and has pressed a key of late."""
    return call.dialogue is not None and now - call.dialogue.at < ATTENTION


def hush(state: State, call: Call) -> list[Hush]:
    """Cut off what is being said: the caller is needed.

    Until it was compared what there is in Asterisk, nobody knows whether it is over: that it is to
    be cut off may have been written down just before a crash, and not done.
    """
    told = call.told
    if state.asterisk_up:
        return [Hush(call.id, told.number)] if told.speaking else []
    first = told.number - 1 if told.speaking else told.number
    return [Hush(call.id, number) for number in range(max(first, 1), told.number + 1)]


def position_sounds(
    queue: Queue, position: int, holdtime: int, call: Call, now: datetime
) -> list[Sound]:
    """Return the sentences about a place in the line; `holdtime` is what one waits, in seconds.

    Who is told nothing is not thanked, either.
    """
    sounds = [*_place_sounds(queue, position)]
    minutes = _minutes_left(queue, holdtime, call, now)
    if minutes:
        sounds += [HOLD_TIME, minutes, MINUTE if minutes == 1 else MINUTES]
    return [*sounds, THANKS] if sounds else []


def _place_sounds(queue: Queue, position: int) -> tuple[Sound, ...]:
    limit = queue.announce_position_limit
    match queue.announce_position:
        case AnnouncePosition.NO:
            return ()
        case AnnouncePosition.LIMIT if position > limit:
            return ()
        case AnnouncePosition.MORE if position > max(limit, 1):
            return (MORE_THAN, limit, MORE_WAITING)
    return (NEXT,) if position == 1 else (THERE_ARE, position, WAITING)


def _minutes_left(queue: Queue, holdtime: int, call: Call, now: datetime) -> int:
    match queue.announce_holdtime:
        case AnnounceHoldTime.NO:
            return 0
        case AnnounceHoldTime.ONCE if call.told.position_at is not None:
            return 0
    waited = int((now - call.entered_at).total_seconds())
    return max(0, holdtime + 30 - waited) // 60


def _position_is_due(queue: Queue, told: Told, position: int, now: datetime) -> bool:
    if not queue.announce_frequency:
        return False
    if told.position_at is None:
        return True
    passed = now - told.position_at
    changed = position != told.position
    return passed >= queue.min_announce_frequency and (
        changed or passed >= queue.announce_frequency
    )


def _periodic_is_due(queue: Queue, told: Told, now: datetime) -> bool:
    return bool(
        queue.periodic_announce
        and queue.periodic_announce_frequency
        and told.periodic_at is not None
        and now - told.periodic_at >= queue.periodic_announce_frequency
    )


def _next_look(queue: Queue, told: Told, now: datetime) -> datetime:
    """Return when something may be due: a position that changes is seen by looking."""
    looks = [now + queue.min_announce_frequency]
    if told.position_at is not None and queue.announce_frequency:
        looks.append(told.position_at + queue.announce_frequency)
    if told.periodic_at is not None and queue.periodic_announce_frequency:
        looks.append(told.periodic_at + queue.periodic_announce_frequency)
    return min(moment for moment in looks if moment > now)
