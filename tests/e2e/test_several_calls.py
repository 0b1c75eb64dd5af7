"""An agent who may have two calls at once, with a phone that has two lines."""

import pytest

from lab.sip import IncomingCall, OutgoingCall, Phone
from tests.e2e.talks import wait
from tests.e2e.world import CALLER, Watcher, World
from tests.talking import hear_each_other

pytestmark = [pytest.mark.e2e, pytest.mark.queue(ringinuse=True)]


async def answered_calls(world: World) -> bool:
    rows = await world.sql("SELECT 1 FROM calls WHERE state = 'answered'")
    return len(rows) == 2


async def are_connected(world: World) -> bool:
    """Whether Asterisk has both callers and their lines of the phone in bridges of ours."""
    return await world.asterisk.pairs("stasis") == 2


async def takes_a_call(
    world: World, phone: Phone, watcher: Watcher, number: str
) -> tuple[OutgoingCall, IncomingCall]:
    """A customer calls and is answered."""
    caller = await world.call_support(number=number)
    taken = await phone.next_call()
    await taken.answered()
    for state in ("offered", "answered"):
        assert (await watcher.next(state)).caller_number == number
    return caller, taken


async def test_an_agent_connects_the_callers_of_both_calls_with_each_other(world: World) -> None:
    """An attended transfer between two calls of ours: both are over for the agent."""
    await world.sql("UPDATE extensions SET max_calls = 2 WHERE extension = '1000'")
    watcher, phone = await world.watcher("1000"), await world.agent("1000")
    first_caller, first = await takes_a_call(world, phone, watcher, CALLER)
    await first.hold()
    second_caller, second = await takes_a_call(world, phone, watcher, "5550199")
    await world.until(lambda: are_connected(world), "both are connected, not only said to be")
    await first.transfer_to(second)

    await first.ended()
    await second.ended()
    assert {(await watcher.next("ended")).caller_number for _ in range(2)} == {CALLER, "5550199"}
    assert (first_caller.ending, second_caller.ending) == (None, None)
    await hear_each_other(first_caller, second_caller)
    await second_caller.hang_up()
    await first_caller.ended()
    await world.quiet()
    events = await world.sql("SELECT event FROM queue_log WHERE event LIKE '%TRANSFER%'")
    assert [row["event"] for row in events] == ["ATTENDEDTRANSFER"]


async def test_two_calls_are_taken_survive_a_crash_and_end_one_by_one(world: World) -> None:
    await world.sql("UPDATE extensions SET max_calls = 2 WHERE extension = '1000'")
    watcher, phone = await world.watcher("1000"), await world.agent("1000")
    first_caller, first = await takes_a_call(world, phone, watcher, CALLER)
    await first.hold()
    second_caller, second = await takes_a_call(world, phone, watcher, "5550199")
    third_caller = await wait(world, "5550177")

    await world.crash()
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
