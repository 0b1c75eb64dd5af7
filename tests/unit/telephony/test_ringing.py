"""Phones that are looked at while they ring."""

import asyncio

import pytest

from component.domain.events import DeviceStateChanged, Event, PhoneGone
from component.domain.model import Leg
from component.domain.words import DeviceState
from component.telephony import ringing
from component.telephony.errors import AriError, AriUnreachableError
from component.telephony.ringing import RingingPhones

pytestmark = pytest.mark.unit

DEVICE = "PJSIP/1000"
FIRST, SECOND = Leg("c1", 1), Leg("c2", 1)
GONE = DeviceStateChanged(DEVICE, DeviceState.UNAVAILABLE)
"""Of whoever has the phone; that it rings in vain over a leg is another fact."""


class Phones:
    """What is told of phones, of which some are offline."""

    def __init__(self) -> None:
        self.told: list[Event] = []
        self.looks = 0
        self.offline: set[str] = set()
        self.failure: AriError | None = None
        self.ringing = RingingPhones(self.told.append, self._is_offline)

    async def looks_again(self) -> None:
        """Wait until it has been looked once more, and what came of it was told."""
        before = self.looks
        async with asyncio.timeout(20):
            while self.looks == before:
                await asyncio.sleep(0.001)
        await asyncio.sleep(0)

    async def _is_offline(self, device: str) -> bool:
        self.looks += 1
        if self.failure is not None:
            raise self.failure
        return device in self.offline


@pytest.fixture
def phones(monkeypatch: pytest.MonkeyPatch) -> Phones:
    monkeypatch.setattr(ringing, "LOOK_SECONDS", 0.001)
    return Phones()


async def test_a_phone_that_goes_away_while_it_rings_is_told_of_once(phones: Phones) -> None:
    phones.ringing.begin(FIRST, DEVICE)
    await phones.looks_again()
    assert phones.told == []
    phones.offline.add(DEVICE)
    await phones.looks_again()
    await asyncio.sleep(0.01)
    assert phones.told == [GONE, PhoneGone(FIRST)]


async def test_nobody_asks_for_phones_that_ring_no_longer(phones: Phones) -> None:
    phones.offline.add(DEVICE)
    phones.ringing.begin(FIRST, DEVICE)
    phones.ringing.begin(SECOND, DEVICE)
    phones.ringing.end(FIRST)
    phones.ringing.forget()
    await asyncio.sleep(0.01)
    assert (phones.looks, phones.told) == (0, [])


async def test_phones_are_looked_at_that_ring_later(phones: Phones) -> None:
    phones.ringing.begin(FIRST, DEVICE)
    phones.ringing.end(FIRST)
    await asyncio.sleep(0.01)
    phones.offline.add(DEVICE)
    phones.ringing.begin(SECOND, DEVICE)
    await phones.looks_again()
    assert phones.told == [GONE, PhoneGone(SECOND)]


async def test_without_an_answer_it_is_looked_again(phones: Phones) -> None:
    phones.failure = AriUnreachableError("silence")
    phones.offline.add(DEVICE)
    phones.ringing.begin(FIRST, DEVICE)
    await phones.looks_again()
    phones.failure = None
    await phones.looks_again()
    assert phones.told == [GONE, PhoneGone(FIRST)]


async def test_it_is_looked_no_more_in_the_end(phones: Phones) -> None:
    phones.ringing.begin(FIRST, DEVICE)
    await phones.looks_again()
    await phones.ringing.close()
    before = phones.looks
    await asyncio.sleep(0.01)
    assert phones.looks == before


@pytest.mark.parametrize("state", [DeviceState.UNAVAILABLE, DeviceState.INVALID])
async def test_what_rings_at_a_phone_that_tells_it_is_gone_rings_in_vain(
    phones: Phones, state: DeviceState
) -> None:
    phones.ringing.begin(FIRST, DEVICE)
    phones.ringing.begin(SECOND, "PJSIP/2000")
    phones.ringing.state_changed(DeviceStateChanged(DEVICE, DeviceState.RINGING))
    assert phones.told == []
    for _ in range(2):
        phones.ringing.state_changed(DeviceStateChanged(DEVICE, state))
    assert phones.told == [PhoneGone(FIRST)]
    await phones.ringing.close()
