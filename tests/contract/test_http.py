from collections.abc import AsyncIterator

import aiohttp
import pytest

from component.http import HttpServer, Status
from component.metrics import Metrics, Peer
from lab.ports import PortBlock

pytestmark = pytest.mark.contract


class Service:
    """An HTTP server between three things whose state a test sets."""

    def __init__(self) -> None:
        self.metrics = Metrics("1.2.3")
        self.asterisk = Status(ready=True, detail="connected, Asterisk 22.10.1")
        self.xmpp = Status(ready=True, detail="connected")
        self.server = HttpServer(
            self.metrics.registry, {"asterisk": lambda: self.asterisk, "xmpp": lambda: self.xmpp}
        )


@pytest.fixture
def port(ports: PortBlock) -> int:
    return ports.take()


@pytest.fixture
async def service(port: int) -> AsyncIterator[Service]:
    service = Service()
    await service.server.start("127.0.0.1", port)
    yield service
    await service.server.stop()


@pytest.fixture
async def client(service: Service, port: int) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client:
        yield client


async def test_metrics_are_those_of_the_registry(
    service: Service, client: aiohttp.ClientSession
) -> None:
    service.metrics.up(Peer.XMPP, up=True)
    async with client.get("/metrics") as response:
        assert response.status == 200
        assert response.content_type == "text/plain"
        assert 'ivr_up{peer="xmpp"} 1.0' in await response.text()


async def test_openmetrics_is_spoken_to_who_asks_for_it(client: aiohttp.ClientSession) -> None:
    accept = {"Accept": "application/openmetrics-text; version=1.0.0"}
    async with client.get("/metrics", headers=accept) as response:
        assert response.content_type == "application/openmetrics-text"
        assert (await response.text()).endswith("# EOF\n")


async def test_a_service_that_answers_is_alive(
    service: Service, client: aiohttp.ClientSession
) -> None:
    service.xmpp = Status(ready=False, detail="connection refused")
    async with client.get("/healthz") as response:
        assert response.status == 200


async def test_ready_is_when_everything_is(client: aiohttp.ClientSession) -> None:
    async with client.get("/readyz") as response:
        assert response.status == 200
        assert await response.json() == {
            "asterisk": {"ready": True, "detail": "connected, Asterisk 22.10.1"},
            "xmpp": {"ready": True, "detail": "connected"},
        }


async def test_one_thing_amiss_is_named(service: Service, client: aiohttp.ClientSession) -> None:
    service.xmpp = Status(ready=False, detail="connection refused")
    async with client.get("/readyz") as response:
        assert response.status == 503
        answer = await response.json()
    assert answer["asterisk"]["ready"]
    assert answer["xmpp"] == {"ready": False, "detail": "connection refused"}


@pytest.mark.parametrize("path", ["/", "/metrics/", "/readyz/asterisk", "/config"])
async def test_there_is_nothing_else(client: aiohttp.ClientSession, path: str) -> None:
    async with client.get(path) as response:
        assert response.status == 404


async def test_nothing_can_be_sent(client: aiohttp.ClientSession) -> None:
    async with client.post("/readyz", data=b"x") as response:
        assert response.status == 405


async def test_a_taken_port_is_an_error(service: Service, port: int) -> None:
    second = Service()
    with pytest.raises(OSError, match="address already in use"):
        await second.server.start("127.0.0.1", port)
    await second.server.stop()


async def test_gauges_are_brought_up_to_date_before_they_are_read(port: int) -> None:
    metrics = Metrics("1.2.3")
    server = HttpServer(metrics.registry, {}, lambda: metrics.up(Peer.XMPP, up=True))
    await server.start("127.0.0.1", port)
    try:
        async with (
            aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client,
            client.get("/metrics") as response,
        ):
            assert 'ivr_up{peer="xmpp"} 1.0' in await response.text()
    finally:
        await server.stop()
