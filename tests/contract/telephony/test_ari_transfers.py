"""An agent's phone asks for a transfer (REFER), and Asterisk leaves it to us."""

import asyncio
from datetime import timedelta

import pytest

from component.domain.asterisk_ids import leg_channel
from component.domain.commands import AnswerTransfer, Connect, Ring, SeekNumber
from component.domain.events import (
    AttendedTransfer,
    BlindTransfer,
    CallerEntered,
    LegAnswered,
    NumberLookedUp,
)
from component.domain.model import Leg
from lab.sip.incoming import IncomingCall
from lab.sip.phone import Phone
from tests.contract.telephony.exchange import PATIENCE, Exchange, over_socket_and_http

pytestmark = [pytest.mark.contract, over_socket_and_http]


async def talk(exchange: Exchange, phone: Phone) -> tuple[CallerEntered, IncomingCall]:
    """A caller and an agent, connected."""
    _, entered = await exchange.caller_waits()
    leg = Leg(entered.call_id, 1)
    at_most = timedelta(seconds=20)
    ring = Ring(leg, "PJSIP/1000", entered.channel, entered.caller, at_most)
    exchange.asterisk.control.perform([ring])
    taken = await phone.next_call()
    await exchange.hears(LegAnswered)
    exchange.asterisk.control.perform([Connect(leg, entered.channel)])
    return entered, taken


@pytest.mark.parametrize(("number", "exists"), [("0000", True), ("7777", False)])
async def test_a_blind_transfer_is_told_and_its_number_looked_up(
    exchange: Exchange, number: str, exists: bool
) -> None:
    entered, taken = await talk(exchange, await exchange.agent())
    await taken.transfer(number)
    asked = await exchange.hears(BlindTransfer)
    assert asked == BlindTransfer(Leg(entered.call_id, 1), number, "from-phones")

    seek = SeekNumber(asked.leg, entered.channel, asked.context, number)
    exchange.asterisk.control.perform([seek])
    looked_up = await exchange.hears(NumberLookedUp)
    assert looked_up == NumberLookedUp(asked.leg, number, "from-phones", exists)
    exchange.asterisk.control.perform([AnswerTransfer(asked.leg, accepted=exists)])
    assert await taken.transferred() == (200 if exists else 503)


async def test_who_has_asked_for_nothing_is_told_nothing(exchange: Exchange) -> None:
    """After a gap all are answered who may have asked."""
    entered, taken = await talk(exchange, await exchange.agent())
    leg = Leg(entered.call_id, 1)
    exchange.asterisk.control.perform([AnswerTransfer(leg, accepted=False)])
    with pytest.raises(TimeoutError):
        await taken.transferred(within=0.5)
    assert leg_channel(leg) in await exchange.channels()

    await taken.transfer("0000")
    await exchange.hears(BlindTransfer)
    exchange.asterisk.control.perform([AnswerTransfer(leg, accepted=True)])
    assert await taken.transferred() == 200


async def test_an_attended_transfer_tells_whom_the_agent_has_on_the_line(
    exchange: Exchange,
) -> None:
    phone, other = await exchange.agent(), await exchange.agent("2000")
    entered, taken = await talk(exchange, phone)
    consulting = await phone.dial("2000")
    await other.next_call()
    await consulting.answered()
    async with asyncio.timeout(PATIENCE):
        while not await exchange.pbx.pairs("basic"):
            await asyncio.sleep(0.02)
    await taken.transfer_to(consulting)

    asked = await exchange.hears(AttendedTransfer)
    assert (asked.leg, asked.device) == (Leg(entered.call_id, 1), "PJSIP/2000")
    assert asked.peer.startswith("PJSIP/2000-")
