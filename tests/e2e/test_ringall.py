"""`ringall`: several phones ring, one agent gets the call."""

import pytest

from lab.sip import IncomingCall, Phone, ringing_only
from tests.e2e.world import World
from tests.talking import hear_each_other

pytestmark = [pytest.mark.e2e, pytest.mark.queue(strategy="ringall")]

EXTENSIONS = ("1000", "2000", "3000")


@pytest.fixture
async def phones(world: World) -> list[Phone]:
    """Three phones, logged on, that ring until somebody does something."""
    phones = [await world.agent(extension) for extension in EXTENSIONS]
    for phone in phones:
        phone.on_call = ringing_only()
    return phones


async def test_the_first_to_answer_has_the_call_and_the_other_phones_stop(
    world: World, phones: list[Phone]
) -> None:
    watchers = [await world.watcher(extension) for extension in EXTENSIONS]
    caller = await world.call_support()
    first, second, third = [await phone.next_call() for phone in phones]
    for watcher in watchers:
        await watcher.next("offered")
    second.answer()
    await second.answered()

    for ringing in (first, third):
        ending = await ringing.ended()
        assert (ending.status, ending.by_us) == (487, False)
        assert "elsewhere" in ending.reason, "the phone is not to list the call as missed"
    await watchers[0].next("withdrawn")
    await watchers[1].next("answered")
    await watchers[2].next("withdrawn")
    items = await world.sql("SELECT node FROM items")
    assert [item["node"] for item in items] == ["ext2000"]
    await caller.hang_up()
    await second.ended()
    await world.quiet()


async def test_of_agents_who_answer_at_the_same_moment_one_is_connected(
    world: World, phones: list[Phone]
) -> None:
    caller = await world.call_support()
    calls = [await phone.next_call() for phone in phones]
    for call in calls:
        call.answer()
    await world.until(lambda: two_have_ended(calls), "two of them are hung up")
    [talking] = [call for call in calls if call.ending is None]
    await hear_each_other(caller, talking)
    await talking.hang_up()
    await caller.ended()
    await world.quiet()


async def two_have_ended(calls: list[IncomingCall]) -> bool:
    return sum(call.ending is not None for call in calls) == 2


async def test_a_caller_who_gives_up_stops_all_phones(world: World, phones: list[Phone]) -> None:
    caller = await world.call_support()
    calls = [await phone.next_call() for phone in phones]
    await caller.hang_up()

    for call in calls:
        await call.ended()
    await world.quiet()
    rows = await world.sql("SELECT agent, event FROM queue_log WHERE event = 'RINGCANCELED'")
    assert sorted(row["agent"] for row in rows) == list(EXTENSIONS)


async def test_the_other_phones_ring_on_through_a_rejection_and_a_crash(
    world: World, phones: list[Phone]
) -> None:
    await world.call_support()
    first, second, third = [await phone.next_call() for phone in phones]
    first.reject(603)
    await world.until(
        lambda: world.sql("SELECT 1 FROM calls WHERE tried = ARRAY['1000']"), "1000 was passed over"
    )
    await world.crash()
    assert second.ending is None
    third.answer()
    await third.answered()

    await second.ended()
    await third.hang_up()
    await world.quiet()
