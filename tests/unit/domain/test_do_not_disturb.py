"""Agents who have told Asterisk that they want no calls: `Custom:DND<endpoint>` is in use."""

from typing import Any

import pytest

from component.domain.commands import AnswerTransfer, WatchDevice
from component.domain.events import (
    AgentChanged,
    AgentRemoved,
    BlindTransfer,
    DeviceStateChanged,
    LogOn,
)
from component.domain.obstacles import Obstacle
from component.domain.queue import EmptyCondition
from component.domain.words import CallState, DeviceState
from tests.unit.domain.call_centre import CallCentre, of_kind

pytestmark = pytest.mark.unit


def dnd(centre: CallCentre, endpoint: str, state: DeviceState = DeviceState.BUSY) -> None:
    centre.take(DeviceStateChanged(f"Custom:DND{endpoint}", state))


def alone(**settings: Any) -> CallCentre:
    centre = CallCentre(["1000"], **settings)
    centre.log_on("1000")
    return centre


@pytest.mark.parametrize("ringinuse", [False, True])
def test_who_wants_no_calls_is_offered_none_until_it_is_over(ringinuse: bool) -> None:
    centre = alone(ringinuse=ringinuse)
    dnd(centre, "1000")
    call = centre.enter()
    assert centre.ringing() == []

    dnd(centre, "1000", DeviceState.NOT_INUSE)
    assert centre.call(call).extension == "1000"


def test_another_agent_is_rung_and_why_tells_so() -> None:
    centre = CallCentre(["1000", "2000"])
    centre.log_on("1000", "2000")
    dnd(centre, "1000")
    centre.enter()

    assert centre.ringing() == ["2000"]
    [choice] = centre.state.choices.values()
    assert choice.passed_over[Obstacle.DND].extensions == ("1000",)


@pytest.mark.parametrize(
    "state", [DeviceState.UNKNOWN, DeviceState.INVALID, DeviceState.UNAVAILABLE]
)
def test_an_asterisk_that_knows_no_such_device_keeps_nobody_from_calls(state: DeviceState) -> None:
    centre = alone()
    dnd(centre, "1000", state)
    centre.enter()

    assert centre.ringing() == ["1000"]


def test_a_phone_that_rings_already_rings_on() -> None:
    centre = alone()
    call = centre.enter()
    dnd(centre, "1000")
    centre.answer(call)

    assert centre.call(call).state is CallState.ANSWERED


def test_what_the_telephone_itself_reports_is_not_forgotten() -> None:
    centre = alone()
    dnd(centre, "1000")
    centre.device("1000", DeviceState.UNAVAILABLE)
    dnd(centre, "1000", DeviceState.NOT_INUSE)
    centre.enter()

    assert centre.ringing() == []


def test_for_joinempty_who_wants_no_calls_counts_as_in_use() -> None:
    centre = alone(joinempty=frozenset({EmptyCondition.INUSE}))
    dnd(centre, "1000")
    call = centre.enter()

    assert centre.call(call).state is CallState.ENDED


def test_colleagues_cannot_pass_a_call_on_to_who_wants_none() -> None:
    centre = CallCentre(["1000", "2000"])
    centre.log_on("1000")
    call = centre.enter()
    centre.answer(call)
    dnd(centre, "2000")
    decided = centre.take(BlindTransfer(centre.call(call).leg, "2000", "from-phones"))

    assert decided == [AnswerTransfer(centre.call(call).leg, accepted=False)]


def test_a_new_extension_is_watched_and_one_that_is_unknown_harms_nobody() -> None:
    centre = CallCentre(["1000"])
    decided = centre.take(AgentChanged("4000", "PJSIP/4000", "user4@example.com"))
    assert [watch.device for watch in of_kind(decided, WatchDevice)] == [
        "PJSIP/4000",
        "Custom:DND4000",
    ]
    dnd(centre, "5000")


def test_it_is_of_the_telephone_whatever_the_extension_is_called() -> None:
    centre = alone()
    centre.take(AgentChanged("1000", "PJSIP/desk7", "user1@example.com"))
    dnd(centre, "desk7")
    centre.enter()
    assert centre.ringing() == []

    dnd(centre, "1000")
    dnd(centre, "desk7", DeviceState.NOT_INUSE)
    assert centre.ringing() == ["1000"]


def test_another_telephone_is_asked_anew() -> None:
    centre = alone()
    dnd(centre, "1000")
    centre.enter()
    assert centre.ringing() == []

    centre.take(AgentChanged("1000", "PJSIP/desk7", "user1@example.com"))
    assert centre.ringing() == ["1000"]


def test_of_two_telephones_of_one_name_neither_is_disturbed() -> None:
    centre = CallCentre(["1000", "2000"])
    centre.take(AgentChanged("2000", "IAX2/1000", "user2@example.com"))
    centre.log_on("1000")
    centre.take(LogOn("IAX2/1000", "support"))
    dnd(centre, "1000")
    centre.enter()
    assert centre.ringing() == []

    centre.take(AgentRemoved("1000"))
    dnd(centre, "1000", DeviceState.NOT_INUSE)
    assert [agent.extension for agent in centre.state.agents_by_dnd("Custom:DND1000")] == ["2000"]
    assert centre.agent("2000").do_not_disturb is False


def test_two_extensions_that_change_phones_keep_apart_what_these_say() -> None:
    centre = CallCentre(["1000", "2000"])
    centre.take(AgentChanged("1000", "PJSIP/2000", "user1@example.com"))
    centre.take(AgentChanged("2000", "PJSIP/1000", "user2@example.com"))
    dnd(centre, "2000")

    assert [centre.agent(e).do_not_disturb for e in ("1000", "2000")] == [True, False]
