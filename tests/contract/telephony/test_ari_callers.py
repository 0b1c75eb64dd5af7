"""What callers key and how they leave, on a real Asterisk."""

import asyncio
from datetime import timedelta

import pytest

from component.domain.asterisk_ids import talk_bridge
from component.domain.commands import Connect, Hold, Redirect, Release, Ring, SeekExit
from component.domain.events import CallerLeft, DigitPressed, ExitFound, LegAnswered, LegEnded
from component.domain.model import Caller, Leg
from component.domain.words import QueueStatus
from lab.asterisk import Asterisk as Pbx
from tests.contract.telephony.exchange import SUPPORT, Exchange, over_socket_and_http, until

pytestmark = [pytest.mark.contract, over_socket_and_http]

CONTEXT = "from-callers"


async def test_what_the_caller_keys_is_heard_while_waiting_and_while_talking(
    exchange: Exchange,
) -> None:
    agent = await exchange.agent()
    call, entered = await exchange.caller_waits()
    leg = Leg(entered.call_id, 1)
    exchange.asterisk.control.perform(
        [
            Hold(entered.call_id, entered.channel, timedelta(seconds=60)),
            Ring(leg, "PJSIP/1000", entered.channel, Caller("4711"), timedelta(seconds=20)),
        ]
    )
    await call.send_digits("3")
    assert await exchange.hears(DigitPressed) == DigitPressed(entered.channel, "3")
    offered = await agent.next_call()
    await offered.answered()
    exchange.asterisk.control.perform([Connect(leg, entered.channel)])
    await until(lambda: _is_bridged(exchange))
    await call.send_digits("#")
    assert await exchange.hears(DigitPressed) == DigitPressed(entered.channel, "#")


async def test_a_key_is_an_exit_if_the_context_has_it(exchange: Exchange, pbx: Pbx) -> None:
    await pbx.cli(f"dialplan add extension 9,1,Verbose,left into {CONTEXT}")
    await pbx.cli(f"dialplan add extension 9,2,Wait,30 into {CONTEXT}")
    _, entered = await exchange.caller_waits()
    exchange.asterisk.control.perform(
        [
            SeekExit(entered.call_id, entered.channel, CONTEXT, "8"),
            SeekExit(entered.call_id, entered.channel, "nowhere", "9"),
            SeekExit(entered.call_id, entered.channel, CONTEXT, "888888*9"),
        ]
    )
    assert await exchange.hears(ExitFound) == ExitFound(entered.call_id, "9", CONTEXT)
    exchange.asterisk.control.perform([Redirect(entered.call_id, entered.channel, CONTEXT, "9")])
    assert await exchange.hears(CallerLeft) == CallerLeft(entered.channel)
    await until(lambda: _is_at(exchange, "9"))


async def test_the_dialplan_finds_why_a_caller_was_withdrawn(exchange: Exchange) -> None:
    _, entered = await exchange.caller_waits()
    exchange.asterisk.control.perform(
        [Release(entered.call_id, entered.channel, QueueStatus.WITHDRAW, "closing, sorry")]
    )
    await exchange.hears(CallerLeft)
    found = await exchange.ari.variable(entered.channel, "QUEUE_WITHDRAW_INFO")
    assert found == "closing, sorry"
    assert await exchange.ari.variable(entered.channel, "QUEUESTATUS") == "WITHDRAW"


async def test_a_caller_goes_on_in_the_dialplan_after_the_agent_hung_up(
    exchange: Exchange,
) -> None:
    agent = await exchange.agent()
    call, entered = await exchange.caller_waits()
    leg = Leg(entered.call_id, 1)
    exchange.asterisk.control.perform(
        [Ring(leg, "PJSIP/1000", entered.channel, Caller("4711"), timedelta(seconds=20))]
    )
    await exchange.hears(LegAnswered)
    exchange.asterisk.control.perform([Connect(leg, entered.channel)])
    await until(lambda: _is_bridged(exchange))
    await (await agent.next_call()).hang_up()
    await exchange.hears(LegEnded)
    bridge = talk_bridge(leg, entered.channel)
    exchange.asterisk.control.perform(
        [Release(entered.call_id, entered.channel, QueueStatus.CONTINUE, bridge=bridge)]
    )
    assert await exchange.hears(CallerLeft) == CallerLeft(entered.channel)
    await until(lambda: _has_no_bridge(exchange))
    [channel] = await exchange.ari.channels()
    assert isinstance(channel, dict)
    assert channel["dialplan"]["exten"] == SUPPORT
    await asyncio.sleep(0.5)
    assert call.ending is None


async def _is_at(exchange: Exchange, extension: str) -> bool:
    """Tell whether the dialplan has come there with the only channel."""
    [channel] = await exchange.ari.channels()
    return isinstance(channel, dict) and channel["dialplan"]["exten"] == extension


async def _is_bridged(exchange: Exchange) -> bool:
    bridges = await exchange.ari.bridges()
    return any(isinstance(b, dict) and len(b["channels"]) == 2 for b in bridges)


async def _has_no_bridge(exchange: Exchange) -> bool:
    return not await exchange.bridges()
