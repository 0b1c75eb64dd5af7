from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lab.ports import PortBlock
from lab.prosody import Prosody, ProsodySettings
from tests.contract.xmpp.client import Client
from tests.contract.xmpp.service import Service


@pytest.fixture
def settings(ports: PortBlock) -> ProsodySettings:
    return ProsodySettings(c2s_port=ports.take(), component_port=ports.take())


@pytest.fixture
async def prosody(tmp_path: Path, settings: ProsodySettings) -> AsyncIterator[Prosody]:
    async with Prosody(tmp_path, settings) as prosody:
        yield prosody


@pytest.fixture
async def service(prosody: Prosody, settings: ProsodySettings) -> AsyncIterator[Service]:
    """Connected."""
    async with Service(settings) as service:
        await service.is_up()
        yield service


@pytest.fixture
async def client(service: Service, settings: ProsodySettings) -> AsyncIterator[Client]:
    """user1, who may see extension 1000."""
    async with Client(settings) as client:
        yield client
