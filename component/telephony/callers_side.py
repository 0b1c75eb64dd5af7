"""What is done to a caller's channel.

No refusal leaves a caller in silence who is to leave: if Asterisk does not let him go in one way,
the next one is tried.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from functools import partial
from math import ceil

import structlog

from component.domain.asterisk_ids import leg_channel
from component.domain.commands import (
    EndCall,
    Hold,
    Hush,
    Join,
    Redirect,
    Release,
    Say,
    SeekExit,
    SeekNumber,
    Sound,
)
from component.domain.events import CallerLeft, Event, ExitFound, NumberLookedUp, Said
from component.domain.words import QueueStatus
from component.telephony.client import AriClient
from component.telephony.departures import Departure, Departures
from component.telephony.dialler import PEER, PEER_CONTEXT
from component.telephony.errors import AriError, AriUnreachableError
from component.telephony.names import announcement, customer_of
from component.telephony.refusals import GONE, to_the_end, unless_gone

log = structlog.get_logger(__name__)

ABSOLUTE_TIMEOUT = "TIMEOUT(absolute)"
"""How many seconds from now Asterisk lets the channel go to extension T; 0 is for ever."""

CUT_OFF_PAUSES = (0.01, 0.02, 0.05, *(0.1,) * 50)
"""Seconds between the attempts to cut off what is played. A number takes a second or two to say."""

HELD = f"ARRAY({ABSOLUTE_TIMEOUT},IVR_CALL)"
"""What a caller who waits is given, by one request: that timeout, and the id of the call, by which
the dialplan finds the phones that ring for who has left."""

CALLED_BACK_CONTEXT = "ivr-called-back"
"""Where the dialplan has customers who were called back and are given back: they come from no
extension, to which they could return."""

PASSED_ON_BY = "BLINDTRANSFER"
"""The variable in which Asterisk tells the dialplan of a transfer whose phone has made it: where a
parked caller comes back to, for example."""

Repeat = Callable[[Callable[[], Awaitable[object]]], Awaitable[object]]
"""Makes a request until it is answered. Raises `AriUnreachableError` once disconnected."""

_Way = Callable[[], Awaitable[None]]
_WayOut = Callable[[Departure], Awaitable[None]]

_SEPARATORS = frozenset('(),"\\')
"""What a dialplan function takes for the end of an argument."""


class CallersSide:
    """Carries commands out by requests. `submit` takes events for the domain.

    `departures` know who has left. To who has, nothing more is done for that call: the channel may
    have come again, with another one.
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
        self._unsaid: set[str] = set()
        """The announcements that are to be said, and have not begun."""
        self._beginning: dict[str, asyncio.Event] = {}
        """Those that Asterisk was asked for: set once it has answered."""

    def take_note(self, command: Say | Hush) -> None:
        """Take note of a command whose turn is to come.

        What has not begun to be said when it is to be cut off is not said: it may have its turn
        after what follows.
        """
        playback = announcement(command.call_id, command.number)
        if isinstance(command, Say):
            self._unsaid.add(playback)
        else:
            self._unsaid.discard(playback)

    def forget(self, say: Say) -> None:
        """Take note that an announcement is never to have its turn."""
        self._unsaid.discard(announcement(say.call_id, say.number))

    async def hold(self, hold: Hold) -> None:
        """Let the caller wait. If that is refused he waits without music: his timers go on.

        Who takes another channel's place while something is played may be put there with music
        that Asterisk takes for playing, and that nobody hears, nor what is played after it.
        """
        if self._departures.has_left(hold.call_id, hold.channel):
            return  # or this would bound the stay of who has come again, even while he talks
        try:
            held = f"{_seconds(hold.at_most)},{hold.call_id}"
            await self._ari.set_variable(hold.channel, HELD, held)
            if hold.in_anothers_place:
                await self._ari.stop_music(hold.channel)
            await self._ari.start_music(hold.channel, hold.musicclass)
        except AriError as error:
            if error.status not in GONE:
                raise
            # Of a caller who left while we were reading what there is, no event may be to come.
            self._submit(CallerLeft(hold.channel, call_id=hold.call_id))

    async def say(self, say: Say) -> None:
        """Play an announcement, and music after it: Asterisk plays one after another.

        It is not played again when there was no answer: Asterisk takes an id but once. What may be
        playing or not is cut off, and is over.
        """
        playback = announcement(say.call_id, say.number)
        has_left = self._departures.has_left(say.call_id, say.channel)
        if has_left or playback not in self._unsaid:
            self._unsaid.discard(playback)
            self._submit(Said(say.call_id, say.number))
            return
        self._unsaid.remove(playback)
        try:
            await self._play(say, playback)
        except AriUnreachableError as error:
            log.warning("announcement uncertain, cutting it off", error=str(error))
            await self._repeat(lambda: self._cut_off(playback))
            self._submit(Said(say.call_id, say.number))
        except AriError as error:
            self._submit(Said(say.call_id, say.number))  # no event would tell
            if error.status not in GONE:
                raise
            return
        await self._repeat(lambda: self._play_music(say))

    async def hush(self, hush: Hush) -> None:
        """Cut an announcement off. What follows is done when it is over.

        If there is none, maybe it was not begun as the service died, and the one before it goes on.
        """
        playback = announcement(hush.call_id, hush.number)
        if (beginning := self._beginning.get(playback)) is not None:
            await beginning.wait()  # Asterisk might take the later request first
        if not await self._cut_off(playback):
            await self._cut_off(announcement(hush.call_id, hush.number - 1))

    async def seek_exit(self, seek: SeekExit) -> None:
        """Look whether keys lead anywhere; they do not if Asterisk does not say so."""
        endings = [seek.keys[first:] for first in range(len(seek.keys))]
        for keys, exists in zip(endings, await self._existing(seek, endings), strict=False):
            if exists == "1":
                self._submit(ExitFound(seek.call_id, keys, seek.context))
                return

    async def seek_number(self, seek: SeekNumber) -> None:
        """Look whether there is a number; there is not if Asterisk does not say so."""
        exists = await self._exists(seek.channel, seek.context, seek.number)
        if exists:
            await self._tell_by_whom(seek)
        self._submit(NumberLookedUp(seek.leg, seek.number, seek.context, exists))

    async def release(self, release: Release) -> None:
        """Give the caller back to the dialplan."""
        channel = release.channel
        await self._leave_once(
            release,
            lambda departure: self._give_back(departure, release.status, release.info),
            lambda _: self._ari.continue_in_dialplan(channel),
            lambda _: self._ari.hang_up(channel),
        )
        if release.bridge:
            await self._repeat(lambda: self.take_down_bridge(release.bridge))

    async def redirect(self, redirect: Redirect) -> None:
        """Send the caller to a number; if that is refused, back to where he came from."""
        context, number = redirect.context, redirect.number
        await self._leave_or_back(redirect, lambda leaves: self._let_go(leaves, context, number))

    async def join(self, join: Join) -> None:
        """Connect the caller with somebody; if that is refused, send him back."""
        await self._leave_or_back(join, lambda departure: self._join(departure, join.peer))

    async def end(self, end: EndCall) -> None:
        """Hang the caller up; if that is refused the dialplan is to do it."""
        if not self._departures.has_left(end.call_id, end.channel):
            await self._leave(
                lambda: self._ari.hang_up(end.channel),
                lambda: self._ari.continue_in_dialplan(end.channel),
            )
        if end.bridge:
            await self.take_down_bridge(end.bridge)

    async def take_down_bridge(self, bridge: str) -> None:
        """Let nobody hear the other any more; what Asterisk fails at is tried again."""
        await unless_gone(to_the_end(self._ari.destroy_bridge(bridge)))

    async def _play(self, say: Say, playback: str) -> None:
        beginning = self._beginning[playback] = asyncio.Event()
        try:
            await self._ari.play(say.channel, map(_media, say.sounds), playback)
        finally:
            beginning.set()
            del self._beginning[playback]

    async def _play_music(self, say: Say) -> None:
        if not self._departures.has_left(say.call_id, say.channel):
            await unless_gone(self._ari.start_music(say.channel, say.musicclass))

    async def _cut_off(self, playback: str) -> bool:
        """Stop a playback until there is none; tell whether there was one.

        Asterisk says a number to its end, and plays what follows it, too, unless it is told again.
        As long as something is played to a channel it puts the channel into no bridge, and to set
        a variable of it would hold up all that is asked on the event socket.
        """
        if await self._is_over(playback):
            return False
        for pause in CUT_OFF_PAUSES:
            await asyncio.sleep(pause)
            if await self._is_over(playback):
                return True
        log.warning("announcement cannot be cut off", playback=playback)
        return True

    async def _is_over(self, playback: str) -> bool:
        """Stop a playback; tell whether there was none any more."""
        try:
            await self._ari.stop_playback(playback)
        except AriUnreachableError:
            raise
        except AriError as error:
            return error.status in GONE  # else it is a number, with which an announcement begins
        return False

    async def _leave_or_back(self, command: Redirect | Join, way: _WayOut) -> None:
        await self._leave_once(
            command,
            way,
            lambda departure: self._give_back(departure, QueueStatus.UNAVAILABLE),
            lambda departure: self._ari.hang_up(departure.channel),
        )

    async def _leave_once(self, command: Release | Redirect | Join, *ways: _WayOut) -> None:
        """Let a caller leave whose channel goes on. Where he comes to then he is left alone."""
        with self._departures.awaiting(command.call_id, command.channel) as departure:

            async def leave() -> None:
                if not departure.is_told:
                    await self._leave(*(partial(way, departure) for way in ways))

            await self._repeat(leave)

    async def _leave(self, *ways: _Way) -> None:
        """Let a caller leave in the first way that Asterisk allows.

        Raises `AriUnreachableError`, so that all is tried again, if there is none now.
        """
        for way in ways:
            try:
                await unless_gone(way())
            except AriUnreachableError:
                raise
            except AriError as error:
                log.error("caller cannot leave so", error=str(error), mend=error.mending)
            else:
                return
        raise AriUnreachableError("asterisk does not let the caller leave")

    async def _give_back(self, departure: Departure, status: QueueStatus, info: str = "") -> None:
        channel = departure.channel
        await self._ari.set_variable(channel, "QUEUESTATUS", status)
        if info:
            await self._ari.set_variable(channel, "QUEUE_WITHDRAW_INFO", info)
        if customer_of(channel) is None:
            await self._let_go(departure)
        else:
            await self._let_go(departure, CALLED_BACK_CONTEXT, "s")

    async def _join(self, departure: Departure, peer: str) -> None:
        await self._ari.set_variable(departure.channel, PEER, peer)
        await self._let_go(departure, PEER_CONTEXT, "s")

    async def _let_go(
        self, departure: Departure, context: str | None = None, number: str | None = None
    ) -> None:
        await self._ari.set_variable(departure.channel, ABSOLUTE_TIMEOUT, "0")
        await self._ari.stop_music(departure.channel)  # it would go on in the dialplan
        if not departure.is_told:  # the answers may have been late
            await self._ari.continue_in_dialplan(departure.channel, context, number)

    async def _tell_by_whom(self, seek: SeekNumber) -> None:
        """Tell the dialplan whose phone passes the caller on, before that one is gone.

        A channel that stands for a phone which was fetched (Local) could not be called back.
        """
        phone = await self._ask(leg_channel(seek.leg), "CHANNEL(name)")
        if phone and not phone.startswith("Local/"):
            try:
                await self._ari.set_variable(seek.channel, PASSED_ON_BY, phone)
            except AriUnreachableError:
                raise
            except AriError as error:
                log.warning("dialplan is not told who passes on", error=str(error))

    async def _exists(self, channel: str, context: str, number: str) -> bool:
        """Tell whether the dialplan has a number. The context was checked where it came from."""
        if not number or _SEPARATORS & set(number):
            return False
        return await self._ask(channel, _existence(context, number)) == "1"

    async def _existing(self, seek: SeekExit, endings: Iterable[str]) -> str:
        """Return a 1 for each of the endings that the context has, and a 0 for each of the others.

        Keys may come faster than answers, and all calls share the event socket: so it is asked for
        all of them at once.
        """
        asked = "".join(f"${{{_existence(seek.context, keys)}}}" for keys in endings)
        return await self._ask(seek.channel, f"EVAL({asked})")

    async def _ask(self, channel: str, function: str) -> str:
        """Return what a dialplan function does; nothing if Asterisk refuses."""
        try:
            return await self._ari.variable(channel, function)
        except AriUnreachableError:
            raise
        except AriError as error:
            if error.status not in GONE:
                log.error("dialplan cannot be asked", error=str(error), mend=error.mending)
            return ""


def _existence(context: str, number: str) -> str:
    return f"DIALPLAN_EXISTS({context},{number},1)"


def _media(sound: Sound) -> str:
    return f"number:{sound}" if isinstance(sound, int) else f"sound:{sound}"


def _seconds(duration: timedelta) -> str:
    return str(ceil(duration.total_seconds()))
