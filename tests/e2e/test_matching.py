"""Whom a caller is given before strategy and penalty: who can help, who knows the customer."""

import asyncio

import pytest

from lab.sip import IncomingCall, Phone
from tests.e2e.talks import in_state, takes
from tests.e2e.world import CALLER, World

pytestmark = pytest.mark.e2e

FRENCH = {"1000": 1, "2000": 3}
"""How well agents know it. Who dials `ours-in-french` needs level 2."""


@pytest.fixture
def prepared() -> str:
    return "".join(
        f"UPDATE extensions SET skills = '{{\"french\": {level}}}' WHERE extension = '{who}';"
        for who, level in FRENCH.items()
    )


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


async def is_let_in(world: World, number: str) -> str:
    """Let somebody, who calls for the first time, enter the queue; return from which number."""
    before = await world.sql("SELECT 1 FROM calls")
    caller = await world.caller(f"55501{len(before):02}")
    await (await caller.dial(number)).answered()

    async def has_entered() -> bool:
        return len(await world.sql("SELECT 1 FROM calls")) > len(before)

    await world.until(has_entered, f"{number} leads to the queue")
    return caller.user


async def test_who_needs_a_skill_waits_for_who_has_it_until_the_need_is_waived(
    world: World,
) -> None:
    beginner, expert, third = [await world.agent(number) for number in ("1000", "2000", "3000")]
    talking = await takes(world, expert, await is_let_in(world, "ours-in-french"))
    french = await is_let_in(world, "ours-in-french")
    await takes(world, beginner, await is_let_in(world, "ours"))
    await talking.hang_up()
    talking = await takes(world, expert, french)

    await world.sql("UPDATE queues SET skills_timeout = 1")
    await world.until(lambda: _is_told(world), "the service knows")
    await takes(world, third, await is_let_in(world, "ours-in-french"))
    assert talking.ending is None


@pytest.mark.queue(sticky=3600, sticky_wait=50)
async def test_a_customer_gets_who_spoke_with_him_last_and_waits_for_that_agent(
    world: World,
) -> None:
    first, second = await world.agent("1000"), await world.agent("2000")
    await hangs_up(world, await is_helped_by(first, world, "1111"))
    await hangs_up(world, await is_helped_by(second, world, "2222"))

    talking = await is_helped_by(second, world, "2222")
    await world.call_support("2222", number="5550101")
    await in_state(world, "5550101", "waiting")
    other = await is_helped_by(first, world, "1111", number="5550102")
    await other.hang_up()
    await asyncio.sleep(0.5)
    assert first.calls == (), "1000 is free, and not rung"
    await talking.hang_up()
    await takes(world, second, "5550101")


async def is_helped_by(agent: Phone, world: World, code: str, number: str = CALLER) -> IncomingCall:
    """Let a customer call, who is to get this agent."""
    await world.call_support(code, number)
    return await takes(world, agent, number)


async def _is_told(world: World) -> bool:
    changes = world.service.logged("configuration changed")
    return any(line["change"] == "queue_changed" for line in changes)
