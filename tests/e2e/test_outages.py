"""One part is away for a while: who talks goes on talking, who waits keeps the place, and nobody's
phone rings once too often.

Each test tells one outage from its beginning to its end.
"""

import asyncio

import pytest

from lab.sip import Phone, ringing_only
from tests.databases import Databases
from tests.e2e.scene import begin
from tests.e2e.talks import PATIENCE, in_state, takes, talk, wait
from tests.e2e.world import World
from tests.line import Line
from tests.talking import hear_each_other

pytestmark = pytest.mark.e2e


@pytest.fixture
def ari_port(line: Line) -> int:
    return line.port


async def is_away(world: World, part: str) -> None:
    """Wait until the service has noticed that a part is away."""
    async with asyncio.timeout(PATIENCE):
        while (await world.service.status())[part]["ready"]:
            await asyncio.sleep(0.1)


async def test_the_service_is_killed_while_agents_talk_and_again_while_a_phone_rings(
    world: World, agent: Phone
) -> None:
    colleague = await world.agent("2000")
    caller, taken = await talk(world, agent, "5550101")
    _, colleagues = await talk(world, colleague, "5550102")
    third = await wait(world, "5550103")
    await world.service.process.kill()
    await hear_each_other(caller, taken)
    await colleagues.hang_up()
    await colleague.unregister()
    await world.restart()
    await in_state(world, "5550102", "ended")
    await in_state(world, "5550103", "waiting")
    assert await world.agents() == {"talking": 1, "unreachable": 1, "logged_off": 1}
    agent.on_call = ringing_only()
    await taken.hang_up()
    ringing = await agent.next_call(PATIENCE)

    await world.crash()
    ringing.answer()
    await in_state(world, "5550103", "answered")
    await hear_each_other(third, ringing)
    await colleague.register()
    await talk(world, colleague, "5550104")
    assert (agent.times_called, colleague.times_called) == (2, 2)


@pytest.mark.queue(memberdelay=2.0, wrapuptime=60.0)
async def test_the_service_is_killed_before_a_talk_begins_during_a_transfer_and_in_wrap_up(
    world: World, agent: Phone
) -> None:
    colleague = await world.agent("2000")
    caller = await world.call_support(number="5550101")
    taken = await agent.next_call(PATIENCE)
    await in_state(world, "5550101", "connecting")
    await world.crash()
    await in_state(world, "5550101", "answered")
    await hear_each_other(caller, taken)
    colleague.on_call = ringing_only()
    await taken.transfer("2000")
    ringing = await colleague.next_call(PATIENCE)
    await taken.ended(PATIENCE)

    await world.crash()
    ringing.answer()
    await in_state(world, "5550101", "answered")
    await hear_each_other(caller, ringing)
    await ringing.hang_up()
    await in_state(world, "5550101", "ended")

    await world.crash()
    await wait(world, "5550102")
    assert await world.agents() == {"wrap_up": 2, "logged_off": 1}
    assert (agent.times_called, colleague.times_called) == (1, 1)


async def test_a_caller_whose_wait_ends_while_the_service_is_dead_goes_back_to_the_dialplan(
    world: World, agent: Phone
) -> None:
    agent.on_call = ringing_only()
    caller = await (await world.caller("5550101")).dial("ours")
    ringing = await agent.next_call(PATIENCE)
    await world.service.process.kill()
    await world.sql("UPDATE calls SET entered_at = entered_at - interval '1 hour'")
    assert caller.ending is None

    await world.restart()
    await caller.ended(PATIENCE)
    await ringing.ended(PATIENCE)
    assert await world.dialplan_variable("OURS_LEFT") == "TIMEOUT"
    assert await world.call_log() == [
        ("NONE", "ENTERQUEUE"),
        ("1000", "RINGNOANSWER"),
        ("NONE", "EXITWITHTIMEOUT"),
    ]
    assert agent.times_called == 1


async def test_the_service_freezes_while_callers_talk_ring_and_wait(
    world: World, agent: Phone, operator: Phone
) -> None:
    begun = await begin(world, agent)
    world.service.process.freeze()
    await world.call_support(number="5550104")
    await (await operator.next_call(PATIENCE)).answered(PATIENCE)
    await hear_each_other(begun.caller, begun.taken)
    await begun.taken.hang_up()
    begun.ringing.answer()
    await begun.ringing.answered(PATIENCE)
    world.service.process.thaw()

    await begun.goes_on()
    assert (agent.times_called, begun.colleague.times_called) == (2, 1)


async def test_the_service_is_stopped_while_callers_talk_ring_and_wait(
    world: World, agent: Phone
) -> None:
    begun = await begin(world, agent)
    await world.service.stop()
    await hear_each_other(begun.caller, begun.taken)
    await begun.taken.hang_up()
    await world.restart()

    await begun.goes_on()
    assert (agent.times_called, begun.colleague.times_called) == (2, 1)


async def test_postgresql_is_killed_while_one_caller_talks_another_rings_and_others_wait(
    world: World, agent: Phone, operator: Phone, databases: Databases
) -> None:
    begun = await begin(world, agent)
    fourth = await wait(world, "5550104")
    async with databases.killed():
        await is_away(world, "database")
        new = await world.call_support(number="5550105")
        helped = await operator.next_call(PATIENCE)
        await helped.answered(PATIENCE)
        await hear_each_other(new, helped)
        assert await world.sent_away() == "UNAVAILABLE"
        await hear_each_other(begun.caller, begun.taken)
        await begun.taken.hang_up()
        assert (begun.second.ending, begun.third.ending, fourth.ending) == (None, None, None)

    taken = await begun.goes_on()
    await taken.hang_up()
    await takes(world, agent, "5550104")
    called = (agent.times_called, begun.colleague.times_called, operator.times_called)
    assert called == (3, 1, 1)


async def test_the_xmpp_server_is_killed_while_one_caller_talks_and_another_waits(
    world: World, agent: Phone
) -> None:
    watcher = await world.watcher("1000")
    caller, taken = await talk(world, agent, "5550101")
    second = await wait(world, "5550102")
    await watcher.next("offered")
    await watcher.next("answered")
    await world.xmpp.process.kill()
    try:
        await hear_each_other(caller, taken)
        await taken.hang_up()
        taken = await takes(world, agent, "5550102")
        await hear_each_other(second, taken)
    finally:
        await world.xmpp.start()

    await watcher.next("ended")
    shown = await watcher.next("answered")
    assert shown.caller_number == "5550102"
    assert agent.times_called == 2


async def test_the_connection_to_asterisk_is_cut_while_callers_talk_ring_and_wait(
    world: World, agent: Phone, operator: Phone, line: Line
) -> None:
    begun = await begin(world, agent)
    line.cut()
    await is_away(world, "asterisk")
    await world.call_support(number="5550104")
    await (await operator.next_call(PATIENCE)).answered(PATIENCE)
    await hear_each_other(begun.caller, begun.taken)
    await begun.taken.hang_up()
    line.mend()

    await begun.goes_on()
    assert (agent.times_called, begun.colleague.times_called) == (2, 1)
