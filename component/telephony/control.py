"""Carries out the domain's commands by ARI requests.

The commands for a phone are carried out one after another, and so are those for a caller; different
ones side by side. What a refusal means depends on the command: mostly that a channel is just gone,
which its own event tells as well. A request without an answer is repeated while the connection
holds. Once the connection is lost, what is left to do is dropped: the comparison after the next
connect finds what is missing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import assert_never

import structlog

from component.domain.commands import (
    AnswerTransfer,
    CallCommand,
    CallCustomer,
    Connect,
    EndCall,
    HangUpCustomer,
    HangUpLeg,
    Hold,
    Hush,
    Join,
    Part,
    Redirect,
    Release,
    Ring,
    Say,
    SeekExit,
    Sound,
)
from component.domain.events import CallerLeft, Event, ExitFound, Said
from component.domain.model import Leg
from component.telephony.client import ALREADY_THERE, AriClient
from component.telephony.dialler import PEER, PEER_CONTEXT, Dialler
from component.telephony.errors import AriError, AriUnreachableError
from component.telephony.lanes import Lanes
from component.telephony.names import announcement, call_bridge, customer_of, leg_channel

log = structlog.get_logger(__name__)

RETRY_SECONDS = 0.5
"""Before a request that got no answer is made again."""

ABSOLUTE_TIMEOUT = "TIMEOUT(absolute)"
"""How many seconds from now Asterisk lets the channel go to extension T; 0 is for ever."""

CALLED_BACK_CONTEXT = "ivr-called-back"
"""Where the dialplan has customers who were called back and are given back: they come from no
extension, to which they could return."""


# A channel is not there, or not in our application any more.
_GONE = frozenset({404, 409, 412})


@dataclass(frozen=True, slots=True)
class _DiscardBridge:
    call_id: str


@dataclass(frozen=True, slots=True)
class _WatchDevices:
    devices: tuple[str, ...]


_Command = CallCommand | _DiscardBridge | _WatchDevices

About = Callable[[str, Leg | None], Mapping[str, object]]
"""What every line of the log about a call, and about one of its legs, says."""


@dataclass(frozen=True, slots=True)
class _Ordered:
    """A command, and what every line of the log about it says."""

    command: _Command
    about: Mapping[str, object]


_DEVICES = "devices"
"""The lane of what concerns no call."""


class AriCallControl:
    """`component.ports.CallControl` by ARI.

    `submit` takes events for the domain; `connected` tells whether the connection still holds;
    `shown` is done when the call is on the agent's screen, as far as can be known. `watch` has the
    states of devices reported, and raises an `AriError` if it cannot. `about` returns what the log
    is to say of a call besides what happened.
    """

    def __init__(
        self,
        ari: AriClient,
        app: str,
        submit: Callable[[Event], None],
        *,
        connected: Callable[[], bool],
        shown: Callable[[], Awaitable[None]],
        watch: Callable[[Sequence[str]], Awaitable[None]],
        about: About = lambda call_id, _: {"call_id": call_id},
    ) -> None:
        self._ari = ari
        self._app = app
        self._submit = submit
        self._connected = connected
        self._watch = watch
        self._about = about
        self._lanes = Lanes(self._carry_out)
        self._dialler = Dialler(ari, app, submit, shown=shown, until_answered=self._until_answered)

    def perform(self, commands: Iterable[CallCommand]) -> None:
        """Begin to carry out commands; never raises."""
        for command in commands:
            self._put(_lane(command), command)

    def discard_bridge(self, call_id: str) -> None:
        """Take down the bridge of a call that is over, after all that was commanded for it."""
        self._put(call_id, _DiscardBridge(call_id))

    def watch_devices(self, devices: Sequence[str]) -> None:
        """Begin to report the states of devices. After a connect those of all are reported."""
        self._put(_DEVICES, _WatchDevices(tuple(devices)))

    async def close(self, seconds: float) -> None:
        """Finish what was commanded, in this time at most."""
        await self._lanes.drain(seconds)

    def _put(self, lane: str, command: _Command) -> None:
        """Begin to carry out a command. What is logged about it names the call as it is now."""
        call_id, leg = _subject(command)
        about = {} if call_id is None else self._about(call_id, leg)
        self._lanes.put(lane, _Ordered(command, about))

    async def _carry_out(self, ordered: _Ordered) -> None:
        with structlog.contextvars.bound_contextvars(**ordered.about):
            await self._obey(ordered.command)

    async def _obey(self, command: _Command) -> None:
        name = type(command).__name__
        try:
            await self._until_answered(lambda: self._try(command))
        except AriUnreachableError as error:
            log.warning("command dropped, asterisk is away", command=name, error=str(error))
        except AriError as error:
            log.error("command refused", command=name, error=str(error), mend=error.mending)

    async def _until_answered(self, request: Callable[[], Awaitable[None]]) -> None:
        """Repeat a request until it is answered. Raises `AriUnreachableError` once disconnected."""
        while True:
            try:
                await request()
            except AriUnreachableError as error:
                if not self._connected():
                    raise
                log.warning("no answer, trying again", error=str(error), retry_in=RETRY_SECONDS)
                await asyncio.sleep(RETRY_SECONDS)
            else:
                return

    async def _try(self, command: _Command) -> None:
        match command:
            case Hold():
                await self._hold(command)
            case Say() | Hush() | SeekExit():
                await self._attend(command)
            case Ring() | CallCustomer() | HangUpLeg() | HangUpCustomer():
                await self._dialler.obey(command)
            case Connect():
                await self._connect(command)
            case AnswerTransfer() | Redirect() | Join():
                await self._unless_gone(self._transfer(command))
            case Release():
                await self._release(command)
            case EndCall(call_id, channel):
                await self._unless_gone(self._ari.hang_up(channel))
                await self._unless_gone(self._ari.destroy_bridge(call_bridge(call_id)))
            case _WatchDevices(devices):
                await self._watch(devices)
            case _DiscardBridge(call_id) | Part(call_id):
                await self._unless_gone(self._ari.destroy_bridge(call_bridge(call_id)))
            case _:
                assert_never(command)

    async def _hold(self, hold: Hold) -> None:
        try:
            await self._ari.set_variable(hold.channel, ABSOLUTE_TIMEOUT, _seconds(hold.at_most))
            await self._ari.start_music(hold.channel, hold.musicclass)
        except AriError as error:
            if error.status not in _GONE:
                raise
            # Of a caller who left while we were reading what there is, no event may be to come.
            self._submit(CallerLeft(hold.channel))

    async def _say(self, say: Say) -> None:
        """Asterisk plays one after another: the music follows when all is said, or cut off."""
        try:
            await self._ari.play(
                say.channel, map(_media, say.sounds), announcement(say.call_id, say.number)
            )
            await self._ari.start_music(say.channel, say.musicclass)
        except AriUnreachableError:
            raise
        except AriError as error:
            self._submit(Said(say.call_id, say.number))  # no event would tell
            if error.status not in _GONE:
                raise

    async def _connect(self, connect: Connect) -> None:
        bridge = call_bridge(connect.leg.call_id)
        try:
            await self._ari.create_bridge(bridge)
        except AriError as error:
            if error.status != ALREADY_THERE:
                raise
        try:
            await self._ari.stop_music(connect.channel)  # it would go on in the bridge
        except AriError as error:
            if error.status not in _GONE:
                raise
            self._submit(CallerLeft(connect.channel))
            return
        try:
            await self._ari.add_to_bridge(bridge, [connect.channel, leg_channel(connect.leg)])
            await self._ari.set_variable(connect.channel, ABSOLUTE_TIMEOUT, "0")
        except AriError as error:
            if error.status not in {*_GONE, 400, 422}:
                raise
            log.debug("one of the two was just gone", leg=str(connect.leg), error=str(error))

    async def _release(self, release: Release) -> None:
        await self._unless_gone(self._give_back(release))
        if release.bridged:
            await self._unless_gone(self._ari.destroy_bridge(call_bridge(release.call_id)))

    async def _give_back(self, release: Release) -> None:
        await self._ari.set_variable(release.channel, "QUEUESTATUS", release.status)
        if release.info:
            await self._ari.set_variable(release.channel, "QUEUE_WITHDRAW_INFO", release.info)
        if customer_of(release.channel) is None:
            await self._let_go(release.channel)
        else:
            await self._let_go(release.channel, CALLED_BACK_CONTEXT, "s")

    async def _attend(self, command: Say | Hush | SeekExit) -> None:
        match command:
            case Say():
                await self._say(command)
            case Hush(call_id, number):
                await self._unless_gone(self._ari.stop_playback(announcement(call_id, number)))
            case SeekExit():
                await self._unless_gone(self._seek_exit(command))

    async def _seek_exit(self, exit_: SeekExit) -> None:
        """What is between the parentheses may be no comma: it was checked where it came from."""
        wanted = f"DIALPLAN_EXISTS({exit_.context},{exit_.digit},1)"
        if await self._ari.variable(exit_.channel, wanted) == "1":
            self._submit(ExitFound(exit_.call_id, exit_.digit))

    async def _let_go(
        self, channel: str, context: str | None = None, number: str | None = None
    ) -> None:
        await self._ari.set_variable(channel, ABSOLUTE_TIMEOUT, "0")
        await self._ari.stop_music(channel)  # it would go on in the dialplan
        await self._ari.continue_in_dialplan(channel, context, number)

    async def _transfer(self, command: AnswerTransfer | Redirect | Join) -> None:
        match command:
            case AnswerTransfer(leg, accepted):
                await self._ari.answer_transfer(leg_channel(leg), accepted=accepted)
            case Redirect(_, channel, context, number):
                await self._let_go(channel, context, number)
            case Join(_, channel, peer):
                await self._ari.set_variable(channel, PEER, peer)
                await self._let_go(channel, PEER_CONTEXT, "s")

    async def _unless_gone(self, request: Awaitable[None]) -> None:
        try:
            await request
        except AriError as error:
            if error.status not in _GONE:
                raise
            log.debug("gone already", error=str(error))


def _subject(command: _Command) -> tuple[str | None, Leg | None]:
    """Return the call and the leg that a command is about."""
    match command:
        case Ring(leg=leg) | HangUpLeg(leg) | Connect(leg=leg) | AnswerTransfer(leg):
            return leg.call_id, leg
        case _WatchDevices():
            return None, None
    return command.call_id, None


def _lane(command: CallCommand) -> str:
    """Return what has a lane of its own: a leg, of which a call may have many, or the call."""
    match command:
        case Ring(leg=leg) | HangUpLeg(leg) | AnswerTransfer(leg):
            return str(leg)
        case Connect(leg=leg):
            return leg.call_id
        case (
            Hold(call_id=call_id)
            | Say(call_id=call_id)
            | Hush(call_id=call_id)
            | Part(call_id=call_id)
            | Redirect(call_id=call_id)
            | Join(call_id=call_id)
            | Release(call_id=call_id)
            | SeekExit(call_id=call_id)
            | EndCall(call_id=call_id)
            | CallCustomer(call_id=call_id)
            | HangUpCustomer(call_id=call_id)
        ):
            return call_id
    assert_never(command)


def _media(sound: Sound) -> str:
    return f"number:{sound}" if isinstance(sound, int) else f"sound:{sound}"


def _seconds(duration: timedelta) -> str:
    return str(ceil(duration.total_seconds()))
