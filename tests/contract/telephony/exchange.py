"""Both sides of the telephony adapter: a real Asterisk with phones, and what the adapter tells."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import Self, TypeVar

import pytest

from component.domain.events import CallerEntered, Event
from component.domain.model import Customer
from component.ports import Snapshot, WaitingChannel
from component.telephony.asterisk import Asterisk
from component.telephony.client import AriClient
from component.telephony.errors import AriError
from component.telephony.http_client import AriHttpClient
from component.telephony.translate import text
from lab.asterisk import ARI_USER
from lab.asterisk import Asterisk as Pbx
from lab.sip.outgoing import OutgoingCall
from lab.sip.phone import Phone

SUPPORT = "7000"
"""A number that hands its callers to the application, as the IVR does in the end."""
DEVICES: tuple[str, ...] = ("PJSIP/1000", "PJSIP/2000", "PJSIP/3000")
ADA = Customer(1, "1111", "Company 1")
PATIENCE = 20.0

E = TypeVar("E", bound=Event)

over_socket_and_http = pytest.mark.parametrize("over_socket", [True, False], ids=["socket", "http"])
"""Runs a test twice, with each way in which requests can go."""


async def nothing_to_show() -> None:
    """Stand in for the XMPP server: every screen shows everything already."""


def url_of(pbx: Pbx) -> str:
    """Return the root of Asterisk's HTTP server."""
    return f"http://127.0.0.1:{pbx.settings.http_port}"


class Exchange:
    """An adapter connected to Asterisk; it plays the engine, and opens phones."""

    def __init__(
        self,
        pbx: Pbx,
        app: str = "ivr",
        request_timeout: float = 5.0,
        *,
        over_socket: bool = True,
    ) -> None:
        self.pbx = pbx
        self.app = app
        self.events: list[Event] = []
        self.snapshots: list[Snapshot] = []
        self.devices = DEVICES
        self.adopts_strangers = False
        """Whether callers who were waiting already are taken for unknown."""
        self.looked_up: list[str] = []
        self._request_timeout = request_timeout
        self._over_socket = over_socket
        self._http = self._new_http()
        self.ari = AriClient(self._http, url_of(pbx))
        """For looking at Asterisk past the adapter."""
        self._stack = AsyncExitStack()
        self._running: asyncio.Task[None] | None = None
        self.asterisk: Asterisk

    def _new_http(self) -> AriHttpClient:
        password = self.pbx.settings.ari_password
        return AriHttpClient(url_of(self.pbx), ARI_USER, password, timeout=self._request_timeout)

    async def __aenter__(self) -> Self:
        self._stack.push_async_callback(self._http.close)
        self._stack.push_async_callback(until, self._is_empty)
        self._stack.push_async_callback(self.stop)
        try:
            await self.ari.load()
            await self.start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def start(self) -> None:
        """Run a new adapter until it is connected."""
        self.asterisk = Asterisk(
            AriClient(self._new_http(), url_of(self.pbx), over_socket=self._over_socket),
            self.app,
            directory=self,
            lookup_deadline=2.0,
            submit=self.events.append,
            reconcile=self._reconcile,
            acted_until=lambda: datetime.now(UTC),
            devices=lambda: self.devices,
            shown=nothing_to_show,
        )
        self._running = asyncio.create_task(self.asterisk.run())
        await self.is_up()

    async def stop(self) -> None:
        """Stop the adapter. Does nothing if that has been done."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
            self._running = None
            await self.asterisk.close()

    async def restart(self) -> None:
        """Stop the adapter, run a new one."""
        await self.stop()
        await self.start()

    async def is_up(self) -> None:
        """Wait until the adapter is connected."""
        await until(lambda: self.asterisk.state.up, 30)

    async def is_down(self) -> None:
        """Wait until the adapter has noticed that it is not connected."""
        await until(lambda: not self.asterisk.state.up, 30)

    async def hears(self, kind: type[E], within: float = PATIENCE) -> E:
        """Wait for an event of a kind; it and those before it are then taken for heard."""
        found: list[E] = []

        def look() -> bool:
            while self.events and not found:
                event = self.events.pop(0)
                if isinstance(event, kind):
                    found.append(event)
            return bool(found)

        await until(look, within)
        return found[0]

    async def agent(self, extension: str = "1000") -> Phone:
        """Open a registered phone."""
        return await self._phone(extension, self.pbx.settings.phone_passwords[extension])

    async def caller_waits(self) -> tuple[OutgoingCall, CallerEntered]:
        """Let somebody call who enters the application."""
        caller = await self._phone("4711")
        call = await caller.dial(SUPPORT)
        entered = await self.hears(CallerEntered)
        await call.answered()
        return call, entered

    async def asterisk_answers(self) -> None:
        """Wait until what Asterisk had to say before now has been said."""
        heard = asyncio.Event()
        await self.ari.version()
        asyncio.get_running_loop().call_later(0.1, heard.set)
        await heard.wait()

    async def channels(self) -> set[str]:
        """Return the ids of all channels that Asterisk has."""
        return {text(channel, "id") for channel in await self.ari.channels()}

    async def bridges(self) -> set[str]:
        """Return the ids of all bridges that Asterisk has."""
        return {text(bridge, "id") for bridge in await self.ari.bridges()}

    async def _phone(self, user: str, password: str | None = None) -> Phone:
        address = ("127.0.0.1", self.pbx.settings.sip_port)
        return await self._stack.enter_async_context(Phone(user, password=password, server=address))

    async def customer(self, code: str, number: str = "") -> Customer | None:
        """Play the directory."""
        self.looked_up.append(code)
        return ADA if code == ADA.code else None

    async def _reconcile(self, snapshot: Snapshot) -> tuple[WaitingChannel, ...]:
        self.snapshots.append(snapshot)
        return snapshot.callers if self.adopts_strangers else ()

    async def _is_empty(self) -> bool:
        channels, bridges = await self.channels(), await self.bridges()
        for channel in channels:
            with suppress(AriError):  # it may end by itself just now
                await self.ari.hang_up(channel)
        for bridge in bridges:
            with suppress(AriError):  # it is another's, or ends with its channels just now
                await self.ari.destroy_bridge(bridge)
        return not channels | bridges


async def until(condition: Callable[[], object], within: float = PATIENCE) -> None:
    """Wait for a condition, which may be a coroutine function. Raises `TimeoutError`."""
    async with asyncio.timeout(within):
        while True:
            met = condition()
            if asyncio.iscoroutine(met):
                met = await met
            if met:
                return
            await asyncio.sleep(0.01)


async def add_support(pbx: Pbx) -> None:
    """Give the dialplan the number that hands callers to the application."""
    steps = [
        "Answer(,i)",
        "Stasis(ivr,support,1111)",
        'Verbose,"1,released ${QUEUESTATUS}"',
        "Wait(30)",
    ]
    for priority, step in enumerate(steps, start=1):
        await pbx.cli(f"dialplan add extension {SUPPORT},{priority},{step} into from-callers")
