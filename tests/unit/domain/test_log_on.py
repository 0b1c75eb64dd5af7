"""Logging on and off."""

from dataclasses import replace

import pytest

from component.domain.errors import (
    AlreadyLoggedOnError,
    NotAMemberError,
    NotLoggedOnError,
    UnknownDeviceError,
    UnknownQueueError,
)
from component.domain.events import LogOff, LogOn, MemberChanged, MemberRemoved, QueueChanged
from component.domain.model import Agent
from component.domain.words import CallState
from tests.unit.domain.call_centre import SUPPORT, CallCentre

pytestmark = pytest.mark.unit


def test_an_agent_who_logs_on_is_offered_the_call_that_waits() -> None:
    centre = CallCentre(["1000", "2000"])
    centre.log_on("1000")
    centre.reject(centre.enter())
    centre.log_on("2000")

    assert centre.ringing() == ["2000"]


def test_an_agent_who_logged_off_is_offered_nothing() -> None:
    centre = CallCentre(["1000", "2000"])
    centre.log_on("1000", "2000")
    centre.log_off("1000")

    assert centre.talk(centre.enter()) == "2000"


def test_logging_off_does_not_touch_the_call_that_one_is_on() -> None:
    centre = CallCentre(["1000"])
    centre.log_on("1000")
    call = centre.enter()
    centre.answer(call)

    assert centre.log_off("1000") == []
    assert centre.call(call).state is CallState.ANSWERED


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(UnknownDeviceError, match="device=PJSIP/9999"):
        CallCentre().log_on("9999")


def test_an_unknown_queue_is_refused() -> None:
    with pytest.raises(UnknownQueueError, match="queue=sales"):
        CallCentre().take(LogOn("PJSIP/1000", "sales"))


def test_one_who_is_not_a_member_is_refused() -> None:
    centre = CallCentre(["1000"])
    centre.state.agents.load("2000", Agent("2000", "PJSIP/2000", "user2@example.com"))

    with pytest.raises(NotAMemberError, match="extension=2000"):
        centre.log_on("2000")


def test_logging_on_twice_is_refused_and_keeps_ones_place() -> None:
    centre = CallCentre(["1000", "2000"])
    centre.log_on("1000", "2000")
    with pytest.raises(AlreadyLoggedOnError):
        centre.log_on("1000")

    assert centre.talk(centre.enter()) == "1000"


def test_logging_off_without_being_logged_on_is_refused() -> None:
    with pytest.raises(NotLoggedOnError):
        CallCentre().log_off("1000")


def two_queues() -> CallCentre:
    centre = CallCentre(["1000"])
    centre.take(QueueChanged(replace(SUPPORT, name="sales")))
    centre.take(MemberChanged("sales", "1000"))
    return centre


def test_one_logs_on_to_all_ones_queues_at_once_and_off() -> None:
    centre = two_queues()
    centre.log_on("1000")
    centre.take(LogOn("PJSIP/1000", None))
    assert centre.state.anyone_logged_on("sales")
    with pytest.raises(AlreadyLoggedOnError):
        centre.take(LogOn("PJSIP/1000", None))

    centre.take(LogOff("PJSIP/1000", None))
    assert not centre.state.anyone_logged_on("support")
    assert not centre.state.anyone_logged_on("sales")
    with pytest.raises(NotLoggedOnError):
        centre.take(LogOff("PJSIP/1000", None))


def test_one_who_is_a_member_of_nothing_cannot_log_on_to_all() -> None:
    centre = CallCentre(["1000"])
    centre.take(MemberRemoved("support", "1000"))
    with pytest.raises(NotAMemberError):
        centre.take(LogOn("PJSIP/1000", None))
