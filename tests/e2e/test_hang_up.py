"""Somebody hangs up at the most awkward moment: nothing is left over."""

import asyncio

import pytest

from lab.sip import ringing_only
from tests.e2e.world import World

pytestmark = pytest.mark.e2e


async def test_the_caller_hangs_up_before_the_phone_rings(world: World) -> None:
    phone = await world.agent("1000")
    phone.on_call = ringing_only()
    caller = await world.call_support()
    await caller.hang_up()
    await world.until(lambda: world.sql("SELECT 1 FROM calls WHERE outcome = 'abandoned'"), "over")

    await world.quiet()
    assert phone.calls == ()


async def test_the_caller_hangs_up_at_the_moment_of_the_answer(world: World) -> None:
    phone = await world.agent("1000")
    phone.on_call = ringing_only()
    caller = await world.call_support()
    ringing = await phone.next_call(10)
    ringing.answer()
    await asyncio.gather(caller.hang_up(), ringing.ended(10))

    await world.quiet()


async def test_the_agent_hangs_up_at_the_moment_of_the_answer(world: World) -> None:
    phone = await world.agent("1000")
    phone.on_call = ringing_only()
    caller = await world.call_support()
    ringing = await phone.next_call(10)
    ringing.answer()
    await ringing.hang_up()
    await caller.ended(10)

    await world.quiet()


@pytest.mark.queue(memberdelay=1)
async def test_the_agent_hangs_up_before_the_caller_is_heard(world: World) -> None:
    watcher = await world.watcher("1000")
    phone, other = await world.agent("1000"), await world.agent("2000")
    caller = await world.call_support()
    taken = await phone.next_call(10)
    await taken.answered()
    await watcher.next("offered")
    await taken.hang_up()

    await watcher.next("withdrawn")
    again = await other.next_call(10)
    await again.answered()
    await world.until(
        lambda: world.sql("SELECT 1 FROM calls WHERE state = 'answered'"), "they are connected"
    )
    assert caller.ending is None
    await caller.hang_up()
    await again.ended(10)
    await world.quiet()
    assert await world.call_log() == [
        ("NONE", "ENTERQUEUE"),
        ("1000", "AGENTDUMP"),
        ("2000", "CONNECT"),
        ("2000", "COMPLETECALLER"),
    ]
