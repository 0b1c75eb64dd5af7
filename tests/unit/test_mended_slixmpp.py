"""What slixmpp does otherwise."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from component.mended_slixmpp import Client
from tests.unit.transport import FakeTransport

pytestmark = pytest.mark.unit

PATIENCE = 20.0


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    client = Client("user1@example.com", "x")
    client.connection_made(FakeTransport())
    yield client
    await client.leave()


def request(client: Client, *, timeout: float = 3600.0) -> Any:
    iq: Any = client.make_iq_get(queryxmlns="urn:x", ito="example.com")
    return iq.send(timeout=timeout)


async def test_a_request_is_given_up_when_the_connection_is_lost(client: Client) -> None:
    asking = asyncio.create_task(client.answer(request(client)))
    await asyncio.sleep(0)
    client.connection_lost(None)
    with pytest.raises(ConnectionError):
        await asyncio.wait_for(asking, PATIENCE)


async def test_nothing_is_awaited_without_a_connection(client: Client) -> None:
    client.connection_lost(None)
    with pytest.raises(ConnectionError):
        await asyncio.wait_for(client.answer(request(client)), PATIENCE)


async def test_a_request_that_is_not_answered_times_out(client: Client) -> None:
    with pytest.raises(TimeoutError):
        await client.answer(request(client, timeout=0.01))
