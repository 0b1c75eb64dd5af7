"""From the customer's call to the agent's screen and phone."""

import asyncio

import pytest

from lab.sip import rejecting, ringing_only
from tests.e2e.talks import PATIENCE, in_state, takes, talk, wait
from tests.e2e.world import World
from tests.talking import hear_each_other, hears_something

pytestmark = pytest.mark.e2e


async def test_a_valid_code_pops_up_at_the_agent_who_is_rung_and_nowhere_else(
    world: World,
) -> None:
    mine, others = await world.watcher("1000"), await world.watcher("2000")
    phone = await world.agent("1000")
    await world.agent("2000")
    phone.on_call = ringing_only()
    await world.call_support("1111", number="5550123")

    ringing = await phone.next_call()
    pop = await mine.next("offered")
    assert (pop.extension, pop.queue, pop.digits) == ("1000", "support", "1111")
    assert (pop.customer_code, pop.customer_name) == ("1111", "Company 1")
    assert pop.customer_attributes == {"contract": "gold"}
    assert pop.caller_number == "5550123"
    assert (ringing.caller_number, ringing.caller_name) == ("5550123", "Company 1")
    items = await world.sql("SELECT node, id FROM items")
    assert [tuple(item) for item in items] == [("ext1000", pop.call_id)]
    assert others.seen == []


async def test_caller_and_agent_hear_each_other(world: World) -> None:
    caller, agent = await talk(world, await world.agent("1000"))

    await hear_each_other(caller, agent)


async def test_the_agent_hangs_up(world: World) -> None:
    watcher = await world.watcher("1000")
    caller, agent = await talk(world, await world.agent("1000"))
    offered, answered = await watcher.next("offered"), await watcher.next("answered")
    await agent.hang_up()

    assert not (await caller.ended()).by_us
    ended = await watcher.next("ended")
    assert ended.call_id == answered.call_id == offered.call_id
    assert offered.revision < answered.revision < ended.revision
    await world.quiet()


async def test_the_caller_hangs_up_while_talking(world: World) -> None:
    watcher = await world.watcher("1000")
    caller, agent = await talk(world, await world.agent("1000"))
    await watcher.next("offered")
    await watcher.next("answered")
    await caller.hang_up()

    assert not (await agent.ended()).by_us
    await watcher.next("ended")
    await world.quiet()


async def test_the_caller_hangs_up_while_the_phone_rings(world: World) -> None:
    watcher = await world.watcher("1000")
    phone = await world.agent("1000")
    phone.on_call = ringing_only()
    caller = await world.call_support()
    ringing = await phone.next_call()
    await watcher.next("offered")
    await caller.hang_up()

    ending = await ringing.ended()
    assert (ending.status, ending.by_us) == (487, False)
    await watcher.next("withdrawn")
    assert await world.sql("SELECT * FROM items") == []
    await world.quiet()


async def test_the_caller_hangs_up_while_waiting(world: World) -> None:
    _, talking = await talk(world, await world.agent("1000"), "5550101")
    waiting = await wait(world, "5550102")
    await waiting.hang_up()

    await world.until(
        lambda: world.sql("SELECT 1 FROM calls WHERE outcome = 'abandoned'"), "it is abandoned"
    )
    assert talking.ending is None


@pytest.mark.queue(timeout=4)
async def test_no_answer_moves_the_call_to_the_next_agent(world: World) -> None:
    first, second = await world.watcher("1000"), await world.watcher("2000")
    phone, other = await world.agent("1000"), await world.agent("2000")
    phone.on_call = ringing_only()
    await world.call_support()
    ringing = await phone.next_call()
    offered = await first.next("offered")

    assert (await ringing.ended()).status == 487
    await (await other.next_call()).answered()
    assert (await first.next("withdrawn")).call_id == offered.call_id
    again = await second.next("offered")
    assert again.call_id == offered.call_id
    assert again.revision > offered.revision
    assert first.states == ["offered", "withdrawn"]


@pytest.mark.parametrize("status", [486, 603, 480])
async def test_a_refusal_moves_the_call_to_the_next_agent(world: World, status: int) -> None:
    watcher = await world.watcher("1000")
    phone, other = await world.agent("1000"), await world.agent("2000")
    phone.on_call = rejecting(status)
    await world.call_support()

    await (await other.next_call()).answered()
    await watcher.next("offered")
    await watcher.next("withdrawn")


async def test_a_phone_that_is_forwarded_rings_nowhere_else(world: World) -> None:
    phone, other = await world.agent("1000"), await world.agent("2000")
    elsewhere = await world.phone("3000")
    phone.on_call = lambda call: call.forward("3000")
    await world.call_support()

    await (await other.next_call()).answered()
    assert elsewhere.calls == ()
    with pytest.raises(TimeoutError):
        await elsewhere.next_call(0)


async def test_what_rings_for_the_queue_is_picked_up_at_no_other_phone(world: World) -> None:
    phone, other = await world.agent("1000"), await world.phone("3000")
    phone.on_call = ringing_only()
    await other.dial("1000")
    assert (await phone.next_call()).caller_number == "3000"
    await (await other.dial("*8")).answered()  # for that is no call of the queue's
    for call in other.calls:
        await call.hang_up()
    await world.until(lambda: world.device_is_free("1000"), "the phone is free")

    await world.call_support()
    ringing = await phone.next_call()
    assert (await (await other.dial("*8")).ended()).status >= 400
    ringing.answer()
    await ringing.answered()


async def test_a_phone_that_is_not_registered_is_passed_over(world: World) -> None:
    watcher = await world.watcher("1000")
    phone, other = await world.agent("1000"), await world.agent("2000")
    await phone.unregister()
    await world.until(lambda: is_unreachable(world), "the service knows that a phone is away")
    await world.call_support()

    await (await other.next_call()).answered()
    assert watcher.seen == []


async def test_a_phone_that_vanished_without_a_word_does_not_hold_the_caller_up(
    world: World,
) -> None:
    phone, other = await world.agent("1000"), await world.agent("2000")
    phone.drop()
    await world.sql("UPDATE queues SET timeout = 1")
    await world.service.stop()
    await world.restart()
    await world.call_support()

    await (await other.next_call()).answered()


async def test_a_phone_that_goes_away_while_it_rings_is_passed_over_at_once(world: World) -> None:
    watcher = await world.watcher("1000")
    phone, other = await world.agent("1000"), await world.agent("2000")
    phone.on_call = ringing_only()
    await world.call_support()
    await phone.next_call()
    await phone.unregister()

    await (await other.next_call()).answered()
    await watcher.next("offered")
    await watcher.next("withdrawn")


async def test_a_phone_in_use_is_passed_over(world: World) -> None:
    phone, other = await world.agent("1000"), await world.agent("2000")
    third = await world.phone("3000")
    private = await phone.dial("3000")
    await private.answered()
    await third.next_call()
    await world.until(lambda: is_unreachable(world), "the service knows that a phone is in use")
    await world.call_support()

    await (await other.next_call()).answered()


async def is_unreachable(world: World) -> bool:
    return "unreachable" in await world.agents()


async def test_calls_go_to_the_agent_least_recently_on_a_call(world: World) -> None:
    phones = {extension: await world.agent(extension) for extension in ("2000", "1000", "3000")}
    order = []
    for _ in range(5):
        caller = await world.call_support()
        rung = [asyncio.create_task(p.next_call(), name=e) for e, p in phones.items()]
        done, pending = await asyncio.wait(rung, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        await asyncio.wait(rung)
        [task] = done
        order.append(task.get_name())
        await in_state(world, caller.user, "answered")
        await task.result().hang_up()
        await caller.ended()
        await world.until(lambda: are_all_free(world), "all are known to be free")

    assert order == ["2000", "1000", "3000", "2000", "1000"]


async def are_all_free(world: World) -> bool:
    return await world.agents() == {"available": 3}


async def test_a_waiting_caller_hears_music_and_gets_the_agent_who_comes_free(
    world: World,
) -> None:
    phone = await world.agent("1000")
    _, first = await talk(world, phone, "5550101")
    waiting = await wait(world, "5550102")
    await world.until(lambda: hears_something(waiting), "there is music")

    await first.hang_up()
    await hear_each_other(waiting, await takes(world, phone, "5550102"))


async def test_nobody_logged_on_rings_extension_3000(world: World) -> None:
    operator = await world.phone("3000")
    await world.call_support()

    await (await operator.next_call()).answered()
    [call] = await world.sql("SELECT outcome FROM calls")
    assert call["outcome"] == "joinempty"


@pytest.mark.queue(max_wait=2)
async def test_a_caller_who_has_waited_too_long_rings_extension_3000(world: World) -> None:
    watcher = await world.watcher("1000")
    phone, operator = await world.agent("1000"), await world.phone("3000")
    phone.on_call = ringing_only()
    await world.call_support()
    ringing = await phone.next_call()

    await (await operator.next_call()).answered()
    assert (await ringing.ended()).status == 487
    await watcher.next("offered")
    await watcher.next("withdrawn")
    [call] = await world.sql("SELECT outcome FROM calls")
    assert call["outcome"] == "timeout"


async def test_many_calls_at_once_are_each_one_agents_business(world: World) -> None:
    phones = [await world.agent(extension) for extension in ("1000", "2000", "3000")]
    callers = await asyncio.gather(*(world.call_support(number=f"555020{n}") for n in range(6)))
    taken = []
    for _ in range(2):
        ringing = await asyncio.gather(*(phone.next_call(PATIENCE) for phone in phones))
        for call in ringing:
            await in_state(world, call.caller_number, "answered")
            taken.append(call.caller_number)
        await asyncio.gather(*(call.hang_up() for call in ringing))
    await asyncio.gather(*(caller.ended() for caller in callers))

    assert sorted(taken) == [f"555020{n}" for n in range(6)]
    await world.quiet()
