"""Timers: facts that are handed in when it is time for them."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime

from component.domain.commands import WakeAt
from component.domain.events import Event
from component.domain.moot import call_of
from component.ports import Clock


class Timers:
    """Hands events to `submit` when they are due.

    Nearly every call is over long before what was to be done if it is not. Timers of such a call
    are dropped: each would wake the process for nothing, which costs it 0.1 ms after some rest.
    """

    def __init__(self, submit: Callable[[Event], None], clock: Clock) -> None:
        self._submit = submit
        self._clock = clock
        self._of_calls: dict[str, list[tuple[datetime, asyncio.Handle]]] = {}
        """Those that are to be dropped with a call, and when they are due.

        A handle cannot be asked for that: uvloop gives one that does not know for what is due
        within half a millisecond.
        """

    def set(self, timers: Iterable[WakeAt]) -> None:
        """Have events handed in, those whose time has come at once."""
        now = self._clock.now()
        loop = asyncio.get_running_loop()
        for timer in timers:
            delay = max(0.0, (timer.at - now).total_seconds())
            handle = loop.call_later(delay, self._submit, timer.event)
            call_id = call_of(timer.event)
            if call_id is not None:
                known = self._of_calls.get(call_id, ())
                to_come = [other for other in known if other[0] > now]
                self._of_calls[call_id] = [*to_come, (timer.at, handle)]

    def drop(self, call_ids: Iterable[str]) -> None:
        """Have nothing handed in any more that is about calls that are over."""
        for call_id in call_ids:
            for _, handle in self._of_calls.pop(call_id, ()):
                handle.cancel()
