"""Pausing: logged on, and offered nothing for a while."""

from datetime import timedelta

import pytest

from component.domain.commands import HangUpLeg
from component.domain.errors import (
    NotAMemberError,
    NotLoggedOnError,
    UnknownDeviceError,
    UnknownQueueError,
)
from component.domain.model import Member
from component.domain.queue import Queue
from component.domain.words import AgentState, CallState, MemberState
from tests.unit.domain.call_centre import SUPPORT, CallCentre

pytestmark = pytest.mark.unit

SALES = Queue("sales", SUPPORT.timeout, SUPPORT.retry, SUPPORT.max_wait)


def in_two_queues() -> CallCentre:
    centre = CallCentre(["1000", "2000"])
    centre.state.queues["sales"] = SALES
    centre.state.members.load(("sales", "1000"), Member("sales", "1000"))
    centre.log_on("1000")
    centre.log_on_to("sales", "1000")
    return centre


def test_a_paused_member_is_passed_over() -> None:
    centre = CallCentre()
    centre.log_on("1000", "2000")
    centre.pause("1000")

    assert centre.talk(centre.enter()) == "2000"


def test_a_caller_waits_while_all_members_are_paused() -> None:
    centre = CallCentre(["1000"])
    centre.log_on("1000")
    centre.pause("1000")
    call = centre.enter()

    assert centre.call(call).state is CallState.WAITING


def test_a_member_who_is_unpaused_is_offered_the_call_that_waits() -> None:
    centre = CallCentre(["1000"])
    centre.log_on("1000")
    centre.pause("1000")
    centre.enter()
    centre.unpause("1000")

    assert centre.ringing() == ["1000"]


def test_since_when_and_why_is_remembered_until_unpaused() -> None:
    centre = CallCentre()
    centre.log_on("1000")
    centre.pause("1000", reason="lunch")
    since = centre.now
    centre.after(60)
    centre.pause("1000", reason="meeting")

    member = centre.member("1000")
    assert (member.state, member.paused_at) == (MemberState.PAUSED, since)
    assert member.pause_reason == "meeting"
    centre.unpause("1000")
    member = centre.member("1000")
    assert (member.paused_at, member.pause_reason) == (None, "")


def test_pausing_does_not_touch_the_offer_or_the_call_in_hand() -> None:
    centre = CallCentre(["1000"])
    centre.log_on("1000")
    call = centre.enter()
    centre.pause("1000")
    assert centre.ringing() == ["1000"]

    centre.answer(call)
    centre.pause("1000")
    assert centre.agent("1000").state is AgentState.ON_CALL
    assert centre.all(HangUpLeg) == []


def test_pausing_in_one_queue_leaves_the_others_alone() -> None:
    centre = in_two_queues()
    centre.pause("1000", "sales")
    assert centre.member("1000", "sales").state is MemberState.PAUSED

    centre.enter()
    assert centre.ringing() == ["1000"]


def test_pausing_in_all_queues_and_back() -> None:
    centre = in_two_queues()
    centre.pause("1000", None)
    states = {m.queue: m.state for m in centre.state.members.values() if m.extension == "1000"}
    assert set(states.values()) == {MemberState.PAUSED}

    centre.enter()
    assert centre.ringing() == []
    centre.unpause("1000", None)
    assert centre.ringing() == ["1000"]


def test_in_all_queues_means_those_that_one_is_logged_on_to() -> None:
    centre = in_two_queues()
    centre.log_off("1000")
    centre.pause("1000", None)

    assert centre.member("1000").state is MemberState.LOGGED_OFF
    assert centre.member("1000", "sales").state is MemberState.PAUSED


def test_unpausing_one_who_is_not_paused_is_no_error() -> None:
    centre = CallCentre()
    centre.log_on("1000")

    assert centre.unpause("1000") == []
    assert centre.member("1000").state is MemberState.READY


def test_who_logs_off_and_on_again_is_not_paused() -> None:
    centre = CallCentre()
    centre.log_on("1000")
    centre.pause("1000", reason="lunch")
    centre.log_off("1000")
    centre.log_on("1000")

    assert centre.member("1000").state is MemberState.READY
    assert centre.member("1000").pause_reason == ""


def test_pausing_keeps_ones_place() -> None:
    centre = CallCentre()
    centre.log_on("1000")
    centre.after(1)
    centre.log_on("2000")
    centre.pause("1000")
    centre.after(timedelta(hours=1).total_seconds())
    centre.unpause("1000")

    assert centre.talk(centre.enter()) == "1000"


def test_who_cannot_be_paused_is_told_why() -> None:
    centre = CallCentre(["1000"])
    with pytest.raises(NotLoggedOnError):
        centre.pause("1000")
    with pytest.raises(NotLoggedOnError):
        centre.pause("1000", None)
    with pytest.raises(UnknownDeviceError):
        centre.pause("9999", None)
    with pytest.raises(UnknownQueueError):
        centre.unpause("1000", "sales")
    centre.state.queues["sales"] = SALES
    with pytest.raises(NotAMemberError):
        centre.unpause("1000", "sales")
