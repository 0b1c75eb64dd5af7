"""How long callers of a queue waited of late, until an agent heard them: what others may expect."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from component.domain.model import Call

COUNTED = 20
"""Of older ones the average knows nothing any more."""


class HoldTime(NamedTuple):
    """A caller's hold time."""

    call_id: str
    seconds: int


def average(held: Sequence[HoldTime]) -> int:
    """Return how many seconds callers wait, after these were answered, the oldest first.

    As in app_queue the first one is all that is known, and each other counts for a quarter.
    """
    if not held:
        return 0
    first, *others = held
    found = first.seconds
    for one in others:
        found = (3 * found + one.seconds) // 4
    return found


def counted(held: tuple[HoldTime, ...], call: Call, now: datetime) -> tuple[HoldTime, ...]:
    """Return what is known once a call is answered.

    Who has talked before, or was not on the line, has not waited for that long.
    """
    if call.has_waited or call.callback is not None:
        return held
    new = HoldTime(call.id, int((now - call.entered_at).total_seconds()))
    return (*held, new)[-COUNTED:]


def taken_back(held: tuple[HoldTime, ...], call: Call) -> tuple[HoldTime, ...]:
    """Return what is known once nothing has come of it that a call was answered: it waits on."""
    if call.has_waited:
        return held
    return tuple(one for one in held if one.call_id != call.id)
