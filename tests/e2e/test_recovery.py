"""What `docs/recovery.md` promises, where no other test shows it: killed and frozen servers."""

import asyncio

import pytest

from component.telephony.client import AriClient
from component.telephony.http_client import AriHttpClient
from lab.asterisk import ARI_USER
from lab.sip import Phone, ringing_only
from tests.databases import Databases
from tests.e2e.scene import begin
from tests.e2e.talks import PATIENCE, in_state, takes, talk, wait
from tests.e2e.world import Watcher, World
from tests.talking import hear_each_other

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("servers_are_up_again")]


@pytest.mark.queue(strategy="ringall")
async def test_asterisk_dies_while_an_agent_asks_phones_ring_and_callers_wait_or_choose(
    world: World, agent: Phone
) -> None:
    watcher = await world.watcher("2000")
    _, taken = await talk(world, agent, "5550101")
    await taken.hold()
    await (await agent.dial("0000")).answered(PATIENCE)
    others = [await world.agent(extension) for extension in ("2000", "3000")]
    for phone in others:
        phone.on_call = ringing_only()
    await world.call_support(number="5550102")
    for phone in others:
        await phone.next_call(PATIENCE)
    await wait(world, "5550103")
    await world.call_ivr(number="5550104")
    await watcher.next("offered")
    await world.asterisk.process.kill()
    for phone in (agent, *others):
        phone.drop()
    await world.asterisk.start()
    await world.service.ready()

    await watcher.next("withdrawn")
    await world.quiet()
    outcomes = await world.sql("SELECT outcome FROM calls ORDER BY entered_at")
    assert [row["outcome"] for row in outcomes] == ["completed", "abandoned", "abandoned"]


async def test_asterisk_freezes_while_callers_talk_ring_and_wait(
    world: World, agent: Phone
) -> None:
    begun = await begin(world, agent)
    world.asterisk.process.freeze()
    async with asyncio.timeout(PATIENCE):
        while all(part["ready"] for part in (await world.service.status()).values()):
            await asyncio.sleep(0.2)
    world.asterisk.process.thaw()
    await world.service.ready()
    await hear_each_other(begun.caller, begun.taken)

    await begun.taken.hang_up()
    await begun.goes_on()


async def test_what_happens_while_asterisk_tells_us_nothing_is_made_up_for(
    world: World, agent: Phone
) -> None:
    """The connection lives on, and no event arrives: who hung up or answered is found out."""
    begun = await begin(world, agent)
    asterisk = world.asterisk.settings
    url = f"http://127.0.0.1:{asterisk.http_port}"
    http = AriHttpClient(url, ARI_USER, asterisk.ari_password, timeout=PATIENCE)
    await AriClient(http, url).allow_events("ivr", ["PlaybackStarted"])
    await http.close()
    await begun.taken.hang_up()
    begun.ringing.answer()

    await begun.goes_on()


async def test_a_phone_that_is_answered_while_the_database_is_away_is_connected_afterwards(
    world: World, agent: Phone, databases: Databases
) -> None:
    agent.on_call = ringing_only()
    caller = await world.call_support(number="5550101")
    ringing = await agent.next_call()
    waiting = await world.call_support(number="5550102")
    await in_state(world, "5550102", "waiting")
    async with databases.away(world.database):
        ringing.answer()
        await ringing.answered()
        await asyncio.sleep(1)
        assert (caller.ending, ringing.ending, waiting.ending) == (None, None, None)
    await in_state(world, "5550101", "answered")

    await hear_each_other(caller, ringing)
    await ringing.hang_up()
    await caller.ended()
    await takes(world, agent, "5550102")


async def test_while_the_database_is_frozen_new_callers_reach_extension_3000(
    world: World, agent: Phone, operator: Phone, databases: Databases
) -> None:
    begun = await begin(world, agent)
    async with databases.frozen(world.database):
        await world.call_support(number="5550104")
        await (await operator.next_call(PATIENCE)).answered()
        await hear_each_other(begun.caller, begun.taken)
        await begun.taken.hang_up()
        begun.ringing.answer()
        await begun.ringing.answered()

    await begun.goes_on()


async def test_a_frozen_xmpp_server_holds_no_call_up(world: World, agent: Phone) -> None:
    watcher = await world.watcher("1000")
    world.xmpp.process.freeze()
    try:
        begun = await begin(world, agent)
        await begun.taken.hang_up()
        taken = await begun.goes_on()
    finally:
        world.xmpp.process.thaw()

    await world.until(lambda: shows(watcher, "5550103"), "the call is shown")
    await taken.hang_up()
    await begun.ringing.hang_up()
    await world.quiet()


async def shows(watcher: Watcher, number: str) -> bool:
    """Whether the agent's software shows that this caller talks with the agent."""
    shown = [(seen.event.caller_number, seen.event.state) for seen in watcher.seen]
    return (number, "answered") in shown
