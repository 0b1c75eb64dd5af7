"""Letting callers wait, and how long: Asterisk takes back whom this service forgot (it died)."""

from dataclasses import replace
from datetime import datetime, timedelta

from component.domain.commands import Hold
from component.domain.model import Call
from component.domain.queue import Queue
from component.domain.state import State

GRACE = timedelta(seconds=30)
"""A caller who was forgotten is back in the dialplan this long after the wait could be over."""


def begun_anew(state: State, call: Call, now: datetime) -> Call:
    """Return a call whose wait begins now: it was moved or passed on, or its caller called back."""
    return replace(call, wait_until=now + state.max_wait(call))


def hold(call: Call, queue: Queue, wait: timedelta) -> Hold:
    """Let a caller wait for so long, and for the `memberdelay` of who answers at the end of it."""
    at_most = wait + queue.memberdelay + GRACE
    return Hold(call.id, call.channel, at_most, queue.musicclass)
