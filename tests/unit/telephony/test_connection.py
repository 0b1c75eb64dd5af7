import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from structlog.testing import capture_logs

from component.telephony import connection
from component.telephony.client import PULSE
from component.telephony.connection import EVENTS, AriConnection
from component.telephony.errors import AriError, AriUnreachableError
from tests.unit.telephony.fake_ari import FakeAri

pytestmark = pytest.mark.unit


class FakeSocket:
    """An event socket that says what it is told."""

    def __init__(self) -> None:
        self.closed = False
        self._texts: asyncio.Queue[bytes | None] = asyncio.Queue()

    def says(self, data: object) -> None:
        text = data if isinstance(data, str) else json.dumps(data)
        self._texts.put_nowait(text.encode())

    def ends(self) -> None:
        self._texts.put_nowait(None)

    async def close(self, _patience: float) -> None:
        self.closed = True

    async def receive(self) -> bytes:
        text = await self._texts.get()
        if text is None:
            raise AriUnreachableError("the event socket was closed (code 1006)")
        return text


class Line:
    """A connection, the ARI below it, and whom it tells."""

    def __init__(self) -> None:
        self.ari = FakeAri()
        self.ari.results["getInfo"] = {"system": {"version": "22.10.1"}}
        self.sockets: list[FakeSocket] = []
        self.heard: list[Mapping[str, object]] = []
        self.told: list[str] = []
        self.settling_fails: list[Exception] = []
        self.ari.sockets = self._open
        self.connection = AriConnection(
            self.ari,
            "ivr",
            on_event=self.heard.append,
            on_connected=self._settle,
            on_lost=lambda: self.told.append("lost"),
            devices=lambda: ["PJSIP/1000", "PJSIP/2000"],
        )

    def _open(self) -> FakeSocket:
        self.sockets.append(FakeSocket())
        return self.sockets[-1]

    async def _settle(self) -> None:
        self.told.append("connected")
        if self.settling_fails:
            raise self.settling_fails.pop(0)

    async def until(self, condition: Any) -> None:
        async with asyncio.timeout(20):
            while not condition():
                await asyncio.sleep(0)

    async def is_up(self, sockets: int = 1) -> FakeSocket:
        await self.until(lambda: len(self.sockets) == sockets and self.connection.state.up)
        return self.sockets[-1]


@asynccontextmanager
async def running(line: Line) -> AsyncIterator[Line]:
    task = asyncio.create_task(line.connection.run())
    try:
        yield line
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    for name in ("FIRST_RETRY_SECONDS", "LAST_RETRY_SECONDS", "VACANCY_SECONDS"):
        monkeypatch.setattr(connection, name, 0)
    monkeypatch.setattr(connection, "PULSE_SECONDS", 3600)
    with capture_logs():
        yield Line()


async def test_it_is_up_after_filter_subscription_and_settling(line: Line) -> None:
    assert not line.connection.state.up
    async with running(line):
        await line.is_up()
        assert line.ari.operations == [
            "load",
            "eventWebsocket",
            "filter",
            "use socket",
            "getInfo",
            "subscribe",
        ]
        assert line.ari.arguments("filter")["types"] == EVENTS
        assert line.ari.arguments("subscribe")["eventSource"] == [
            "deviceState:PJSIP/1000",
            "deviceState:PJSIP/2000",
        ]
        assert line.told == ["connected"]
        assert line.connection.state.detail == "connected to Asterisk 22.10.1"


async def test_it_hands_on_events_even_while_it_settles(line: Line) -> None:
    gate = line.ari.hold_back("subscribe")
    async with running(line):
        await line.until(lambda: line.sockets)
        line.sockets[0].says({"type": "StasisStart"})
        await line.until(lambda: line.heard)
        assert not line.connection.state.up
        gate.set()
        await line.is_up()


async def test_a_device_may_be_added_as_soon_as_the_others_are_named(line: Line) -> None:
    gate = line.ari.hold_back("subscribe")
    async with running(line):
        await line.until(lambda: "subscribe" in line.ari.operations)
        assert line.connection.connected
        gate.set()
        await line.is_up()


async def test_what_is_no_event_is_logged_and_passed_over(line: Line) -> None:
    async with running(line):
        socket = await line.is_up()
        with capture_logs() as logs:
            for data in ("{", "[" * 100_000, "[]", "7"):
                socket.says(data)
            socket.says({"type": "Dial"})
            await line.until(lambda: line.heard)
        assert line.heard == [{"type": "Dial"}]
        assert {entry["event"] for entry in logs} == {
            "event is not JSON",
            "event is not an object",
        }


async def test_answers_on_the_socket_are_no_events(line: Line) -> None:
    async with running(line):
        socket = await line.is_up()
        socket.says({"type": "RESTResponse", "request_id": "7"})
        await line.until(lambda: line.ari.heard)
        assert line.heard == []


async def test_when_the_connection_is_lost_the_socket_takes_no_more_requests(line: Line) -> None:
    async with running(line):
        socket = await line.is_up()
        socket.ends()
        await line.is_up(sockets=2)
        assert line.ari.operations.count("use socket") == 2
        assert line.ari.operations.count("leave socket") == 1


async def test_it_connects_again_when_the_socket_ends(line: Line) -> None:
    async with running(line):
        first = await line.is_up()
        first.ends()
        await line.is_up(sockets=2)
        assert line.told == ["connected", "lost", "connected"]
        assert first.closed
        assert line.ari.operations.count("filter") == 2


async def test_it_tries_for_as_long_as_it_takes(line: Line) -> None:
    line.ari.lose("load", times=20)
    line.ari.refuse("load", 404, times=20)
    line.ari.refuse("eventWebsocket", 503, times=20)
    async with running(line):
        await line.is_up()
        assert line.ari.operations.count("load") == 61
        assert line.told == ["connected"]


async def test_it_says_what_is_wrong_and_how_to_mend_it_once(line: Line) -> None:
    line.ari.refuse("load", 401, times=1000)
    with capture_logs() as logs:
        async with running(line):
            await line.until(lambda: line.ari.operations.count("load") > 10)
            state = line.connection.state
    assert not state.up
    assert "asterisk.password" in state.detail
    assert [entry["log_level"] for entry in logs].count("warning") == 1
    assert "asterisk.password" in logs[0]["mend"]


async def test_if_settling_fails_it_starts_anew(line: Line) -> None:
    line.settling_fails = [AriError(0, "the database is away")]
    async with running(line):
        await line.is_up(sockets=2)
        assert line.told == ["connected", "lost", "connected"]
        assert line.sockets[0].closed


async def test_when_replaced_it_steps_back_and_says_so(line: Line) -> None:
    async with running(line):
        socket = await line.is_up()
        with capture_logs() as logs:
            socket.says({"type": "ApplicationReplaced", "application": "ivr"})
            await line.until(lambda: line.ari.operations.count("get") > 5)
        assert len(line.sockets) == 1
        assert line.told == ["connected", "lost"]
        assert "taken over" in line.connection.state.detail
        assert [entry["log_level"] for entry in logs if entry["event"].endswith("over")] == [
            "critical"
        ]


async def test_it_comes_back_when_nobody_serves_the_application_any_more(line: Line) -> None:
    async with running(line):
        socket = await line.is_up()
        line.ari.lose("get", times=3)
        line.ari.refuse("get", 404)
        socket.says({"type": "ApplicationReplaced", "application": "ivr"})
        await line.is_up(sockets=2)


async def test_it_comes_back_when_it_is_told_to(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "VACANCY_SECONDS", 3600)
    async with running(line):
        socket = await line.is_up()
        socket.says({"type": "ApplicationReplaced", "application": "ivr"})
        await line.until(lambda: "taken over" in line.connection.state.detail)
        await asyncio.sleep(0)
        line.connection.reclaim()
        await line.is_up(sockets=2)


async def test_while_its_pulse_comes_back_it_stays(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "PULSE_SECONDS", 0.01)
    async with running(line):
        socket = await line.is_up()
        for beat in range(1, 6):
            await line.until(lambda beat=beat: line.ari.operations.count("userEvent") == beat)
            socket.says({"type": "ChannelUserevent", "eventname": "of somebody else"})
            socket.says({"type": "ChannelUserevent", "eventname": PULSE})
        assert line.told == ["connected"]
        assert line.heard == []


async def test_when_its_pulse_does_not_come_back_it_connects_again(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "PULSE_SECONDS", 0.01)
    monkeypatch.setattr(connection, "ECHO_SECONDS", 0.01)
    with capture_logs() as logs:
        async with running(line):
            await line.is_up(sockets=2)
    assert "asterisk answers, but sends no events" in [entry.get("error") for entry in logs]


async def test_when_asterisk_has_forgotten_the_application_it_connects_again(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "PULSE_SECONDS", 0.01)
    line.ari.refuse("userEvent", 404)
    async with running(line):
        await line.is_up(sockets=2)


@pytest.mark.parametrize("where", ["settling", "an event"])
async def test_a_bug_ends_the_session_and_not_the_service(line: Line, where: str) -> None:
    line.settling_fails = [ZeroDivisionError()] if where == "settling" else []
    with capture_logs() as logs:
        async with running(line):
            if where == "an event":
                socket = await line.is_up()
                line.connection._on_event = lambda _: 1 // 0  # type: ignore[assignment]
                socket.says({"type": "StasisStart"})
            await line.is_up(sockets=2)
    [failed] = [entry for entry in logs if entry["event"] == "asterisk session failed"]
    assert "ZeroDivisionError" in repr(failed["exc_info"])


async def test_many_devices_are_subscribed_in_several_requests() -> None:
    ari = FakeAri()
    await ari.subscribe_device_states("ivr", [f"PJSIP/{n}" for n in range(120)])
    sources = [given["eventSource"] for _, given in ari.requests]
    assert [len(some) for some in sources if isinstance(some, list)] == [50, 50, 20]


async def test_a_device_that_asterisk_does_not_understand_does_not_spoil_the_others() -> None:
    ari = FakeAri()
    ari.refuse("subscribe", 400, times=2)  # all together, then the first
    with capture_logs() as logs:
        await ari.subscribe_device_states("ivr", ["PJSIP/1,2", "PJSIP/1000", "PJSIP/2000"])

    asked = [given["eventSource"] for _, given in ari.requests]
    assert asked[1:] == [
        ["deviceState:PJSIP/1,2"],
        ["deviceState:PJSIP/1000"],
        ["deviceState:PJSIP/2000"],
    ]
    assert [(entry["event"], entry["device"]) for entry in logs] == [
        ("device cannot be watched", "PJSIP/1,2")
    ]


async def test_when_cancelled_it_closes_the_socket(line: Line) -> None:
    async with running(line):
        socket = await line.is_up()
    assert socket.closed
    assert line.told == ["connected", "lost"]


async def test_when_cancelled_asterisk_is_there_for_what_was_commanded(line: Line) -> None:
    async with running(line):
        await line.is_up()
    assert line.connection.connected


async def test_when_cancelled_it_hears_what_was_asked_before_and_nothing_else(line: Line) -> None:
    async with running(line):
        socket = await line.is_up()
        line.ari.awaits = 2
        line.connection._on_event = lambda _: pytest.fail("an event after the end")
        answers = [{"type": "RESTResponse", "request_id": number} for number in ("7", "8")]
        for said in ("{", {"type": "StasisStart"}, *answers):
            asyncio.get_running_loop().call_soon(socket.says, said)
    assert line.ari.heard == answers
    assert line.ari.operations[-2:] == ["retire socket", "leave socket"]
    assert socket.closed


async def test_answers_that_do_not_come_are_not_waited_for_when_the_socket_is_lost(
    line: Line,
) -> None:
    async with running(line):
        socket = await line.is_up()
        line.ari.awaits = 1
        socket.ends()
        socket.ends()
        await line.until(lambda: "leave socket" in line.ari.operations)
