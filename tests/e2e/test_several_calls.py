"""An agent who may have two calls at once, with a phone that has two lines."""

import pytest

from tests.e2e.world import World

pytestmark = [pytest.mark.e2e, pytest.mark.queue(ringinuse=True)]


async def answered_calls(world: World) -> bool:
    rows = await world.sql("SELECT 1 FROM calls WHERE state = 'answered'")
    return len(rows) == 2


async def test_two_calls_are_taken_survive_a_crash_and_end_one_by_one(world: World) -> None:
    await world.sql("UPDATE extensions SET max_calls = 2 WHERE extension = '1000'")
    watcher, phone = await world.watcher("1000"), await world.agent("1000")
    first_caller = await world.call_support()
    first = await phone.next_call()
    await first.answered()
    for state in ("offered", "answered"):
        await watcher.next(state)
    await first.hold()
    second_caller = await world.call_support(number="5550199")
    second = await phone.next_call()
    await second.answered()
    for state in ("offered", "answered"):
        assert (await watcher.next(state)).caller_number == "5550199"
    third_caller = await world.call_support(number="5550177")
    await world.until(
        lambda: world.sql("SELECT 1 FROM calls WHERE state = 'waiting'"), "the third one waits"
    )

    await world.service.process.kill()
    await world.service.start()
    await world.service.ready()
    assert await answered_calls(world)
    assert [call.ending for call in (first_caller, second_caller, third_caller)] == [None] * 3
    await second_caller.hang_up()
    await second.ended()
    assert (await watcher.next("ended")).caller_number == "5550199"
    third = await phone.next_call()
    await third.answered()
    await world.until(lambda: answered_calls(world), "the third one took the second one's place")
    await third.hang_up()
    await first.hang_up()
    await first_caller.ended()
    await world.quiet()
    [agent] = await world.sql("SELECT calls_taken FROM agents WHERE extension = '1000'")
    assert agent["calls_taken"] == 3
