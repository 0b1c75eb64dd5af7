import asyncio

import pytest

from lab.sip import Phone, RefusedError, ringing_only
from lab.sip.message import Request
from tests.unit.lab.sip.scripted import OFFER, ScriptedWires, Server

pytestmark = pytest.mark.unit

CHALLENGE = ("WWW-Authenticate", 'Digest realm="asterisk", nonce="1", qop="auth"')


async def registered(phone: Phone, server: Server) -> Request:
    """Let the phone register; return the request that succeeded."""
    register = asyncio.create_task(phone.register())
    server.answers(await server.request_heard("REGISTER"), 401, CHALLENGE)
    request = await server.request_heard("REGISTER")
    server.answers(request, 200)
    await register
    return request


async def test_a_phone_registers_with_its_password(phone: Phone, server: Server) -> None:
    request = await registered(phone, server)
    assert request.uri == "sip:127.0.0.1:5060"
    assert request.get("Contact") == "<sip:1000@127.0.0.1:30000>"
    assert request.get("Authorization").startswith('Digest username="1000"')
    assert phone.is_registered


async def test_a_wrong_password_is_told(phone: Phone, server: Server) -> None:
    register = asyncio.create_task(phone.register())
    for _ in range(2):
        server.answers(await server.request_heard("REGISTER"), 401, CHALLENGE)
    with pytest.raises(RefusedError, match=r"REGISTER of 1000 got SIP/2\.0 401") as refused:
        await register
    assert refused.value.status == 401
    assert not phone.is_registered


async def test_a_server_that_is_away_is_told(phone: Phone) -> None:
    with pytest.raises(TimeoutError, match=r"is Asterisk running at 127\.0\.0\.1:5060/udp"):
        await phone.register(0.01)


@pytest.mark.usefixtures("impatient")
async def test_a_request_that_was_lost_is_sent_again(phone: Phone, server: Server) -> None:
    register = asyncio.create_task(phone.register())
    assert await server.request_heard("REGISTER") == await server.request_heard("REGISTER")
    register.cancel()
    with pytest.raises(asyncio.CancelledError):
        await register


async def test_a_phone_that_closes_hangs_up_and_unregisters(
    phone: Phone, server: Server, wires: ScriptedWires
) -> None:
    await registered(phone, server)
    phone.on_call = ringing_only()
    server.asks("INVITE", body=OFFER)
    server.messages()
    close = asyncio.create_task(phone.close())
    async with asyncio.timeout(20):
        while not server.wire.sent[-1].startswith(b"REGISTER"):
            await asyncio.sleep(0)
    decline, unregister = server.messages()
    assert decline.start_line == "SIP/2.0 603 Decline"
    assert unregister.get("Expires") == "0"
    assert isinstance(unregister, Request)
    server.answers(unregister, 200)
    await close
    assert all(wire.is_closed for wire in wires.opened)


async def test_a_phone_that_is_dropped_says_nothing(
    phone: Phone, server: Server, wires: ScriptedWires
) -> None:
    await registered(phone, server)
    phone.on_call = ringing_only()
    server.asks("INVITE", body=OFFER)
    call = await phone.next_call()
    server.messages()
    phone.drop()
    assert server.hears() == []
    assert (await call.ended()).status == 0
    assert all(wire.is_closed for wire in wires.opened)


async def test_who_waits_for_a_response_is_told_when_the_phone_is_dropped(
    phone: Phone, server: Server
) -> None:
    register = asyncio.create_task(phone.register())
    await server.request_heard("REGISTER")
    phone.drop()
    with pytest.raises(ConnectionAbortedError, match="the phone was closed"):
        await register


async def test_a_phone_that_is_not_open_cannot_call() -> None:
    with pytest.raises(RuntimeError, match="phone 1000 is not open"):
        await Phone("1000").dial("0000")


async def test_waiting_for_a_call_in_vain_says_so(phone: Phone) -> None:
    with pytest.raises(TimeoutError, match=r"no call came in at 1000 \(not registered, 0 calls\)"):
        await phone.next_call(0.01)


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("OPTIONS", "200 OPTIONS"),
        ("NOTIFY", "200 NOTIFY"),
        ("BYE", "481 BYE"),
        ("CANCEL", "481 CANCEL"),
        ("INFO", "481 INFO"),
        ("PUBLISH", "405 PUBLISH"),
    ],
)
async def test_a_request_without_a_call_is_answered(
    phone: Phone, server: Server, method: str, answer: str
) -> None:
    server.asks(method)
    assert server.hears() == [answer]


async def test_an_invite_to_a_call_that_is_over_is_refused(phone: Phone, server: Server) -> None:
    server.asks("INVITE", to_tag="over", body=OFFER)
    assert server.hears() == ["481 INVITE"]


async def test_what_is_not_allowed_tells_what_is(phone: Phone, server: Server) -> None:
    server.asks("REFER")
    (refusal,) = server.messages()
    assert "INVITE" in refusal.get("Allow").split(", ")


async def test_keep_alives_are_not_answered(phone: Phone, server: Server) -> None:
    server.wire.bring(b"\r\n\r\n")
    assert server.hears() == []
