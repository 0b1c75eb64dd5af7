"""An Asterisk with the project's dialplan, phones, and somebody who calls from outside."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import pytest

from lab.asterisk import Asterisk, AsteriskSettings, Installation
from lab.paths import PROMPTS
from lab.ports import PortBlock
from lab.sip import OutgoingCall, Phone
from tests.contract.dialplan.service import PATIENCE, Agi, App


def prompt(*names: str) -> bytes:
    """Return what a telephone receives when these prompts are played one after the other."""
    return b"".join((PROMPTS / f"ivr/{name}.ulaw").read_bytes() for name in names)


async def hears(call: OutgoingCall, *names: str) -> None:
    """Wait until these prompts were heard, in full and without a gap between them."""
    audio = prompt(*names)
    await call.hears(audio, within=len(audio) / 8000 + PATIENCE)


@pytest.fixture(scope="session")
def asterisk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asterisk]:
    with PortBlock() as ports:
        settings = AsteriskSettings(
            sip_port=ports.take(),
            http_port=ports.take(),
            agi_port=ports.take(),
            rtp_ports=ports.take_range(200),
        )
        asterisk = Asterisk(Installation.find(), tmp_path_factory.mktemp("asterisk"), settings)
        asyncio.run(asterisk.start())
        yield asterisk
        asyncio.run(asterisk.stop())


@pytest.fixture
async def impatient(asterisk: Asterisk) -> AsyncIterator[None]:
    """The dialplan waits for the service long enough to be seen, but not as long as for others."""
    before = await asterisk.cli("dialplan show globals")
    await asterisk.cli("dialplan set global IVR_PATIENCE 2")
    yield
    patience = before.partition("IVR_PATIENCE=")[2].split()[0]
    await asterisk.cli(f"dialplan set global IVR_PATIENCE {patience}")


@pytest.fixture
async def agi(asterisk: Asterisk) -> AsyncIterator[Agi]:
    async with Agi(asterisk.settings) as agi:
        yield agi


@pytest.fixture
async def app(asterisk: Asterisk) -> AsyncIterator[App]:
    async with App(asterisk.settings) as app:
        yield app


class Phones:
    """Opens phones, which are closed after the test."""

    def __init__(self, settings: AsteriskSettings, stack: AsyncExitStack) -> None:
        self._settings = settings
        self._stack = stack

    async def agent(self, extension: str) -> Phone:
        """Return a registered phone."""
        return await self._open(extension, self._settings.phone_passwords[extension])

    async def outsider(self) -> Phone:
        """Return a phone without an account."""
        return await self._open("5550100", None)

    async def call(self) -> OutgoingCall:
        """Return a call from outside to the IVR, which has answered."""
        phone = await self.outsider()
        call = await phone.dial("0000")
        await call.answered()
        return call

    async def _open(self, user: str, password: str | None) -> Phone:
        server = ("127.0.0.1", self._settings.sip_port)
        return await self._stack.enter_async_context(Phone(user, password=password, server=server))


@pytest.fixture
async def phones(asterisk: Asterisk) -> AsyncIterator[Phones]:
    async with AsyncExitStack() as stack:
        yield Phones(asterisk.settings, stack)
