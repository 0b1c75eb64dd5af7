"""Callers keep their place, hang up, and are called back when it is their turn."""

import pytest

from lab.sip import IncomingCall, Phone, in_turn, rejecting, ringing_only
from tests.e2e.talks import in_state, talk
from tests.e2e.world import World, prompt

pytestmark = [pytest.mark.e2e, pytest.mark.queue(callback_key="2", callback_retry=1.0)]

CUSTOMER = "5550142"


@pytest.fixture
async def customer(world: World) -> Phone:
    """A customer's phone, which rings when it is called back."""
    phone = await world.caller(CUSTOMER)
    phone.on_call = ringing_only()
    reached = phone.uri.replace(CUSTOMER, "{number}").removeprefix("sip:")
    dial = f"PJSIP/anonymous/sip:{reached}"
    await world.sql("UPDATE queues SET callback_dial = $1", dial)
    return phone


async def asks_to_be_called_back(world: World, agent: Phone, customer: Phone) -> IncomingCall:
    """The only agent talks, a caller waits, keys what it takes, and is let go."""
    _, talking = await talk(world, agent, "5550101")
    call = await customer.dial("0000")
    await call.answered()
    await call.send_digits("1")
    await call.send_digits("1111")
    await in_state(world, CUSTOMER, "waiting")
    await call.send_digits("2#1")
    await in_state(world, CUSTOMER, "away")
    await call.ended(30)
    return talking


async def test_whoever_keeps_the_place_is_called_and_talks_with_the_agent(
    world: World, agent: Phone, customer: Phone
) -> None:
    talking = await asks_to_be_called_back(world, agent, customer)
    watcher = await world.watcher("1000")
    await watcher.next("answered")
    await talking.hang_up()
    await watcher.next("ended")
    called = await customer.next_call()
    called.answer()
    await called.hears(prompt("callback-connect"))
    await called.send_digits("1")

    shown = await watcher.next("offered")
    assert shown.called_back == CUSTOMER
    taken = await agent.next_call()
    await taken.answered()
    await watcher.next("answered")
    await called.send_digits("7")
    assert (await watcher.next("answered")).digits == "11117"
    await taken.hang_up()
    await called.ended()
    await world.quiet()
    assert [event for _, event in await world.call_log()][4:] == [
        "COMPLETEAGENT", "CALLBACKCALL", "CALLBACKTAKEN", "CONNECT", "COMPLETEAGENT",
    ]  # fmt: skip


async def test_a_customer_who_declines_is_called_again_and_the_agent_serves_others_meanwhile(
    world: World, agent: Phone, customer: Phone
) -> None:
    talking = await asks_to_be_called_back(world, agent, customer)
    customer.on_call = in_turn(rejecting(486), ringing_only())
    await talking.hang_up()
    await customer.next_call()
    await world.until(
        lambda: world.sql("SELECT 1 FROM queue_log WHERE event = 'CALLBACKMISSED'"),
        "it is logged that the customer was not reached",
    )
    again = await customer.next_call()
    again.answer()
    await again.hears(prompt("callback-connect"))
    await again.send_digits("2")
    await again.ended()
    await world.quiet()
    [row] = await world.sql("SELECT data1 FROM queue_log WHERE event = 'CALLBACKFAILED'")
    assert row["data1"] == "declined"


async def test_whoever_keeps_the_place_is_called_back_once_by_a_service_that_is_killed_all_the_time(
    world: World, agent: Phone, customer: Phone
) -> None:
    talking = await asks_to_be_called_back(world, agent, customer)
    await world.crash()
    await talking.hang_up()
    called = await customer.next_call()
    await in_state(world, CUSTOMER, "calling")
    await world.crash()

    agent.on_call = ringing_only()
    called.answer()
    await called.answered()
    await called.hears(prompt("callback-connect"), 30)
    await called.send_digits("1")
    ringing = await agent.next_call()
    await world.service.process.kill()
    await called.hang_up()
    await ringing.ended()  # by itself it would ring for a minute
    await world.restart()
    await world.quiet()
    calls = await world.sql("SELECT 1 FROM queue_log WHERE event = 'CALLBACKCALL'")
    assert len(calls) == 1
