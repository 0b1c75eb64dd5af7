"""Agents put callers on hold, ask colleagues, and pass calls on."""

import asyncio

import pytest

from lab.sip import IncomingCall, OutgoingCall, rejecting, ringing_only, tone
from tests.e2e.talks import are_connected, is_ringing, talk
from tests.e2e.world import World

pytestmark = pytest.mark.e2e


async def are_heard_until_the_agent_hangs_up(agent: IncomingCall, caller: OutgoingCall) -> None:
    before = len(caller.heard)
    await agent.play(tone(440, 1.0))
    assert sounds(caller.heard[before:])
    await agent.hang_up()
    await caller.ended()


async def hears_something(call: OutgoingCall) -> bool:
    before = len(call.heard)
    await asyncio.sleep(0.5)
    return sounds(call.heard[before:])


def sounds(audio: bytes) -> bool:
    """Whether there is more than silence in it; PCMU has two values for zero."""
    return len(audio) - audio.count(b"\xff") - audio.count(b"\x7f") > 800


async def is_away(world: World, extension: str) -> bool:
    return "Unavailable" in await world.asterisk.cli(f"pjsip show endpoint {extension}")


async def test_a_caller_on_hold_hears_music_and_talks_on_afterwards(world: World) -> None:
    phone = await world.agent("1000")
    caller, taken = await talk(world, phone)
    assert not await hears_something(caller)
    await taken.hold()
    assert await hears_something(caller)
    await taken.unhold()
    await asyncio.sleep(0.2)
    assert not await hears_something(caller)

    rows = await world.sql("SELECT state FROM agents WHERE extension = '1000'")
    assert [row["state"] for row in rows] == ["on call"]
    await taken.hang_up()
    await caller.ended()
    await world.quiet()


async def test_a_blind_transfer_takes_the_item_along(world: World) -> None:
    first, second = await world.watcher("1000"), await world.watcher("2000")
    phone, other = await world.agent("1000"), await world.phone("2000")
    other.on_call = ringing_only()
    caller, taken = await talk(world, phone)
    for state in ("offered", "answered"):
        await first.next(state)
    await taken.transfer("2000")

    ringing = await other.next_call()
    offered = await second.next("offered")
    assert offered.transferred_from == ("1000",)
    assert (offered.customer_code, offered.customer_name) == ("1111", "Company 1")
    assert (ringing.caller_number, ringing.caller_name) == ("5550100", "Company 1")
    await first.next("withdrawn")
    await taken.ended()
    assert await hears_something(caller)
    ringing.answer()
    await ringing.answered()
    await second.next("answered")
    await asyncio.sleep(0.2)
    assert not await hears_something(caller)

    await ringing.hang_up()
    await caller.ended()
    await second.next("ended")
    await world.quiet()
    events = await world.call_log()
    assert events[-2:] == [("1000", "CONNECT"), ("1000", "BLINDTRANSFER")]


async def test_who_does_not_take_a_transfer_leaves_the_caller_to_the_queue(world: World) -> None:
    phone, third = await world.agent("1000"), await world.agent("3000")
    other = await world.phone("2000")
    other.on_call = rejecting(603)
    caller, taken = await talk(world, phone)
    await taken.transfer("2000")

    again = await third.next_call()
    await again.answered()
    await caller.hang_up()
    await again.ended()
    await world.quiet()


async def test_a_transfer_to_a_phone_that_is_not_there_leaves_the_talk_as_it_is(
    world: World,
) -> None:
    phone = await world.agent("1000")
    other = await world.phone("2000")
    await other.unregister()
    caller, taken = await talk(world, phone)
    await world.until(lambda: is_away(world, "2000"), "phone 2000 is away")
    await asyncio.sleep(0.5)  # until the service knows, too
    await taken.transfer("2000")

    assert await taken.transferred() == 503
    assert (caller.ending, taken.ending) == (None, None)
    await taken.hang_up()
    await caller.ended()
    await world.quiet()


async def test_whom_the_agent_asked_gets_the_caller_and_may_pass_the_call_on_again(
    world: World,
) -> None:
    first, second = await world.watcher("1000"), await world.watcher("2000")
    phone, other = await world.agent("1000"), await world.agent("2000")
    caller, taken = await talk(world, phone)
    for state in ("offered", "answered"):
        await first.next(state)
    await taken.hold()
    consulting = await phone.dial("2000")
    asked = await other.next_call()
    await consulting.answered()
    await world.until(lambda: are_connected(world), "the two are connected, not only said to be")
    await taken.transfer_to(consulting)

    await taken.ended()
    await consulting.ended()
    offered = await second.next("offered")
    assert offered.transferred_from == ("1000",)
    await second.next("answered")
    await first.next("withdrawn")
    assert (asked.ending, caller.ending) == (None, None)
    await asked.displays("5550100", "Company 1", within=10)
    before = len(caller.heard)
    await asked.play(tone(440, 1.0))
    assert sounds(caller.heard[before:])
    assert (await world.call_log())[-1] == ("1000", "ATTENDEDTRANSFER")

    third_watcher, third = await world.watcher("3000"), await world.agent("3000")
    await asked.transfer("7777")  # nobody: the talk goes on
    await asked.transfer("3000")
    last = await third.next_call()
    assert (await third_watcher.next("offered")).transferred_from == ("1000", "2000")
    await second.next("withdrawn")
    await asked.ended()
    await third_watcher.next("answered")
    await are_heard_until_the_agent_hangs_up(last, caller)
    await third_watcher.next("ended")
    await world.quiet()


async def test_who_took_the_call_with_which_the_agent_asked_in_the_queue_gets_the_caller(
    world: World,
) -> None:
    first, second = await world.watcher("1000"), await world.watcher("2000")
    phone, other = await world.agent("1000"), await world.agent("2000")
    caller, taken = await talk(world, phone)
    for state in ("offered", "answered"):
        await first.next(state)
    await taken.hold()
    consulting = await phone.dial("0000")
    await consulting.answered(10)
    await consulting.send_digits("1")
    await consulting.send_digits("2222")
    asked = await other.next_call(20)
    await asked.answered()
    assert (await second.next("offered")).caller_number == "1000"
    await second.next("answered")
    await taken.transfer_to(consulting)

    assert await taken.transferred() == 200
    for over in (taken, consulting):
        await over.ended(10)
    gets = await second.next("answered")
    assert (gets.caller_number, gets.customer_code) == ("5550100", "1111")
    assert gets.transferred_from == ("1000",)
    await first.next("withdrawn")
    await asked.displays("5550100", "Company 1", within=10)
    await are_heard_until_the_agent_hangs_up(asked, caller)
    await second.next("ended")
    await world.quiet()


async def test_who_is_asked_and_has_not_answered_yet_is_rung_by_the_caller_instead(
    world: World,
) -> None:
    first, second = await world.watcher("1000"), await world.watcher("2000")
    phone, other = await world.agent("1000"), await world.agent("2000")
    other.on_call = ringing_only()
    caller, taken = await talk(world, phone)
    for state in ("offered", "answered"):
        await first.next(state)
    await taken.hold()
    consulting = await phone.dial("2000")
    asked = await other.next_call()
    await consulting.ringing()
    await world.until(lambda: is_ringing(world, "2000"), "phone 2000 is known to ring")
    await taken.transfer_to(consulting)

    assert await taken.transferred() == 200
    offered = await second.next("offered")
    assert offered.transferred_from == ("1000",)
    await first.next("withdrawn")
    for over in (asked, consulting, taken):
        await over.ended(10)
    ringing = await other.next_call(10)
    assert ringing.caller_number == "5550100"
    ringing.answer()
    await ringing.answered()
    await second.next("answered")
    await are_heard_until_the_agent_hangs_up(ringing, caller)
    await second.next("ended")
    await world.quiet()


async def test_who_is_asked_is_offered_no_other_call(world: World) -> None:
    phone, other = await world.agent("1000"), await world.agent("2000")
    caller, taken = await talk(world, phone)
    await taken.hold()
    consulting = await phone.dial("2000")
    asked = await other.next_call()
    await consulting.answered()
    await world.call_support(number="5550199")
    await world.until(
        lambda: world.sql("SELECT 1 FROM calls WHERE state = 'waiting'"), "the second one waits"
    )
    await asyncio.sleep(0.5)
    assert (len(phone.calls), len(other.calls)) == (2, 1)

    await asked.hang_up()
    await (await other.next_call()).answered()
    await taken.unhold()
    await taken.hang_up()
    await caller.ended()


async def test_a_number_that_is_no_agents_ends_the_call_for_us_until_it_leads_to_a_queue(
    world: World,
) -> None:
    watcher, second = await world.watcher("1000"), await world.watcher("2000")
    phone = await world.agent("1000")
    caller, taken = await talk(world, phone)
    for state in ("offered", "answered"):
        await watcher.next(state)
    await taken.transfer("0000")  # the menu

    await taken.ended()
    over = await watcher.next("ended")
    await world.until(lambda: hears_something(caller), "the caller hears the menu")
    [call] = await world.sql("SELECT outcome FROM calls")
    assert call["outcome"] == "transferred"
    other = await world.agent("2000")
    await caller.send_digits("1")
    await caller.send_digits("1111")

    again = await other.next_call(20)
    offered = await second.next("offered")
    assert (offered.call_id, offered.transferred_from) == (over.call_id, ("1000",))
    assert offered.revision > over.revision
    left = await world.sql("SELECT node FROM items WHERE id = $1", over.call_id)
    assert [row["node"] for row in left] == ["ext2000"]
    await again.answered()
    await caller.hang_up()
    await second.next("answered")
    await second.next("ended")
    await world.quiet()


async def test_a_transfer_to_a_number_that_does_not_exist_leaves_the_talk_as_it_is(
    world: World,
) -> None:
    watcher = await world.watcher("1000")
    phone = await world.agent("1000")
    caller, taken = await talk(world, phone)
    await taken.transfer("7777")

    assert await taken.transferred() == 503
    before = len(caller.heard)
    await taken.play(tone(440, 1.0))
    assert sounds(caller.heard[before:])
    assert (caller.ending, taken.ending) == (None, None)
    await taken.hang_up()
    await caller.ended()
    await world.quiet()
    assert watcher.states == ["offered", "answered", "ended"]
    assert (await world.call_log())[-1] == ("1000", "COMPLETEAGENT")


async def test_somebody_outside_who_was_asked_gets_the_caller_and_the_call_ends_for_us(
    world: World,
) -> None:
    watcher = await world.watcher("1000")
    phone, outside = await world.agent("1000"), await world.phone("3000")
    await world.sql("DELETE FROM extensions WHERE extension = '3000'")
    caller, taken = await talk(world, phone)
    consulting = await phone.dial("3000")
    asked = await outside.next_call()
    await consulting.answered()
    await world.until(lambda: are_connected(world), "the two are connected, not only said to be")
    await taken.transfer_to(consulting)

    await taken.ended()
    for state in ("offered", "answered", "ended"):
        await watcher.next(state)
    assert (await world.call_log())[-1] == ("1000", "ATTENDEDTRANSFER")
    await consulting.ended(10)
    await are_heard_until_the_agent_hangs_up(asked, caller)
    await world.quiet()
