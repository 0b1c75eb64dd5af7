"""Carries out the domain's commands by ARI requests.

The commands for a phone are carried out one after another, and so are those for a caller; different
ones side by side. Of those given together phones are rung first, and what is not urgent follows: on
the event socket a request waits for the one before. What a refusal means depends on the command
(`callers_side`, `dialler`, `talks`): mostly that a channel is just gone, which its own event tells
as well. A request that gets no answer is repeated while the connection holds. Without a
connection nothing is done, and nothing that was to follow: the comparison after the next connect
finds what is missing. But Asterisk does not say what it plays: what was to be cut off is so once
there is a connection, before anything else is done.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar, assert_never

import structlog

from component.domain.commands import (
    AnswerTransfer,
    CallCommand,
    CallCustomer,
    Connect,
    Display,
    EndCall,
    HangUpCustomer,
    HangUpLeg,
    Hold,
    Hush,
    Join,
    LiftBound,
    Part,
    Redirect,
    Release,
    Ring,
    Say,
    SeekExit,
    SeekNumber,
)
from component.domain.events import Event
from component.domain.model import Leg
from component.telephony.callers_side import CallersSide
from component.telephony.client import AriClient
from component.telephony.departures import Departures
from component.telephony.dialler import Dialler, Rings
from component.telephony.errors import AriError, AriUnreachableError
from component.telephony.lanes import Lanes
from component.telephony.talks import Talks

log = structlog.get_logger(__name__)

RETRY_SECONDS = 0.5
"""Before a request that got no answer is made again."""

SHOWN_SECONDS = 0.1
"""How long a phone may wait for the agent's screen; usually it is less than a millisecond."""

NOT_URGENT = (Hold, EndCall)
"""What a caller is done to who does not notice a millisecond."""


REPEATING = (Ring, CallCustomer, Say, Redirect, Join, Release)
"""What is not to be done twice: who carries it out repeats what may be repeated."""


@dataclass(frozen=True, slots=True)
class _DiscardBridge:
    bridge: str


@dataclass(frozen=True, slots=True)
class _WatchDevices:
    devices: tuple[str, ...]


_Command = CallCommand | _DiscardBridge | _WatchDevices

_CallersCommand = Hold | Say | Hush | SeekExit | SeekNumber | Redirect | Join | Release | EndCall

T = TypeVar("T")

About = Callable[[str, Leg | None], Mapping[str, object]]
"""What every line of the log about a call, and about one of its legs, says."""


class _Rings:
    """How many phones are to be rung by commands that were given together."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._all_begun = asyncio.Event()

    def begin(self) -> None:
        """Take note that one is about to be rung."""
        self._count -= 1
        if not self._count:
            self._all_begun.set()

    async def all_begun(self) -> None:
        """Wait until all are about to be rung."""
        if self._count:
            await self._all_begun.wait()


@dataclass(frozen=True, slots=True)
class _Ordered:
    """A command, the phones rung by it or besides, and what the log about it always says."""

    command: _Command
    rings: _Rings
    about: Mapping[str, object]


_DEVICES = "devices"
"""The lane of what concerns no call."""


class AriCallControl:
    """`component.ports.CallControl` by ARI.

    `submit` takes events for the domain; `connected` tells whether the connection still holds;
    `shown` is done when the call is on the agent's screen, as far as can be known. `watch` has the
    states of devices reported, and raises an `AriError` if it cannot. `rings` is told of each phone
    that is about to be rung. `about` returns what the log is to say of a call besides what
    happened.
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
        rings: Rings = lambda *_: None,
        about: About = lambda call_id, _: {"call_id": call_id},
    ) -> None:
        self._ari = ari
        self._connected = connected
        self._shown = shown
        self._watch = watch
        self._about = about
        self._departures = Departures()
        self._callers = CallersSide(ari, submit, self._until_answered, self._departures)
        self._talks = Talks(ari, submit, self._until_answered, self._departures)
        self._dialler = Dialler(ari, app, submit, rings, until_answered=self._until_answered)
        self._lanes = Lanes(self._carry_out)
        self._owed: dict[Hush, None] = {}
        """What was to be cut off when there was no connection."""
        self._losses = 0
        """How often the connection was lost."""

    def perform(self, commands: Iterable[CallCommand]) -> None:
        """Begin to carry out commands; never raises."""
        given = [*self._take_owed(), *commands]
        rings = _Rings(sum(isinstance(command, Ring) for command in given))
        for command in given:
            if isinstance(command, Say | Hush):
                self._callers.take_note(command)
            self._put(_lane(command), command, rings, behind=_lane_before(command))

    def discard_bridge(self, bridge: str) -> None:
        """Take down the bridge of a talk that is over."""
        self._put(bridge, _DiscardBridge(bridge), _Rings(0))

    def watch_devices(self, devices: Sequence[str]) -> None:
        """Begin to report the states of devices. After a connect those of all are reported."""
        self._put(_DEVICES, _WatchDevices(tuple(devices)), _Rings(0))

    def caller_entered(self, channel: str, call_id: str) -> None:
        """Take note that a channel has come to our application, before the domain knows."""
        self._departures.entered(channel, call_id)

    def caller_replaced(self, channel: str, by: str) -> None:
        """Take note that Asterisk has put another channel in the place of a caller's."""
        self._departures.replaced(channel, by)

    def caller_left(self, channel: str, call_id: str = "") -> None:
        """Take note that a caller's channel has left our application, as Asterisk tells; or that it
        was missed when something was to be done for a call."""
        self._departures.note(channel, call_id)

    def transfer_told(self, leg: Leg) -> None:
        """Take note that a phone has been told what became of its transfer, as Asterisk tells."""
        self._talks.transfer_told(leg)

    def connection_lost(self) -> None:
        """Take note that Asterisk tells nothing any more: nothing begun is tried again."""
        self._losses += 1
        self._departures.forget()

    async def close(self, seconds: float) -> None:
        """Finish what was commanded, in this time at most."""
        await self._lanes.drain(seconds)
        await self._dialler.close()

    def _take_owed(self) -> list[Hush]:
        """Return what was to be cut off and was not, if that can be done now."""
        if not self._connected():
            return []
        owed, self._owed = list(self._owed), {}
        return owed

    def _put(self, lane: str, command: _Command, rings: _Rings, *, behind: str = "") -> None:
        """Begin to carry out a command. What is logged about it names the call as it is now."""
        call_id, leg = _subject(command)
        about = {} if call_id is None else self._about(call_id, leg)
        self._lanes.put(lane, _Ordered(command, rings, about), behind=behind)

    async def _carry_out(self, ordered: _Ordered) -> None:
        with structlog.contextvars.bound_contextvars(**ordered.about):
            if isinstance(ordered.command, Ring):
                await self._until_shown(ordered.rings)
            elif isinstance(ordered.command, NOT_URGENT):
                await ordered.rings.all_begun()
            await self._obey(ordered.command)

    async def _until_shown(self, rings: _Rings) -> None:
        """Wait until the call is on the agent's screen; what waits for that request may follow."""
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(SHOWN_SECONDS):
                    await self._shown()
        finally:
            rings.begin()

    async def _obey(self, command: _Command) -> None:
        name = type(command).__name__
        if not self._connected():
            log.warning("command dropped, asterisk is away", command=name)
            self._drop(command)
            return
        try:
            if isinstance(command, REPEATING):
                await self._try(command)
            else:
                anew = isinstance(command, Hush)  # what follows is to find the channel quiet
                await self._until_answered(lambda: self._try(command), anew=anew)
        except AriUnreachableError as error:
            log.warning("command dropped, asterisk is away", command=name, error=str(error))
            self._drop(command)
        except AriError as error:
            log.error("command refused", command=name, error=str(error), mend=error.mending)

    def _drop(self, command: _Command) -> None:
        match command:
            case Say():
                self._callers.forget(command)
            case Hush():
                self._owed[command] = None

    async def _until_answered(
        self, request: Callable[[], Awaitable[T]], *, anew: bool = False
    ) -> T:
        """Repeat a request until it is answered. Raises `AriUnreachableError` once disconnected.

        So it does, unless `anew`, if there is another connection by then: what there is has been
        compared, and what is missing made up for. The request may be of something that is over.
        """
        losses = None if anew else self._losses
        while True:
            try:
                return await request()
            except AriUnreachableError as error:
                if self._holds_since(losses):
                    log.warning("no answer, trying again", error=str(error), retry_in=RETRY_SECONDS)
                    await asyncio.sleep(RETRY_SECONDS)
                if not self._holds_since(losses):
                    raise

    def _holds_since(self, losses: int | None) -> bool:
        """Tell whether there is a connection; with `losses`, since it had been lost so often."""
        return self._connected() and losses in (None, self._losses)

    async def _try(self, command: _Command) -> None:
        match command:
            case Ring() | CallCustomer() | HangUpLeg() | HangUpCustomer():
                await self._dialler.obey(command)
            case Connect():
                await self._talks.connect(command)
            case Display():
                await self._talks.display(command)
            case LiftBound():
                await self._talks.lift_bound(command)
            case AnswerTransfer():
                await self._talks.answer_transfer(command)
            case _WatchDevices(devices):
                await self._watch(devices)
            case _DiscardBridge(bridge) | Part(bridge=bridge):
                await self._callers.take_down_bridge(bridge)
            case _:
                await self._try_with_caller(command)

    async def _try_with_caller(self, command: _CallersCommand) -> None:
        match command:
            case Hold():
                await self._callers.hold(command)
            case Say():
                await self._callers.say(command)
            case Hush():
                await self._callers.hush(command)
            case SeekExit():
                await self._callers.seek_exit(command)
            case SeekNumber():
                await self._callers.seek_number(command)
            case Redirect():
                await self._callers.redirect(command)
            case Join():
                await self._callers.join(command)
            case Release():
                await self._callers.release(command)
            case EndCall():
                await self._callers.end(command)
            case _:
                assert_never(command)


def _subject(command: _Command) -> tuple[str | None, Leg | None]:
    """Return the call and the leg that a command is about."""
    match command:
        case (
            Ring(leg=leg)
            | HangUpLeg(leg)
            | Connect(leg=leg)
            | Display(leg)
            | AnswerTransfer(leg)
            | SeekNumber(leg=leg)
        ):
            return leg.call_id, leg
        case _DiscardBridge() | _WatchDevices():
            return None, None
    return command.call_id, None


def _lane_before(command: CallCommand) -> str:
    """Return the lane in which the two were connected who are to be parted, if it is another.

    Who passes a caller on may have been connected with him only just.
    """
    return command.connected_by if isinstance(command, Part) else ""


def _lane(command: CallCommand) -> str:
    """Return what has a lane of its own: a leg, of which a call may have many, or the call."""
    match command:
        case Ring(leg=leg) | HangUpLeg(leg) | AnswerTransfer(leg):
            return str(leg)
        case Connect(leg=leg) | Display(leg) | SeekNumber(leg=leg):
            return leg.call_id
        case Hush(call_id, before=before):
            return before or call_id
        case (
            Hold(call_id=call_id)
            | Part(call_id=call_id)
            | Say(call_id=call_id)
            | LiftBound(call_id=call_id)
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
