"""What `docs/recovery.md` promises, where no other test shows it: killed and frozen servers."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from component.telephony.client import AriClient
from component.telephony.http_client import AriHttpClient
from lab.asterisk import ARI_USER
from lab.sip import IncomingCall, OutgoingCall, Phone, ringing_only
from tests.databases import Databases
from tests.e2e.world import World

pytestmark = pytest.mark.e2e


@pytest.fixture
async def agent(world: World) -> Phone:
    """Extension 1000, logged on."""
    return await world.agent("1000")


@pytest.fixture(autouse=True)
async def servers_are_up_again(world: World) -> AsyncIterator[None]:
    """Leave no dead server to the next test."""
    yield
    if not world.asterisk.process.is_running:
        await world.asterisk.start()


async def in_state(world: World, state: str) -> None:
    await world.until(
        lambda: world.sql("SELECT 1 FROM calls WHERE state = $1", state), f"a call is {state}"
    )


async def talk_and_wait(
    world: World, agent: Phone
) -> tuple[OutgoingCall, IncomingCall, OutgoingCall]:
    """A caller talks with the agent, another one waits."""
    caller = await world.call_support(number="5550101")
    taken = await agent.next_call(10)
    await taken.answered()
    await in_state(world, "answered")
    waiting = await world.call_support(number="5550102")
    await in_state(world, "waiting")
    return caller, taken, waiting


async def test_asterisk_dies_while_one_caller_rings_and_another_waits(
    world: World, agent: Phone
) -> None:
    watcher = await world.watcher("1000")
    agent.on_call = ringing_only()
    await world.call_support(number="5550101")
    await agent.next_call(10)
    await world.call_support(number="5550102")
    await in_state(world, "waiting")
    await watcher.next("offered")
    await world.asterisk.process.kill()
    agent.drop()
    await world.asterisk.start()
    await world.service.ready()

    await watcher.next("withdrawn")
    await world.quiet()
    outcomes = await world.sql("SELECT outcome FROM calls")
    assert [row["outcome"] for row in outcomes] == ["abandoned", "abandoned"]


async def test_asterisk_freezes_while_one_caller_talks_and_another_waits(
    world: World, agent: Phone
) -> None:
    caller, taken, waiting = await talk_and_wait(world, agent)
    world.asterisk.process.freeze()
    async with asyncio.timeout(30):
        while all(part["ready"] for part in (await world.service.status()).values()):
            await asyncio.sleep(0.2)
    world.asterisk.process.thaw()
    await world.service.ready()
    assert (caller.ending, taken.ending, waiting.ending) == (None, None, None)

    await taken.hang_up()
    again = await agent.next_call(10)
    await again.answered()
    assert again.caller_number == "5550102"


async def test_what_happens_while_asterisk_tells_us_nothing_is_made_up_for(
    world: World, agent: Phone
) -> None:
    """The connection lives on, and no event arrives: who hung up meanwhile is found out."""
    caller, taken, _ = await talk_and_wait(world, agent)
    asterisk = world.asterisk.settings
    url = f"http://127.0.0.1:{asterisk.http_port}"
    http = AriHttpClient(url, ARI_USER, asterisk.ari_password, timeout=5)
    await AriClient(http, url).allow_events("ivr", ["StasisStart"])
    await http.close()
    await taken.hang_up()

    await caller.ended(30)
    again = await agent.next_call(10)
    await again.answered()
    assert again.caller_number == "5550102"


async def test_a_phone_that_is_answered_while_the_database_is_away_is_connected_afterwards(
    world: World, agent: Phone, databases: Databases
) -> None:
    agent.on_call = ringing_only()
    caller = await world.call_support(number="5550101")
    ringing = await agent.next_call(10)
    waiting = await world.call_support(number="5550102")
    await in_state(world, "waiting")
    async with databases.away(world.database):
        ringing.answer()
        await ringing.answered()
        await asyncio.sleep(1)
        assert (caller.ending, ringing.ending, waiting.ending) == (None, None, None)
    await in_state(world, "answered")

    await ringing.hang_up()
    await caller.ended()
    again = await agent.next_call(10)
    again.answer()
    await again.answered()
    assert again.caller_number == "5550102"


async def test_while_the_database_is_frozen_new_callers_reach_extension_3000(
    world: World, agent: Phone, databases: Databases
) -> None:
    operator = await world.phone("3000")
    caller, taken, waiting = await talk_and_wait(world, agent)
    async with databases.frozen(world.database):
        await world.call_support(number="5550103")
        await (await operator.next_call(30)).answered()
        assert (caller.ending, taken.ending, waiting.ending) == (None, None, None)
        await taken.hang_up()

    await caller.ended(20)
    again = await agent.next_call(20)
    await again.answered()
    assert again.caller_number == "5550102"


async def test_a_frozen_xmpp_server_holds_no_call_up(world: World, agent: Phone) -> None:
    watcher = await world.watcher("1000")
    world.xmpp.process.freeze()
    try:
        caller = await world.call_support()
        taken = await agent.next_call(10)
        await taken.answered()
        await in_state(world, "answered")
    finally:
        world.xmpp.process.thaw()

    await world.until(lambda: was_shown(watcher.states), "the call is shown")
    await taken.hang_up()
    await caller.ended()
    await world.quiet()


async def was_shown(states: list[str]) -> bool:
    return "answered" in states
