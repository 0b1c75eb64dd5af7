"""When a part is away: callers still reach someone, and everything heals by itself."""

import asyncio

import pytest

from lab.sip import Phone, ringing_only
from tests.databases import Databases
from tests.e2e.talks import takes, talk, wait
from tests.e2e.world import World
from tests.xmpp_servers import on_every_xmpp_server

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("servers_are_up_again")]


# The service. ------------------------------------------------------------------------------------


async def test_with_the_service_stopped_the_caller_reaches_extension_3000(
    world: World, agent: Phone, operator: Phone
) -> None:
    await world.service.stop()
    await world.call_support()

    await (await operator.next_call()).answered()


@on_every_xmpp_server
async def test_after_a_restart_log_on_and_subscription_are_kept(world: World, agent: Phone) -> None:
    watcher = await world.watcher("1000")
    agent.on_call = ringing_only()  # the watcher may take a while to come back
    await world.service.stop()
    await world.restart()
    await world.call_support()

    await agent.next_call()
    await watcher.next("offered")


async def test_talking_calls_go_on_through_a_crash_and_end_as_usual_after_it(
    world: World, agent: Phone
) -> None:
    watcher = await world.watcher("1000")
    caller, taken = await talk(world, agent)
    await world.service.process.kill()
    await asyncio.sleep(0.5)
    assert caller.ending is None
    assert taken.ending is None

    await world.restart()
    await taken.hang_up()
    await caller.ended()
    for state in ("offered", "answered", "ended"):
        await watcher.next(state)
    await world.quiet()


@pytest.mark.queue(retry=0.5, autopause="yes")
async def test_a_phone_answered_during_a_crash_is_hung_up_and_rung_again_after_it(
    world: World, agent: Phone
) -> None:
    agent.on_call = ringing_only()
    caller = await world.call_support()
    ringing = await agent.next_call()
    await world.service.process.kill()
    ringing.answer()
    await ringing.ended()  # Asterisk has nobody to give the answered leg to
    await world.restart()

    again = await takes(world, agent)
    await caller.hang_up()
    await again.ended()
    await world.quiet()


async def test_waiting_callers_keep_their_place_through_a_crash(world: World, agent: Phone) -> None:
    _, taken = await talk(world, agent)
    numbers = ("5550101", "5550102", "5550103")
    for number in numbers:
        await wait(world, number)
    await world.crash()

    for number in numbers:
        await taken.hang_up()
        taken = await takes(world, agent, number)


@pytest.mark.queue(strategy="ringall")
async def test_a_caller_who_hung_up_during_a_crash_leaves_no_phone_ringing_and_nothing_behind(
    world: World, agent: Phone
) -> None:
    colleague = await world.agent("2000")
    for phone in (agent, colleague):
        phone.on_call = ringing_only()
    watcher = await world.watcher("1000")
    caller = await world.call_support()
    ringing = [await phone.next_call() for phone in (agent, colleague)]
    await watcher.next("offered")
    await world.service.process.kill()
    await caller.hang_up()
    for call in ringing:
        assert (await call.ended()).status == 487  # by itself it would ring for a minute
    await world.restart()

    await watcher.next("withdrawn")
    await world.quiet()


# Asterisk. ---------------------------------------------------------------------------------------


async def test_after_a_restart_of_asterisk_calls_are_taken_again(
    world: World, agent: Phone
) -> None:
    await talk(world, agent)
    await world.asterisk.stop()
    await world.asterisk.start()
    await world.service.ready()
    await world.quiet()

    await talk(world, agent)


async def test_a_crash_of_asterisk_leaves_no_agent_busy(world: World, agent: Phone) -> None:
    await talk(world, agent)
    await world.asterisk.process.kill()
    await world.asterisk.start()
    await world.service.ready()

    await world.quiet()
    await agent.register()
    await talk(world, agent)


# The XMPP server. --------------------------------------------------------------------------------


@on_every_xmpp_server
async def test_after_a_restart_of_the_xmpp_server_notifications_go_on(
    world: World, agent: Phone
) -> None:
    watcher = await world.watcher("1000")
    agent.on_call = ringing_only()
    await world.xmpp.stop()
    await world.xmpp.start()
    await world.service.ready()
    await world.call_support()

    await watcher.next("offered")


@on_every_xmpp_server
async def test_a_call_offered_while_the_xmpp_server_was_away_is_shown_once_it_is_back(
    world: World, agent: Phone
) -> None:
    watcher = await world.watcher("1000")
    await world.xmpp.process.kill()
    _, taken = await talk(world, agent)
    assert watcher.seen == []
    await world.xmpp.start()
    await watcher.next("answered")

    await taken.hang_up()
    await watcher.next("ended")
    assert watcher.states == ["answered", "ended"]


# PostgreSQL. -------------------------------------------------------------------------------------


async def test_while_the_database_is_away_new_callers_reach_extension_3000(
    world: World, agent: Phone, operator: Phone, databases: Databases
) -> None:
    async with databases.away(world.database):
        await world.call_support()
        await (await operator.next_call()).answered()
        assert agent.calls == ()
        assert await world.sent_away() == "UNAVAILABLE"


async def test_calls_that_talk_while_the_database_goes_away_end_cleanly(
    world: World, agent: Phone, databases: Databases
) -> None:
    caller, taken = await talk(world, agent)
    async with databases.away(world.database):
        await taken.hang_up()
        await asyncio.sleep(1)

    await caller.ended()
    await world.quiet()
    await talk(world, agent)


async def test_a_talk_that_ends_while_a_backup_is_read_in_ends_cleanly(
    world: World, agent: Phone, operator: Phone
) -> None:
    """What the database lacks for a while is waited for, as if all of it was away."""
    caller, taken = await talk(world, agent)
    await world.sql("ALTER TABLE queue_log RENAME TO queue_log_before")
    await taken.hang_up()
    other = await world.call_support()
    await (await operator.next_call()).answered()
    assert not (await world.service.status())["database"]["ready"]
    await world.sql("ALTER TABLE queue_log_before RENAME TO queue_log")

    await other.hang_up()
    await caller.ended()
    await world.service.ready()
    await world.quiet()
    assert ("1000", "COMPLETEAGENT") in await world.call_log()
