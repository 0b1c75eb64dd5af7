"""What a caller who waits is asked, and answers by keys: to what number to call back.

The queue's key begins it. Then a number and `#`, or only `#` for the number of the call; what will
be called is read out, and 1 confirms it. `*` and silence end it. All the while the caller waits as
before: if a phone rings for the call, that is the end of the dialogue.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from component.domain import announcements
from component.domain.commands import Command, WakeAt
from component.domain.events import CallbackExpired
from component.domain.kept_place import Asked, Callback, Dialogue
from component.domain.model import Call
from component.domain.numbers import is_number
from component.domain.state import State
from component.domain.transitions import CALL_TRANSITIONS, CallMove, advance
from component.domain.words import CallState

OFFER = "ivr/callback-offer"
NUMBER = "ivr/callback-number"
CONFIRM = "ivr/callback-confirm"
REFUSED = "ivr/callback-refused"
UNAVAILABLE = "ivr/callback-unavailable"
THANKS = "ivr/callback-thanks"
GOODBYE = "ivr/goodbye"

YES, NO, END, CANCEL = "1", "2", "#", "*"

DAY = timedelta(days=1)
"""For so long it counts that somebody asked to be called back."""

MOST_DIGITS = 20
"""No number is longer."""


def concerns(state: State, call: Call, digit: str, now: datetime) -> bool:
    """Tell whether a key that a caller pressed has to do with being called back."""
    queue = state.queues.get(call.queue)
    if queue is None or call.state is not CallState.WAITING or call.callback is not None:
        return False
    if not queue.callback.dial:
        return False
    return digit == queue.callback.key or announcements.in_dialogue(call, now)


def key_pressed(state: State, call: Call, digit: str, now: datetime) -> list[Command]:
    """Take in a key that has to do with being called back."""
    if call.dialogue is None or not announcements.in_dialogue(call, now):
        return _begin(state, call, now)
    asked = replace(call.dialogue, at=now)
    if asked.number:
        return _confirmation(state, call, asked, digit, now)
    return _digit(state, call, asked, digit)


def _begin(state: State, call: Call, now: datetime, *first: str) -> list[Command]:
    queue = state.queues[call.queue]
    if state.callbacks(queue.name) >= queue.callback.maxlen:
        return _refuse(state, call)
    return announcements.say(state, replace(call, dialogue=Dialogue(now)), *first, OFFER)


def _digit(state: State, call: Call, asked: Dialogue, digit: str) -> list[Command]:
    match digit:
        case "*":
            state.calls.put(call.id, replace(call, dialogue=None))
        case "#":
            return _number(state, call, asked)
        case _:
            digits = (asked.digits + digit)[: MOST_DIGITS + 1]  # too long is too long
            state.calls.put(call.id, replace(call, dialogue=replace(asked, digits=digits)))
    return [*announcements.hush(state, call)]


def _number(state: State, call: Call, asked: Dialogue) -> list[Command]:
    """Read out what was keyed, or else from where the call comes, if it may be called."""
    terms, number = state.queues[call.queue].callback, asked.digits or call.caller.number
    if terms.endpoint(number) is None:
        return _begin(state, call, asked.at, REFUSED)
    if _is_called_too_often(state, call, number, asked.at):
        return _refuse(state, call)
    said = (f"digits/{digit}" for digit in number.removeprefix("+"))
    call = replace(call, dialogue=replace(asked, number=number))
    return announcements.say(state, call, NUMBER, *said, CONFIRM)


def _confirmation(
    state: State, call: Call, asked: Dialogue, digit: str, now: datetime
) -> list[Command]:
    match digit:
        case "1":
            return _keep(state, call, asked.number, now)
        case "2":
            return _begin(state, call, now)
        case "*":
            state.calls.put(call.id, replace(call, dialogue=None))
            return [*announcements.hush(state, call)]
        case _:
            return []


def _keep(state: State, call: Call, number: str, now: datetime) -> list[Command]:
    """Let the caller go and keep the place, unless others were quicker to fill the list."""
    terms = state.queues[call.queue].callback
    if state.callbacks(call.queue) >= terms.maxlen or terms.endpoint(number) is None:
        return _refuse(state, call)
    if _is_called_too_often(state, call, number, now):
        return _refuse(state, call)
    _note(state, Asked(call.id, number, call.caller.number, now))
    kept = replace(
        call,
        state=advance(CALL_TRANSITIONS, call.state, CallMove.KEEP_PLACE),
        dialogue=None,
        callback=Callback(number, call.channel, now),
    )
    return [
        *announcements.say(state, kept, THANKS, GOODBYE),
        WakeAt(now + terms.max_age, CallbackExpired(call.id)),
    ]


def _is_called_too_often(state: State, call: Call, number: str, now: datetime) -> bool:
    """Tell whether enough was asked for a number, or by who asks now, to be called once more."""
    terms, by = state.queues[call.queue].callback, call.caller.number
    lately = [asked for asked in state.asked.values() if asked.at > now - DAY]
    for_it = sum(asked.number == number for asked in lately)
    from_there = sum(asked.by == by for asked in lately) if is_number(by) else 0
    too_many = max(for_it, from_there) >= terms.per_day
    return too_many or state.callbacks_to(number) >= terms.per_number


def _note(state: State, request: Asked) -> None:
    """Remember a request, and forget those of which nobody asks any more."""
    for asked in list(state.asked.values()):
        if asked.at <= request.at - DAY:
            state.asked.delete(asked)
    state.asked.put(request, request)


def _refuse(state: State, call: Call) -> list[Command]:
    return announcements.say(state, replace(call, dialogue=None), UNAVAILABLE)
