"""Agents log on and off, and pause, by phone: in one queue, or in all of which they are members.

And they dial that they do not want to be disturbed.
"""

import asyncio
import re

import pytest

from lab.sip import Phone
from tests.e2e.world import World

pytestmark = pytest.mark.e2e

BOTH = ["sales", "support"]


async def test_a_code_is_for_one_queue_or_for_all(world: World) -> None:
    phone = await world.phone("1000")
    await world.sql("INSERT INTO queues (name) VALUES ('sales')")
    await world.sql("INSERT INTO members (queue, extension) VALUES ('sales', '1000')")
    await world.until(lambda: _is_member(world, "sales"), "the new queue has its member")

    await dial(world, phone, "*56466*0", logged_on=BOTH)
    await dial(world, phone, "*564633*1", logged_on=["sales"])
    await dial(world, phone, "*56466*1", logged_on=BOTH)
    await dial(world, phone, "*72873*1", logged_on=BOTH, paused=["support"])
    await dial(world, phone, "*72873", logged_on=BOTH, paused=BOTH)
    await dial(world, phone, "*72873**2", logged_on=BOTH, paused=BOTH, reason="lunch")
    await dial(world, phone, "*8672873*1", logged_on=BOTH, paused=["sales"], reason="lunch")
    await dial(world, phone, "*8672873", logged_on=BOTH)
    await dial(world, phone, "*564633*", logged_on=["sales"])
    await dial(world, phone, "*56466*", logged_on=BOTH)
    await dial(world, phone, "*564633*0", logged_on=[])


async def test_who_wants_no_calls_is_offered_none_until_the_code_is_dialled_again(
    world: World,
) -> None:
    phone = await world.agent("1000")
    await do_not_disturb(world, phone, wanted="BUSY")
    await world.until(lambda: world.device_is_free(phone.user), "the phone is free")
    await world.until(lambda: _is_unreachable(world), "the service knows")
    caller = await world.call_support()
    await world.until(
        lambda: world.sql("SELECT 1 FROM calls WHERE state = 'waiting'"), "the caller waits"
    )
    await asyncio.sleep(0.5)
    assert phone.calls == ()

    await do_not_disturb(world, phone, wanted="NOT_INUSE")
    taken = await phone.next_call()
    await taken.answered()
    await caller.hang_up()
    await world.quiet()


async def test_a_digit_without_a_queue_is_no_number(world: World) -> None:
    phone = await world.phone("1000")
    call = await phone.dial("*56466*7")
    assert (await call.ended()).status == 404


async def dial(
    world: World,
    phone: Phone,
    code: str,
    *,
    logged_on: list[str],
    paused: list[str] | None = None,
    reason: str = "",
) -> None:
    """Dial a code, and wait until it has done what it is for."""
    call = await phone.dial(code)
    paused = paused or []
    wanted = [(queue, queue in paused, reason if queue in paused else "") for queue in logged_on]

    async def is_so() -> bool:
        rows = await world.sql(
            "SELECT queue, paused_at IS NOT NULL, pause_reason FROM members"
            " WHERE logged_on_at IS NOT NULL ORDER BY queue"
        )
        return [tuple(row) for row in rows] == wanted

    await world.until(is_so, f"{code} has {logged_on} logged on, {paused} paused")
    await call.hang_up()


async def do_not_disturb(world: World, phone: Phone, *, wanted: str) -> None:
    """Dial the code, and hang up once the device has the state that is wanted."""
    call = await phone.dial("*363")

    async def is_so() -> bool:
        return re.search(rf"Custom:DND{phone.user}'.*'{wanted}'", await devices()) is not None

    async def devices() -> str:
        return await world.asterisk.cli("devstate list")

    await world.until(is_so, f"*363 has made the device {wanted}")
    await call.hang_up()


async def _is_unreachable(world: World) -> bool:
    return "unreachable" in await world.agents()


async def _is_member(world: World, queue: str) -> bool:
    """Tell whether the service has taken over the member of a new queue."""
    taken_over = f'"change": "member_changed", "queue": "{queue}"'
    return taken_over in world.service.log.read_text()
