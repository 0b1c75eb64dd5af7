"""Facts that are no reason to begin a transaction.

That what is moot leads to nothing, and what may wait to nothing that is to be done, nor to an agent
who may be offered a call or may no more, is seen with every fact of every other test: see
`CallCentre.take`.
"""

import pytest

from component.domain.events import CallerLeft, DeviceStateChanged, RingTimedOut, WaitTimedOut
from component.domain.model import Leg
from component.domain.moot import is_moot, may_wait
from component.domain.words import DeviceState
from tests.unit.domain.call_centre import CallCentre

pytestmark = pytest.mark.unit


@pytest.fixture
def rung() -> CallCentre:
    """A call centre with one agent, whose phone is rung."""
    centre = CallCentre(["1000"])
    centre.log_on("1000")
    centre.device("1000", DeviceState.NOT_INUSE)
    centre.enter()
    return centre


def changed(state: DeviceState, extension: str = "1000") -> DeviceStateChanged:
    return DeviceStateChanged(f"PJSIP/{extension}", state)


def test_timers_of_a_call_that_goes_on_are_not_moot(rung: CallCentre) -> None:
    assert not is_moot(rung.state, RingTimedOut(Leg("call1", 1)))
    assert not is_moot(rung.state, WaitTimedOut("call1"))


def test_timers_of_a_call_that_is_forgotten_are_moot(rung: CallCentre) -> None:
    assert is_moot(rung.state, RingTimedOut(Leg("call0", 1)))
    assert is_moot(rung.state, WaitTimedOut("call0"))


def test_that_somebody_left_who_does_not_wait_is_moot(rung: CallCentre) -> None:
    assert is_moot(rung.state, CallerLeft("a channel of somebody else's"))
    assert not is_moot(rung.state, CallerLeft(rung.state.calls["call1"].channel))


def test_that_the_phone_rings_which_is_rung_may_wait(rung: CallCentre) -> None:
    assert may_wait(rung.state, changed(DeviceState.RINGING))
    assert not may_wait(rung.state, changed(DeviceState.INUSE))


def test_that_the_phone_is_in_use_over_which_they_talk_may_wait(rung: CallCentre) -> None:
    rung.answer("call1")
    assert may_wait(rung.state, changed(DeviceState.INUSE))
    assert not may_wait(rung.state, changed(DeviceState.NOT_INUSE))


def test_that_a_phone_is_gone_or_back_may_not_wait(rung: CallCentre) -> None:
    assert not may_wait(rung.state, changed(DeviceState.UNAVAILABLE))
    rung.answer("call1")
    rung.device("1000", DeviceState.UNAVAILABLE)
    assert not may_wait(rung.state, changed(DeviceState.INUSE))


def test_that_a_phone_is_in_use_for_other_things_may_not_wait() -> None:
    centre = CallCentre(["1000"])
    centre.log_on("1000")
    assert not may_wait(centre.state, changed(DeviceState.INUSE))
    assert not may_wait(centre.state, changed(DeviceState.INUSE, "9999"))
