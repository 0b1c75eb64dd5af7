"""What waits for the engine."""

import asyncio

import pytest

from component import inbox
from component.domain.events import AsteriskLost, CallerLeft, DeviceStateChanged, DrainBegun
from component.domain.words import DeviceState
from component.inbox import Entry, Inbox

pytestmark = pytest.mark.unit

FIRST, SECOND, MOOT = AsteriskLost(), DrainBegun(), CallerLeft("gone")
CALM = DeviceStateChanged("PJSIP/1000", DeviceState.INUSE)


@pytest.fixture
def waiting() -> Inbox:
    return Inbox(lambda fact: fact == MOOT, lambda fact: fact == CALM)


async def taken(waiting: Inbox) -> list[object]:
    return [entry.fact for entry in await waiting.take()]


async def test_facts_are_taken_together_in_the_order_in_which_they_came(waiting: Inbox) -> None:
    waiting.put(FIRST)
    waiting.put(None)
    waiting.put(SECOND)
    assert await taken(waiting) == [FIRST, None, SECOND]
    assert len(waiting) == 0


async def test_who_takes_waits_for_a_fact(waiting: Inbox) -> None:
    asyncio.get_running_loop().call_soon(waiting.put, FIRST)
    assert await taken(waiting) == [FIRST]


async def test_only_so_many_share_a_transaction(
    waiting: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "BATCH", 2)
    for _ in range(3):
        waiting.put(FIRST)
    assert [len(await taken(waiting)), len(await taken(waiting))] == [2, 1]


async def test_what_is_moot_at_the_front_is_dropped(waiting: Inbox) -> None:
    for fact in (MOOT, MOOT, FIRST):
        waiting.put(fact)
    assert await taken(waiting) == [FIRST]


async def test_what_follows_another_fact_may_not_be_moot_after_it(waiting: Inbox) -> None:
    for fact in (FIRST, MOOT):
        waiting.put(fact)
    assert await taken(waiting) == [FIRST, MOOT]


async def test_what_somebody_waits_for_is_taken_in_though_it_is_moot(waiting: Inbox) -> None:
    asked = asyncio.create_task(waiting.ask(MOOT))
    [entry] = await waiting.take()
    assert entry.reply is not None
    entry.reply.set_result("done")
    assert await asked == "done"


async def test_what_may_wait_is_taken_with_the_next_fact(waiting: Inbox) -> None:
    waiting.put(CALM)
    taking = asyncio.create_task(taken(waiting))
    for _ in range(3):
        await asyncio.sleep(0)
    assert not taking.done()
    waiting.put(FIRST)
    assert await taking == [CALM, FIRST]


async def test_what_may_wait_is_taken_at_once_if_somebody_waits_for_it(waiting: Inbox) -> None:
    asked = asyncio.create_task(waiting.ask(CALM))
    [entry] = await waiting.take()
    assert entry.reply is not None
    entry.reply.set_result(None)
    await asked


async def test_what_is_put_back_comes_first(waiting: Inbox) -> None:
    waiting.put(SECOND)
    waiting.put_back([Entry(None), Entry(FIRST)])
    assert await taken(waiting) == [None, FIRST, SECOND]
