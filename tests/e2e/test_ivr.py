"""What callers and agents hear and key."""

from collections.abc import AsyncIterator

import pytest

from lab.sip import OutgoingCall, Phone
from tests.databases import Databases
from tests.e2e.world import World, prompt

pytestmark = pytest.mark.e2e


async def test_the_caller_is_greeted_and_told_the_choices(world: World) -> None:
    call = await world.call_ivr()

    await call.hears(prompt("welcome"))
    await call.hears(prompt("menu"))


async def test_2_rings_extension_2000(world: World) -> None:
    sales = await world.phone("2000")
    await world.call_ivr("2")

    await (await sales.next_call()).answered()


async def test_nothing_rings_extension_3000(world: World) -> None:
    operator = await world.phone("3000")
    await world.call_ivr()

    await (await operator.next_call(30)).answered()


async def test_another_key_is_said_to_be_invalid_and_the_menu_is_repeated(world: World) -> None:
    call = await world.call_ivr("7")
    await call.hears(prompt("invalid-choice"))
    await call.hears(prompt("menu"))

    sales = await world.phone("2000")
    await call.send_digits("2")
    await (await sales.next_call()).answered()


async def test_who_keys_nonsense_again_and_again_reaches_extension_3000(world: World) -> None:
    operator = await world.phone("3000")
    await world.call_ivr("7 8 9")

    await (await operator.next_call()).answered()


async def test_a_wrong_code_three_times_ends_the_call(world: World) -> None:
    await world.agent("1000")
    call = await world.call_ivr("1 9999")
    for times, code in enumerate(("8888", "7777"), start=1):
        await call.hears(prompt("invalid-code")[:4000], 20, times=times)
        await call.send_digits(code)

    await call.hears(prompt("goodbye"))
    assert not (await call.ended()).by_us
    assert await world.sql("SELECT * FROM calls") == []


async def test_a_wrong_code_may_be_mended(world: World) -> None:
    watcher = await world.watcher("1000")
    await world.agent("1000")
    call = await world.call_ivr("1 9999")
    await call.hears(prompt("invalid-code"))
    await call.send_digits("2222")

    assert (await watcher.next("offered")).customer_name == "Company 2"


async def test_a_code_that_is_too_short_is_invalid(world: World) -> None:
    call = await world.call_ivr("1 11")

    await call.hears(prompt("invalid-code"))


async def dials(phone: Phone, code: str, sentence: str) -> OutgoingCall:
    """Dial a code and hear what is said to it, to the end."""
    call = await phone.dial(code)
    await call.hears(prompt(sentence))
    await call.ended()
    return call


async def test_logging_on_and_off_is_confirmed_by_voice(world: World) -> None:
    phone = await world.phone("1000")

    await dials(phone, "*564633*", "not-logged-on")
    await dials(phone, "*56466*", "logged-on")
    await dials(phone, "*56466*", "already-logged-on")
    await dials(phone, "*564633*", "logged-off")
    [member] = await world.sql("SELECT logged_on_at FROM members WHERE extension = '1000'")
    assert member["logged_on_at"] is None


async def test_who_logged_off_is_rung_no_more(world: World) -> None:
    first, second = await world.agent("1000"), await world.agent("2000")
    await dials(first, "*564633*", "logged-off")
    await world.call_support()

    await (await second.next_call()).answered()


@pytest.fixture
async def stranger_world(world: World) -> AsyncIterator[World]:
    """A world that does not know extension 3000."""
    await world.sql("DELETE FROM extensions WHERE extension = '3000'")
    await world.service.stop()
    async with world.service:
        yield world


async def test_an_unknown_extension_is_told_so(stranger_world: World) -> None:
    phone = await stranger_world.phone("3000")

    await dials(phone, "*56466*", "unknown-extension")
    await dials(phone, "*564633*", "unknown-extension")


async def test_callers_for_whom_the_dialplan_names_no_queue_are_given_back_to_it(
    world: World,
) -> None:
    """Nobody else would take them out of the application, where they hear nothing."""
    assert await world.sent_away("ours-without-a-queue") == "UNAVAILABLE"


async def test_without_the_database_logging_on_is_said_to_be_impossible(
    world: World, databases: Databases
) -> None:
    phone = await world.phone("1000")
    async with databases.away(world.database):
        await dials(phone, "*56466*", "service-unavailable")

    await dials(phone, "*56466*", "logged-on")


async def test_without_the_service_logging_on_is_said_to_be_impossible(world: World) -> None:
    phone = await world.phone("1000")
    await world.service.stop()

    await dials(phone, "*56466*", "service-unavailable")


async def test_a_forged_callers_number_logs_nobody_on(world: World) -> None:
    caller = await world.caller("1000")
    call = await caller.dial("*56466*")

    assert (await call.ended()).status >= 400
    assert await world.sql("SELECT 1 FROM members WHERE logged_on_at IS NOT NULL") == []


async def test_lines_in_a_callers_number_log_nobody_off(world: World) -> None:
    agent, operator = await world.agent("1000"), await world.phone("3000")
    forged = "5\nagi_network_script: logoff\nagi_arg_1: PJSIP/1000\n\n"
    caller = await world.call_support(number=forged)
    taken = await operator.next_call()
    await taken.answered()
    await caller.hang_up()

    await world.call_support()
    await (await agent.next_call()).answered()
