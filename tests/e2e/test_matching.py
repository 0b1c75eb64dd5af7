"""Whom a caller is given before strategy and penalty: who can help, who knows the customer."""

import asyncio

import pytest

from lab.sip import IncomingCall, OutgoingCall, Phone
from tests.e2e.world import World

pytestmark = pytest.mark.e2e

FRENCH = {"1000": 1, "2000": 3}
"""How well agents know it. Who dials `ours-in-french` needs level 2."""


@pytest.fixture
def prepared() -> str:
    return "".join(
        f"UPDATE extensions SET skills = '{{\"french\": {level}}}' WHERE extension = '{who}';"
        for who, level in FRENCH.items()
    )


async def takes(phone: Phone, caller: OutgoingCall) -> IncomingCall:
    """Wait until this agent has the next call, which is to be this caller's."""
    taken = await phone.next_call(15)
    await taken.answered()
    assert taken.caller_number == caller.user
    return taken


async def hangs_up(world: World, taken: IncomingCall) -> None:
    """Let an agent end a call, and be free for the next."""
    await taken.hang_up()
    await world.until(
        lambda: world.sql(
            "SELECT 1 FROM agents WHERE extension = $1 AND state = 'available'", taken.user
        ),
        f"{taken.user} is available",
    )
    await world.until(lambda: world.device_is_free(taken.user), f"phone {taken.user} is free")


async def is_let_in(world: World, number: str) -> OutgoingCall:
    """Let somebody, who calls for the first time, enter the queue."""
    before = await world.sql("SELECT 1 FROM calls")
    call = await (await world.caller(f"55501{len(before):02}")).dial(number)
    await call.answered(10)

    async def has_entered() -> bool:
        return len(await world.sql("SELECT 1 FROM calls")) > len(before)

    await world.until(has_entered, f"{number} leads to the queue")
    return call


async def test_who_needs_a_skill_waits_for_who_has_it_until_the_need_is_waived(
    world: World,
) -> None:
    beginner, expert, third = [await world.agent(number) for number in ("1000", "2000", "3000")]
    talking = await takes(expert, await is_let_in(world, "ours-in-french"))
    french = await is_let_in(world, "ours-in-french")
    await takes(beginner, await is_let_in(world, "ours"))
    await talking.hang_up()
    talking = await takes(expert, french)

    await world.sql("UPDATE queues SET skills_timeout = 1")
    await world.until(lambda: _is_told(world), "the service knows")
    await takes(third, await is_let_in(world, "ours-in-french"))
    assert talking.ending is None


@pytest.mark.queue(sticky=3600, sticky_wait=50)
async def test_a_customer_gets_who_spoke_with_him_last_and_waits_for_that_agent(
    world: World,
) -> None:
    first, second = await world.agent("1000"), await world.agent("2000")
    await hangs_up(world, await takes(first, await world.call_support("1111")))
    await hangs_up(world, await takes(second, await world.call_support("2222")))

    talking = await takes(second, await world.call_support("2222"))
    waiting = await world.call_support("2222", number="5550101")
    await world.until(
        lambda: world.sql("SELECT 1 FROM calls WHERE state = 'waiting'"), "the caller waits"
    )
    other = await takes(first, await world.call_support("1111", number="5550102"))
    await other.hang_up()
    await asyncio.sleep(0.5)
    assert first.calls == (), "1000 is free, and not rung"
    await talking.hang_up()
    await takes(second, waiting)


async def _is_told(world: World) -> bool:
    changes = world.service.logged("configuration changed")
    return any(line["change"] == "queue_changed" for line in changes)
