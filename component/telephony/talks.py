"""Connects callers with agents, and answers agents who pass calls on."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import structlog

from component.domain.asterisk_ids import leg_channel, talk_bridge
from component.domain.commands import AnswerTransfer, Connect, Display, LiftBound
from component.domain.events import CallerLeft, Event, NotConnected
from component.domain.model import Leg
from component.telephony.caller_id import plain
from component.telephony.callers_side import ABSOLUTE_TIMEOUT, Repeat
from component.telephony.client import ALREADY_THERE, AriClient
from component.telephony.departures import Departures
from component.telephony.errors import AriError, AriUnreachableError
from component.telephony.refusals import to_the_end, unless_gone

log = structlog.get_logger(__name__)

HUNG_UP_SECONDS = 0.1
"""How long Asterisk may still show a channel that was hung up, and can be put into no bridge."""

TOLD_SECONDS = 1.0
"""How long Asterisk may take to tell a phone what became of its transfer; usually it is less than a
millisecond. Nothing comes of it if the phone asked for none."""


class Talks:
    """Carries commands out by requests. `submit` takes events for the domain.

    `departures` know who has left: that channel may have come again, with another call.
    """

    def __init__(
        self,
        ari: AriClient,
        submit: Callable[[Event], None],
        repeat: Repeat,
        departures: Departures,
    ) -> None:
        self._ari = ari
        self._submit = submit
        self._repeat = repeat
        self._departures = departures
        self._telling: dict[Leg, asyncio.Event] = {}
        """Whose phones are just being told what became of their transfers."""

    async def connect(self, connect: Connect) -> None:
        """Let the two talk. If that is refused, and not because one of them is gone, say so."""
        has_left = self._departures.has_left(connect.leg.call_id, connect.channel)
        if has_left or await self._refusal(connect) is None:
            return
        await asyncio.sleep(HUNG_UP_SECONDS)
        refusal = await self._refusal(connect)
        if refusal is not None:
            leg = str(connect.leg)
            log.error("talk refused", leg=leg, error=str(refusal), mend=refusal.mending)
            self._submit(NotConnected(connect.leg))

    async def lift_bound(self, lift: LiftBound) -> None:
        """Let Asterisk no more take the caller back; what it fails at is tried again."""
        if self._departures.has_left(lift.call_id, lift.channel):
            return
        lifted = self._ari.set_variable(lift.channel, ABSOLUTE_TIMEOUT, "0")
        await unless_gone(to_the_end(lifted))

    async def display(self, display: Display) -> None:
        """Tell a phone whom it is connected with. One that is refused shows what it did before."""
        channel, caller = leg_channel(display.leg), display.caller
        for what, words in (("name,i", caller.name), ("num", caller.number)):  # i: both at once
            told = self._ari.set_variable(channel, f"CONNECTEDLINE({what})", plain(words))
            await unless_gone(told)

    async def answer_transfer(self, command: AnswerTransfer) -> None:
        """Tell a phone what became of its transfer. If that is refused it finds out by itself.

        A phone of which the call was taken is let go of next, and may heed nothing after the end of
        its call. Asterisk promises to tell it, and ends the call side by side with that: so this
        is done when it has told it.
        """
        leg, accepted = command.leg, command.accepted
        told = self._telling[leg] = asyncio.Event()
        try:
            request = self._ari.answer_transfer(leg_channel(leg), accepted=accepted)
            if await unless_gone(request) and accepted:
                with suppress(TimeoutError):
                    async with asyncio.timeout(TOLD_SECONDS):
                        await told.wait()
        finally:
            del self._telling[leg]

    def transfer_told(self, leg: Leg) -> None:
        """Take note that a phone has been told what became of its transfer."""
        if leg in self._telling:
            self._telling[leg].set()

    async def _refusal(self, connect: Connect) -> AriError | None:
        """Let the two talk; return what they cannot for though both are there, if they cannot."""
        bridge = talk_bridge(connect.leg, connect.channel)
        try:
            await self._create_bridge(bridge)
            await self._ari.stop_music(connect.channel)  # it would go on in the bridge
            await self._ari.add_to_bridge(bridge, [connect.channel, leg_channel(connect.leg)])
        except AriUnreachableError:
            raise
        except AriError as error:
            return error if await self._are_there(connect, error) else None
        lift = LiftBound(connect.leg.call_id, connect.channel)
        await self._repeat(lambda: self.lift_bound(lift))  # they talk: it alone is repeated
        return None

    async def _create_bridge(self, bridge: str) -> None:
        try:
            await self._ari.create_bridge(bridge)
        except AriError as error:
            if error.status != ALREADY_THERE:
                raise

    async def _are_there(self, connect: Connect, refusal: AriError) -> bool:
        """Tell whether neither is gone; the leg's own end tells, the caller's may not."""
        if not await self._may_be_there(connect.channel):
            self._submit(CallerLeft(connect.channel, call_id=connect.leg.call_id))
            return False
        if not await self._may_be_there(leg_channel(connect.leg)):
            log.debug("leg was just gone", leg=str(connect.leg), error=str(refusal))
            return False
        return True

    async def _may_be_there(self, channel: str) -> bool:
        try:
            return await self._ari.channel_exists(channel)
        except AriUnreachableError:
            raise
        except AriError:
            return True
