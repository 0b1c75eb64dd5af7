"""A real Asterisk for the tests of a module, with a way into the application for callers."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from lab.asterisk import Asterisk, AsteriskSettings, Installation
from lab.ports import PortBlock
from tests.contract.telephony.exchange import Exchange, add_support


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asterisk]:
    """A running Asterisk with the project's configuration."""
    with PortBlock() as ports:
        settings = AsteriskSettings(
            sip_port=ports.take(),
            http_port=ports.take(),
            agi_port=ports.take(),
            rtp_ports=ports.take_range(100),
        )
        directory = tmp_path_factory.mktemp("asterisk")
        asterisk = Asterisk(Installation.find(), directory, settings)
        asyncio.run(asterisk.start())
        asyncio.run(add_support(asterisk))
        try:
            yield asterisk
        finally:
            # Not stopped in good order: refusing an id that is taken, Asterisk leaks a channel, for
            # whose end it would wait.
            asyncio.run(asterisk.process.kill())


@pytest.fixture
def over_socket() -> bool:
    """Whether requests may go over the event socket; some modules try both."""
    return True


@pytest.fixture
async def exchange(pbx: Asterisk, over_socket: bool) -> AsyncIterator[Exchange]:
    """Our side, connected to it, and phones; nothing is left in Asterisk afterwards."""
    async with Exchange(pbx, over_socket=over_socket) as exchange:
        yield exchange
