import asyncio

import pytest

from lab.sip import CallEndedError, Ending, OutgoingCall, Phone
from lab.sip.message import Request
from tests.unit.lab.sip.scripted import OFFER, Server

pytestmark = pytest.mark.unit

CHALLENGE = ("WWW-Authenticate", 'Digest realm="asterisk", nonce="1", qop="auth"')


async def calling(phone: Phone, server: Server) -> tuple[OutgoingCall, Request]:
    """Let the phone call 0000; the server has taken notice of it."""
    dial = asyncio.create_task(phone.dial("0000"))
    invite = await server.request_heard("INVITE")
    server.answers(invite, 100)
    return await dial, invite


async def talking(phone: Phone, server: Server) -> tuple[OutgoingCall, Request]:
    """Let the phone call 0000, and be answered."""
    call, invite = await calling(phone, server)
    server.answers(invite, 200, body=OFFER)
    await server.request_heard("ACK")
    return call, invite


async def test_a_call_is_answered_and_hung_up(phone: Phone, server: Server) -> None:
    call, invite = await calling(phone, server)
    server.answers(invite, 180)
    server.answers(invite, 200, body=OFFER)
    ack = await server.request_heard("ACK")
    assert ack.uri == "sip:asterisk@127.0.0.1:5060"
    assert ack.branch != invite.branch
    await call.answered()
    hang_up = asyncio.create_task(call.hang_up())
    bye = await server.request_heard("BYE")
    assert bye.cseq.number == invite.cseq.number + 1
    server.answers(bye, 200)
    await hang_up
    assert await call.ended() == Ending(200, by_us=True)
    assert list(call.times) == ["invite", "ringing", "answered", "ended"]


async def test_a_repeated_answer_is_acknowledged_again(phone: Phone, server: Server) -> None:
    _, invite = await talking(phone, server)
    server.answers(invite, 200, body=OFFER)
    assert server.hears() == ["ACK"]


async def test_a_refusal_is_acknowledged_each_time_it_comes(phone: Phone, server: Server) -> None:
    call, invite = await calling(phone, server)
    server.answers(invite, 486)
    ack = await server.request_heard("ACK")
    assert ack.branch == invite.branch
    server.answers(invite, 486)
    assert server.hears() == ["ACK"]
    with pytest.raises(CallEndedError, match=r"1000 to 0000 \(ended with 486 As the test wants"):
        await call.answered()


async def test_a_challenge_is_answered(phone: Phone, server: Server) -> None:
    dial = asyncio.create_task(phone.dial("0000"))
    server.answers(await server.request_heard("INVITE"), 401, CHALLENGE)
    await server.request_heard("ACK")
    invite = await server.request_heard("INVITE")
    assert invite.get("Authorization").startswith('Digest username="1000", realm="asterisk"')
    assert invite.cseq.number == 2
    assert not dial.done()
    server.answers(invite, 100)
    await dial


async def test_a_second_challenge_means_a_wrong_password(phone: Phone, server: Server) -> None:
    dial = asyncio.create_task(phone.dial("0000"))
    for _ in range(2):
        server.answers(await server.request_heard("INVITE"), 401, CHALLENGE)
        await server.request_heard("ACK")
    call = await dial
    assert (await call.ended()).status == 401


async def test_a_call_is_cancelled_before_it_is_answered(phone: Phone, server: Server) -> None:
    call, invite = await calling(phone, server)
    hang_up = asyncio.create_task(call.hang_up())
    cancel = await server.request_heard("CANCEL")
    assert cancel.branch == invite.branch
    server.answers(cancel, 200)
    server.answers(invite, 487)
    await hang_up
    assert server.hears() == ["ACK"]
    assert call.ending is not None
    assert (call.ending.status, call.ending.by_us) == (487, True)


async def test_a_cancel_waits_until_the_server_knows_the_call(phone: Phone, server: Server) -> None:
    dial = asyncio.create_task(phone.dial("0000"))
    invite = await server.request_heard("INVITE")
    (call,) = phone.calls
    hang_up = asyncio.create_task(call.hang_up())
    await asyncio.sleep(0.01)
    assert server.hears() == []
    server.answers(invite, 100)
    server.answers(await server.request_heard("CANCEL"), 200)
    server.answers(invite, 487)
    await asyncio.gather(dial, hang_up)


async def test_an_answer_that_crosses_the_cancel_is_hung_up(phone: Phone, server: Server) -> None:
    call, invite = await calling(phone, server)
    hang_up = asyncio.create_task(call.hang_up())
    await server.request_heard("CANCEL")
    server.answers(invite, 200, body=OFFER)
    await server.request_heard("ACK")
    server.answers(await server.request_heard("BYE"), 200)
    await hang_up
    assert phone.calls == ()


async def test_hang_ups_that_cross_end_the_call_once(phone: Phone, server: Server) -> None:
    call, _ = await talking(phone, server)
    hang_up = asyncio.create_task(call.hang_up())
    bye = await server.request_heard("BYE")
    server.asks("BYE", call_id=call.call_id, to_tag="ours")
    assert server.hears() == ["200 BYE"]
    server.answers(bye, 481)
    await hang_up
    assert await call.ended() == Ending(200, by_us=False)


@pytest.mark.usefixtures("impatient")
async def test_an_invite_that_was_lost_is_sent_again(phone: Phone, server: Server) -> None:
    dial = asyncio.create_task(phone.dial("0000"))
    first = await server.request_heard("INVITE")
    second = await server.request_heard("INVITE")
    assert first == second
    server.answers(second, 100)
    server.messages()  # one more may have gone out before the answer came
    await dial
    await asyncio.sleep(0.1)
    assert server.hears() == []


async def test_a_server_that_does_not_react_is_given_up(phone: Phone, server: Server) -> None:
    with pytest.raises(TimeoutError, match=r"1000 to 0000 \(calling\) got no reaction"):
        await phone.dial("0000", 0.01)
    assert phone.calls == ()


async def test_a_bye_that_nobody_answers_ends_the_call_all_the_same(
    phone: Phone, server: Server, request: pytest.FixtureRequest
) -> None:
    call, _ = await talking(phone, server)
    request.getfixturevalue("resigned")  # not before: the INVITE is to be answered in time
    with pytest.raises(TimeoutError, match="no response to BYE"):
        await call.hang_up()
    assert await call.ended() == Ending(200, by_us=True)
