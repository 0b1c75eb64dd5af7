"""What callers hear and key while they wait in the queue."""

import pytest

from tests.e2e.talks import takes, talk
from tests.e2e.world import World, core_prompt

pytestmark = pytest.mark.e2e


@pytest.mark.queue(min_announce_frequency=1)
async def test_callers_are_told_their_position_and_keep_it(world: World) -> None:
    phone = await world.agent("1000")
    _, talking = await talk(world, phone, "5550101")
    first = await world.call_support(number="5550102")
    await first.hears(core_prompt("queue-youarenext"))
    second = await world.call_support(number="5550103")
    await second.hears(core_prompt("queue-thereare"))
    await second.hears(core_prompt("digits/2"))

    await talking.hang_up()
    await takes(world, phone, "5550102")
    await second.hears(core_prompt("queue-youarenext"))


@pytest.mark.queue(
    announce_position="no", periodic_announce="digits/7", periodic_announce_frequency=2
)
async def test_callers_are_told_how_long_it_takes_and_now_and_then_something_else(
    world: World,
) -> None:
    await talk(world, await world.agent("1000"), "5550101")
    await world.service.stop()
    await world.sql("UPDATE calls SET entered_at = answered_at - interval '2 minutes'")
    await world.restart()
    caller = await world.call_support(number="5550102")

    for sound in ("queue-holdtime", "digits/2", "queue-minutes", "queue-thankyou", "digits/7"):
        await caller.hears(core_prompt(sound))


async def test_0_leads_from_the_queue_to_extension_3000(world: World) -> None:
    await talk(world, await world.agent("1000"), "5550101")
    operator = await world.phone("3000")
    caller = await world.call_support(number="5550102")
    await caller.hears(core_prompt("queue-youarenext"))
    await caller.send_digits("70")

    await (await operator.next_call()).answered()
    [row] = await world.sql("SELECT data1, data2, data3 FROM queue_log WHERE event = 'EXITWITHKEY'")
    assert list(row) == ["0", "1", "1"]


async def test_what_the_caller_keys_while_talking_is_shown_to_the_agent(world: World) -> None:
    watcher = await world.watcher("1000")
    await world.agent("1000")
    caller = await world.call_support()
    await watcher.next("offered")
    await watcher.next("answered")
    await caller.send_digits("4")

    assert (await watcher.next("answered")).digits == "11114"
