"""Who is offered a call: least recent, exactly."""

import pytest

from component.domain.events import LegEnded
from component.domain.words import DeviceState, LegEnd
from tests.unit.domain.call_centre import CallCentre

pytestmark = pytest.mark.unit


def test_agents_who_never_had_a_call_are_chosen_in_the_order_of_log_on() -> None:
    centre = CallCentre()
    centre.log_on("2000")
    centre.after(1)
    centre.log_on("3000")
    centre.after(1)
    centre.log_on("1000")

    assert [centre.talk(centre.enter()) for _ in range(3)] == ["2000", "3000", "1000"]


def test_ties_are_broken_by_the_order_of_log_on() -> None:
    centre = CallCentre()
    centre.log_on("3000", "1000", "2000")

    assert [centre.talk(centre.enter(), 1) for _ in range(3)] == ["3000", "1000", "2000"]


def test_the_one_whose_last_call_ended_longest_ago_is_chosen() -> None:
    centre = CallCentre()
    centre.log_on("1000", "2000", "3000")
    long, short, middle = centre.enter(), centre.enter(), centre.enter()
    legs = {call: centre.call(call).leg for call in (long, short, middle)}
    for call in (long, short, middle):
        centre.answer(call)
    for call in (short, middle, long):
        centre.after(10)
        centre.leg_ends(legs[call])

    assert [centre.talk(centre.enter()) for _ in range(3)] == ["2000", "3000", "1000"]


def test_it_is_the_end_of_the_call_that_counts_not_its_beginning() -> None:
    centre = CallCentre(["1000", "2000"])
    centre.log_on("1000", "2000")
    first = centre.enter()
    leg = centre.call(first).leg
    centre.answer(first)
    centre.after(1)
    assert centre.talk(centre.enter(), 1) == "2000"
    centre.after(1)
    centre.leg_ends(leg)

    assert centre.talk(centre.enter()) == "2000"


def test_an_agent_without_calls_counts_from_the_moment_of_log_on() -> None:
    centre = CallCentre(["1000", "2000"])
    centre.log_on("1000")
    centre.talk(centre.enter(), 10)
    centre.after(60)
    centre.log_on("2000")

    assert centre.talk(centre.enter()) == "1000"


def test_relogging_on_does_not_move_an_agent_to_the_front() -> None:
    centre = CallCentre(["1000", "2000"])
    centre.log_on("1000", "2000")
    centre.talk(centre.enter(), 1)
    centre.log_off("1000")
    centre.log_on("1000")
    assert centre.talk(centre.enter(), 1) == "2000"
    centre.log_off("2000")
    centre.log_on("2000")

    assert centre.talk(centre.enter()) == "1000"


def test_a_lower_penalty_comes_first_however_recent() -> None:
    centre = CallCentre(penalty={"2000": 1, "3000": 1})
    centre.log_on("2000", "3000", "1000")

    assert [centre.talk(centre.enter()) for _ in range(3)] == ["1000"] * 3


@pytest.mark.parametrize("reason", [LegEnd.BUSY, LegEnd.REJECTED, LegEnd.UNAVAILABLE])
def test_a_refused_offer_does_not_count_as_a_call(reason: LegEnd) -> None:
    centre = CallCentre(["1000", "2000"])
    centre.log_on("1000", "2000")
    call = centre.enter()
    centre.take(LegEnded(centre.call(call).leg, reason))
    assert centre.talk(call, 1) == "2000"

    assert centre.agent("1000").calls_taken == 0
    assert centre.talk(centre.enter()) == "1000"


def test_a_member_who_did_not_take_the_call_is_excluded_until_all_others_were_tried() -> None:
    centre = CallCentre()
    centre.log_on("1000", "2000", "3000")
    call = centre.enter()
    for _ in range(3):
        centre.reject(call)
    assert centre.rung() == ["1000", "2000", "3000"]

    centre.after(4.9)
    assert centre.ringing() == []
    centre.after(0.1)
    assert centre.ringing() == ["1000"]


def test_an_untried_agent_who_comes_free_is_tried_before_the_round_begins_anew() -> None:
    centre = CallCentre()
    centre.log_on("1000", "2000")
    busy = centre.enter()
    leg = centre.call(busy).leg
    centre.answer(busy)
    call = centre.enter()
    centre.reject(call)
    centre.after(1)
    centre.leg_ends(leg)

    assert centre.rung() == ["1000", "2000", "1000"]
    assert centre.ringing() == ["1000"]


def test_who_was_tried_last_is_not_tried_again_before_the_retry() -> None:
    centre = CallCentre(["1000", "2000"])
    centre.log_on("1000")
    call_id = centre.enter()
    centre.reject(call_id)
    centre.after(4)
    centre.log_on("2000")
    centre.reject(call_id)

    centre.after(4.5)
    assert centre.rung() == ["1000", "2000"]
    centre.after(0.5)
    assert centre.rung() == ["1000", "2000", "1000"]


def test_an_agent_who_refused_one_call_is_still_offered_another() -> None:
    centre = CallCentre(["1000"])
    centre.log_on("1000")
    refused = centre.enter()
    waiting = centre.enter()
    centre.reject(refused)

    assert centre.ringing() == ["1000"]
    assert centre.call(waiting).extension == "1000"


@pytest.mark.parametrize(
    "state",
    [
        DeviceState.INUSE,
        DeviceState.BUSY,
        DeviceState.RINGING,
        DeviceState.UNAVAILABLE,
        DeviceState.INVALID,
        DeviceState.ONHOLD,
        DeviceState.RINGINUSE,
    ],
)
def test_a_phone_that_cannot_ring_is_passed_over(state: DeviceState) -> None:
    centre = CallCentre()
    centre.log_on("1000", "2000")
    centre.device("1000", state)

    assert centre.talk(centre.enter()) == "2000"


def test_a_phone_that_can_ring_again_is_offered_the_call_that_waits() -> None:
    centre = CallCentre(["1000"])
    centre.log_on("1000")
    centre.device("1000", DeviceState.UNAVAILABLE)
    centre.enter()
    assert centre.ringing() == []

    centre.device("1000", DeviceState.NOT_INUSE)
    assert centre.ringing() == ["1000"]


def test_two_calls_are_never_offered_to_one_agent() -> None:
    centre = CallCentre(["1000"])
    centre.log_on("1000")
    centre.enter()
    centre.enter()

    assert centre.ringing() == ["1000"]


def test_callers_are_served_in_the_order_in_which_they_came() -> None:
    centre = CallCentre(["1000"])
    centre.log_on("1000")
    calls = []
    for _ in range(4):
        calls.append(centre.enter())
        centre.after(1)

    served = []
    for _ in calls:
        [call] = [c for c in centre.state.calls.values() if c.extension == "1000" and not c.outcome]
        served.append(call.id)
        centre.talk(call.id, 1)
    assert served == calls
