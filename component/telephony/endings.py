"""The end of a leg and the state of its phone, told together.

Asterisk tells that a leg is gone and that its phone is idle in two events, mostly within half a
millisecond and in either order, now and then some milliseconds apart. The agent may be offered the
next call once both are known. Taken in at once, the first one would begin a transaction that the
second one, and the next caller, had to wait for. So the end waits for the state, if only a moment.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable

from component.domain.events import DeviceStateChanged, Event, LegEnded

MOMENT_SECONDS = 0.01
"""How long the end of a leg is kept back. No state is told if the phone has another call."""


class Endings:
    """Hands ends of legs on to `submit`, and before them the states that belong to them."""

    def __init__(self, submit: Callable[[Event], None]) -> None:
        self._submit = submit
        self._in_use: set[str] = set()
        """The devices that are, by the state that was told last."""
        self._kept_back: defaultdict[str, list[LegEnded]] = defaultdict(list)

    def state_changed(self, event: DeviceStateChanged) -> None:
        """Take in the state of a device, and the ends that waited for it."""
        if event.state.is_in_use:
            self._in_use.add(event.device)
        else:
            self._in_use.discard(event.device)
        self._submit(event)
        self._let_go(event.device)

    def leg_ended(self, event: LegEnded, device: str) -> None:
        """Take in the end of a leg to a device."""
        if device not in self._in_use:
            self._submit(event)
            return
        if device not in self._kept_back:
            asyncio.get_running_loop().call_later(MOMENT_SECONDS, self._let_go, device)
        self._kept_back[device].append(event)

    def _let_go(self, device: str) -> None:
        for event in self._kept_back.pop(device, ()):
            self._submit(event)
