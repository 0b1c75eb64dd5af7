import asyncio
import json
from collections.abc import Mapping
from typing import Any, cast

import pytest

from component.telephony.answers import AriResponse
from component.telephony.errors import AriUnreachableError
from component.telephony.event_socket import EventSocket
from component.telephony.http_client import AriHttpClient
from component.telephony.requests import AriRequests

pytestmark = pytest.mark.unit

BASE = "http://localhost:8088/ari"
DECLARATION: Mapping[str, Any] = {"basePath": BASE, "models": {"RESTRequest": {}}}


class Http:
    """HTTP that works, and takes note of what it is asked."""

    timeout = 5.0

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def request(self, method: str, url: str, *_: object) -> AriResponse:
        self.asked.append(f"{method} {url}")
        return AriResponse(204, "", None)


class Socket:
    """An event socket on which each request is answered, until it is told to be silent."""

    closed = False

    def __init__(self, requests: AriRequests) -> None:
        self.asked: list[str] = []
        self.is_silent = False
        self._requests = requests

    def send(self, text: bytes) -> None:
        request = json.loads(text)
        self.asked.append(f"{request['method']} {request['uri']}")
        if not self.is_silent:
            self._requests.hear({"request_id": request["request_id"], "status_code": 204})


class Line:
    """Requests, and both ways that they can go."""

    def __init__(self) -> None:
        self.http = Http()
        self.requests = AriRequests(cast(AriHttpClient, self.http))
        self.requests.learn(DECLARATION)
        self.socket = Socket(self.requests)

    async def uses_socket(self) -> None:
        socket = cast(EventSocket, self.socket)
        assert await self.requests.use(socket)
        self.socket.asked.clear()


@pytest.mark.parametrize("models", [{}, {"RESTRequest": {}}])
def test_asterisk_says_whether_it_takes_requests_on_the_socket(models: Mapping[str, Any]) -> None:
    requests = AriRequests(cast(AriHttpClient, Http()))
    requests.learn({"basePath": BASE, "models": models})
    assert requests.may_use_socket == bool(models)


async def test_without_a_socket_requests_go_over_http() -> None:
    line = Line()
    await line.requests.request("GET", f"{BASE}/channels/a")
    assert line.http.asked == [f"GET {BASE}/channels/a"]


async def test_with_one_they_go_there_with_their_path_below_ari() -> None:
    line = Line()
    await line.uses_socket()
    await line.requests.request("DELETE", f"{BASE}/channels/%2Fari%2F")
    await line.requests.request("POST", f"{BASE}/applications/ari/subscription")
    assert line.socket.asked == ["DELETE channels/%2Fari%2F", "POST applications/ari/subscription"]
    assert line.http.asked == []


async def test_what_is_answered_by_a_long_list_goes_over_http_all_the_same() -> None:
    line = Line()
    await line.uses_socket()
    for path in ("channels", "bridges"):
        await line.requests.request("GET", f"{BASE}/{path}")
    await line.requests.request("POST", f"{BASE}/channels")
    assert line.http.asked == [f"GET {BASE}/channels", f"GET {BASE}/bridges"]
    assert line.socket.asked == ["POST channels"]


async def test_when_the_socket_is_lost_one_that_waits_is_in_doubt_and_the_next_goes_over_http() -> (
    None
):
    line = Line()
    await line.uses_socket()
    line.socket.is_silent = True
    asked = asyncio.ensure_future(line.requests.request("GET", f"{BASE}/channels/a"))
    await asyncio.sleep(0)
    line.requests.leave()
    with pytest.raises(AriUnreachableError):
        await asked
    await line.requests.request("GET", f"{BASE}/channels/b")
    assert line.http.asked == [f"GET {BASE}/channels/b"]


async def test_once_one_got_no_answer_in_time_all_go_over_http() -> None:
    line = Line()
    line.http.timeout = 0.01
    await line.uses_socket()
    line.socket.is_silent = True
    with pytest.raises(AriUnreachableError):
        await line.requests.request("GET", f"{BASE}/channels/a")
    await line.requests.request("GET", f"{BASE}/channels/a")
    assert line.http.asked == [f"GET {BASE}/channels/a"]
