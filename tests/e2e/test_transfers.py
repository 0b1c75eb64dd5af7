"""Agents put callers on hold, ask colleagues, and pass calls on.

Each test begins with a customer who talks with the agent at extension 1000 (`begun`).
"""

import asyncio
from dataclasses import dataclass

import pytest

from lab.sip import IncomingCall, OutgoingCall, Phone, rejecting, ringing_only
from tests.e2e.talks import ask, ring_to_ask, talk, wait
from tests.e2e.world import CALLER, Watcher, World
from tests.talking import hear_each_other, hears_nothing, hears_something

pytestmark = pytest.mark.e2e


@dataclass(frozen=True)
class Talk:
    """A customer talks with an agent, and hears the agent; the agent's software shows the call."""

    phone: Phone
    watcher: Watcher
    caller: OutgoingCall
    taken: IncomingCall

    async def goes_on(self) -> None:
        """Nobody is gone: the two still hear each other."""
        assert (self.caller.ending, self.taken.ending) == (None, None)
        await hear_each_other(self.caller, self.taken)

    async def ends(self) -> None:
        """The agent hangs up."""
        await hang_up(self.taken, self.caller)


@pytest.fixture
async def begun(world: World) -> Talk:
    watcher, phone = await world.watcher("1000"), await world.agent("1000")
    caller, taken = await talk(world, phone)
    for state in ("offered", "answered"):
        await watcher.next(state)
    await hear_each_other(caller, taken)
    return Talk(phone, watcher, caller, taken)


async def hang_up(agent: IncomingCall, caller: OutgoingCall) -> None:
    """An agent hangs up, and so the call is over for the caller."""
    await agent.hang_up()
    await caller.ended()


async def test_a_caller_on_hold_hears_music_and_talks_on_afterwards(
    world: World, begun: Talk
) -> None:
    caller = begun.caller
    await world.until(lambda: hears_nothing(caller), "nobody speaks, and there is no music")
    await begun.taken.hold()
    await world.until(lambda: hears_something(caller), "there is music")
    await begun.taken.unhold()
    await begun.goes_on()
    await world.until(lambda: hears_nothing(caller), "there is no music any more")

    rows = await world.sql("SELECT state FROM agents WHERE extension = '1000'")
    assert [row["state"] for row in rows] == ["on call"]
    await begun.ends()
    await world.quiet()


async def test_a_blind_transfer_takes_the_item_along(world: World, begun: Talk) -> None:
    watcher, phone = await world.watcher("2000"), await world.phone("2000")
    phone.on_call = ringing_only()
    await begun.taken.transfer("2000")

    ringing = await phone.next_call()
    offered = await watcher.next("offered")
    assert offered.transferred_from == ("1000",)
    assert (offered.customer_code, offered.customer_name) == ("1111", "Company 1")
    assert (ringing.caller_number, ringing.caller_name) == (CALLER, "Company 1")
    await begun.watcher.next("withdrawn")
    await begun.taken.ended()
    await world.until(lambda: hears_something(begun.caller), "the caller hears music")
    ringing.answer()
    await ringing.answered()
    await watcher.next("answered")
    await hear_each_other(begun.caller, ringing)
    await world.until(lambda: hears_nothing(begun.caller), "there is no music any more")

    await hang_up(ringing, begun.caller)
    await watcher.next("ended")
    await world.quiet()
    events = await world.call_log()
    assert events[-2:] == [("1000", "CONNECT"), ("1000", "BLINDTRANSFER")]


async def test_who_does_not_take_a_transfer_leaves_the_caller_to_the_queue(
    world: World, begun: Talk
) -> None:
    third, other = await world.agent("3000"), await world.phone("2000")
    other.on_call = rejecting(603)
    await begun.taken.transfer("2000")

    again = await third.next_call()
    await again.answered()
    await begun.caller.hang_up()
    await again.ended()
    await world.quiet()


async def test_a_transfer_to_a_phone_that_is_not_there_leaves_the_talk_as_it_is(
    world: World, begun: Talk
) -> None:
    other = await world.agent("2000")
    await other.unregister()
    await world.until(lambda: is_away(world), "the service knows that a phone is away")
    await begun.taken.transfer("2000")

    assert await begun.taken.transferred() == 503
    await begun.goes_on()
    await begun.ends()
    await world.quiet()


async def is_away(world: World) -> bool:
    return "unreachable" in await world.agents()


async def test_whom_the_agent_asked_gets_the_caller_and_may_pass_the_call_on_again(
    world: World, begun: Talk
) -> None:
    watcher, other = await world.watcher("2000"), await world.agent("2000")
    await begun.taken.hold()
    consulting, asked = await ask(world, begun.phone, other)
    await begun.taken.transfer_to(consulting)

    assert await begun.taken.transferred() == 200
    await consulting.hang_up()  # as phones do then
    await begun.taken.ended()
    offered = await watcher.next("offered")
    assert offered.transferred_from == ("1000",)
    await watcher.next("answered")
    await begun.watcher.next("withdrawn")
    assert (asked.ending, begun.caller.ending) == (None, None)
    await asked.displays(CALLER, "Company 1")
    await hear_each_other(begun.caller, asked)
    assert (await world.call_log())[-1] == ("1000", "ATTENDEDTRANSFER")

    third_watcher, third = await world.watcher("3000"), await world.agent("3000")
    await asked.transfer("7777")  # nobody: the talk goes on
    await asked.transfer("3000")
    last = await third.next_call()
    assert (await third_watcher.next("offered")).transferred_from == ("1000", "2000")
    await watcher.next("withdrawn")
    await asked.ended()
    await third_watcher.next("answered")
    await hear_each_other(begun.caller, last)
    await hang_up(last, begun.caller)
    await third_watcher.next("ended")
    await world.quiet()


async def test_who_took_the_call_with_which_the_agent_asked_in_the_queue_gets_the_caller(
    world: World, begun: Talk
) -> None:
    watcher, other = await world.watcher("2000"), await world.agent("2000")
    await begun.taken.hold()
    consulting = await begun.phone.dial("0000")
    await consulting.answered()
    await consulting.send_digits("1")
    await consulting.send_digits("2222")
    asked = await other.next_call()
    await asked.answered()
    assert (await watcher.next("offered")).caller_number == "1000"
    await watcher.next("answered")
    await begun.taken.transfer_to(consulting)

    assert await begun.taken.transferred() == 200
    for over in (begun.taken, consulting):
        await over.ended()
    gets = await watcher.next("answered")
    assert (gets.caller_number, gets.customer_code) == (CALLER, "1111")
    assert gets.transferred_from == ("1000",)
    await begun.watcher.next("withdrawn")
    await asked.displays(CALLER, "Company 1")
    await hear_each_other(begun.caller, asked)
    await hang_up(asked, begun.caller)
    await watcher.next("ended")
    await world.quiet()


async def test_a_caller_takes_the_place_of_an_agent_who_asked_in_the_queue_and_was_not_answered(
    world: World, begun: Talk
) -> None:
    watcher, other = await world.watcher("2000"), await world.agent("2000")
    other.on_call = ringing_only()
    consulting = await begun.phone.dial("0000")
    await consulting.answered()
    await consulting.send_digits("1")
    await consulting.send_digits("2222")
    ringing = await other.next_call()
    assert (await watcher.next("offered")).caller_number == "1000"
    await begun.taken.transfer_to(consulting)

    assert await begun.taken.transferred() == 200
    for over in (begun.taken, consulting):
        await over.ended()
    rings = await watcher.next("offered")
    assert (rings.caller_number, rings.customer_code) == (CALLER, "1111")
    assert rings.transferred_from == ("1000",)
    await begun.watcher.next("withdrawn")
    await world.until(lambda: hears_something(begun.caller), "the caller hears music")
    ringing.answer()
    await ringing.answered()
    await watcher.next("answered")
    await hear_each_other(begun.caller, ringing)
    await hang_up(ringing, begun.caller)
    await watcher.next("ended")
    await world.quiet()
    assert other.times_called == 1


async def test_who_is_asked_and_has_not_answered_yet_is_rung_by_the_caller_instead(
    world: World, begun: Talk
) -> None:
    watcher, other = await world.watcher("2000"), await world.agent("2000")
    await begun.taken.hold()
    consulting, asked = await ring_to_ask(world, begun.phone, other)
    await begun.taken.transfer_to(consulting)

    assert await begun.taken.transferred() == 200
    offered = await watcher.next("offered")
    assert offered.transferred_from == ("1000",)
    await begun.watcher.next("withdrawn")
    for over in (asked, consulting, begun.taken):
        await over.ended()
    ringing = await other.next_call()
    assert ringing.caller_number == CALLER
    ringing.answer()
    await watcher.next("answered")
    await hear_each_other(begun.caller, ringing)
    await hang_up(ringing, begun.caller)
    await watcher.next("ended")
    await world.quiet()


async def test_who_is_asked_is_offered_no_other_call(world: World, begun: Talk) -> None:
    other = await world.agent("2000")
    await begun.taken.hold()
    _, asked = await ask(world, begun.phone, other)
    await wait(world, "5550199")
    await asyncio.sleep(0.5)
    assert (len(begun.phone.calls), len(other.calls)) == (2, 1)

    await asked.hang_up()
    await (await other.next_call()).answered()
    await begun.taken.unhold()
    await begun.ends()


async def test_a_number_that_is_no_agents_ends_the_call_for_us_until_it_leads_to_a_queue(
    world: World, begun: Talk
) -> None:
    watcher = await world.watcher("2000")
    await begun.taken.transfer("0000")  # the menu

    await begun.taken.ended()
    over = await begun.watcher.next("ended")
    await world.until(lambda: hears_something(begun.caller), "the caller hears the menu")
    [call] = await world.sql("SELECT outcome FROM calls")
    assert call["outcome"] == "transferred"
    other = await world.agent("2000")
    await begun.caller.send_digits("1")
    await begun.caller.send_digits("1111")

    again = await other.next_call()
    offered = await watcher.next("offered")
    assert (offered.call_id, offered.transferred_from) == (over.call_id, ("1000",))
    assert offered.revision > over.revision
    left = await world.sql("SELECT node FROM items WHERE id = $1", over.call_id)
    assert [row["node"] for row in left] == ["ext2000"]
    await again.answered()
    await watcher.next("answered")
    await begun.caller.hang_up()
    await watcher.next("ended")
    await world.quiet()


async def test_a_transfer_to_a_number_that_does_not_exist_leaves_the_talk_as_it_is(
    world: World, begun: Talk
) -> None:
    await begun.taken.transfer("7777")

    assert await begun.taken.transferred() == 503
    await begun.goes_on()
    await begun.ends()
    await begun.watcher.next("ended")
    assert begun.watcher.states == ["offered", "answered", "ended"]
    await world.quiet()
    assert (await world.call_log())[-1] == ("1000", "COMPLETEAGENT")


async def is_no_agents(world: World, extension: str) -> bool:
    return await world.sql("SELECT 1 FROM nodes WHERE name = $1", f"ext{extension}") == []


async def test_somebody_outside_who_was_asked_gets_the_caller_and_the_call_ends_for_us(
    world: World, begun: Talk
) -> None:
    outside = await world.phone("3000")
    await world.sql("DELETE FROM extensions WHERE extension = '3000'")
    await world.until(lambda: is_no_agents(world, "3000"), "the service knows that it is gone")
    consulting, asked = await ask(world, begun.phone, outside)
    await begun.taken.transfer_to(consulting)

    await begun.taken.ended()
    await begun.watcher.next("ended")
    assert (await world.call_log())[-1] == ("1000", "ATTENDEDTRANSFER")
    await consulting.ended()
    await hear_each_other(begun.caller, asked)
    await hang_up(asked, begun.caller)
    await world.quiet()
