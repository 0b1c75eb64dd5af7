"""What is read from a real Asterisk after a connect."""

from datetime import timedelta

import pytest

from component.domain.asterisk_ids import talk_bridge
from component.domain.commands import CallCustomer, Connect, Release, Ring
from component.domain.events import (
    CallerEntered,
    CustomerAnswered,
    DeviceStateChanged,
    LegAnswered,
)
from component.domain.model import Caller, Leg
from component.domain.words import DeviceState, QueueStatus
from component.ports import CalledChannel
from lab.sip.behaviour import ringing_only
from tests.contract.telephony.exchange import ADA, Exchange, until

pytestmark = pytest.mark.contract


async def test_a_fresh_asterisk_has_nothing_of_ours(exchange: Exchange) -> None:
    [snapshot] = exchange.snapshots
    assert snapshot.callers == ()
    assert snapshot.ringing_legs == snapshot.answered_legs == frozenset()
    assert snapshot.bridges == {}


async def test_states_of_all_agents_devices_are_read(exchange: Exchange) -> None:
    await exchange.agent("2000")
    registered = DeviceStateChanged("PJSIP/2000", DeviceState.NOT_INUSE)
    await until(lambda: registered in exchange.events)
    await exchange.restart()
    assert exchange.snapshots[-1].device_states == {
        "PJSIP/1000": DeviceState.UNAVAILABLE,
        "PJSIP/2000": DeviceState.NOT_INUSE,
        "PJSIP/3000": DeviceState.UNAVAILABLE,
    }


async def test_after_a_restart_of_ours_calls_are_found_as_they_stand(exchange: Exchange) -> None:
    talking, ringing = await exchange.agent("1000"), await exchange.agent("2000")
    ringing.on_call = ringing_only()
    _, first = await exchange.caller_waits()
    _, second = await exchange.caller_waits()
    talk, ring = Leg(first.call_id, 1), Leg(second.call_id, 3)
    long = timedelta(seconds=20)
    exchange.asterisk.control.perform([Ring(talk, "PJSIP/1000", first.channel, first.caller, long)])
    await exchange.hears(LegAnswered)
    exchange.asterisk.control.perform(
        [
            Connect(talk, first.channel),
            Ring(ring, "PJSIP/2000", second.channel, second.caller, long),
        ]
    )
    await (await talking.next_call()).answered()
    await ringing.next_call()
    bridged = {first.channel, f"ivr-{talk}"}
    await until(lambda: joined_all(exchange, bridged))

    await exchange.restart()
    snapshot = exchange.snapshots[-1]
    assert {caller.channel for caller in snapshot.callers} == {first.channel, second.channel}
    assert {(caller.queue, caller.digits) for caller in snapshot.callers} == {("support", "1111")}
    assert {caller.caller_number for caller in snapshot.callers} == {"4711"}
    assert all(caller.created_at < snapshot.taken_at for caller in snapshot.callers)
    assert snapshot.answered_legs == {talk}
    assert snapshot.ringing_legs == {ring}
    assert snapshot.phones == {ring: "PJSIP/2000"}
    assert snapshot.bridges == {talk_bridge(talk, first.channel): bridged}


async def joined_all(exchange: Exchange, channels: set[str]) -> bool:
    bridges = await exchange.ari.bridges()
    return any(isinstance(b, dict) and set(b["channels"]) == channels for b in bridges)


async def test_callers_of_whom_nothing_is_known_enter_the_queue(exchange: Exchange) -> None:
    _, known = await exchange.caller_waits()
    exchange.adopts_strangers = True
    exchange.looked_up.clear()
    await exchange.restart()
    entered = await exchange.hears(CallerEntered)
    assert entered.channel == known.channel
    assert entered.customer == ADA
    assert exchange.looked_up == ["1111"]


async def test_a_customer_is_elsewhere_once_let_go_to_the_dialplan(exchange: Exchange) -> None:
    customer, operator = await exchange.agent("1000"), await exchange.agent("3000")
    operator.on_call = ringing_only()
    channel, shown, long = "ivrcallback-c1.1", Caller("5550100", "Support"), timedelta(seconds=20)
    exchange.asterisk.control.perform(
        [CallCustomer("c1", channel, "PJSIP/1000", shown, long, "2000")]
    )
    await (await customer.next_call()).answered()
    await exchange.hears(CustomerAnswered)
    await exchange.restart()
    assert exchange.snapshots[-1].customers == (CalledChannel(channel, "c1", answered=True),)

    exchange.asterisk.control.perform([Release("c1", channel, QueueStatus.TIMEOUT)])
    await operator.next_call()
    await exchange.restart()
    assert exchange.snapshots[-1].customers == (
        CalledChannel(channel, "c1", answered=True, elsewhere=True),
    )
