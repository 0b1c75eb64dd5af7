"""The settings of a queue, in app_queue's words. Strategies and wrap-up have files of their own."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from component.domain.commands import Announce, HangUpLeg, HideCall, Hold, Release
from component.domain.events import CallerEntered, RingTimedOut
from component.domain.model import Caller, Member
from component.domain.presence import LOOSE, NEVER, NO, STRICT, conditions
from component.domain.queue import AutoPause, EmptyCondition
from component.domain.words import (
    CallState,
    DeviceState,
    LegEnd,
    MemberState,
    OfferEnd,
    QueueStatus,
)
from tests.unit.domain.call_centre import SUPPORT, CallCentre

pytestmark = pytest.mark.unit

ALONE = {
    EmptyCondition.PAUSED: lambda centre: centre.pause("1000"),
    EmptyCondition.INUSE: lambda centre: centre.device("1000", DeviceState.INUSE),
    EmptyCondition.RINGING: lambda centre: centre.device("1000", DeviceState.RINGING),
    EmptyCondition.UNAVAILABLE: lambda centre: centre.device("1000", DeviceState.UNAVAILABLE),
    EmptyCondition.INVALID: lambda centre: centre.device("1000", DeviceState.INVALID),
    EmptyCondition.UNKNOWN: lambda centre: centre.device("1000", DeviceState.UNKNOWN),
    EmptyCondition.WRAPUP: lambda centre: centre.talk(centre.enter()),
}
"""How the only member comes not to count."""


def released(centre: CallCentre) -> list[QueueStatus]:
    return [release.status for release in centre.all(Release)]


def centre_alone(**settings: Any) -> CallCentre:
    centre = CallCentre(["1000"], **settings)
    centre.log_on("1000")
    centre.device("1000", DeviceState.NOT_INUSE)
    return centre


# maxlen ------------------------------------------------------------------------------------------


def test_a_full_queue_takes_nobody() -> None:
    centre = centre_alone(maxlen=2)
    for _ in range(3):
        centre.enter()

    assert released(centre) == [QueueStatus.FULL]


def test_who_is_being_rung_for_counts_and_who_talks_does_not() -> None:
    centre = centre_alone(maxlen=1)
    first = centre.enter()
    centre.answer(first)
    centre.enter()
    assert released(centre) == []

    centre.enter()
    assert released(centre) == [QueueStatus.FULL]


def test_a_place_that_comes_free_can_be_taken() -> None:
    centre = centre_alone(maxlen=1)
    centre.hang_up(centre.enter())
    centre.enter()

    assert released(centre) == []


# joinempty, leavewhenempty -----------------------------------------------------------------------


@pytest.mark.parametrize("condition", ALONE)
def test_joinempty_keeps_callers_out_if_no_member_counts(condition: EmptyCondition) -> None:
    centre = centre_alone(joinempty=frozenset({condition}), wrapuptime=timedelta(seconds=9))
    ALONE[condition](centre)
    centre.decided.clear()
    centre.enter()

    assert released(centre) == [QueueStatus.JOINUNAVAIL]


@pytest.mark.parametrize("condition", ALONE)
def test_joinempty_lets_callers_in_if_one_member_counts(condition: EmptyCondition) -> None:
    centre = CallCentre(
        ["1000", "2000"], joinempty=frozenset({condition}), wrapuptime=timedelta(seconds=9)
    )
    centre.log_on("1000", "2000")
    centre.device("1000", DeviceState.NOT_INUSE)
    centre.device("2000", DeviceState.NOT_INUSE)
    ALONE[condition](centre)
    centre.enter()

    assert released(centre) == []


@pytest.mark.parametrize("condition", sorted(set(ALONE) - {EmptyCondition.WRAPUP}))
def test_leavewhenempty_sends_callers_back_once_no_member_counts(
    condition: EmptyCondition,
) -> None:
    centre = centre_alone(leavewhenempty=frozenset({condition}))
    centre.pause("1000") if condition is not EmptyCondition.PAUSED else centre.device(
        "1000", DeviceState.INUSE
    )
    waiting = centre.enter()
    assert released(centre) == []
    ALONE[condition](centre)

    assert released(centre) == [QueueStatus.LEAVEUNAVAIL]
    assert centre.call(waiting).state is CallState.ENDED


def test_with_inuse_callers_leave_when_the_last_agent_takes_a_call() -> None:
    centre = centre_alone(leavewhenempty=frozenset({EmptyCondition.INUSE}))
    first = centre.enter()
    centre.enter()
    assert released(centre) == []
    centre.answer(first)

    assert released(centre) == [QueueStatus.LEAVEUNAVAIL]
    assert centre.call(first).state is CallState.ANSWERED


def test_with_wrapup_callers_leave_when_the_last_agent_has_paperwork_to_do() -> None:
    wrapup = frozenset({EmptyCondition.WRAPUP})
    centre = centre_alone(leavewhenempty=wrapup, wrapuptime=timedelta(seconds=9))
    first = centre.enter()
    centre.answer(first)
    centre.enter()
    assert released(centre) == []
    centre.leg_ends(centre.call(first).leg)

    assert released(centre) == [QueueStatus.LEAVEUNAVAIL]


def test_with_ringing_those_behind_leave_when_the_last_free_phone_rings() -> None:
    centre = centre_alone(leavewhenempty=frozenset({EmptyCondition.RINGING}))
    first = centre.enter()
    centre.enter()

    assert released(centre) == [QueueStatus.LEAVEUNAVAIL]
    assert centre.ringing() == ["1000"]
    assert centre.call(first).state is CallState.OFFERED


def test_always_and_never_let_callers_wait_where_nobody_is() -> None:
    centre = CallCentre(["1000"], joinempty=NEVER, leavewhenempty=NEVER)
    call = centre.enter()
    assert centre.call(call).state is CallState.WAITING
    assert centre.all(Announce) == []

    centre.log_on("1000")
    assert centre.ringing() == ["1000"]


def test_who_may_enter_an_empty_queue_but_not_stay_is_not_held() -> None:
    centre = CallCentre(["1000"], joinempty=NEVER)
    centre.enter()

    assert released(centre) == [QueueStatus.LEAVEEMPTY]
    assert centre.all(Hold) == []


@pytest.mark.parametrize(
    ("words", "joining", "meaning"),
    [
        ("yes", True, NEVER),
        ("no", True, NO),
        ("yes", False, NO),
        ("no", False, NEVER),
        ("loose", True, LOOSE),
        ("strict", False, STRICT),
        ("paused, inuse", True, {EmptyCondition.PAUSED, EmptyCondition.INUSE}),
        ("loose,wrapup", True, LOOSE | {EmptyCondition.WRAPUP}),
    ],
)
def test_the_words_of_joinempty_and_leavewhenempty(
    words: str, joining: bool, meaning: frozenset[EmptyCondition]
) -> None:
    assert conditions(words, joining=joining) == meaning


def test_a_word_that_app_queue_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="'asleep' is none of yes, no"):
        conditions("paused,asleep", joining=True)


# ringinuse ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [DeviceState.INUSE, DeviceState.BUSY, DeviceState.ONHOLD])
def test_with_ringinuse_a_phone_in_use_is_rung(state: DeviceState) -> None:
    centre = centre_alone(ringinuse=True)
    centre.device("1000", state)
    centre.enter()

    assert centre.ringing() == ["1000"]


@pytest.mark.parametrize("state", [DeviceState.UNAVAILABLE, DeviceState.INVALID])
def test_with_ringinuse_a_phone_that_is_away_is_not_rung(state: DeviceState) -> None:
    centre = centre_alone(ringinuse=True)
    centre.device("1000", state)
    centre.enter()

    assert centre.ringing() == []


def test_with_ringinuse_an_agent_still_has_one_call_of_ours_at_a_time() -> None:
    centre = centre_alone(ringinuse=True)
    centre.answer(centre.enter())
    centre.enter()

    assert centre.ringing() == []


# autopause ---------------------------------------------------------------------------------------


def in_two_queues(autopause: AutoPause) -> CallCentre:
    centre = centre_alone(autopause=autopause)
    centre.state.queues["sales"] = replace(SUPPORT, name="sales")
    centre.state.members.load(("sales", "1000"), Member("sales", "1000"))
    centre.log_on_to("sales", "1000")
    return centre


@pytest.mark.parametrize(
    ("autopause", "paused"),
    [
        (AutoPause.NO, set()),
        (AutoPause.YES, {"support"}),
        (AutoPause.ALL, {"support", "sales"}),
    ],
)
def test_autopause_pauses_who_does_not_answer(autopause: AutoPause, paused: set[str]) -> None:
    centre = in_two_queues(autopause)
    centre.take(RingTimedOut(centre.call(centre.enter()).leg))

    members = list(centre.state.members.values())
    assert {m.queue for m in members if m.state is MemberState.PAUSED} == paused
    assert {m.pause_reason for m in members if m.paused_at} <= {"Auto-Pause"}


@pytest.mark.parametrize(
    ("end", "state"),
    [
        (LegEnd.NO_ANSWER, MemberState.PAUSED),
        (LegEnd.BUSY, MemberState.PAUSED),
        (LegEnd.REJECTED, MemberState.PAUSED),
        (LegEnd.UNAVAILABLE, MemberState.READY),
        (LegEnd.HUNG_UP, MemberState.READY),
    ],
)
def test_autopause_is_for_who_refuses_too_and_not_for_who_cannot(
    end: LegEnd, state: MemberState
) -> None:
    centre = in_two_queues(AutoPause.YES)
    centre.leg_ends(centre.call(centre.enter()).leg, end)

    assert centre.member("1000").state is state


# weight, priority --------------------------------------------------------------------------------


@pytest.mark.parametrize(("weight", "served"), [(0, "support"), (1, "sales")])
def test_an_agent_serves_the_queue_of_the_greatest_weight_then_who_waits_longest(
    weight: int, served: str
) -> None:
    centre = in_two_queues(AutoPause.NO)
    centre.state.queues["sales"] = replace(SUPPORT, name="sales", weight=weight)
    busy = centre.enter()
    leg = centre.call(busy).leg
    centre.answer(busy)
    centre.enter()
    centre.after(1)
    centre.take(CallerEntered("late", "sales", "channel9", Caller("")))
    centre.leg_ends(leg)

    [call] = [c for c in centre.state.calls.values() if c.state is CallState.OFFERED]
    assert call.queue == served


def test_callers_of_a_higher_priority_are_served_first() -> None:
    centre = centre_alone()
    busy = centre.enter()
    leg = centre.call(busy).leg
    centre.answer(busy)
    centre.enter()
    centre.after(1)
    centre.take(CallerEntered("urgent", "support", "channel9", Caller(""), priority=5))
    centre.leg_ends(leg)

    assert centre.call("urgent").state is CallState.OFFERED


# A phone that goes away --------------------------------------------------------------------------


@pytest.mark.parametrize("state", [DeviceState.UNAVAILABLE, DeviceState.INVALID])
def test_a_phone_that_goes_away_while_ringing_is_passed_over_at_once(state: DeviceState) -> None:
    centre = CallCentre()
    centre.log_on("1000", "2000")
    call = centre.enter()
    leg = centre.call(call).leg
    commands = centre.device("1000", state)

    assert [type(c) for c in commands][:2] == [HideCall, HangUpLeg]
    assert centre.all(HideCall)[0].reason is OfferEnd.UNAVAILABLE
    assert centre.all(HangUpLeg) == [HangUpLeg(leg)]
    assert centre.ringing() == ["2000"]


def test_a_phone_that_goes_away_while_talking_keeps_its_call() -> None:
    centre = centre_alone()
    call = centre.enter()
    centre.answer(call)

    assert centre.device("1000", DeviceState.UNAVAILABLE) == []
    assert centre.call(call).state is CallState.ANSWERED
