"""A control in a test's hand, the ARI below it, and what it submits."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from component.domain.commands import (
    CallCommand,
    Connect,
    EndCall,
    HangUpLeg,
    Hold,
    Release,
    Ring,
    Say,
)
from component.domain.events import Event
from component.domain.model import Caller, Leg
from component.domain.words import QueueStatus
from component.telephony.control import AriCallControl
from tests.unit.telephony.fake_ari import FakeAri

LEG = Leg("c1", 2)
HOLD = Hold("c1", "caller", timedelta(seconds=89.2))
RING = Ring(LEG, "PJSIP/1000", "caller", Caller("0123", "Ada"), timedelta(seconds=19.5))
HANG_UP = HangUpLeg(LEG)
CONNECT = Connect(LEG, "caller")
RELEASE = Release("c1", "caller", QueueStatus.TIMEOUT)
SAY = Say("c1", "caller", 3, ("queue-thereare", 2), "jazz")
BRIDGE = "ivrtalk-c1.2-caller"
END = EndCall("c1", "caller", BRIDGE)
CONNECTING = ["createWithId", "stopMoh", "addChannel", "setChannelVar"]


class Desk:
    """A control, the ARI below it, and the events that it submits."""

    def __init__(self) -> None:
        self.ari = FakeAri()
        self.events: list[Event] = []
        self.connected = True
        self.shown = asyncio.Event()
        self.shown.set()
        self.watched: list[str] = []
        self.control = AriCallControl(
            self.ari,
            "ivr",
            self.events.append,
            connected=lambda: self.connected,
            shown=self._until_shown,
            watch=self._watch,
        )

    async def _until_shown(self) -> None:
        await self.shown.wait()

    async def _watch(self, devices: Sequence[str]) -> None:
        await self.ari.subscribe_device_states("ivr", devices)
        self.watched += devices

    async def does(self, *commands: CallCommand) -> list[str]:
        """Carry out commands; return the operations that it took."""
        self.control.perform(commands)
        await self.control.close(20)
        return self.ari.operations
