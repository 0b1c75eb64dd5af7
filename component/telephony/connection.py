"""The event socket: connects, listens, and connects again for as long as it takes.

The reader never waits for anybody: it decodes an event, hands it on and takes the next one. A slow
reader would make Asterisk close the socket and lose what it had to say.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import orjson
import structlog

from component.pauses import pauses
from component.telephony.client import ANSWER, PULSE, AriClient
from component.telephony.errors import AppReplacedError, AriError, AriUnreachableError
from component.telephony.event_socket import EventSocket

log = structlog.get_logger(__name__)

E = TypeVar("E", bound=Exception)

EVENTS = (
    "StasisStart",
    "StasisEnd",
    "ChannelDestroyed",
    "ChannelTransfer",
    "ChannelDtmfReceived",
    "PlaybackFinished",
    "DeviceStateChanged",
    "ApplicationReplaced",  # filtered out like any other, if it is not allowed
    "ChannelUserevent",  # the pulse
    ANSWER,
)
"""All that Asterisk is asked to send."""

PULSE_SECONDS = 5.0
"""How often it is proved that events reach us."""
ECHO_SECONDS = 5.0
"""How long that may take."""
FIRST_RETRY_SECONDS = 0.5
"""Not much less: a session that Asterisk is still closing takes the new one's place with it."""
LAST_RETRY_SECONDS = 10.0
VACANCY_SECONDS = 5.0
"""How often a client that was replaced looks whether the application is free again."""
CLOSE_SECONDS = 1.0
"""How long the other end may take to say goodbye."""


@dataclass(frozen=True, slots=True)
class ConnectionState:
    """Whether calls can be taken, and if not, why and what to do about it."""

    up: bool
    detail: str


class AriConnection:
    """Keeps one application connected to one Asterisk.

    `on_event` is called with every event, at once and in order. `on_connected` is awaited after
    each connect, while events already arrive; if it raises an `AriError`, the connection is given
    up and made anew. `on_lost` is called when a connection ends that was `connected`. `devices`
    names those whose changes of state are to be reported, but for those added while `connected`.
    """

    def __init__(
        self,
        ari: AriClient,
        app: str,
        *,
        on_event: Callable[[Mapping[str, object]], None],
        on_connected: Callable[[], Awaitable[None]],
        on_lost: Callable[[], None],
        devices: Callable[[], Iterable[str]],
    ) -> None:
        self._ari = ari
        self._app = app
        self._on_event = on_event
        self._on_connected = on_connected
        self._on_lost = on_lost
        self._devices = devices
        self._reclaim = asyncio.Event()
        self._pulse = asyncio.Event()
        self._settled = False
        self.connected = False
        """Whether Asterisk is there, as far as the heartbeat can tell.

        It stays so when `run` is cancelled: what was commanded can be finished.
        """
        self.state = ConnectionState(up=False, detail="not connected yet")

    async def run(self) -> None:
        """Stay connected until cancelled."""
        waits = pauses(FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS)
        while True:
            self._settled = False
            try:
                await self._session()
            except AppReplacedError as error:
                self._report(error)
                log.critical(
                    "asterisk application taken over", error=str(error), mend=error.mending
                )
                await self._vacancy()
                continue
            except AriError as error:
                if self._settled:
                    waits = pauses(FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS)
                pause = next(waits)
                self._warn(error, pause)
            await asyncio.sleep(pause)

    def reclaim(self) -> None:
        """After a takeover: take the application back, whoever has it now."""
        self._reclaim.set()

    async def _session(self) -> None:
        """Be connected once; ends by an `AriError` that says why."""
        await self._ari.load()
        socket = await self._ari.events(self._app)
        ended = cancelled = AriError(0, "the session was cancelled")
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._listen(socket))
                both.create_task(self._settle_and_watch(socket))
        except* AriError as group:
            ended = _first(group)
        except* Exception as bugs:  # the service must outlive them; a new session may, too
            log.error("asterisk session failed", exc_info=bugs)
            ended = AriError(0, f"a fault of ours: {type(_first(bugs)).__name__}, see the log")
        finally:
            if self.connected:
                self.connected = ended is cancelled  # else it was lost
                self.state = ConnectionState(up=False, detail="the connection was lost")
                self._on_lost()
            await self._take_leave(socket)
        raise ended

    async def _settle_and_watch(self, socket: EventSocket) -> None:
        await self._ari.allow_events(self._app, EVENTS)
        way = "event socket" if await self._ari.use_socket(socket) else "HTTP"
        version = await self._ari.version()
        self.connected = True  # a device that is added from now on is watched by a command
        await self._ari.subscribe_device_states(self._app, self._devices())
        await self._on_connected()
        self._settled = True
        self.state = ConnectionState(up=True, detail=f"connected to Asterisk {version}")
        log.info("asterisk connected", version=version, app=self._app, requests_over=way)
        while True:
            await asyncio.sleep(PULSE_SECONDS)
            await self._feel_pulse()

    async def _feel_pulse(self) -> None:
        """See that events reach us: the socket may live on though Asterisk has forgotten us."""
        self._pulse.clear()
        await self._ari.send_pulse(self._app)
        try:
            async with asyncio.timeout(ECHO_SECONDS):
                await self._pulse.wait()
        except TimeoutError:
            raise AriUnreachableError("asterisk answers, but sends no events") from None

    async def _listen(self, socket: EventSocket) -> None:
        while True:
            self._hear(await socket.receive())

    async def _take_leave(self, socket: EventSocket) -> None:
        """Close the socket; if it still works, what was asked on it is answered before."""
        self._ari.retire_socket()
        with contextlib.suppress(TimeoutError, AriUnreachableError):
            async with asyncio.timeout(CLOSE_SECONDS):
                while self._ari.is_waiting:
                    event = _decoded(await socket.receive())
                    if event is not None and event.get("type") == ANSWER:
                        self._ari.hear(event)
        self._ari.leave_socket()
        await socket.close(CLOSE_SECONDS)

    def _hear(self, data: bytes) -> None:
        event = _decoded(data)
        if event is None:
            return
        if event.get("type") == ANSWER:
            self._ari.hear(event)
        elif event.get("type") == "ApplicationReplaced":
            raise AppReplacedError(self._app)
        elif event.get("type") == "ChannelUserevent":
            if event.get("eventname") == PULSE:
                self._pulse.set()
        else:
            self._on_event(event)

    async def _vacancy(self) -> None:
        """Wait until nobody serves the application any more, or until we are told to take it.

        To reconnect by ourselves would take it from the other client, who would take it back.
        """
        self._reclaim.clear()
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._reclaim.wait(), VACANCY_SECONDS)
                return
            try:
                if not await self._ari.application_exists(self._app):
                    return
            except AriError as error:
                log.debug("cannot see whether the application is free", error=str(error))

    def _warn(self, error: AriError, pause: float) -> None:
        before = self.state
        self._report(error)
        tell = log.debug if self.state == before else log.warning
        tell(
            "asterisk not connected", error=str(error), mend=error.mending, retry_in=round(pause, 2)
        )

    def _report(self, error: AriError) -> None:
        detail = f"{error}; {error.mending}" if error.mending else str(error)
        self.state = ConnectionState(up=False, detail=detail)


def _decoded(data: bytes) -> Mapping[str, object] | None:
    try:
        event = orjson.loads(data)
    except ValueError as error:
        log.error("event is not JSON", error=str(error))
        return None
    if not isinstance(event, dict):
        log.error("event is not an object", found=type(event).__name__)
        return None
    return event


def _first(group: BaseExceptionGroup[E]) -> E:
    first = group.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first
