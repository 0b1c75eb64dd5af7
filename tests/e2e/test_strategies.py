"""Whom each strategy rings, in a queue of app_queue's and in one of ours."""

import asyncio
from itertools import chain

import pytest

from tests.e2e import twins
from tests.e2e.sides import Side, both
from tests.e2e.world import World

pytestmark = pytest.mark.e2e

ORDERS = {
    "linear": "CCBBCC",
    "rrmemory": "ABCABC",
    "rrordered": "CBACBA",
    "leastrecent": "CBACA",
    "fewestcalls": "BABBAA",
}
"""Who is rung by one call after another.

C logs on before B, and B before A. Whoever takes the second call talks on until the fourth is over;
all other calls are over before the next one comes. With `fewestcalls` it is A and B who have
unequal numbers of calls.
"""

OTHERWISE = {"rrmemory": "CBACBA"}
"""Whom app_queue rings instead: it goes by log-on there, too, where ours goes by extension."""

SECOND, FOURTH = 2, 4

DRAWN = {"random": {"ABC", "BAC"}, "wrandom": {"ABC", "ACB", "BAC", "BCA", "CAB", "CBA"}}
"""Whom three calls at once may ring. C has a penalty, which is a weight for `wrandom` only."""


@pytest.fixture
def prepared() -> str:
    return twins.sql()


async def order(side: Side) -> str:
    """Let call after call come in; return who was rung."""
    order = ORDERS[side.team]
    await side.log_on(sorted(set(order), reverse=True))
    await side.all_free()
    rung = ""
    for number in range(1, len(order) + 1):
        await side.call()
        who, taken = await side.talk()
        rung += who
        if number == SECOND:
            talking = taken
        else:
            await side.end(taken)
        if number == FOURTH:
            await side.end(talking)
        await side.all_free(but=1 if SECOND <= number < FOURTH else 0)
        if side.team == "leastrecent":
            await asyncio.sleep(1)  # app_queue's clock has whole seconds
    return rung


async def lots(side: Side) -> str:
    """Let as many callers talk as there are agents; return who was rung by one after another."""
    await side.log_on("ABC")
    await side.all_free()
    rung = ""
    for _ in "ABC":
        await side.call()
        who, _ = await side.talk()
        rung += who
    return rung


async def test_one_call_after_another_rings_the_same_agents_in_both_queues(world: World) -> None:
    sides = [both(world, strategy) for strategy in ORDERS]
    drawing = [both(world, strategy) for strategy in DRAWN]
    rung, drawn = await asyncio.gather(
        asyncio.gather(*map(order, chain(*sides))), asyncio.gather(*map(lots, chain(*drawing)))
    )
    assert dict(zip(ORDERS, rung[::2], strict=True)) == ORDERS, "in our queues"
    assert dict(zip(ORDERS, rung[1::2], strict=True)) == ORDERS | OTHERWISE, "in app_queue's"
    for side, who in zip(chain(*drawing), drawn, strict=True):
        assert who in DRAWN[side.team], side.name

    for ours, theirs in sides:
        if ours.team not in OTHERWISE:
            assert await ours.told() == await theirs.told()
