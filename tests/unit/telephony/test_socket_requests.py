import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from component.telephony import event_socket, socket_requests
from component.telephony.answers import AriResponse
from component.telephony.errors import AriError, AriUnreachableError
from component.telephony.socket_requests import SocketRequests

pytestmark = pytest.mark.unit

Reply = dict[str, object]

DONE: Reply = {"status_code": 204, "reason_phrase": "No Content"}


class EventSocket:
    """The other end of an event socket: it answers each request, unless it is told not to."""

    def __init__(self) -> None:
        self.closed = False
        self.sent: list[dict[str, Any]] = []
        self.reply: Callable[[dict[str, Any]], Reply | None] = lambda _: DONE
        self.breaks: Exception | None = None
        self.requests = SocketRequests(cast(event_socket.EventSocket, self), timeout=5)

    def send(self, text: bytes) -> None:
        if self.breaks is not None:
            raise self.breaks
        request = json.loads(text)
        self.sent.append(request)
        reply = self.reply(request)
        if reply is not None:
            self.answers(request, reply)

    def answers(self, request: dict[str, Any], reply: Reply) -> None:
        answer = {"type": "RESTResponse", "request_id": request["request_id"], **reply}
        asyncio.get_running_loop().call_soon(self.requests.hear, answer)

    async def has_sent(self, uri: str) -> dict[str, Any]:
        """Wait until it was asked for something, and return the request."""
        async with asyncio.timeout(20):
            while not (found := [one for one in self.sent if one["uri"] == uri]):
                await asyncio.sleep(0)
        return found[-1]


@pytest.fixture
async def socket() -> EventSocket:
    """One on which requests may be made."""
    socket = EventSocket()
    assert await socket.requests.open()
    socket.sent.clear()
    return socket


async def test_a_request_says_what_is_wanted_and_gets_its_own_answer(socket: EventSocket) -> None:
    socket.reply = lambda request: {"status_code": 200, "message_body": f'"{request["uri"]}"'}
    first, second = await asyncio.gather(
        socket.requests.request("GET", "channels/a", {"only": "x", "all": True}),
        socket.requests.request("POST", "channels/b", None, '{"variables": {"A": "é"}}'),
    )
    assert first == AriResponse(200, '"channels/a"', "channels/a")
    assert second == AriResponse(200, '"channels/b"', "channels/b")
    for request in socket.sent:
        del request["request_id"]
    assert socket.sent == [
        {
            "type": "RESTRequest",
            "method": "GET",
            "uri": "channels/a",
            "query_strings": [{"name": "only", "value": "x"}, {"name": "all", "value": "true"}],
        },
        {
            "type": "RESTRequest",
            "method": "POST",
            "uri": "channels/b",
            "content_type": "application/json",
            "message_body": '{"variables": {"A": "é"}}',
        },
    ]


async def test_answers_may_come_in_another_order(socket: EventSocket) -> None:
    socket.reply = lambda _: None
    paths = ("channels/a", "channels/b")
    asked = [asyncio.ensure_future(socket.requests.request("GET", path)) for path in paths]
    for path in reversed(paths):
        request = await socket.has_sent(path)
        socket.answers(request, {"status_code": 200, "message_body": f'"{path}"'})
    assert [response and response.body for response in await asyncio.gather(*asked)] == list(paths)


@pytest.mark.parametrize(
    ("reply", "status", "message"),
    [
        ({"status_code": 404, "message_body": '{"message": "Channel not found"}'}, 404, "Channel"),
        ({"status_code": 500, "message_body": '{"error": "Allocation failed"}'}, 500, "Allocation"),
        ({"status_code": 409, "reason_phrase": "Conflict"}, 409, "Conflict"),
        ({"status_code": 400, "message_body": "no JSON"}, 400, "refused"),
        ({"status_code": 200, "message_body": "no JSON"}, 200, "not JSON"),
        ({"status_code": "204"}, 200, "without a status"),
        ({}, 200, "without a status"),
        ({"status_code": 200, "message_body": {}}, 200, "no text"),
    ],
)
async def test_a_refusal_and_an_answer_out_of_order_are_errors(
    socket: EventSocket, reply: Reply, status: int, message: str
) -> None:
    socket.reply = lambda _: reply
    with pytest.raises(AriError, match=message) as caught:
        await socket.requests.request("GET", "channels/a")
    assert caught.value.status == status
    assert not isinstance(caught.value, AriUnreachableError)


async def test_what_was_not_answered_when_the_socket_is_lost_is_in_doubt(
    socket: EventSocket,
) -> None:
    socket.reply = lambda _: None
    asked = asyncio.ensure_future(socket.requests.request("DELETE", "channels/a"))
    await socket.has_sent("channels/a")
    socket.requests.close()
    with pytest.raises(AriUnreachableError, match="event socket was lost"):
        await asked


async def test_without_an_answer_in_time_it_is_in_doubt_and_the_socket_not_used_any_more(
    socket: EventSocket,
) -> None:
    socket.requests._timeout = 0.01
    socket.reply = lambda _: None
    with capture_logs() as logs, pytest.raises(AriUnreachableError, match=r"within 0\.01 s"):
        await socket.requests.request("DELETE", "channels/a")
    assert await socket.requests.request("DELETE", "channels/b") is None
    assert [request["uri"] for request in socket.sent] == ["channels/a"]
    assert [entry["log_level"] for entry in logs] == ["warning"]


async def test_an_answer_that_comes_too_late_is_told_and_harms_nobody(socket: EventSocket) -> None:
    with capture_logs() as logs:
        socket.requests.hear({"request_id": "4711", "uri": "channels/a", "status_code": 404})
        socket.requests.hear({"uri": "", "status_code": 400})
    assert [(entry["event"], entry["status"]) for entry in logs] == [
        ("answer that nobody waits for", 404),
        ("answer that nobody waits for", 400),
    ]
    assert await socket.requests.request("GET", "asterisk/info")


@pytest.mark.parametrize("close", [SocketRequests.close, lambda r: setattr(r._socket, "closed", 1)])
async def test_on_a_socket_that_is_closed_nothing_is_sent(
    socket: EventSocket, close: Callable[[SocketRequests], None]
) -> None:
    close(socket.requests)
    assert await socket.requests.request("GET", "channels/a") is None
    assert socket.sent == []


async def test_what_could_not_be_sent_is_in_doubt(socket: EventSocket) -> None:
    socket.breaks = AriUnreachableError("the event socket is closed")
    with pytest.raises(AriUnreachableError):
        await socket.requests.request("GET", "channels/a")


async def test_before_one_was_answered_no_request_is_made() -> None:
    socket = EventSocket()
    socket.requests._timeout = 0.01
    socket.reply = lambda _: None
    with capture_logs() as logs:
        assert not await socket.requests.open()
    assert [entry["event"] for entry in logs] == ["no requests over the event socket"]
    assert await socket.requests.request("GET", "channels/a") is None


async def test_too_many_at_a_time_wait_for_their_turn(
    socket: EventSocket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket.requests, "_turn", asyncio.Semaphore(2))
    socket.reply = lambda _: None
    asked = [ask(socket, n) for n in range(5)]
    everything = asyncio.gather(*asked)
    for n in range(5):
        request = await socket.has_sent(f"channels/{n}")
        assert len(socket.sent) <= n + 2
        socket.answers(request, DONE)
    assert len(await everything) == 5


def ask(socket: EventSocket, number: int) -> Awaitable[AriResponse | None]:
    return asyncio.ensure_future(socket.requests.request("GET", f"channels/{number}"))


async def test_one_that_is_given_up_leaves_nothing_behind(socket: EventSocket) -> None:
    socket.reply = lambda _: None
    asked = asyncio.ensure_future(socket.requests.request("GET", "channels/a"))
    await socket.has_sent("channels/a")
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)
    assert socket.requests._waiting == {}
    assert socket.requests._turn._value == socket_requests.UNDER_WAY
