"""The service is killed at moments at which it has no part, or has decided and not acted yet.

An agent has put the caller on hold, asks a colleague, passes the call on; callers are in the menu
or key a code, agents dial one.
"""

import asyncio

import pytest

from component.pins import hashed
from lab.sip import Call, Phone
from tests.e2e.talks import PATIENCE, ask, in_state, ring_to_ask, talk
from tests.e2e.world import World, prompt
from tests.line import Line
from tests.talking import hear_each_other, hears_something

pytestmark = pytest.mark.e2e

PIN = "1234"


@pytest.fixture
def ari_port(line: Line) -> int:
    return line.port


@pytest.fixture
def prepared() -> str:
    """Somebody who logs on with a PIN."""
    return (
        "INSERT INTO people (number, name, jid, pin)"
        f" VALUES ('71', 'Ada', 'user2@example.com', '{hashed(PIN)}')"
    )


async def is_killed_before_it_acts(world: World, line: Line, taken: Call, consulting: Call) -> None:
    """The agent connects the other two; the service decides how, and is killed."""
    line.lose_requests()
    await taken.transfer_to(consulting)
    await in_state(world, "5550101", "offered")
    await world.service.process.kill()
    line.mend()
    await world.restart()


async def test_the_service_is_killed_while_an_agent_asks_and_before_it_connects_the_others(
    world: World, agent: Phone, line: Line
) -> None:
    colleague = await world.agent("2000")
    caller, taken = await talk(world, agent, "5550101")
    await taken.hold()
    consulting, asked = await ask(world, agent, colleague)
    await world.service.process.kill()
    await hear_each_other(consulting, asked)
    await world.until(lambda: hears_something(caller), "the caller hears music")
    await world.restart()

    await is_killed_before_it_acts(world, line, taken, consulting)
    await in_state(world, "5550101", "answered")
    await hear_each_other(caller, asked)
    for over in (taken, consulting):
        await over.ended(PATIENCE)
    assert colleague.times_called == 1
    await asked.hang_up()
    await caller.ended(PATIENCE)
    await world.quiet()


async def test_the_service_is_killed_before_the_caller_rings_where_the_agent_asks(
    world: World, agent: Phone, line: Line
) -> None:
    colleague = await world.agent("2000")
    caller, taken = await talk(world, agent, "5550101")
    consulting, asked = await ring_to_ask(world, agent, colleague)
    await is_killed_before_it_acts(world, line, taken, consulting)

    for over in (asked, consulting, taken):
        await over.ended(PATIENCE)
    ringing = await colleague.next_call(PATIENCE)
    ringing.answer()
    await in_state(world, "5550101", "answered")
    await hear_each_other(caller, ringing)
    await ringing.hang_up()
    await caller.ended(PATIENCE)
    await world.quiet()


async def test_an_agent_passes_a_call_on_while_the_service_is_dead(
    world: World, agent: Phone
) -> None:
    caller, taken = await talk(world, agent, "5550101")
    await world.service.process.kill()
    await taken.transfer("0000")
    with pytest.raises(TimeoutError):
        await taken.transferred(within=1)
    await world.restart()

    assert await taken.transferred(PATIENCE) == 503
    await hear_each_other(caller, taken)
    await taken.transfer("0000")
    await taken.ended(PATIENCE)
    await caller.hang_up()
    await world.quiet()


async def test_the_service_is_killed_while_callers_choose_and_agents_log_on(
    world: World, operator: Phone
) -> None:
    first, second = await world.phone("1000"), await world.phone("2000")
    choosing, keying = await world.call_ivr(number="5550101"), await world.call_ivr("1", "5550102")
    person = await first.dial("*56466**")
    await person.answered(PATIENCE)
    await person.send_digits("71#")
    await world.until(lambda: are_in(world, "Read", 3), "the PIN is asked for")
    world.service.process.freeze()
    await world.call_support(number="5550103")
    agent = await second.dial("*56466*")
    await world.until(lambda: are_in(world, "AGI", 2), "the service is asked")
    await world.service.process.kill()

    await person.send_digits(f"{PIN}#")
    await keying.send_digits("1111")
    await choosing.send_digits("1")
    await choosing.send_digits("1111")
    unavailable = prompt("service-unavailable")
    await asyncio.gather(person.hears(unavailable, 20), agent.hears(unavailable, 20))
    helped = {(await operator.next_call(PATIENCE)).caller_number for _ in range(3)}
    assert helped == {"5550101", "5550102", "5550103"}


async def are_in(world: World, application: str, count: int) -> bool:
    """Whether so many channels execute an application of the dialplan."""
    channels = (await world.asterisk.cli("core show channels concise")).splitlines()
    return sum(line.split("!")[5] == application for line in channels) == count
