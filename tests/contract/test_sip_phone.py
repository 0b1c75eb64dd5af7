import asyncio
from collections.abc import AsyncIterator
from typing import Literal

import pytest
import pytest_asyncio

from lab.asterisk import Asterisk, AsteriskSettings, Installation
from lab.ports import PortBlock
from lab.sip import (
    CallEndedError,
    Ending,
    IncomingCall,
    OutgoingCall,
    Phone,
    RefusedError,
    answering,
    rejecting,
    ringing_only,
)
from tests.talking import hear_each_other

pytestmark = pytest.mark.contract

By = Literal["rfc4733", "info"]

PATIENCE = 20.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def asterisk(
    tmp_path_factory: pytest.TempPathFactory, ports: PortBlock
) -> AsyncIterator[Asterisk]:
    settings = AsteriskSettings(
        sip_port=ports.take(),
        http_port=ports.take(),
        agi_port=ports.take(),
        rtp_ports=ports.take_range(200),
    )
    directory = tmp_path_factory.mktemp("asterisk")
    async with Asterisk(Installation.find(), directory, settings) as asterisk:
        yield asterisk


def phone_of(asterisk: Asterisk, user: str, password: str = "", name: str = "") -> Phone:
    return Phone(
        user,
        password=password or asterisk.settings.phone_passwords[user],
        name=name,
        server=("127.0.0.1", asterisk.settings.sip_port),
    )


@pytest.fixture
async def ada(asterisk: Asterisk) -> AsyncIterator[Phone]:
    async with phone_of(asterisk, "1000", name="Ada Lovelace") as phone:
        yield phone


@pytest.fixture
async def grace(asterisk: Asterisk) -> AsyncIterator[Phone]:
    async with phone_of(asterisk, "2000") as phone:
        yield phone


async def connected(caller: Phone, callee: Phone) -> tuple[OutgoingCall, IncomingCall]:
    """Let one phone call the other, which answers."""
    outgoing = await caller.dial(callee.user)
    incoming = await callee.next_call()
    await outgoing.answered()
    await incoming.answered()
    return outgoing, incoming


async def no_channel_is_left(asterisk: Asterisk) -> None:
    async with asyncio.timeout(PATIENCE):
        while "0 active channels" not in await asterisk.cli("core show channels count"):
            await asyncio.sleep(0.05)


async def test_a_phone_is_registered_for_as_long_as_it_is_open(asterisk: Asterisk) -> None:
    async with phone_of(asterisk, "3000"):
        assert "3000/sip:3000@127.0.0.1" in await asterisk.cli("pjsip show contacts")
    assert "3000/sip:3000@127.0.0.1" not in await asterisk.cli("pjsip show contacts")


async def test_a_wrong_password_is_refused(asterisk: Asterisk) -> None:
    with pytest.raises(RefusedError, match="REGISTER of 3000 got") as refused:
        async with phone_of(asterisk, "3000", password="wrong"):
            pass
    assert refused.value.status == 401


async def test_two_phones_hear_each_other(ada: Phone, grace: Phone) -> None:
    await hear_each_other(*await connected(ada, grace))


@pytest.mark.parametrize("by", ["rfc4733", "info"])
async def test_digits_arrive_each_once_and_in_order(ada: Phone, grace: Phone, by: By) -> None:
    outgoing, incoming = await connected(ada, grace)
    await outgoing.send_digits("0123456789*#", by)
    await incoming.receives_digits("0123456789*#")
    await incoming.send_digits("1122", by)
    await outgoing.receives_digits("1122")


async def test_a_call_shows_who_is_calling_and_when(ada: Phone, grace: Phone) -> None:
    outgoing, incoming = await connected(ada, grace)
    assert (incoming.caller_number, incoming.caller_name) == ("1000", "Ada Lovelace")
    assert outgoing.times["invite"] < incoming.times["invite"] < incoming.times["answered"]


@pytest.mark.parametrize(("refusal", "told"), [(486, 486), (480, 480), (603, 403)])
async def test_a_refused_call_ends(ada: Phone, grace: Phone, refusal: int, told: int) -> None:
    grace.on_call = rejecting(refusal)
    outgoing = await ada.dial("2000")
    with pytest.raises(CallEndedError, match=f"ended with {told}"):
        await outgoing.answered()
    incoming = await grace.next_call()
    assert await incoming.ended() == Ending(refusal, by_us=True)


async def test_a_caller_gives_up_while_it_rings(ada: Phone, grace: Phone) -> None:
    grace.on_call = ringing_only()
    outgoing = await ada.dial("2000")
    await outgoing.ringing()
    await outgoing.hang_up()
    incoming = await grace.next_call()
    for call, by_us in ((outgoing, True), (incoming, False)):
        ending = await call.ended()
        assert (ending.status, ending.by_us) == (487, by_us)


async def test_a_phone_rings_for_a_while_before_it_answers(ada: Phone, grace: Phone) -> None:
    grace.on_call = answering(after=0.2)
    _, incoming = await connected(ada, grace)
    assert incoming.times["answered"] - incoming.times["ringing"] > 0.15


async def test_either_side_hangs_up(ada: Phone, grace: Phone) -> None:
    for ours in (0, 1):
        calls = await connected(ada, grace)
        await calls[ours].hang_up()
        ending = await calls[1 - ours].ended()
        assert (ending.status, ending.by_us) == (200, False)


async def test_hanging_up_at_once_after_picking_up_leaves_no_call_behind(
    asterisk: Asterisk, ada: Phone, grace: Phone
) -> None:
    grace.on_call = ringing_only()
    for _ in range(20):
        outgoing = await ada.dial("2000")
        incoming = await grace.next_call()
        incoming.answer()
        await incoming.hang_up()
        await outgoing.ended()
    await no_channel_is_left(asterisk)


async def test_a_star_code_reaches_the_dialplan(ada: Phone) -> None:
    call = await ada.dial("*56466*")
    await call.answered()


async def test_an_unknown_number_is_refused(ada: Phone) -> None:
    call = await ada.dial("9999")
    assert (await call.ended()).status == 404


async def test_a_dropped_phone_leaves_asterisk_in_the_belief_that_it_is_there(
    asterisk: Asterisk, ada: Phone
) -> None:
    gone = phone_of(asterisk, "3000")
    gone.open()
    await gone.register()
    outgoing, incoming = await connected(ada, gone)
    gone.drop()
    assert (await incoming.ended()).status == 0
    assert outgoing.ending is None
    assert "3000/sip:3000@127.0.0.1" in await asterisk.cli("pjsip show contacts")


async def test_a_hundred_calls_leave_nothing_behind(
    asterisk: Asterisk, ada: Phone, grace: Phone
) -> None:
    tasks = asyncio.all_tasks()
    for number in range(100):
        calls = await connected(ada, grace)
        ours = number % 2
        await calls[ours].hang_up()
        await calls[1 - ours].ended()
    assert ada.calls == grace.calls == ()
    assert asyncio.all_tasks() == tasks
    await no_channel_is_left(asterisk)
