import asyncio

import pytest

from lab.sip import CallEndedError, Ending, IncomingCall, Phone, in_turn, rejecting, ringing_only
from lab.sip.message import Request
from tests.unit.lab.sip.scripted import OFFER, ScriptedWires, Server, tag_of

pytestmark = pytest.mark.unit


async def ringing(phone: Phone, server: Server) -> tuple[IncomingCall, Request]:
    """Let a call ring at the phone."""
    phone.on_call = ringing_only()
    invite = server.asks("INVITE", body=OFFER)
    return await phone.next_call(), invite


async def talking(phone: Phone, server: Server) -> tuple[IncomingCall, str]:
    """Let a call be answered by the phone; return it and the tag of the phone's side."""
    call, _ = await ringing(phone, server)
    call.answer()
    tag = tag_of(server.messages()[-1])
    server.asks("ACK", to_tag=tag)
    await call.answered()
    return call, tag


async def test_a_call_rings_and_is_answered(phone: Phone, server: Server) -> None:
    server.asks("INVITE", body=OFFER)
    assert server.hears() == ["180 INVITE", "200 INVITE"]


async def test_a_call_is_timed_at_its_arrival(phone: Phone, server: Server) -> None:
    server.asks("INVITE", body=OFFER, arrived=123.5)
    call = await phone.next_call()
    assert call.times["invite"] == 123.5


async def test_the_caller_is_who_from_says(phone: Phone, server: Server) -> None:
    call, _ = await ringing(phone, server)
    assert (call.caller_number, call.caller_name) == ("2000", "Ada Lovelace")


async def test_an_asserted_identity_goes_before_from(phone: Phone, server: Server) -> None:
    asserted = ("P-Asserted-Identity", '"Grace Hopper" <sip:3000@127.0.0.1>')
    server.asks("INVITE", body=OFFER, headers=(asserted,))
    call = await phone.next_call()
    assert (call.caller_number, call.caller_name) == ("3000", "Grace Hopper")


async def test_who_is_on_the_line_since_is_the_caller(phone: Phone, server: Server) -> None:
    call, tag = await talking(phone, server)
    asserted = ("P-Asserted-Identity", '"Grace Hopper" <sip:3000@127.0.0.1>')
    server.asks("UPDATE", number=2, to_tag=tag, headers=(asserted,))
    await call.displays("3000", "Grace Hopper")


async def test_a_repeated_invite_gets_the_same_response_and_is_no_new_call(
    phone: Phone, server: Server
) -> None:
    _, invite = await ringing(phone, server)
    server.wire.bring(invite.to_bytes())
    first, second = server.messages()
    assert first == second
    assert len(phone.calls) == 1


@pytest.mark.usefixtures("impatient")
async def test_an_answer_is_repeated_until_it_is_acknowledged(phone: Phone, server: Server) -> None:
    call, _ = await ringing(phone, server)
    server.messages()
    call.answer()
    async with asyncio.timeout(20):
        while len(server.wire.sent) < 4:
            await asyncio.sleep(0.001)
    ok, *repeated = server.messages()
    assert all(message == ok for message in repeated)
    server.asks("ACK", to_tag=tag_of(ok))
    await call.answered()
    await asyncio.sleep(0.1)
    assert server.hears() == []


@pytest.mark.usefixtures("resigned")
async def test_an_answer_that_is_never_acknowledged_ends_the_call(
    phone: Phone, server: Server
) -> None:
    call, _ = await ringing(phone, server)
    call.answer()
    assert await call.ended() == Ending(408, False, "our answer was never acknowledged")


@pytest.mark.usefixtures("impatient")
async def test_an_answer_is_not_repeated_to_a_caller_who_hung_up(
    phone: Phone, server: Server
) -> None:
    call, _ = await ringing(phone, server)
    call.answer()
    server.asks("BYE", number=2, to_tag=tag_of(server.messages()[-1]))
    await call.ended()
    assert server.hears() == ["200 BYE"]
    await asyncio.sleep(0.1)
    assert server.hears() == []


async def test_no_bye_overtakes_the_acknowledgement(phone: Phone, server: Server) -> None:
    call, _ = await ringing(phone, server)
    call.answer()
    tag = tag_of(server.messages()[-1])
    hang_up = asyncio.create_task(call.hang_up())
    await asyncio.sleep(0.01)
    assert server.hears() == []
    server.asks("ACK", to_tag=tag)
    server.answers(await server.request_heard("BYE"), 200)
    await hang_up
    assert call.ending == Ending(200, by_us=True)


async def test_the_caller_hangs_up(phone: Phone, server: Server) -> None:
    call, tag = await talking(phone, server)
    server.asks("BYE", number=2, to_tag=tag, headers=(("Reason", "Q.850;cause=16"),))
    assert server.hears() == ["200 BYE"]
    assert await call.ended() == Ending(200, False, "Q.850;cause=16")
    assert phone.calls == ()


async def test_the_caller_gives_up_while_it_rings(phone: Phone, server: Server) -> None:
    call, invite = await ringing(phone, server)
    server.messages()
    server.asks("CANCEL", branch=invite.branch)
    assert server.hears() == ["200 CANCEL", "487 INVITE"]
    assert (await call.ended()).status == 487
    with pytest.raises(CallEndedError, match=r"from 2000 to 1000 \(ended with 487\) was not ans"):
        await call.answered()


async def test_giving_up_too_late_leaves_the_call_alone(phone: Phone, server: Server) -> None:
    call, invite = await ringing(phone, server)
    call.answer()
    server.messages()
    server.asks("CANCEL", branch=invite.branch)
    assert server.hears() == ["200 CANCEL"]
    assert call.ending is None


async def test_a_phone_that_was_to_answer_later_does_not_once_the_caller_gave_up(
    phone: Phone, server: Server
) -> None:
    call, invite = await ringing(phone, server)
    call.answer_after(0.01)
    server.asks("CANCEL", branch=invite.branch)
    server.messages()
    await asyncio.sleep(0.05)
    assert server.hears() == []


@pytest.mark.usefixtures("impatient")
async def test_a_refusal_is_repeated_until_it_is_acknowledged(phone: Phone, server: Server) -> None:
    phone.on_call = rejecting(486)
    invite = server.asks("INVITE", body=OFFER)
    async with asyncio.timeout(20):
        while len(server.wire.sent) < 2:
            await asyncio.sleep(0.001)
    assert set(server.hears()) == {"486 INVITE"}
    server.asks("ACK", branch=invite.branch)
    await asyncio.sleep(0.1)
    assert server.hears() == []


async def test_calls_may_be_dealt_with_in_one_way_after_another(
    phone: Phone, server: Server
) -> None:
    phone.on_call = in_turn(rejecting(486), ringing_only())
    for call_id in ("first", "second", "third"):
        server.asks("INVITE", call_id=call_id, body=OFFER)
    assert server.hears() == ["486 INVITE", "180 INVITE", "180 INVITE"]


async def test_a_call_for_somebody_else_is_not_taken(phone: Phone, server: Server) -> None:
    server.asks("INVITE", user="2000", body=OFFER)
    assert server.hears() == ["404 INVITE"]


async def test_a_call_whose_audio_cannot_be_heard_is_not_taken(
    phone: Phone, server: Server
) -> None:
    server.asks("INVITE", body=OFFER.replace("AVP 0", "AVP 8"))
    assert server.hears() == ["488 INVITE"]
    assert phone.calls == ()


async def test_a_call_can_be_put_on_hold_and_taken_back(phone: Phone, server: Server) -> None:
    call, tag = await talking(phone, server)
    server.asks("INVITE", number=2, to_tag=tag, body=OFFER + "a=sendonly\r\n")
    (held,) = server.messages()
    assert "a=recvonly" in held.body
    server.asks("ACK", number=2, to_tag=tag)
    server.asks("INVITE", number=3, to_tag=tag, body=OFFER)
    (resumed,) = server.messages()
    assert "a=sendrecv" in resumed.body
    assert phone.calls == (call,)


async def test_audio_goes_where_the_last_offer_says(
    phone: Phone, server: Server, wires: ScriptedWires
) -> None:
    call, tag = await talking(phone, server)
    server.asks("UPDATE", number=2, to_tag=tag, body=OFFER.replace("16000", "16002"))
    assert server.hears() == ["200 UPDATE"]
    await call.play(b"\xff" * 160)
    _, audio = wires.opened
    assert audio.destinations == [("127.0.0.1", 16000), ("127.0.0.1", 16002)]


async def test_digits_come_by_info(phone: Phone, server: Server) -> None:
    call, tag = await talking(phone, server)
    for number, digit in enumerate("1*", start=2):
        body = f"Signal={digit}\r\nDuration=100\r\n"
        server.asks("INFO", number=number, to_tag=tag, body=body)
    assert server.hears() == ["200 INFO", "200 INFO"]
    await call.receives_digits("1*")


async def test_waiting_in_vain_says_for_what(phone: Phone, server: Server) -> None:
    call, _ = await ringing(phone, server)
    with pytest.raises(TimeoutError, match=r"2000 to 1000 \(ringing\) did not end \(waited 0.01 s"):
        await call.ended(0.01)
