"""One part is away for a while: who talks goes on talking, who waits keeps the place, and nobody's
phone rings once too often.

Each test tells one outage from its beginning to its end.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest

from lab.asterisk import Asterisk
from lab.ports import PortBlock
from lab.sip import IncomingCall, OutgoingCall, Phone, ringing_only
from tests.databases import Databases
from tests.e2e.talking import hear_each_other
from tests.e2e.world import World
from tests.line import Line

pytestmark = pytest.mark.e2e

PATIENCE = 20.0


@pytest.fixture
async def line(asterisk: Asterisk, ports: PortBlock) -> AsyncIterator[Line]:
    """What the service reaches Asterisk by."""
    async with Line(ports.take(), asterisk.settings.http_port) as line:
        yield line


@pytest.fixture
def ari_port(line: Line) -> int:
    return line.port


@pytest.fixture
async def agent(world: World) -> Phone:
    """Extension 1000, logged on."""
    return await world.agent("1000")


@pytest.fixture
async def operator(world: World) -> Phone:
    """Extension 3000, which takes the calls that nobody else can."""
    return await world.phone("3000")


async def talk(world: World, agent: Phone, number: str) -> tuple[OutgoingCall, IncomingCall]:
    """A customer and an agent, connected."""
    caller = await world.call_support(number=number)
    return caller, await takes(world, agent, number)


async def takes(world: World, agent: Phone, number: str) -> IncomingCall:
    """The next call at an agent's phone, which is to be this caller's, answered."""
    taken = await agent.next_call(PATIENCE)
    if taken.state == "ringing":
        taken.answer()
    await taken.answered(PATIENCE)
    assert taken.caller_number == number
    await in_state(world, number, "answered")
    return taken


async def ring_at_a_colleague(
    world: World, number: str
) -> tuple[Phone, OutgoingCall, IncomingCall]:
    """A customer for whom another agent's phone rings, and goes on ringing."""
    colleague = await world.agent("2000")
    colleague.on_call = ringing_only()
    caller = await world.call_support(number=number)
    return colleague, caller, await colleague.next_call(PATIENCE)


async def wait(world: World, number: str) -> OutgoingCall:
    """A customer who waits for an agent."""
    caller = await world.call_support(number=number)
    await in_state(world, number, "waiting")
    return caller


async def in_state(world: World, number: str, state: str) -> None:
    await world.until(
        lambda: world.sql(
            "SELECT 1 FROM calls WHERE caller_number = $1 AND state = $2", number, state
        ),
        f"{number} is {state}",
    )


async def is_away(world: World, part: str) -> None:
    """Wait until the service has noticed that a part is away."""
    async with asyncio.timeout(PATIENCE):
        while (await world.service.status())[part]["ready"]:
            await asyncio.sleep(0.1)


async def agents(world: World) -> dict[str, int]:
    """How many agents the service takes to be in each state."""
    prefix = 'ivr_agents{queue="support",state="'
    metrics = (await world.service.metrics()).items()
    found = {name.removeprefix(prefix)[:-2]: n for name, n in metrics if name.startswith(prefix)}
    return {state: int(count) for state, count in found.items() if count}


async def crash(world: World) -> None:
    """Kill the service, and start it again."""
    await world.service.process.kill()
    await restart(world)


async def restart(world: World) -> None:
    """Start the service again, after it was killed."""
    await world.service.start()
    await world.service.ready()


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
    await restart(world)
    await in_state(world, "5550102", "ended")
    await in_state(world, "5550103", "waiting")
    assert await agents(world) == {"talking": 1, "unreachable": 1, "logged_off": 1}
    agent.on_call = ringing_only()
    await taken.hang_up()
    ringing = await agent.next_call(PATIENCE)

    await crash(world)
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
    await crash(world)
    await in_state(world, "5550101", "answered")
    await hear_each_other(caller, taken)
    colleague.on_call = ringing_only()
    await taken.transfer("2000")
    ringing = await colleague.next_call(PATIENCE)
    await taken.ended(PATIENCE)

    await crash(world)
    ringing.answer()
    await in_state(world, "5550101", "answered")
    await hear_each_other(caller, ringing)
    await ringing.hang_up()
    await in_state(world, "5550101", "ended")

    await crash(world)
    await wait(world, "5550102")
    assert await agents(world) == {"wrap_up": 2, "logged_off": 1}
    assert (agent.times_called, colleague.times_called) == (1, 1)


async def test_the_service_freezes_while_one_caller_talks_and_another_waits(
    world: World, agent: Phone, operator: Phone
) -> None:
    caller, taken = await talk(world, agent, "5550101")
    second = await wait(world, "5550102")
    world.service.process.freeze()
    await world.call_support(number="5550103")
    await (await operator.next_call(PATIENCE)).answered(PATIENCE)
    await hear_each_other(caller, taken)
    await taken.hang_up()
    world.service.process.thaw()

    await caller.ended(PATIENCE)
    taken = await takes(world, agent, "5550102")
    await hear_each_other(second, taken)
    assert agent.times_called == 2


@pytest.mark.queue(timeout=60.0)
async def test_postgresql_is_killed_while_one_caller_talks_another_rings_and_others_wait(
    world: World, agent: Phone, operator: Phone, databases: Databases
) -> None:
    caller, taken = await talk(world, agent, "5550101")
    colleague, second, ringing = await ring_at_a_colleague(world, "5550102")
    third = await wait(world, "5550103")
    fourth = await wait(world, "5550104")
    async with databases.killed():
        await is_away(world, "database")
        new = await world.call_support(number="5550105")
        helped = await operator.next_call(PATIENCE)
        await helped.answered(PATIENCE)
        await hear_each_other(new, helped)
        await hear_each_other(caller, taken)
        await taken.hang_up()
        assert (second.ending, third.ending, fourth.ending) == (None, None, None)

    await caller.ended(PATIENCE)
    ringing.answer()
    taken = await takes(world, agent, "5550103")
    await in_state(world, "5550102", "answered")
    await hear_each_other(second, ringing)
    await hear_each_other(third, taken)
    await taken.hang_up()
    await takes(world, agent, "5550104")
    assert (agent.times_called, colleague.times_called, operator.times_called) == (3, 1, 1)


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


@pytest.mark.queue(timeout=60.0)
async def test_the_connection_to_asterisk_is_cut_while_callers_talk_ring_and_wait(
    world: World, agent: Phone, operator: Phone, line: Line
) -> None:
    caller, taken = await talk(world, agent, "5550101")
    colleague, second, ringing = await ring_at_a_colleague(world, "5550102")
    third = await wait(world, "5550103")
    line.cut()
    await is_away(world, "asterisk")
    await world.call_support(number="5550104")
    await (await operator.next_call(PATIENCE)).answered(PATIENCE)
    await hear_each_other(caller, taken)
    await taken.hang_up()
    line.mend()

    await caller.ended(PATIENCE)
    ringing.answer()
    taken = await takes(world, agent, "5550103")
    await in_state(world, "5550102", "answered")
    await hear_each_other(second, ringing)
    await hear_each_other(third, taken)
    assert (agent.times_called, colleague.times_called) == (2, 1)
