"""What slixmpp does otherwise."""

import asyncio
import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest

from component.mended_slixmpp import Client
from tests.unit.transport import FakeTransport

pytestmark = pytest.mark.unit

PATIENCE = 20.0


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    client = Client("user1@example.com", "x", plaintext=True)
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


async def test_a_login_is_not_said_to_be_bound_to_encryption_that_there_is_not(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: asyncio.Queue[Any] = asyncio.Queue()
    monkeypatch.setattr(client, "send", sent.put_nowait)
    mechanisms = "<mechanism>SCRAM-SHA-1</mechanism><mechanism>SCRAM-SHA-256</mechanism>"
    client.data_received(
        f"{client.stream_header}<stream:features>"
        f"<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{mechanisms}</mechanisms>"
        "</stream:features>"
    )
    auth = await asyncio.wait_for(sent.get(), PATIENCE)
    assert auth["mechanism"] == "SCRAM-SHA-256"
    assert base64.b64decode(auth.xml.text).startswith(b"n,,"), "y,, would say that it could be"
