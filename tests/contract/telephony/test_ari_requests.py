"""Requests to a real Asterisk on the event socket and over HTTP: the answers are the same."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest
from structlog.testing import capture_logs

from component.telephony.answers import AriResponse
from component.telephony.client import ANSWER, AriClient
from component.telephony.errors import AriError, AriUnreachableError
from component.telephony.event_socket import EventSocket
from component.telephony.http_client import AriHttpClient
from lab.asterisk import ARI_USER
from lab.asterisk import Asterisk as Pbx
from tests.contract.telephony.exchange import over_socket_and_http, until, url_of

pytestmark = pytest.mark.contract

APP = "asking"
EVENTS = ("StasisStart", ANSWER)

LONG = 20.0
"""Seconds; so long no answer is waited for in vain."""

SHORT = 3.0
"""So long one is waited for that does not come: long enough for all others to come."""

ODD = 'a b/c%2F&?=#+;"\\ü'
"""What has to be quoted in one way or another."""


class CountingHttp(AriHttpClient):
    """Counts what goes over HTTP."""

    requests = 0

    async def request(self, *args: object, **options: object) -> AriResponse:
        self.requests += 1
        return await super().request(*args, **options)  # type: ignore[arg-type]


class Asking:
    """A client with an event socket, on which requests may be made."""

    def __init__(self, pbx: Pbx, timeout: float, *, over_socket: bool) -> None:
        url, password = url_of(pbx), pbx.settings.ari_password
        self.http = CountingHttp(url, ARI_USER, password, timeout=timeout)
        self.ari = AriClient(self.http, url, over_socket=over_socket)
        self.uses_socket = False
        self.socket: EventSocket

    async def open(self, *events: str) -> None:
        """Connect, have these events sent, and use the socket if it can be used."""
        await self.ari.load()
        self.socket = await self.ari.events(APP)
        self.reading = asyncio.create_task(self._read())
        await self.ari.allow_events(APP, events)
        self.uses_socket = await self.ari.use_socket(self.socket)

    async def close(self) -> None:
        self.ari.leave_socket()
        await self.socket.close(5)
        await self.reading
        await self.http.close()

    async def _read(self) -> None:
        with suppress(AriUnreachableError):  # the end
            while True:
                event = json.loads(await self.socket.receive())
                if event["type"] == ANSWER:
                    self.ari.hear(event)


@asynccontextmanager
async def connected(
    pbx: Pbx, *events: str, patience: float = LONG, over_socket: bool = True
) -> AsyncIterator[Asking]:
    asking = Asking(pbx, patience, over_socket=over_socket)
    await asking.open(*events)
    try:
        yield asking
    finally:
        await asking.close()


@pytest.fixture
async def asking(pbx: Pbx, over_socket: bool) -> AsyncIterator[Asking]:
    async with connected(pbx, *EVENTS, over_socket=over_socket) as asking:
        assert asking.uses_socket == over_socket
        yield asking


@pytest.fixture
async def channel(pbx: Pbx, asking: Asking) -> AsyncIterator[str]:
    """A channel in the application."""
    await asking.ari.originate(
        channel="odd",
        endpoint="Local/7000@from-callers",
        app=APP,
        app_args="",
        originator=None,
        caller_id='"Ada, \\"the\\" <Countess>" <4711>',
        ring_seconds=20,
        variables={"ODD": ODD},
    )
    await until(lambda: is_inside(asking.ari, "odd"))
    yield "odd"
    await pbx.cli("channel request hangup all")
    await until(lambda: is_quiet(asking.ari))


async def is_inside(ari: AriClient, channel: str) -> bool:
    try:
        await ari.set_variable(channel, "INSIDE", "1")
    except AriError:
        return False
    return True


async def is_quiet(ari: AriClient) -> bool:
    return not await ari.channels()


# Both ways. -------------------------------------------------------------------------------------


@over_socket_and_http
async def test_they_go_the_way_that_they_are_to_go(asking: Asking, over_socket: bool) -> None:
    before = asking.http.requests
    await asking.ari.version()
    assert asking.http.requests - before == (0 if over_socket else 1)


@over_socket_and_http
async def test_lists_are_read(asking: Asking, channel: str) -> None:
    assert len(await asking.ari.channels()) == 2
    assert await asking.ari.bridges() == []


@over_socket_and_http
@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (lambda ari: ari.hang_up("gone"), 404),
        (lambda ari: ari.hang_up(ODD), 404),
        (lambda ari: ari.set_variable("gone", "A", "b"), 404),
        (lambda ari: ari.start_music("gone"), 404),
        (lambda ari: ari.stop_music("gone"), 404),
        (lambda ari: ari.continue_in_dialplan("gone"), 404),
        (lambda ari: ari.destroy_bridge("gone"), 404),
        (lambda ari: ari.add_to_bridge("gone", ["gone"]), 404),
        (lambda ari: ari.send_pulse("nobody's"), 404),
    ],
)
async def test_what_is_gone_is_said_to_be(
    asking: Asking, request_: Callable[[AriClient], Awaitable[None]], status: int
) -> None:
    with pytest.raises(AriError) as caught:
        await request_(asking.ari)
    assert caught.value.status == status


@over_socket_and_http
async def test_a_refusal_has_asterisks_own_words(asking: Asking) -> None:
    with pytest.raises(AriError, match="Channel not found"):
        await asking.ari.hang_up("gone")


@over_socket_and_http
async def test_a_device_that_does_not_exist_is_invalid(asking: Asking) -> None:
    assert await asking.ari.device_state(f"PJSIP/{ODD}") == "INVALID"


@over_socket_and_http
async def test_odd_characters_arrive_as_they_are(asking: Asking, channel: str) -> None:
    await asking.ari.set_variable(channel, "SAID", ODD)
    assert await asking.ari.variable(channel, "SAID") == ODD
    assert await asking.ari.variable(channel, "ODD") == ODD  # which came in a body


@over_socket_and_http
async def test_many_at_once_get_each_its_own_answer(asking: Asking, channel: str) -> None:
    names = [f"N{n}" for n in range(200)]
    await asyncio.gather(*(asking.ari.set_variable(channel, name, name) for name in names))
    found = await asyncio.gather(*(asking.ari.variable(channel, name) for name in names))
    assert found == names


@over_socket_and_http
async def test_of_a_frozen_asterisk_all_is_in_doubt_within_the_timeout(
    pbx: Pbx, over_socket: bool
) -> None:
    async with connected(pbx, *EVENTS, patience=SHORT, over_socket=over_socket) as asking:
        pbx.process.freeze()
        try:
            async with asyncio.timeout(LONG):
                for _ in range(2):
                    with pytest.raises(AriUnreachableError, match=f"no answer within {SHORT:g} s"):
                        await ask_for_ever(asking.ari)
        finally:
            pbx.process.thaw()


async def ask_for_ever(ari: AriClient) -> None:
    """Go on asking: a process that is being frozen may answer once more before it stands still."""
    while True:
        await ari.version()


# The event socket. ------------------------------------------------------------------------------


async def test_a_socket_that_is_lost_leaves_in_doubt_what_was_asked(
    pbx: Pbx,
) -> None:
    async with connected(pbx, *EVENTS, patience=LONG) as asking:
        pbx.process.freeze()
        try:
            asked = asyncio.gather(
                *(asking.ari.hang_up(f"gone {n}") for n in range(3)), return_exceptions=True
            )
            await asyncio.sleep(0.1)
            asking.ari.leave_socket()
            async with asyncio.timeout(LONG / 2):
                found = await asked
        finally:
            pbx.process.thaw()
        assert [type(error) for error in found] == [AriUnreachableError] * 3
        assert await asking.ari.version()


async def test_where_no_answers_come_requests_go_over_http(pbx: Pbx) -> None:
    with capture_logs() as logs:
        async with connected(pbx, "StasisStart", patience=SHORT) as asking:
            assert not asking.uses_socket
            assert await asking.ari.version()
    assert "no requests over the event socket" in {entry["event"] for entry in logs}


async def test_when_answers_stop_coming_one_is_in_doubt_and_the_others_go_over_http(
    pbx: Pbx,
) -> None:
    async with connected(pbx, *EVENTS, patience=SHORT) as asking:
        await asking.ari.allow_events(APP, ["StasisStart"])
        with pytest.raises(AriUnreachableError):
            await asking.ari.create_bridge("in-doubt")
        await asking.ari.destroy_bridge("in-doubt")  # there is one


@pytest.mark.parametrize("text", ["{", "[]", '{"type": "Nonsense"}', '{"type": "RESTRequest"}'])
async def test_what_asterisk_does_not_understand_spoils_nothing(pbx: Pbx, text: str) -> None:
    async with connected(pbx, *EVENTS) as asking:
        asking.socket.send(text.encode())
        before = asking.http.requests
        assert await asking.ari.version()
        assert asking.http.requests == before
