"""The domain's commands on a real Asterisk, with real phones."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from component.domain.asterisk_ids import talk_bridge
from component.domain.commands import (
    Connect,
    Display,
    EndCall,
    HangUpLeg,
    Hold,
    LiftBound,
    Release,
    Ring,
)
from component.domain.events import CallerEntered, CallerLeft, LegAnswered, LegEnded
from component.domain.model import Caller, Leg
from component.domain.words import LegEnd, QueueStatus
from component.telephony.callers_side import ABSOLUTE_TIMEOUT
from lab.asterisk import Asterisk as Pbx
from lab.sip.behaviour import rejecting, ringing_only
from tests.contract.telephony.exchange import Exchange, over_socket_and_http, until
from tests.talking import hear_each_other

pytestmark = [pytest.mark.contract, over_socket_and_http]


def ring(entered: CallerEntered, attempt: int = 1, device: str = "PJSIP/1000") -> Ring:
    caller = Caller("4711", "Ada Lovelace")
    leg = Leg(entered.call_id, attempt)
    return Ring(leg, device, entered.channel, caller, timedelta(seconds=60))


async def test_a_caller_on_hold_hears_music(exchange: Exchange) -> None:
    call, entered = await exchange.caller_waits()
    exchange.asterisk.control.perform(
        [Hold(entered.call_id, entered.channel, timedelta(seconds=60))]
    )
    await until(lambda: len(set(call.heard)) > 50)


async def test_a_caller_on_hold_goes_back_to_the_dialplan_when_the_bound_is_reached(
    exchange: Exchange,
) -> None:
    _, entered = await exchange.caller_waits()
    exchange.asterisk.control.perform(
        [Hold(entered.call_id, entered.channel, timedelta(seconds=0.5))]
    )
    assert await exchange.hears(CallerLeft) == CallerLeft(entered.channel)


async def test_the_agents_phone_shows_who_calls(exchange: Exchange) -> None:
    agent = await exchange.agent()
    agent.on_call = ringing_only()
    _, entered = await exchange.caller_waits()
    exchange.asterisk.control.perform([ring(entered)])
    offered = await agent.next_call()
    assert (offered.caller_number, offered.caller_name) == ("4711", "Ada Lovelace")


async def test_the_agents_phone_shows_who_has_taken_the_callers_place(exchange: Exchange) -> None:
    agent = await exchange.agent()
    _, entered = await exchange.caller_waits()
    exchange.asterisk.control.perform([ring(entered)])
    leg = (await exchange.hears(LegAnswered)).leg
    another = Caller("5550199", 'Bell, "A." <Gx> & Söhne')
    exchange.asterisk.control.perform([Connect(leg, entered.channel), Display(leg, another)])
    await (await agent.next_call()).displays("5550199", "Bell A. Gx & Söhne")


async def test_caller_and_agent_hear_each_other_and_no_music(exchange: Exchange) -> None:
    agent = await exchange.agent()
    call, entered = await exchange.caller_waits()
    hold = Hold(entered.call_id, entered.channel, timedelta(seconds=60))
    exchange.asterisk.control.perform([hold, ring(entered)])
    answered = await exchange.hears(LegAnswered)
    exchange.asterisk.control.perform([Connect(answered.leg, entered.channel)])
    await hear_each_other(call, await agent.next_call())
    await until(lambda: has_no_bound(exchange, entered))

    await exchange.ari.set_variable(entered.channel, ABSOLUTE_TIMEOUT, "60")
    assert not await has_no_bound(exchange, entered)
    exchange.asterisk.control.perform([LiftBound(entered.call_id, entered.channel)])
    await until(lambda: has_no_bound(exchange, entered))
    assert {entered.channel, f"ivr-{answered.leg}"} <= await exchange.channels()


async def has_no_bound(exchange: Exchange, entered: CallerEntered) -> bool:
    """Tell whether Asterisk will never take a caller back by itself."""
    return await exchange.ari.variable(entered.channel, ABSOLUTE_TIMEOUT) == "0"


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (486, LegEnd.BUSY),
        (600, LegEnd.BUSY),
        (603, LegEnd.REJECTED),
        (480, LegEnd.NO_ANSWER),
        (404, LegEnd.UNAVAILABLE),
        (503, LegEnd.UNAVAILABLE),
    ],
)
async def test_a_phone_that_refuses_says_why(
    exchange: Exchange, status: int, reason: LegEnd
) -> None:
    agent = await exchange.agent()
    agent.on_call = rejecting(status)
    _, entered = await exchange.caller_waits()
    exchange.asterisk.control.perform([ring(entered)])
    assert await exchange.hears(LegEnded) == LegEnded(Leg(entered.call_id, 1), reason)


async def test_a_phone_that_rings_too_long_did_not_answer(exchange: Exchange) -> None:
    agent = await exchange.agent()
    agent.on_call = ringing_only()
    _, entered = await exchange.caller_waits()
    leg = Leg(entered.call_id, 1)
    exchange.asterisk.control.perform(
        [Ring(leg, "PJSIP/1000", entered.channel, entered.caller, timedelta(seconds=1))]
    )
    assert await exchange.hears(LegEnded) == LegEnded(leg, LegEnd.NO_ANSWER)


@pytest.mark.parametrize("device", ["PJSIP/2000", "PJSIP/nobody", ""])
async def test_a_phone_that_is_not_there_is_unavailable(exchange: Exchange, device: str) -> None:
    _, entered = await exchange.caller_waits()
    exchange.asterisk.control.perform([ring(entered, device=device)])
    assert await exchange.hears(LegEnded) == LegEnded(Leg(entered.call_id, 1), LegEnd.UNAVAILABLE)


async def test_ringing_a_leg_again_that_rings_is_no_second_leg(exchange: Exchange) -> None:
    agent = await exchange.agent()
    agent.on_call = ringing_only()
    _, entered = await exchange.caller_waits()
    exchange.asterisk.control.perform([ring(entered), ring(entered)])
    await agent.next_call()
    exchange.asterisk.control.perform([HangUpLeg(Leg(entered.call_id, 1))])
    ended = await exchange.hears(LegEnded)
    assert ended.reason is LegEnd.HUNG_UP
    await until(lambda: not agent.calls)
    assert agent.times_called == 1


async def test_a_phone_that_is_not_there_is_unavailable_though_an_id_was_taken_before(
    exchange: Exchange,
) -> None:
    """Asterisk 22.10 then answers 409, as if the leg existed."""
    agent = await exchange.agent()
    agent.on_call = ringing_only()
    _, entered = await exchange.caller_waits()
    exchange.asterisk.control.perform([ring(entered), ring(entered)])
    exchange.asterisk.control.perform([ring(entered, attempt=2, device="PJSIP/2000")])
    ended = await exchange.hears(LegEnded)
    assert ended == LegEnded(Leg(entered.call_id, 2), LegEnd.UNAVAILABLE)


async def test_taking_a_leg_down_stops_the_ringing(exchange: Exchange) -> None:
    agent = await exchange.agent()
    agent.on_call = ringing_only()
    _, entered = await exchange.caller_waits()
    leg = Leg(entered.call_id, 1)
    exchange.asterisk.control.perform([ring(entered)])
    offered = await agent.next_call()
    exchange.asterisk.control.perform([HangUpLeg(leg)])
    assert (await offered.ended()).status == 487
    assert await exchange.hears(LegEnded) == LegEnded(leg, LegEnd.HUNG_UP)


async def test_a_leg_taken_down_at_once_is_never_left_ringing(exchange: Exchange) -> None:
    agent = await exchange.agent()
    agent.on_call = ringing_only()
    _, entered = await exchange.caller_waits()
    for attempt in range(1, 21):
        leg = Leg(entered.call_id, attempt)
        exchange.asterisk.control.perform([ring(entered, attempt), HangUpLeg(leg)])
        assert await exchange.hears(LegEnded) == LegEnded(leg, LegEnd.HUNG_UP)
    await until(lambda: has_one_channel(exchange, entered.channel))
    await until(lambda: not agent.calls)


async def has_one_channel(exchange: Exchange, channel: str) -> bool:
    return await exchange.channels() == {channel}


async def test_taking_down_a_leg_that_is_gone_ends_it(exchange: Exchange) -> None:
    leg = Leg("gone", 1)
    exchange.asterisk.control.perform([HangUpLeg(leg)])
    assert await exchange.hears(LegEnded) == LegEnded(leg, LegEnd.HUNG_UP)


async def test_an_agent_who_hangs_up_ends_the_leg(exchange: Exchange) -> None:
    agent = await exchange.agent()
    _, entered = await exchange.caller_waits()
    exchange.asterisk.control.perform([ring(entered)])
    answered = await exchange.hears(LegAnswered)
    exchange.asterisk.control.perform([Connect(answered.leg, entered.channel)])
    offered = await agent.next_call()
    await offered.answered()
    await offered.hang_up()
    assert await exchange.hears(LegEnded) == LegEnded(answered.leg, LegEnd.HUNG_UP)


async def test_what_was_commanded_before_a_stop_is_finished(exchange: Exchange) -> None:
    await exchange.agent()
    _, entered = await exchange.caller_waits()
    exchange.asterisk.control.perform([ring(entered)])
    answered = await exchange.hears(LegAnswered)
    exchange.asterisk.control.perform([Connect(answered.leg, entered.channel)])
    await asyncio.sleep(0)  # the first of its requests is under way
    await exchange.stop()
    await until(lambda: has_joined(exchange, {entered.channel, f"ivr-{answered.leg}"}))


async def has_joined(exchange: Exchange, channels: set[str]) -> bool:
    bridges = await exchange.ari.bridges()
    return [set(b["channels"]) for b in bridges if isinstance(b, dict)] == [channels]


async def test_connecting_a_leg_that_is_just_gone_harms_nobody(exchange: Exchange) -> None:
    _, entered = await exchange.caller_waits()
    exchange.asterisk.control.perform([Connect(Leg(entered.call_id, 1), entered.channel)])
    exchange.asterisk.control.perform(
        [Release(entered.call_id, entered.channel, QueueStatus.TIMEOUT)]
    )
    assert await exchange.hears(CallerLeft) == CallerLeft(entered.channel)


async def test_a_caller_who_is_released_goes_on_in_the_dialplan_without_music(
    exchange: Exchange, pbx: Pbx
) -> None:
    call, entered = await exchange.caller_waits()
    before = len(pbx.log.read_text())
    exchange.asterisk.control.perform(
        [
            Hold(entered.call_id, entered.channel, timedelta(seconds=60)),
            Release(entered.call_id, entered.channel, QueueStatus.JOINEMPTY),
        ]
    )
    assert await exchange.hears(CallerLeft) == CallerLeft(entered.channel)
    await until(lambda: "released JOINEMPTY" in pbx.log.read_text()[before:])
    music_over = pbx.log.read_text()[before:].partition("Stopped music on hold")[2]
    assert "released JOINEMPTY" in music_over
    assert await has_no_bound(exchange, entered)
    assert call.ending is None


async def test_the_end_hangs_the_caller_up_and_leaves_no_bridge(exchange: Exchange) -> None:
    await exchange.agent()
    call, entered = await exchange.caller_waits()
    exchange.asterisk.control.perform([ring(entered)])
    answered = await exchange.hears(LegAnswered)
    exchange.asterisk.control.perform([Connect(answered.leg, entered.channel)])
    bridge = talk_bridge(answered.leg, entered.channel)
    exchange.asterisk.control.perform([EndCall(entered.call_id, entered.channel, bridge)])
    await call.ended()
    await exchange.hears(CallerLeft)
    await until(lambda: has_no_bridge(exchange))


async def test_a_bridge_that_is_discarded_is_gone(exchange: Exchange) -> None:
    await exchange.ari.create_bridge("ivrtalk-left-over")
    exchange.asterisk.control.discard_bridge("ivrtalk-left-over")
    exchange.asterisk.control.discard_bridge("ivrtalk-left-over")
    await until(lambda: has_no_bridge(exchange))


async def has_no_bridge(exchange: Exchange) -> bool:
    return not await exchange.bridges()


@pytest.mark.parametrize(
    "command",
    [
        lambda channel: Hold("gone", channel, timedelta(seconds=9)),
        lambda channel: Connect(Leg("gone", 1), channel),
    ],
)
async def test_a_caller_who_is_gone_is_reported(
    exchange: Exchange, command: Callable[[str], Hold | Connect]
) -> None:
    exchange.asterisk.control.perform([command("gone")])
    assert await exchange.hears(CallerLeft) == CallerLeft("gone", call_id="gone")
    exchange.asterisk.control.discard_bridge(talk_bridge(Leg("gone", 1), "gone"))


async def test_a_leg_is_hung_up_though_asterisk_hung_meanwhile(pbx: Pbx, over_socket: bool) -> None:
    async with Exchange(pbx, request_timeout=2.0, over_socket=over_socket) as exchange:
        agent = await exchange.agent()
        agent.on_call = ringing_only()
        _, entered = await exchange.caller_waits()
        exchange.asterisk.control.perform([ring(entered)])
        offered = await agent.next_call()
        pbx.process.freeze()
        try:
            exchange.asterisk.control.perform([HangUpLeg(Leg(entered.call_id, 1))])
            await asyncio.sleep(4.5)  # until the request was given up
        finally:
            pbx.process.thaw()
        assert (await offered.ended()).status == 487
        assert (await exchange.hears(LegEnded)).leg == Leg(entered.call_id, 1)
