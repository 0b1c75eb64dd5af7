import asyncio
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from component.telephony.lanes import Lanes

pytestmark = pytest.mark.unit

Item = tuple[str, int]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3))))
def test_items_of_a_key_are_worked_on_in_order(items: list[Item]) -> None:
    done: defaultdict[str, list[int]] = defaultdict(list)

    async def work(numbered: tuple[Item, int]) -> None:
        (key, steps), number = numbered
        for _ in range(steps):
            await asyncio.sleep(0)
        done[key].append(number)

    async def scenario() -> None:
        lanes: Lanes[tuple[Item, int]] = Lanes(work)
        for number, item in enumerate(items):
            lanes.put(item[0], (item, number))
            if number % 2:
                await asyncio.sleep(0)
        await lanes.drain(20)
        assert len(lanes) == 0

    asyncio.run(scenario())
    for key, numbers in done.items():
        assert numbers == [n for n, item in enumerate(items) if item[0] == key]


async def test_a_slow_lane_holds_no_other_up() -> None:
    gate, done = asyncio.Event(), asyncio.Event()

    async def work(item: str) -> None:
        if item == "slow":
            await gate.wait()
        else:
            done.set()

    lanes = Lanes(work)
    lanes.put("one", "slow")
    lanes.put("two", "quick")
    await asyncio.wait_for(done.wait(), 20)
    gate.set()
    await lanes.drain(20)


async def test_an_item_waits_for_what_it_is_put_behind_and_for_nothing_that_comes_later() -> None:
    gates = {item: asyncio.Event() for item in ("before", "after")}
    done: list[str] = []

    async def work(item: str) -> None:
        if item in gates:
            await gates[item].wait()
        done.append(item)

    async with asyncio.timeout(20):
        lanes = Lanes(work)
        lanes.put("other", "before")
        lanes.put("own", "behind", behind="other")
        lanes.put("other", "after")
        await asyncio.sleep(0.01)
        assert done == []
        gates["before"].set()
        while "behind" not in done:
            await asyncio.sleep(0)
        gates["after"].set()
        await lanes.drain(20)
    assert done == ["before", "behind", "after"]


async def test_an_item_waits_for_no_lane_that_is_done() -> None:
    done: list[str] = []

    async def work(item: str) -> None:
        done.append(item)

    lanes = Lanes(work)
    lanes.put("own", "behind", behind="other")
    await lanes.drain(20)
    assert done == ["behind"]
    assert len(lanes) == 0


async def test_nothing_is_kept_of_lanes_that_are_done() -> None:
    async def work(_: int) -> None:
        await asyncio.sleep(0)

    lanes = Lanes(work)
    for number in range(1000):
        lanes.put(f"call {number}", number)
    await lanes.drain(20)
    assert len(lanes) == 0


async def test_work_that_fails_is_logged_and_the_rest_of_the_lane_goes_on() -> None:
    done: list[str] = []

    async def work(item: str) -> None:
        if item == "bad":
            raise KeyError(item)
        done.append(item)

    lanes = Lanes(work)
    with capture_logs() as logs:
        for item in ("good", "bad", "better"):
            lanes.put("call", item)
        while len(lanes):
            await asyncio.sleep(0)
    assert done == ["good", "better"]
    assert [entry["event"] for entry in logs] == ["work failed"]


async def test_draining_gives_up_what_takes_too_long() -> None:
    async def work(_: str) -> None:
        await asyncio.Event().wait()

    lanes = Lanes(work)
    lanes.put("call", "endless")
    lanes.put("call", "never begun")
    await lanes.drain(0.01)
    await asyncio.sleep(0)
    assert len(lanes) == 0
