"""Requests to a real Asterisk: what aioari and its HTTP client get wrong is right here."""

import asyncio
import traceback
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from component.telephony.client import AriClient
from component.telephony.errors import AriError, AriUnreachableError
from component.telephony.http_client import AriHttpClient
from lab.asterisk import ARI_USER
from lab.asterisk import Asterisk as Pbx
from tests.contract.telephony.exchange import PATIENCE, Exchange, until, url_of

pytestmark = pytest.mark.contract


@asynccontextmanager
async def client(
    url: str, password: str, request_timeout: float = 5.0, connections: int = 40
) -> AsyncIterator[AriClient]:
    http = AriHttpClient(url, ARI_USER, password, timeout=request_timeout, connections=connections)
    try:
        yield AriClient(http, url)
    finally:
        await http.close()


async def test_it_tells_the_version(exchange: Exchange) -> None:
    assert await exchange.ari.version() in await exchange.pbx.cli("core show version")


async def test_a_wrong_password_is_refused_with_a_hint(pbx: Pbx) -> None:
    async with client(url_of(pbx), "wrong") as ari:
        with pytest.raises(AriError) as caught:
            await ari.load()
    assert caught.value.status == 401
    assert "asterisk.password" in caught.value.mending


@pytest.mark.parametrize(
    "attempt",
    [
        lambda ari: ari.load(),
        lambda ari: ari._http.ws_connect("http://localhost/ari/events", {"app": "x"}),
        lambda ari: ari._http.ws_connect("http://localhost/elsewhere"),
    ],
)
async def test_no_error_shows_the_password(
    pbx: Pbx, attempt: Callable[[AriClient], Awaitable[object]]
) -> None:
    secret = "correct horse battery staple"
    async with client(url_of(pbx), secret) as ari:
        with pytest.raises(AriError) as caught:
            await attempt(ari)
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert secret not in shown
    assert b64encode(f"{ARI_USER}:{secret}".encode()).decode() not in shown
    assert caught.value.__cause__ is None  # which could show the request's headers


async def test_nobody_listening_is_unreachable() -> None:
    async with client("http://127.0.0.1:1", "x") as ari:
        with pytest.raises(AriUnreachableError) as caught:
            await ari.load()
    assert "asterisk.url" in caught.value.mending


async def test_a_web_server_without_ari_is_told_from_asterisk(pbx: Pbx) -> None:
    async with client(f"{url_of(pbx)}/elsewhere", pbx.settings.ari_password) as ari:
        with pytest.raises(AriError) as caught:
            await ari.load()
    assert caught.value.status == 404


async def test_a_method_that_is_not_allowed_is_an_error_like_any_other(pbx: Pbx) -> None:
    async with client(url_of(pbx), pbx.settings.ari_password) as ari:
        with pytest.raises(AriError) as caught:
            await ari._http.request("PUT", f"{url_of(pbx)}/ari/channels")
    assert caught.value.status == 405


async def test_a_frozen_asterisk_is_unreachable_within_the_timeout(pbx: Pbx) -> None:
    async with client(url_of(pbx), pbx.settings.ari_password, request_timeout=2.0) as ari:
        await ari.load()
        pbx.process.freeze()
        try:
            async with asyncio.timeout(PATIENCE):
                with pytest.raises(AriUnreachableError, match=r"no answer within 2 s"):
                    await ask_for_ever(ari)
        finally:
            pbx.process.thaw()


async def ask_for_ever(ari: AriClient) -> None:
    """Go on asking: a process that is being frozen may answer once more before it stands still."""
    while True:
        await ari.channels()


async def test_more_requests_than_connections_wait_for_their_turn(pbx: Pbx) -> None:
    await until(lambda: has_no_sessions(pbx))
    async with client(url_of(pbx), pbx.settings.ari_password, connections=3) as ari:
        await ari.load()
        answers = await asyncio.gather(*(ari.device_state("PJSIP/1000") for _ in range(200)))
        sessions = await established(pbx)
    assert answers == ["UNAVAILABLE"] * 200
    assert sessions <= 3


async def has_no_sessions(pbx: Pbx) -> bool:
    return not await established(pbx)


async def established(pbx: Pbx) -> int:
    """Count Asterisk's threads that serve HTTP connections."""
    threads = await pbx.cli("core show threads")
    return threads.count("handle_tcptls_connection")


async def test_an_operation_before_the_description_was_read_is_unreachable(pbx: Pbx) -> None:
    async with client(url_of(pbx), pbx.settings.ari_password) as ari:
        with pytest.raises(AriUnreachableError, match="not read yet"):
            await ari.channels()


async def test_the_filter_is_set_as_it_is_given(exchange: Exchange) -> None:
    await exchange.ari.allow_events("ivr", ["StasisStart"])
    application = await exchange.ari._call("applications", "get", applicationName="ivr")
    assert isinstance(application, dict)
    assert application["events_allowed"] == [{"type": "StasisStart"}]


async def test_an_application_exists_while_it_is_served(exchange: Exchange) -> None:
    assert await exchange.ari.application_exists("ivr")
    assert not await exchange.ari.application_exists("nobody's")
