"""Timers: facts that are handed in when it is time for them."""

import asyncio
from collections.abc import Callable, Iterable

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
        self._of_calls: dict[str, list[asyncio.TimerHandle]] = {}
        """Those that are to be dropped with a call."""

    def set(self, timers: Iterable[WakeAt]) -> None:
        """Have events handed in, those whose time has come at once."""
        now = self._clock.now()
        loop = asyncio.get_running_loop()
        for timer in timers:
            delay = max(0.0, (timer.at - now).total_seconds())
            handle = loop.call_later(delay, self._submit, timer.event)
            call_id = call_of(timer.event)
            if call_id is not None:
                handles = self._of_calls.get(call_id, ())
                to_come = [other for other in handles if other.when() > loop.time()]
                self._of_calls[call_id] = [*to_come, handle]

    def drop(self, call_ids: Iterable[str]) -> None:
        """Have nothing handed in any more that is about calls that are over."""
        for call_id in call_ids:
            for handle in self._of_calls.pop(call_id, ()):
                handle.cancel()
