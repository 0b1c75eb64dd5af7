import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from lab.ports import PortBlock
from tests.contract.subscriber.pubsub_server import Prosody, Publisher
from tests.contract.subscriber.watched import Log
from tests.line import Line


@pytest.fixture
async def prosody(tmp_path: Path, ports: PortBlock) -> AsyncIterator[Prosody]:
    prosody = Prosody(tmp_path, ports.take())
    prosody.install()
    await prosody.start()
    yield prosody
    await prosody.process.stop()


@pytest.fixture
async def publisher(prosody: Prosody) -> AsyncIterator[Publisher]:
    async with Publisher(prosody.port) as publisher:
        await publisher.create()
        yield publisher


@pytest.fixture
async def line(prosody: Prosody, ports: PortBlock) -> AsyncIterator[Line]:
    async with Line(ports.take(), prosody.port) as line:
        yield line


@pytest.fixture
def log() -> Iterator[Log]:
    handler, logger = Log(), logging.getLogger("component")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)
