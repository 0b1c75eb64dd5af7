"""What callers hear and key while they wait in the queue."""

import pytest

from tests.e2e.world import World, core_prompt

pytestmark = pytest.mark.e2e


@pytest.mark.queue(min_announce_frequency=1)
async def test_callers_are_told_their_position_and_keep_it(world: World) -> None:
    phone = await world.agent("1000")
    await world.call_support(number="5550101")
    talking = await phone.next_call()
    await talking.answered()
    first = await world.call_support(number="5550102")
    await first.hears(core_prompt("queue-youarenext"), 10)
    second = await world.call_support(number="5550103")
    await second.hears(core_prompt("queue-thereare"), 10)
    await second.hears(core_prompt("digits/2"), 10)

    await talking.hang_up()
    offered = await phone.next_call()
    await offered.answered()
    assert offered.caller_number == "5550102"
    await second.hears(core_prompt("queue-youarenext"), 20)
