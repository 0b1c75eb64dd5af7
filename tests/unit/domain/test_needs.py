"""Whom a call may be offered to: penalty limits and skills."""

import weakref
from dataclasses import replace
from datetime import timedelta

import pytest

from component.domain.candidates import MOST_NEEDS
from component.domain.commands import Release
from component.domain.events import (
    BlindTransfer,
    MemberChanged,
    MemberRemoved,
    NotConnected,
    QueueChanged,
)
from component.domain.model import Leg
from component.domain.queue import EmptyCondition
from component.domain.terms import Need, Terms
from component.domain.words import CallState, QueueStatus
from tests.unit.domain.call_centre import CallCentre

pytestmark = pytest.mark.unit

PENALTIES = {"1000": 0, "2000": 3, "3000": 5}
FRENCH = {"2000": {"french": 1}, "3000": {"french": 3}}


def needs(level: int) -> Terms:
    return Terms(Need(skills=frozenset({("french", level)})))


def limits(least: int = 0, most: int | None = None) -> Terms:
    return Terms(Need(least, most))


def penalties() -> CallCentre:
    centre = CallCentre(penalty=PENALTIES)
    centre.log_on(*PENALTIES)
    return centre


@pytest.mark.parametrize(
    ("least", "most", "rung"),
    [(0, None, "1000"), (1, None, "2000"), (3, 3, "2000"), (4, None, "3000"), (0, 0, "1000")],
)
def test_the_lowest_penalty_within_the_limits_is_rung(
    least: int, most: int | None, rung: str
) -> None:
    centre = penalties()
    centre.enter(terms=limits(least, most))
    assert centre.ringing() == [rung]


def test_who_is_beyond_the_limits_is_not_rung_though_nobody_else_is_left() -> None:
    centre = penalties()
    call = centre.enter(terms=limits(most=3))
    centre.reject(call)
    centre.reject(call)
    assert centre.call(call).state is CallState.WAITING
    centre.after(5)
    assert centre.rung() == ["1000", "2000", "1000"]


def test_a_caller_who_is_beyond_everybodys_limits_finds_the_queue_empty() -> None:
    centre = penalties()
    centre.enter(terms=limits(least=6))
    assert [r.status for r in centre.all(Release)] == [QueueStatus.JOINUNAVAIL]


def test_without_the_word_penalty_such_a_caller_waits() -> None:
    centre = CallCentre(
        penalty=PENALTIES,
        joinempty=frozenset({EmptyCondition.PAUSED}),
        leavewhenempty=frozenset({EmptyCondition.PAUSED}),
    )
    centre.log_on(*PENALTIES)
    call = centre.enter(terms=limits(least=6))
    assert centre.call(call).state is CallState.WAITING


def test_a_caller_leaves_when_the_last_member_within_the_limits_does() -> None:
    centre = penalties()
    for _ in PENALTIES:
        centre.answer(centre.enter())
    limited, other = centre.enter(terms=limits(most=0)), centre.enter()
    centre.log_off("1000")
    assert centre.call(limited).state is CallState.ENDED
    assert centre.call(other).state is CallState.WAITING
    assert [r.status for r in centre.all(Release)] == [QueueStatus.LEAVEUNAVAIL]


def test_an_agent_who_lacks_the_skill_or_the_level_is_passed_over() -> None:
    centre = CallCentre(skills=FRENCH)
    centre.log_on("1000", "2000", "3000")
    centre.enter(terms=needs(2))
    assert centre.ringing() == ["3000"]


def test_among_those_who_have_the_skill_the_strategy_decides() -> None:
    centre = CallCentre(skills=FRENCH)
    centre.log_on("3000", "1000", "2000")
    centre.enter(terms=needs(1))
    assert centre.ringing() == ["3000"]


def test_the_greater_level_is_no_better_than_the_one_asked_for() -> None:
    centre = CallCentre(skills=FRENCH, penalty={"3000": 1})
    centre.log_on("3000", "2000")
    centre.enter(terms=needs(1))
    assert centre.ringing() == ["2000"]


def test_a_caller_waits_for_the_skill_and_others_do_not_wait_for_him() -> None:
    centre = CallCentre(skills=FRENCH)
    centre.log_on("1000", "3000")
    centre.answer(centre.enter(terms=needs(2)))
    french = centre.enter(terms=needs(2))
    other = centre.enter()
    assert centre.call(french).state is CallState.WAITING
    assert centre.call(other).extension == "1000"
    centre.leg_ends(centre.call("call1").leg)
    assert centre.call(french).extension == "3000"


def test_skills_are_waived_after_the_time_that_the_queue_sets() -> None:
    centre = CallCentre(skills=FRENCH, skills_timeout=timedelta(seconds=20))
    centre.log_on("1000")
    call = centre.enter(terms=needs(1))
    centre.after(19)
    assert centre.call(call).state is CallState.WAITING
    centre.after(1)
    assert centre.ringing() == ["1000"]


def test_who_waits_follows_the_operator_who_changes_when_skills_are_waived() -> None:
    centre = CallCentre(skills=FRENCH, max_wait=timedelta(hours=1))
    centre.log_on("1000")
    call = centre.enter(terms=needs(1))
    queue = centre.state.queues["support"]

    centre.take(QueueChanged(replace(queue, skills_timeout=timedelta(seconds=20))))
    centre.take(QueueChanged(replace(queue, skills_timeout=timedelta(seconds=40))))
    centre.after(30)
    assert centre.call(call).state is CallState.WAITING
    centre.after(10)
    assert centre.ringing() == ["1000"]


def test_penalty_limits_are_not_waived_with_the_skills() -> None:
    centre = CallCentre(skills=FRENCH, penalty={"1000": 2}, skills_timeout=timedelta(seconds=20))
    centre.log_on("1000", "2000")
    centre.answer(centre.enter())
    need = Need(max_penalty=1, skills=frozenset({("french", 1)}))
    call = centre.enter(terms=Terms(need))
    centre.after(30)
    assert centre.call(call).state is CallState.WAITING


def test_skills_are_waived_for_who_comes_back_from_an_agent_after_that_time() -> None:
    centre = CallCentre(skills=FRENCH, skills_timeout=timedelta(seconds=20))
    centre.log_on("1000", "2000")
    call = centre.enter(terms=needs(1))
    centre.answer(call)
    centre.after(60)
    centre.take(BlindTransfer(centre.call(call).leg, "3000", "from-phones"))
    centre.after(0)
    centre.leg_ends(Leg(call, 1))
    centre.pause("2000")
    centre.reject(call)
    assert centre.ringing() == ["1000"]


def test_skills_are_waived_for_who_could_not_be_connected_after_that_time() -> None:
    centre = CallCentre(skills=FRENCH, skills_timeout=timedelta(seconds=20))
    centre.log_on("1000", "2000")
    call = centre.enter(terms=needs(1))
    centre.answer(call)
    centre.after(21)
    centre.take(NotConnected(centre.call(call).leg))
    centre.after(0)
    assert centre.ringing() == ["1000"]


def test_skills_are_never_waived_unless_the_queue_says_so() -> None:
    centre = CallCentre(skills=FRENCH, max_wait=timedelta(hours=1))
    centre.log_on("1000")
    call = centre.enter(terms=needs(1))
    centre.after(3000)
    assert centre.call(call).state is CallState.WAITING


def test_who_is_taken_from_one_queue_keeps_the_skills_in_the_others() -> None:
    centre = CallCentre(skills=FRENCH)
    centre.take(QueueChanged(replace(centre.state.queues["support"], name="sales")))
    centre.take(MemberChanged("sales", "2000", 0))
    centre.log_on("1000", "2000")
    centre.take(MemberRemoved("sales", "2000"))

    centre.enter(terms=needs(1))
    assert centre.ringing() == ["2000"]


def test_needs_that_nobody_has_any_more_leave_nothing_behind() -> None:
    centre = CallCentre(skills=FRENCH)
    centre.log_on("1000", "2000")
    candidates, needed = centre.state.candidates, needs(1).need
    line = weakref.ref(candidates.of("support", needed))
    for level in range(2, 2 + MOST_NEEDS):
        candidates.of("support", needs(level).need)
    assert line() is None
    assert list(candidates.of("support", needed)) == ["2000"]


def test_a_need_that_callers_have_time_and_again_keeps_its_line() -> None:
    centre = CallCentre(skills=FRENCH)
    centre.log_on("1000", "2000")
    candidates, needed = centre.state.candidates, needs(1).need
    line = candidates.of("support", needed)
    for level in range(2, 3 * MOST_NEEDS):
        candidates.of("support", needs(level).need)
        assert candidates.of("support", needed) is line
    centre.log_off("2000")
    assert not list(line)
