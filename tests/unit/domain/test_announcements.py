from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from component.domain.announcements import position_sounds
from component.domain.commands import Connect, HangUpLeg, Hush, Release, Say, WakeAt
from component.domain.events import (
    AnnouncementDue,
    AsteriskFound,
    AsteriskLost,
    BlindTransfer,
    QueueChanged,
    Said,
    Withdraw,
)
from component.domain.hold_times import HoldTime
from component.domain.model import Call
from component.domain.queue import AnnounceHoldTime, AnnouncePosition
from component.domain.words import DeviceState
from tests.unit.domain.call_centre import SUPPORT, CallCentre, of_kind

pytestmark = pytest.mark.unit

EVERY_30 = timedelta(seconds=30)
PATIENT = timedelta(seconds=600)


def told_often(**settings: Any) -> CallCentre:
    """A queue that tells positions every 30 s, with an agent who is on the phone."""
    return with_busy_agent(announce_frequency=EVERY_30, max_wait=PATIENT, **settings)


def with_busy_agent(**settings: Any) -> CallCentre:
    centre = CallCentre(["1000"], **settings)
    centre.log_on("1000")
    centre.answer(centre.enter())
    return centre


def heard(centre: CallCentre, call_id: str) -> list[tuple[str | int, ...]]:
    """What was said to a caller so far."""
    return [say.sounds for say in centre.all(Say) if say.call_id == call_id]


def finish(centre: CallCentre, call_id: str) -> None:
    """Let what is being said be over."""
    centre.take(Said(call_id, centre.call(call_id).told.number))


def minutes_told(held: int, waited: int, announce: AnnounceHoldTime) -> list[str | int]:
    centre = with_busy_agent(announce_holdtime=announce)
    call: Call = centre.call(centre.enter())
    queue = centre.state.queues["support"]
    now = call.entered_at + timedelta(seconds=waited)
    return position_sounds(queue, 1, held, call, now)


def test_who_enters_and_must_wait_is_told_the_position() -> None:
    centre = told_often()
    first, second = centre.enter(), centre.enter()
    assert heard(centre, first) == [("queue-youarenext", "queue-thankyou")]
    assert heard(centre, second) == [("queue-thereare", 2, "queue-callswaiting", "queue-thankyou")]


def test_nothing_is_said_to_who_is_offered_at_once() -> None:
    centre = CallCentre(["1000"], announce_frequency=EVERY_30)
    centre.log_on("1000")
    assert heard(centre, centre.enter()) == []


def test_nothing_is_said_if_no_frequency_is_set() -> None:
    centre = with_busy_agent(max_wait=PATIENT)
    call = centre.enter()
    centre.after(300)
    assert heard(centre, call) == []


def test_who_waits_already_is_told_the_position_once_the_queue_says_so() -> None:
    centre = with_busy_agent(max_wait=PATIENT)
    call = centre.enter()
    centre.after(100)
    told = replace(centre.state.queues["support"], announce_frequency=EVERY_30)
    centre.take(QueueChanged(told))
    finish(centre, call)
    centre.after(30)
    assert heard(centre, call) == [("queue-youarenext", "queue-thankyou")] * 2


def test_that_a_queue_announces_is_no_news_to_who_is_told_already() -> None:
    centre = told_often()
    call = centre.enter()
    timers = len([timer for timer in centre.all(WakeAt) if timer.event == AnnouncementDue(call)])
    told = replace(centre.state.queues["support"], announce_holdtime=AnnounceHoldTime.YES)
    assert centre.take(QueueChanged(told)) == []
    assert timers == 1


def test_nothing_is_said_to_who_waits_once_the_queue_says_so() -> None:
    centre = told_often()
    call = centre.enter()
    finish(centre, call)
    centre.take(QueueChanged(replace(SUPPORT, max_wait=PATIENT)))
    centre.after(300)
    assert len(heard(centre, call)) == 1


def test_who_comes_back_to_the_queue_is_told_the_position_again() -> None:
    """The agent passed the caller on after a while, and the other one did not answer."""
    centre = CallCentre(["1000", "2000"], announce_frequency=EVERY_30, max_wait=PATIENT)
    centre.log_on("1000")
    call = centre.enter()
    centre.answer(call)
    first = centre.call(call).leg
    centre.after(100)
    centre.take(BlindTransfer(first, "2000", "from-phones"))
    centre.leg_ends(first)
    centre.device("1000", DeviceState.INUSE)
    centre.reject(call)
    for _ in range(3):
        finish(centre, call)
        centre.after(30)
    assert len(heard(centre, call)) == 4


def test_the_position_is_said_again_and_again() -> None:
    centre = told_often()
    call = centre.enter()
    for _ in range(2):
        finish(centre, call)
        centre.after(30)
    assert len(heard(centre, call)) == 3


def test_a_position_that_changed_is_said_earlier_but_not_at_once() -> None:
    centre = told_often(min_announce_frequency=timedelta(seconds=10))
    ahead, call = centre.enter(), centre.enter()
    finish(centre, call)
    centre.hang_up(ahead)
    centre.after(9)
    assert len(heard(centre, call)) == 1
    centre.after(1)
    assert heard(centre, call)[1] == ("queue-youarenext", "queue-thankyou")


def test_who_is_beyond_the_limit_hears_nothing_until_the_place_is_within_it() -> None:
    centre = told_often(announce_position=AnnouncePosition.LIMIT, announce_position_limit=1)
    ahead, call = centre.enter(), centre.enter()
    centre.after(100)
    assert heard(centre, call) == []
    centre.hang_up(ahead)
    centre.after(15)
    assert heard(centre, call) == [("queue-youarenext", "queue-thankyou")]


def test_an_announcement_does_not_cost_the_place() -> None:
    centre = told_often()
    first, second = centre.enter(), centre.enter()
    centre.after(40)
    assert [call.id for call in centre.state.waiting("support")] == [first, second]


def test_a_new_announcement_waits_until_the_last_one_is_over() -> None:
    centre = told_often()
    call = centre.enter()
    centre.after(100)
    assert len(heard(centre, call)) == 1
    finish(centre, call)
    assert len(heard(centre, call)) == 2


def test_that_an_older_announcement_is_over_means_nothing() -> None:
    centre = told_often()
    call = centre.enter()
    finish(centre, call)
    centre.after(30)
    centre.take(Said(call, 1))
    assert centre.call(call).told.speaking


def test_an_announcement_is_cut_off_when_the_agent_answers() -> None:
    centre = told_often()
    call = centre.enter()
    centre.leg_ends(centre.state.agents["1000"].leg or pytest.fail("no leg"))
    decided = centre.answer(call)
    kinds = [type(command) for command in decided if isinstance(command, Hush | Connect)]
    assert kinds == [Hush, Connect]


def test_an_announcement_is_cut_off_when_the_caller_goes_back() -> None:
    centre = told_often()
    centre.enter()
    decided = centre.log_off("1000")
    kinds = [type(command) for command in decided if isinstance(command, Hush | Release)]
    assert kinds == [Hush, Release]


@pytest.mark.parametrize(("is_over", "numbers"), [(True, [2]), (False, [1, 2])])
def test_what_was_said_before_a_gap_is_cut_off_though_it_is_believed_to_be_over(
    is_over: bool, numbers: list[int]
) -> None:
    """That it is to be cut off may have been written down just before a crash, and not done."""
    centre = told_often()
    call = centre.enter()
    finish(centre, call)
    centre.after(30)
    if is_over:
        finish(centre, call)
    centre.take(AsteriskLost())
    decided = centre.take(Withdraw(call))
    assert decided[:-1] == [Hush(call, number) for number in numbers]
    assert isinstance(decided[-1], Release)


def test_nothing_is_cut_off_where_nothing_was_said_before_a_gap() -> None:
    centre = with_busy_agent()
    call = centre.enter()
    centre.take(AsteriskLost())
    assert of_kind(centre.take(Withdraw(call)), Hush) == []


def test_no_announcement_begins_while_a_phone_rings() -> None:
    centre = CallCentre(
        ["1000"], announce_frequency=EVERY_30, timeout=timedelta(seconds=50), max_wait=PATIENT
    )
    centre.log_on("1000")
    call = centre.enter()
    centre.after(49)
    assert heard(centre, call) == []


def test_what_became_due_while_a_phone_rang_is_said_when_nobody_answers() -> None:
    centre = CallCentre(
        ["1000"], announce_frequency=EVERY_30, timeout=timedelta(seconds=50), max_wait=PATIENT
    )
    centre.log_on("1000")
    call = centre.enter()
    centre.after(50)
    assert heard(centre, call) == [("queue-youarenext", "queue-thankyou")]
    assert of_kind(centre.decided, HangUpLeg)


def test_what_became_due_while_asterisk_was_away_is_said_when_it_is_back() -> None:
    """Nobody knew whether the caller was in a bridge still."""
    centre = told_often(min_announce_frequency=timedelta(seconds=10))
    call = centre.enter()
    finish(centre, call)
    centre.take(AsteriskLost())
    centre.after(60)
    assert len(heard(centre, call)) == 1
    centre.take(AsteriskFound())
    centre.after(10)
    assert len(heard(centre, call)) == 2


def test_nothing_is_said_to_who_is_gone() -> None:
    centre = told_often()
    call = centre.enter()
    centre.hang_up(call)
    assert centre.take(Said(call, 1)) == []
    centre.after(100)
    assert len(heard(centre, call)) == 1


def test_the_music_that_an_announcement_interrupts_is_the_queues() -> None:
    centre = told_often(musicclass="jazz")
    centre.enter()
    assert centre.all(Say)[0].musicclass == "jazz"


def test_periodic_announcements_take_turns() -> None:
    centre = with_busy_agent(
        periodic_announce=("patience", "website"),
        periodic_announce_frequency=EVERY_30,
        max_wait=PATIENT,
    )
    call = centre.enter()
    assert heard(centre, call) == []
    for _ in range(3):
        centre.after(30)
        finish(centre, call)
    assert heard(centre, call) == [("patience",), ("website",), ("patience",)]


def test_what_is_due_together_is_said_in_one_go() -> None:
    centre = told_often(periodic_announce_frequency=EVERY_30)
    call = centre.enter()
    finish(centre, call)
    centre.after(30)
    assert heard(centre, call)[1] == (
        "queue-youarenext", "queue-thankyou", "queue-periodic-announce",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("announce", "position", "sounds"),
    [
        (AnnouncePosition.YES, 1, ["queue-youarenext", "queue-thankyou"]),
        (AnnouncePosition.YES, 7, ["queue-thereare", 7, "queue-callswaiting", "queue-thankyou"]),
        (AnnouncePosition.LIMIT, 3, ["queue-thereare", 3, "queue-callswaiting", "queue-thankyou"]),
        (AnnouncePosition.LIMIT, 4, []),
        (AnnouncePosition.MORE, 3, ["queue-thereare", 3, "queue-callswaiting", "queue-thankyou"]),
        (AnnouncePosition.MORE, 4, ["queue-quantity1", 3, "queue-quantity2", "queue-thankyou"]),
        (AnnouncePosition.NO, 1, []),
    ],
)
def test_how_a_position_is_said(
    announce: AnnouncePosition, position: int, sounds: list[str | int]
) -> None:
    centre = with_busy_agent(announce_position=announce, announce_position_limit=3)
    call = centre.call(centre.enter())
    queue = centre.state.queues["support"]
    assert position_sounds(queue, position, 0, call, centre.now) == sounds


@pytest.mark.parametrize(
    ("held", "waited", "said"),
    [
        (29, 0, []),
        (30, 0, ["queue-holdtime", 1, "queue-minute"]),
        (150, 0, ["queue-holdtime", 3, "queue-minutes"]),
        (150, 61, ["queue-holdtime", 1, "queue-minute"]),
        (150, 400, []),
    ],
)
def test_the_hold_time_is_what_is_left_of_the_average_in_whole_minutes(
    held: int, waited: int, said: list[str | int]
) -> None:
    told = minutes_told(held, waited, AnnounceHoldTime.YES)
    assert told == ["queue-youarenext", *said, "queue-thankyou"]


def test_the_hold_time_may_be_said_once_only() -> None:
    centre = told_often(announce_holdtime=AnnounceHoldTime.ONCE)
    centre.state.holdtimes.put("support", (HoldTime("before", 1200),))
    call = centre.enter()
    finish(centre, call)
    centre.after(30)
    said_first, said_then = heard(centre, call)
    assert "queue-holdtime" in said_first
    assert "queue-holdtime" not in said_then
