"""Somebody hangs up at the most awkward moment: nothing is left over."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import pytest

from lab.sip import IncomingCall, OutgoingCall, Phone, ringing_only
from tests.e2e.talks import Asking, ask, in_state, ring_to_ask, takes, talk
from tests.e2e.world import CALLER, World

pytestmark = pytest.mark.e2e


async def test_the_caller_hangs_up_before_the_phone_rings(world: World) -> None:
    phone = await world.agent("1000")
    phone.on_call = ringing_only()
    caller = await world.call_support()
    await caller.hang_up()

    await world.quiet()
    assert phone.calls == ()
    outcomes = [row["outcome"] for row in await world.sql("SELECT outcome FROM calls")]
    assert outcomes in (["abandoned"], []), "unless the caller was not even in the queue"


async def test_the_caller_hangs_up_at_the_moment_of_the_answer(world: World) -> None:
    phone = await world.agent("1000")
    phone.on_call = ringing_only()
    caller = await world.call_support()
    ringing = await phone.next_call()
    ringing.answer()
    await asyncio.gather(caller.hang_up(), ringing.ended())

    await world.quiet()


@pytest.mark.queue(retry=0.1)
async def test_the_agent_hangs_up_at_the_moment_of_the_answer(world: World) -> None:
    """Asterisk tells of the answer, and a talk is over; or not, and an offer was not taken."""
    phone = await world.agent("1000")
    phone.on_call = ringing_only()
    caller = await world.call_support()
    ringing = await phone.next_call()
    ringing.answer()
    await ringing.hang_up()

    async def is_let_go_or_offered_again() -> bool:
        return caller.ending is not None or phone.times_called > 1

    await world.until(is_let_go_or_offered_again, "the caller is not forgotten")
    await all_hang_up(world, caller)


@pytest.mark.queue(memberdelay=2)
async def test_the_agent_hangs_up_before_the_caller_is_heard(world: World) -> None:
    watcher = await world.watcher("1000")
    phone, other = await world.agent("1000"), await world.agent("2000")
    caller = await world.call_support()
    taken = await phone.next_call()
    await in_state(world, CALLER, "connecting")
    await watcher.next("offered")
    await taken.hang_up()

    await watcher.next("withdrawn")
    again = await takes(world, other)
    assert caller.ending is None
    await caller.hang_up()
    await again.ended()
    await world.quiet()
    assert await world.call_log() == [
        ("NONE", "ENTERQUEUE"),
        ("1000", "AGENTDUMP"),
        ("2000", "CONNECT"),
        ("2000", "COMPLETECALLER"),
    ]


async def all_hang_up(world: World, *calls: IncomingCall | OutgoingCall) -> None:
    """Whoever is left hangs up, and nothing of any of the calls is left then."""
    for call in calls:
        await call.hang_up()
    await world.quiet()


async def test_either_hangs_up_while_the_caller_is_on_hold(world: World) -> None:
    phone = await world.agent("1000")
    for first, left in ((0, 1), (1, 0)):
        talking = await talk(world, phone)
        await talking[1].hold()
        await talking[first].hang_up()
        await talking[left].ended()
        await world.quiet()


@pytest.mark.parametrize("asks", [ring_to_ask, ask])
async def test_anybody_hangs_up_while_the_agent_asks(
    world: World, asks: Callable[[World, Phone, Phone], Awaitable[Asking]]
) -> None:
    phone, other = await world.agent("1000"), await world.phone("2000")
    for who in ("caller", "agent", "colleague"):
        caller, taken = await talk(world, phone)
        await taken.hold()
        consulting, asked = await asks(world, phone, other)
        await {"caller": caller, "agent": taken, "colleague": asked}[who].hang_up()
        if who == "colleague":
            await consulting.ended()
            assert (caller.ending, taken.ending) == (None, None)
        else:
            await (taken if who == "caller" else caller).ended()
            assert (consulting.ending, asked.ending) == (None, None)
        await all_hang_up(world, taken, consulting, caller, asked)


async def test_anybody_hangs_up_while_the_phone_rings_that_the_call_is_passed_on_to(
    world: World,
) -> None:
    phone, other = await world.agent("1000"), await world.phone("2000")
    other.on_call = ringing_only()
    for who in ("caller", "agent", "colleague"):
        caller, taken = await talk(world, phone)
        await taken.transfer("2000")
        if who == "agent":
            await taken.hang_up()
        ringing = await other.next_call()
        if who == "caller":
            await caller.hang_up()
            await ringing.ended()
        elif who == "colleague":
            await ringing.hang_up()
            await in_state(world, CALLER, "waiting")
        await all_hang_up(world, caller, ringing, taken)


async def test_anybody_hangs_up_just_as_the_agent_connects_the_others(world: World) -> None:
    phone, other = await world.agent("1000"), await world.phone("2000")
    for who in ("caller", "agent", "colleague"):
        caller, taken = await talk(world, phone)
        consulting, asked = await ask(world, phone, other)
        leaving = {"caller": caller, "agent": consulting, "colleague": asked}[who]
        await taken.transfer_to(consulting)
        await leaving.hang_up()
        await taken.ended()
        await all_hang_up(world, consulting, caller, asked)


@pytest.mark.queue(announce_frequency=15)
async def test_callers_and_agents_hang_up_while_something_is_announced(world: World) -> None:
    async def is_told(number: str) -> bool:
        found = await world.sql(
            "SELECT 1 FROM calls WHERE caller_number = $1 AND (told ->> 'speaking')::boolean",
            number,
        )
        return bool(found)

    phone = await world.agent("1000")
    phone.on_call = ringing_only()
    first = await world.call_support()
    ringing = await phone.next_call()
    second = await world.call_support(number="5550101")
    third = await world.call_support(number="5550102")
    await asyncio.gather(
        *(
            world.until(partial(is_told, number), f"{number} is told the position")
            for number in ("5550101", "5550102")
        )
    )
    await second.hang_up()
    ringing.answer()
    await in_state(world, CALLER, "answered")
    await ringing.hang_up()
    await first.ended()

    last = await takes(world, phone, "5550102")
    await last.hang_up()
    await third.ended()
    await world.quiet()
