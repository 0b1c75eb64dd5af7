"""The queue is not alone on its Asterisk: that is reloaded, records calls, lets supervisors listen
in, parks calls, and gives up phones that have died.
"""

import pytest

from lab.sip import OutgoingCall, Phone, ringing_only, tone
from tests.e2e import exchange
from tests.e2e.scene import begin
from tests.e2e.talks import PATIENCE, in_state, takes, talk
from tests.e2e.world import World
from tests.talking import hear_each_other, hears, hears_something, silent

pytestmark = pytest.mark.e2e

RELOADS = (
    "core reload",
    "dialplan reload",
    "moh reload",
    "logger rotate",
    "module reload http",
    "module reload res_ari.so",
    "module reload res_pjsip.so",
    "module reload res_rtp_asterisk.so",
)


@pytest.fixture
def prepared() -> str:
    return exchange.WATCHED_AGENT


@pytest.fixture
async def supervisor(world: World) -> Phone:
    """Extension 3000, which is not logged on."""
    return await world.phone("3000")


async def channel_of(world: World, number: str) -> str:
    """Return the unique id of a caller's channel."""
    [row] = await world.sql("SELECT channel FROM calls WHERE caller_number = $1", number)
    channel: str = row["channel"]
    return channel


async def test_asterisk_is_reloaded_while_callers_talk_ring_and_wait(
    world: World, agent: Phone
) -> None:
    begun = await begin(world, agent)
    for command in RELOADS:
        await world.asterisk.cli(command)
        await hear_each_other(begun.caller, begun.taken)
    await world.until(lambda: hears_something(begun.third), "who waits hears music")
    await begun.taken.hang_up()

    await begun.goes_on()
    assert "asterisk not connected" not in world.service.log.read_text()
    assert (agent.times_called, begun.colleague.times_called) == (2, 1)


async def test_a_call_is_recorded_with_both_voices_until_that_is_stopped(
    world: World, agent: Phone
) -> None:
    colleague = await world.phone("2000")
    agent.on_call = ringing_only()
    caller = await (await world.caller("5550101")).dial("recorded")
    ringing = await agent.next_call(PATIENCE)
    by_caller = [tone(300, 0.2)]
    await caller.play(by_caller[0])
    ringing.answer()
    await in_state(world, "5550101", "answered")
    async with silent(caller):
        by_agents = [await hears(caller, ringing)]
        await ringing.transfer("2000")
        taken = await takes(world, colleague, "5550101")
        by_agents.append(await hears(caller, taken))
    async with silent(taken):
        by_caller.append(await hears(taken, caller))

    unique_id = await channel_of(world, "5550101")
    channels = (await world.asterisk.cli("core show channels concise")).splitlines()
    [name] = [line.partition("!")[0] for line in channels if line.endswith(f"!{unique_id}")]
    await world.asterisk.cli(f"mixmonitor stop {name}")
    async with silent(caller):
        secret = await hears(caller, taken)
    await taken.hang_up()
    await caller.ended()
    await world.quiet()
    recorded, heard, said = (exchange.recorded(world, unique_id, w) for w in ("", "-out", "-in"))
    assert all(is_in(said, words) for words in by_caller)
    # Whom Asterisk lets talk to the caller next it records at times, and at times it does not.
    assert is_in(heard, by_agents[0])
    assert all(is_in(recorded, words) for words in (by_caller[1], by_agents[0]))
    assert not is_in(recorded, secret)


def is_in(recorded: bytes, said: bytes) -> bool:
    """Tell whether a recording has 20 ms of a tone in one piece, wherever they begin."""
    return any(said[begin : begin + 160] in recorded for begin in range(200))


async def test_a_phone_that_dies_in_mid_talk_is_noticed_by_its_silence(world: World) -> None:
    watcher = await world.watcher(exchange.WATCHED, account="user1")
    phone = await world.caller(exchange.WATCHED)
    await phone.register()
    await world.log_on(phone)
    caller, taken = await talk(world, phone)
    async with silent(caller):
        async with silent(taken):
            await watcher.next("offered")
            await watcher.next("answered")
        phone.drop()
        await caller.ended(PATIENCE)

    await watcher.next("ended")
    await world.quiet()
    assert await world.call_log() == [
        ("NONE", "ENTERQUEUE"),
        (exchange.WATCHED, "CONNECT"),
        (exchange.WATCHED, "COMPLETEAGENT"),
    ]


async def test_a_supervisor_listens_whispers_and_barges_in_until_anybody_hangs_up(
    world: World, agent: Phone, supervisor: Phone
) -> None:
    async def spy(prefix: str) -> OutgoingCall:
        call = await supervisor.dial(f"{prefix}1000")
        await call.answered()
        return call

    caller, taken = await talk(world, agent)
    listening = await spy("*51")
    async with silent(taken):
        await hears(listening, caller)
    async with silent(caller):
        await hears(listening, taken)
    await listening.hang_up()
    await hear_each_other(caller, taken)
    await taken.hang_up()
    await caller.ended()

    caller, taken = await talk(world, agent)
    whispering = await spy("*52")
    async with silent(caller):
        whispered = await hears(taken, whispering)
        assert whispered not in caller.heard
        await taken.hang_up()
        await caller.ended()
    assert whispering.ending is None
    await whispering.hang_up()

    caller, taken = await talk(world, agent)
    barging = await spy("*53")
    async with silent(caller, taken):
        await hears(taken, barging)
        await hears(caller, barging)
    await taken.hang_up()
    await caller.ended()  # though Asterisk keeps the agent's channel while the caller is silent
    await barging.hang_up()

    caller, taken = await talk(world, agent)
    listening = await spy("*51")
    await caller.hang_up()
    await taken.ended()
    await listening.hang_up()
    await world.quiet()
    ends = [entry for entry in await world.call_log() if entry[1].startswith("COMPLETE")]
    assert ends == [("1000", f"COMPLETE{who}") for who in ("AGENT", "AGENT", "AGENT", "CALLER")]


async def test_an_operator_sends_an_agent_who_talks_elsewhere_and_the_caller_is_let_go(
    world: World, agent: Phone, supervisor: Phone
) -> None:
    watcher = await world.watcher("1000")
    caller, taken = await talk(world, agent)
    channels = (await world.asterisk.cli("core show channels concise")).splitlines()
    [name] = [line.partition("!")[0] for line in channels if line.startswith("PJSIP/1000-")]
    await world.asterisk.cli(f"channel redirect {name} from-phones,3000,1")
    await caller.ended()
    for state in ("offered", "answered", "ended"):
        await watcher.next(state)
    asked = await supervisor.next_call()
    await hear_each_other(taken, asked)

    await world.crash()
    await world.until(lambda: has_in_use(world), "it is compared what there is")
    await hear_each_other(taken, asked)
    await taken.hang_up()
    await asked.ended()
    await world.quiet()
    assert (await world.call_log())[-1] == ("1000", "COMPLETEAGENT")


async def has_in_use(world: World) -> bool:
    """Tell whether the service is connected, and knows that a phone is in use."""
    return "unreachable" in await world.agents()


async def test_an_agent_parks_calls_and_who_is_not_fetched_comes_back_to_the_queue_or_the_agent(
    world: World, agent: Phone
) -> None:
    watcher, other = await world.watcher("1000"), await world.phone("2000")
    caller, taken = await talk(world, agent)
    await taken.transfer("700")
    await taken.ended()
    await world.until(lambda: is_parked(world), "the call is parked")
    await world.until(lambda: hears_something(caller), "there is music")
    fetched = await other.dial("701")
    await fetched.answered()
    await hear_each_other(caller, fetched)
    await fetched.hang_up()
    await caller.ended()

    caller, taken = await talk(world, agent)
    await taken.transfer("709")
    await taken.ended()
    again = await takes(world, agent)
    await hear_each_other(caller, again)
    shown = [seen.event for seen in watcher.seen if seen.event.state == "offered"]
    assert [event.customer_code for event in shown] == ["1111"] * 3

    await again.transfer("719")
    await again.ended()
    back = await agent.next_call()
    await hear_each_other(caller, back)
    await back.hang_up()
    await caller.ended()
    await world.quiet()
    assert watcher.states == ["offered", "answered", "ended"] * 3


async def is_parked(world: World) -> bool:
    """Tell whether anybody is."""
    return "701" in (await world.asterisk.cli("parking show default")).partition("Parked Calls")[2]
