"""A small call centre at work: three agents, callers who come at random, and one fault."""

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack, suppress
from random import Random
from typing import Any

import asyncpg

from component.subscriber import Subscriber
from lab.asterisk import PHONES
from lab.sip import IncomingCall, Phone, SipError
from lab.stack import Stack
from lab.xmpp_server import HOST, USERS

SETTINGS = (
    "UPDATE queues SET timeout = 4, retry = 1, wrapuptime = 2, servicelevel = 5,"
    " joinempty = 'yes', leavewhenempty = 'no'"
)
"""A day of a call centre in a minute and a half: all durations are short."""

CODES = ("1111", "2222", "9999")
BETWEEN_CALLS = 2.0
"""Seconds, on average."""
UNANSWERED = 0.15
"""The share of offers that an agent lets ring."""


class Traffic:
    """Calls on a running stack, the same ones each time, as far as time lets them be."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._dice = Random(1)  # noqa: S311 - no secret
        self._phones = AsyncExitStack()
        self._tasks: set[asyncio.Task[None]] = set()

    async def last(self, seconds: float) -> None:
        """Let calls come for so long; in the middle, the XMPP server is away for a while."""
        connection = await asyncpg.connect(self._stack.database_url)
        await connection.execute(SETTINGS)
        await connection.close()
        async with self._phones:
            agents = [await self._agent(extension) for extension in PHONES]
            software = [self._watch(*pair) for pair in zip(PHONES, USERS, strict=True)]
            async with asyncio.timeout(seconds * 2), asyncio.TaskGroup() as group:
                group.create_task(self._callers(seconds))
                group.create_task(self._outage(seconds / 2))
                group.create_task(self._pause(agents[0], seconds / 4))
            await asyncio.wait(self._tasks)
            for watching in software:
                watching.cancel()

    async def _agent(self, extension: str) -> Phone:
        phone = Phone(extension, password=self._stack.passwords[extension], server=self._server)
        await self._phones.enter_async_context(phone)
        await (await phone.dial("*56466*")).ended(within=20)
        phone.on_call = self._take
        return phone

    def _watch(self, extension: str, user: str) -> asyncio.Task[None]:
        """Run an agent's software, which shows nothing to anybody."""
        subscriber = Subscriber(
            f"{user}@{HOST}",
            self._stack.passwords[user],
            extension=extension,
            host="127.0.0.1",
            port=self._stack.ports.xmpp,
            plaintext=True,
        )

        async def follow() -> None:
            async for _ in subscriber.events():
                pass

        return asyncio.create_task(follow())

    def _take(self, call: IncomingCall) -> None:
        call.ring()
        if self._dice.random() > UNANSWERED:
            call.answer_after(self._dice.uniform(0.5, 2.5))
            self._start(self._talk(call, self._dice.uniform(3, 9)))

    async def _talk(self, call: IncomingCall, seconds: float) -> None:
        with suppress(SipError, TimeoutError):  # the caller may give up at any time
            await call.answered(within=20)
            await asyncio.sleep(seconds)
            await call.hang_up()

    async def _callers(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        end, number = loop.time() + seconds, 5550000
        while loop.time() < end:
            number += 1
            self._start(self._caller(str(number), self._dice.choice(CODES)))
            await asyncio.sleep(self._dice.expovariate(1 / BETWEEN_CALLS))

    async def _caller(self, number: str, code: str) -> None:
        async with Phone(number, server=self._server) as phone:
            with suppress(SipError, TimeoutError):
                call = await phone.dial("0000")
                await call.answered(within=20)
                await call.send_digits("1")
                await call.send_digits(code)
                try:
                    await call.ended(within=self._dice.uniform(10, 30))
                except TimeoutError:
                    await call.hang_up()

    async def _outage(self, after: float) -> None:
        await asyncio.sleep(after)
        await self._stack.prosody.process.kill()
        await asyncio.sleep(8)
        await self._stack.prosody.start()

    async def _pause(self, phone: Phone, after: float) -> None:
        await asyncio.sleep(after)
        with suppress(SipError, TimeoutError):
            await (await phone.dial("*72873")).ended(within=20)
            await asyncio.sleep(after)
            await (await phone.dial("*8672873")).ended(within=20)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.add(asyncio.create_task(work))

    @property
    def _server(self) -> tuple[str, int]:
        return "127.0.0.1", self._stack.ports.sip
