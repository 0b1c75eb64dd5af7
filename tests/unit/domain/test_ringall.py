"""`ringall`: a call rings at several phones at once, and the first to answer has it."""

from collections.abc import Callable

import pytest

from component.domain.asterisk_ids import talk_bridge
from component.domain.commands import Connect, EndCall, HangUpLeg, HideCall, Ring, ShowCall
from component.domain.events import LegAnswered
from component.domain.model import Leg
from component.domain.queue import AutoPause, StrategyName
from component.domain.words import AgentState, CallState, DeviceState, LegEnd, OfferEnd, Outcome
from tests.unit.domain.call_centre import CallCentre, of_kind

pytestmark = pytest.mark.unit

FIRST, SECOND, THIRD = (Leg("call1", attempt) for attempt in (1, 2, 3))


def centre_with(*extensions: str, penalty: dict[str, int] | None = None) -> CallCentre:
    centre = CallCentre(extensions, penalty, strategy=StrategyName.RINGALL)
    centre.log_on(*extensions)
    return centre


def offered_to(centre: CallCentre, call: str) -> list[str]:
    return [offer.extension for offer in centre.call(call).offers]


def test_all_are_shown_the_call_then_all_phones_ring() -> None:
    centre = centre_with("1000", "2000", "3000")
    call = centre.enter()

    assert centre.rung() == ["1000", "2000", "3000"]
    assert [shown.extension for shown in centre.all(ShowCall)] == ["1000", "2000", "3000"]
    kinds = [type(c) for c in centre.decided if isinstance(c, ShowCall | Ring)]
    assert kinds == [ShowCall] * 3 + [Ring] * 3
    assert [centre.agent(e).leg for e in offered_to(centre, call)] == [FIRST, SECOND, THIRD]
    assert {centre.agent(e).state for e in offered_to(centre, call)} == {AgentState.RESERVED}


def test_who_answers_first_has_the_call_and_the_others_are_told_so() -> None:
    centre = centre_with("1000", "2000", "3000")
    call = centre.enter()
    commands = centre.take(LegAnswered(SECOND))

    assert of_kind(commands, Connect) == [Connect(SECOND, "channel1")]
    assert [(s.extension, s.call.state) for s in of_kind(commands, ShowCall)] == [
        ("2000", CallState.ANSWERED)
    ]
    assert [(h.extension, h.reason) for h in of_kind(commands, HideCall)] == [
        ("1000", OfferEnd.ANSWERED_ELSEWHERE),
        ("3000", OfferEnd.ANSWERED_ELSEWHERE),
    ]
    assert of_kind(commands, HangUpLeg) == [
        HangUpLeg(FIRST, answered_elsewhere=True),
        HangUpLeg(THIRD, answered_elsewhere=True),
    ]
    assert offered_to(centre, call) == ["2000"]
    assert centre.call(call).extension == "2000"


def test_of_two_who_answer_at_the_same_moment_one_is_connected_and_one_hung_up() -> None:
    centre = centre_with("1000", "2000")
    centre.enter()
    centre.take(LegAnswered(SECOND))

    assert centre.take(LegAnswered(FIRST)) == [HangUpLeg(FIRST)]
    assert len(centre.all(Connect)) == 1
    centre.leg_ends(FIRST)
    assert centre.agent("1000").state is AgentState.AVAILABLE
    assert centre.agent("1000").last_call is None, "this was no call"
    assert centre.agent("2000").state is AgentState.ON_CALL


def test_who_was_not_quick_enough_is_free_once_the_leg_is_gone() -> None:
    centre = centre_with("1000", "2000")
    centre.enter()
    centre.take(LegAnswered(FIRST))
    second = centre.enter()
    assert offered_to(centre, second) == []

    centre.leg_ends(SECOND)
    assert offered_to(centre, second) == ["2000"]


@pytest.mark.parametrize("end", [LegEnd.BUSY, LegEnd.REJECTED, LegEnd.UNAVAILABLE])
def test_the_others_ring_on_when_one_does_not_take_the_call(end: LegEnd) -> None:
    centre = centre_with("1000", "2000", "3000")
    call = centre.enter()
    centre.leg_ends(SECOND, end)

    assert offered_to(centre, call) == ["1000", "3000"]
    assert centre.agent("2000").state is AgentState.AVAILABLE
    assert centre.call(call).tried == {"2000"}
    assert [hidden.extension for hidden in centre.all(HideCall)] == ["2000"]
    assert len(centre.all(Ring)) == 3


def test_who_did_not_take_one_call_gets_the_next_while_the_others_still_ring() -> None:
    centre = centre_with("1000", "2000")
    centre.enter()
    second = centre.enter()
    centre.leg_ends(SECOND, LegEnd.REJECTED)

    assert offered_to(centre, second) == ["2000"]


def test_a_phone_that_goes_away_while_ringing_is_passed_over() -> None:
    centre = centre_with("1000", "2000")
    call = centre.enter()
    commands = centre.device("1000", DeviceState.UNAVAILABLE)

    assert of_kind(commands, HangUpLeg) == [HangUpLeg(FIRST)]
    assert offered_to(centre, call) == ["2000"]


def test_the_lowest_penalty_rings_first_and_the_next_when_none_of_them_answers() -> None:
    centre = centre_with("1000", "2000", "3000", penalty={"3000": 1})
    call = centre.enter()
    assert offered_to(centre, call) == ["1000", "2000"]
    centre.after(15)
    centre.leg_ends(FIRST)
    centre.leg_ends(SECOND)

    assert offered_to(centre, call) == ["3000"]


def test_when_nobody_answers_all_are_rung_again_after_the_retry() -> None:
    centre = centre_with("1000", "2000")
    call = centre.enter()
    centre.after(15)
    assert centre.call(call).state is CallState.WAITING
    assert [(h.extension, h.reason) for h in centre.all(HideCall)] == [
        ("1000", OfferEnd.NO_ANSWER),
        ("2000", OfferEnd.NO_ANSWER),
    ]
    centre.leg_ends(FIRST)
    centre.leg_ends(SECOND)
    assert offered_to(centre, call) == []
    centre.after(5)

    assert offered_to(centre, call) == ["1000", "2000"]
    assert [str(offer.leg) for offer in centre.call(call).offers] == ["call1.3", "call1.4"]


def test_a_caller_who_gives_up_stops_all_phones() -> None:
    centre = centre_with("1000", "2000")
    call = centre.enter()
    commands = centre.hang_up(call)

    assert [type(command) for command in commands] == [HideCall, HideCall, HangUpLeg, HangUpLeg]
    assert centre.call(call).outcome is Outcome.ABANDONED
    centre.leg_ends(FIRST)
    centre.leg_ends(SECOND)
    assert {centre.agent(e).state for e in ("1000", "2000")} == {AgentState.AVAILABLE}


def test_the_end_of_another_phones_leg_does_not_end_the_talk() -> None:
    centre = centre_with("1000", "2000")
    call = centre.enter()
    centre.take(LegAnswered(FIRST))
    centre.leg_ends(SECOND)
    assert centre.call(call).state is CallState.ANSWERED

    bridge = talk_bridge(FIRST, "channel1")
    assert of_kind(centre.leg_ends(FIRST), EndCall) == [EndCall(call, "channel1", bridge)]


@pytest.mark.parametrize(
    ("deed", "told"),
    [
        (
            lambda centre: centre.take(LegAnswered(SECOND)),
            [("2000", "CONNECT", ("4", "ivr-call1.2", "4"))],
        ),
        (
            lambda centre: centre.leg_ends(SECOND, LegEnd.BUSY),
            [("2000", "RINGNOANSWER", ("4000",))],
        ),
        (
            lambda centre: centre.after(11),
            [("1000", "RINGNOANSWER", ("15000",)), ("2000", "RINGNOANSWER", ("15000",))],
        ),
        (
            lambda centre: centre.hang_up("call1"),
            [
                ("1000", "RINGCANCELED", ("4000",)),
                ("2000", "RINGCANCELED", ("4000",)),
                ("NONE", "ABANDON", ("1", "1", "4")),
            ],
        ),
    ],
)
def test_the_queue_log_tells_of_each_member(
    deed: Callable[[CallCentre], object], told: list[tuple[str, str, tuple[str, ...]]]
) -> None:
    centre = centre_with("1000", "2000")
    centre.enter()
    centre.after(4)
    before = len(centre.logged())
    deed(centre)

    assert [entry[1:] for entry in centre.logged()[before:]] == told


def test_all_who_do_not_answer_are_paused_if_the_queue_says_so() -> None:
    centre = CallCentre(
        ["1000", "2000"], strategy=StrategyName.RINGALL, autopause=AutoPause.YES, leavewhenempty=()
    )
    centre.log_on("1000", "2000")
    centre.enter()
    centre.after(15)

    assert [centre.member(e).pause_reason for e in ("1000", "2000")] == ["Auto-Pause"] * 2
