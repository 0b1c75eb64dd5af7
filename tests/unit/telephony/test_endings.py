"""When the end of a leg is told, and when the state of its phone."""

import asyncio

import pytest

from component.domain.events import DeviceStateChanged, Event, LegEnded
from component.domain.model import Leg
from component.domain.words import DeviceState, LegEnd
from component.telephony.endings import Endings

pytestmark = pytest.mark.unit

DEVICE = "PJSIP/1000"
ENDED = LegEnded(Leg("c1", 1), LegEnd.HUNG_UP)
IDLE = DeviceStateChanged(DEVICE, DeviceState.NOT_INUSE)
IN_USE = DeviceStateChanged(DEVICE, DeviceState.INUSE)


class Ears:
    """What is told of, and what was handed on."""

    def __init__(self) -> None:
        self.heard: list[Event] = []
        self.endings = Endings(self.heard.append)

    def hears(self, *events: Event) -> list[Event]:
        """Take in what Asterisk tells; return what is handed on at once."""
        self.heard.clear()
        for event in events:
            if isinstance(event, LegEnded):
                self.endings.leg_ended(event, DEVICE)
            elif isinstance(event, DeviceStateChanged):
                self.endings.state_changed(event)
        return list(self.heard)


async def test_the_end_of_a_leg_waits_for_the_state_of_its_phone() -> None:
    ears = Ears()
    assert ears.hears(IN_USE, ENDED) == [IN_USE]
    assert ears.hears(IDLE) == [IDLE, ENDED]


async def test_a_leg_ends_at_once_whose_phone_was_told_to_be_idle_before() -> None:
    assert Ears().hears(IN_USE, IDLE, ENDED) == [IN_USE, IDLE, ENDED]


async def test_a_leg_ends_soon_if_its_phone_stays_in_use() -> None:
    ears = Ears()
    assert ears.hears(IN_USE, ENDED) == [IN_USE]
    ears.heard.clear()
    async with asyncio.timeout(20):
        while not ears.heard:
            await asyncio.sleep(0.001)
    assert ears.heard == [ENDED]
    assert ears.hears(IDLE) == [IDLE]


@pytest.mark.parametrize("state", [DeviceState.UNAVAILABLE, DeviceState.UNKNOWN])
async def test_a_leg_ends_at_once_if_its_phone_is_not_known_to_be_in_use(
    state: DeviceState,
) -> None:
    ears = Ears()
    assert ears.hears(ENDED) == [ENDED]
    changed = DeviceStateChanged(DEVICE, state)
    assert ears.hears(IN_USE, changed, ENDED) == [IN_USE, changed, ENDED]


async def test_of_another_phone_no_state_lets_a_leg_end() -> None:
    ears = Ears()
    other = DeviceStateChanged("PJSIP/2000", DeviceState.NOT_INUSE)
    assert ears.hears(IN_USE, ENDED, other) == [IN_USE, other]
    assert ears.hears(IDLE) == [IDLE, ENDED]


async def test_two_legs_of_one_phone_end_together() -> None:
    ears = Ears()
    second = LegEnded(Leg("c2", 1), LegEnd.HUNG_UP)
    assert ears.hears(IN_USE, ENDED, second) == [IN_USE]
    assert ears.hears(IDLE) == [IDLE, ENDED, second]
