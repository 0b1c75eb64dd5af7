import asyncio

import pytest

from component.alarm import Alarm

pytestmark = pytest.mark.unit


class Bell:
    def __init__(self) -> None:
        self.rings = 0
        self.alarm = Alarm(self._ring)
        self._rung = asyncio.Event()

    async def rung(self) -> None:
        async with asyncio.timeout(20):
            await self._rung.wait()
        self._rung.clear()

    def _ring(self) -> None:
        self.rings += 1
        self._rung.set()


async def test_it_rings_once_at_the_first_of_the_times_it_is_set_to() -> None:
    bell = Bell()
    for seconds in (3600, 0.01, 0.02, 3600):
        bell.alarm.set(seconds)
    await bell.rung()
    await asyncio.sleep(0.05)
    assert bell.rings == 1


async def test_it_rings_again_if_it_is_set_again() -> None:
    bell = Bell()
    for _ in range(2):
        bell.alarm.set(0.01)
        await bell.rung()
    assert bell.rings == 2


async def test_it_may_be_set_to_a_time_that_has_come() -> None:
    bell = Bell()
    for seconds in (0, 0.0001, 3600):
        bell.alarm.set(seconds)
    await bell.rung()
    assert bell.rings == 1
