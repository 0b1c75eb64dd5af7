"""Phones that go away while they ring.

As long as there is a channel to a phone, Asterisk takes its state from that channel: `RINGING`,
whether the phone is still there or not. The endpoint knows. Its events cannot be had without those
of all its channels, so it is asked, as long as the phone rings.

One after another: that costs Asterisk and us 0.1 ms each, which is little beside the call itself,
though hundreds ring at once. All endpoints in one request cost Asterisk 4 ms for a thousand of them
(22.10), whether few ring or many, and whatever else is asked meanwhile waits for it.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from component.domain.events import DeviceStateChanged, Event, PhoneGone
from component.domain.model import Leg
from component.domain.words import DeviceState
from component.telephony.errors import AriError

log = structlog.get_logger(__name__)

LOOK_SECONDS = 1.0
"""How often is looked. Most phones are answered, or have refused, before they are looked at."""


class RingingPhones:
    """Tells `submit` of phones that `is_offline` says are gone, though they were to ring."""

    def __init__(
        self, submit: Callable[[Event], None], is_offline: Callable[[str], Awaitable[bool]]
    ) -> None:
        self._submit = submit
        self._is_offline = is_offline
        self._devices: dict[Leg, str] = {}
        self._looking: asyncio.Task[None] | None = None

    def begin(self, leg: Leg, device: str) -> None:
        """Look after the phone of a leg that is about to ring."""
        self._devices[leg] = device
        if self._looking is None:
            self._looking = asyncio.create_task(self._look(), name="look after ringing phones")

    def end(self, leg: Leg) -> None:
        """Look after the phone of a leg no more: it was answered, or rings no longer."""
        self._devices.pop(leg, None)

    def forget(self) -> None:
        """Look after no phone any more: what rings is to be found out anew."""
        self._devices.clear()

    def state_changed(self, event: DeviceStateChanged) -> None:
        """Take note of the state of a device, and tell of the legs that ring there in vain.

        Whose phone it is does not matter: an agent may have been given another one meanwhile.
        """
        if event.state.is_there:
            return
        for leg in [leg for leg, device in self._devices.items() if device == event.device]:
            self.end(leg)
            self._submit(PhoneGone(leg))

    async def close(self) -> None:
        """Stop looking."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    async def _look(self) -> None:
        try:
            while self._devices:
                await asyncio.sleep(LOOK_SECONDS)
                for leg, device in list(self._devices.items()):
                    await self._look_at(leg, device)
        finally:
            self._looking = None

    async def _look_at(self, leg: Leg, device: str) -> None:
        try:
            is_gone = await self._is_offline(device)
        except AriError as error:
            log.debug("phone cannot be looked at", device=device, error=str(error))
            return
        if is_gone and leg in self._devices:
            gone = DeviceStateChanged(device, DeviceState.UNAVAILABLE)
            self._submit(gone)
            self.state_changed(gone)
