"""One stay at the server, from connecting to the end of the connection."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from xml.etree import ElementTree as ET

import structlog

from component.markup import Markup
from component.ports import Outgoing
from component.pubsub.addresses import bare, home_of
from component.xmpp import multicast
from component.xmpp.blanks import blanks_after
from component.xmpp.late import late
from component.xmpp.load import Load
from component.xmpp.outbound import Outbound
from component.xmpp.requests import Requests
from component.xmpp.stream import ComponentStream

log = structlog.get_logger(__name__)

MAX_TAKEN = 20_000
"""Presence that is being taken at once, half of it of one account: that of all users comes in one
burst after a reconnect. What is beyond is dropped, unless it can be asked to come again."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the component belongs."""

    domain: str
    host: str
    port: int
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Timings:
    """Durations in seconds."""

    handshake: float = 10.0
    """The longest from connecting to being accepted."""
    keepalive: float = 15.0
    """How often the server is asked whether it lives."""
    answer: float = 15.0
    """How long it may then go without a sign of life."""
    goodbye: float = 2.0
    """How long an orderly end of the stream may take."""
    first_retry: float = 0.5
    """The wait before connecting again; it doubles each time …"""
    longest_retry: float = 15.0
    """… up to this."""
    refused_retry: float = 30.0
    """The wait after a refusal that somebody has to mend."""


class Debtor(Protocol):
    """Who owes messages: the engine."""

    def owed(self) -> Sequence[Outgoing]:
        """Return the messages that were not confirmed, oldest first."""
        ...

    def confirm(self, seqs: Iterable[int]) -> None:
        """Take note that the server has dealt with these."""
        ...

    def presences(self) -> Sequence[Markup]:
        """Return the presence that is to be shown now that there is a connection."""
        ...

    def farewell(self) -> Sequence[Markup]:
        """Return the presence that is to be shown once there is no connection."""
        ...


class Answerer(Protocol):
    """Who answers stanzas: the dispatcher."""

    async def answer(self, stanza: ET.Element) -> Markup | None:
        """Return the reply to a stanza, if it calls for one."""
        ...

    def decline(self, stanza: ET.Element) -> Markup | None:
        """Return the reply to a stanza that there is no time for."""
        ...


class Session:
    """Opens a connection, sends what is owed, answers what comes in, notices a dead server."""

    def __init__(
        self,
        stream: ComponentStream,
        place: Place,
        timings: Timings,
        debtor: Debtor,
        answerer: Answerer,
        *,
        wrote: Callable[[Sequence[int]], None] = lambda _: None,
    ) -> None:
        self._stream = stream
        self._place = place
        self._timings = timings
        self._debtor = debtor
        self._answerer = answerer
        self._answering: set[asyncio.Task[None]] = set()
        home = home_of(place.domain)
        self._under_way = Load(home)
        self._presence = Load(home, MAX_TAKEN, MAX_TAKEN // 2)
        self._requests = Requests(stream, place.domain, timings.answer)
        self.outbound = Outbound(stream, place.domain, debtor.confirm, wrote)

    async def run(self, on_accepted: Callable[[], None]) -> None:
        """Return when the server ends the connection.

        Raises OSError if there was none or it broke, `StreamRefusedError` if the server said why
        it ended it, or should have. However this ends, all is closed.
        """
        self._stream.begin(self._receive)
        try:
            await self._open()
            on_accepted()
            self.outbound.send([late(message) for message in self._debtor.owed()])
            self.outbound.announce(self._debtor.presences())
            self._begin(self._discover())
            await self._watch()
        finally:
            for task in self._answering:
                task.cancel()
            self._say_farewell()
            await self._stream.close(self._timings.goodbye)
        if self._stream.refusal is not None:
            raise self._stream.refusal

    def _say_farewell(self) -> None:
        """Let nobody take us for present any longer, if the connection still carries that."""
        if self._stream.accepted.done():
            self._stream.write("".join(self._debtor.farewell()).encode())

    async def _open(self) -> None:
        stream = self._stream
        try:
            async with asyncio.timeout(self._timings.handshake):
                await stream.reach(self._place.host, self._place.port)
                await asyncio.wait(
                    {stream.accepted, stream.ended}, return_when=asyncio.FIRST_COMPLETED
                )
        except TimeoutError as error:
            seconds = self._timings.handshake
            raise ConnectionError(f"the server did not answer within {seconds:g} s") from error
        if not stream.accepted.done():
            raise stream.refusal or ConnectionError("the server hung up before the handshake")

    async def _watch(self) -> None:
        """Return when the connection ends; raise when the server is dead though it does not."""
        stream, loop = self._stream, asyncio.get_running_loop()
        while not stream.ended.done():
            await asyncio.wait({stream.ended}, timeout=self._timings.keepalive)
            self.outbound.ask()
            asked, asked_at = self.outbound.ping, loop.time()
            await asyncio.wait({stream.ended}, timeout=self._timings.answer)
            answered = self.outbound.ping != asked or stream.alive_at >= asked_at
            if not answered and not stream.ended.done():
                stream.abort()
                seconds = self._timings.answer
                raise ConnectionError(f"the server gave no sign of life for {seconds:g} s")
            if self.outbound.ping == asked:
                self.outbound.ask_again()

    async def _discover(self) -> None:
        """Look for what the server has that makes work easier."""
        service = await multicast.find(self._requests.ask, self._place.domain)
        if service is not None:
            log.info("multicast service found", service=service.address, limit=service.limit)
            self.outbound.use(service)

    def _receive(self, stanza: ET.Element) -> None:
        if (
            self.outbound.returned(stanza)
            or self.outbound.refused(stanza)
            or self._requests.answered(stanza)
        ):
            return
        if self.outbound.is_outdated_by(stanza):
            self._stream.leave("conflict", "a newer connection of the component is there")
            return
        account, is_presence = bare(stanza.get("from", "")), stanza.tag.endswith("presence")
        load = self._presence if is_presence else self._under_way
        if load.is_full(account):
            if self._declines(stanza):
                return
            if is_presence or len(self._answering) >= MAX_TAKEN:
                log.warning("too many stanzas at once: one is dropped", kind=stanza.tag)
                return
        load.add(account)
        task = self._begin(self._answer(stanza))
        task.add_done_callback(lambda _: load.remove(account))

    def _declines(self, stanza: ET.Element) -> bool:
        """Ask a stanza to come again, if it is one that can be asked to."""
        refusal = self._answerer.decline(stanza)
        self._reply(refusal)
        return refusal is not None

    def _begin(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Let something go on beside the rest, for as long as the connection lasts at most."""
        task = asyncio.create_task(work)
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)
        return task

    async def _answer(self, stanza: ET.Element) -> None:
        self._reply(await self._answerer.answer(stanza))

    def _reply(self, reply: Markup | None) -> None:
        if reply is not None:
            self._stream.write((reply + blanks_after(reply)).encode())
