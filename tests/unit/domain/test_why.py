"""What is kept of why a call was offered to whom."""

from datetime import timedelta

import pytest

from component.domain import why
from component.domain.choice import Choice, ChosenBy
from component.domain.events import BlindTransfer
from component.domain.obstacles import Obstacle
from component.domain.queue import StrategyName
from component.domain.terms import Need, Terms
from component.domain.words import DeviceState
from tests.unit.domain.call_centre import COMPANY_1, CallCentre

pytestmark = pytest.mark.unit

EXTENSIONS = ["1000", "2000", "3000", "4000"]


def centre_with(*extensions: str, **settings: object) -> CallCentre:
    centre = CallCentre(extensions, **settings)  # type: ignore[arg-type]
    for extension in extensions:
        centre.log_on(extension)
        centre.after(1)
    return centre


def choices(centre: CallCentre) -> list[Choice]:
    return list(centre.state.choices.values())


def passed_over(choice: Choice) -> dict[Obstacle, tuple[str, ...]]:
    return {reason: members.extensions for reason, members in choice.passed_over.items()}


def test_the_candidates_are_kept_in_order_with_what_they_were_ordered_by() -> None:
    centre = centre_with("2000", "1000", penalty={"2000": 1})
    call = centre.enter()

    [choice] = choices(centre)
    assert (choice.call_id, choice.attempt, choice.queue) == (call, 1, "support")
    assert (choice.by, choice.strategy) == (ChosenBy.STRATEGY, StrategyName.LEASTRECENT)
    assert (choice.offered, choice.candidates, choice.at) == (("1000",), 2, centre.now)
    start = centre.now - timedelta(seconds=2)
    assert list(choice.ordered()) == [
        {
            "extension": "1000",
            "penalty": 0,
            "idle_since": start + timedelta(seconds=1),
            "logon_order": 2,
        },
        {"extension": "2000", "penalty": 1, "idle_since": start, "logon_order": 1},
    ]


@pytest.mark.parametrize("strategy", list(StrategyName))
def test_every_strategy_names_what_it_goes_by_and_begins_with_whom_it_takes(
    strategy: StrategyName,
) -> None:
    centre = centre_with(*EXTENSIONS, strategy=strategy)
    for _ in range(3):
        centre.talk(centre.enter())
    for choice in choices(centre):
        candidates = [candidate["extension"] for candidate in choice.ordered()]
        assert sorted(map(str, candidates)) == EXTENSIONS
        if strategy not in (StrategyName.RANDOM, StrategyName.WRANDOM):
            assert candidates[0] == choice.offered[0]


def test_who_was_passed_over_is_named_by_what_kept_them() -> None:
    centre = CallCentre(["1", "2", "3", "4", "5", "6"], wrapuptime=timedelta(seconds=9))
    centre.log_on("1", "2", "3", "4", "5")
    assert centre.talk(centre.enter()) == "1"
    centre.pause("2")
    centre.device("3", DeviceState.INUSE)
    centre.device("4", DeviceState.UNAVAILABLE)
    centre.enter()

    assert passed_over(choices(centre)[-1]) == {
        Obstacle.WRAPUP: ("1",),
        Obstacle.PAUSED: ("2",),
        Obstacle.INUSE: ("3",),
        Obstacle.UNAVAILABLE: ("4",),
        Obstacle.LOGGED_OFF: ("6",),
    }


def test_who_rings_or_talks_is_passed_over_and_so_is_who_refused_this_call() -> None:
    centre = centre_with(*EXTENSIONS)
    talking = centre.enter()
    centre.answer(talking)
    centre.enter()
    third = centre.enter()
    centre.reject(third)

    choice = choices(centre)[-1]
    assert (choice.call_id, choice.attempt, choice.offered) == (third, 2, ("4000",))
    assert choice.candidates == 1
    assert passed_over(choice) == {
        Obstacle.ON_CALL: ("1000",),
        Obstacle.RINGING: ("2000",),
        Obstacle.TRIED: ("3000",),
    }


def test_who_does_not_meet_the_callers_needs_is_passed_over() -> None:
    french = {"1000": {"french": 3}, "3000": {"french": 1}, "4000": {"french": 2}}
    centre = centre_with(*EXTENSIONS, penalty={"1000": 7}, skills=french)
    centre.enter(terms=Terms(Need(max_penalty=5, skills=frozenset({("french", 2)}))))

    [choice] = choices(centre)
    assert (choice.offered, choice.candidates) == (("4000",), 1)
    assert passed_over(choice) == {Obstacle.PENALTY: ("1000",), Obstacle.SKILLS: ("2000", "3000")}


def test_an_agent_who_knows_the_customer_is_chosen_for_that() -> None:
    centre = centre_with("1000", "2000", sticky=timedelta(hours=1))
    centre.talk(centre.enter(COMPANY_1))
    centre.enter(COMPANY_1)

    choice = choices(centre)[-1]
    assert (choice.by, choice.offered) == (ChosenBy.STICKY, ("1000",))
    assert [candidate["extension"] for candidate in choice.ordered()] == ["2000", "1000"]


def test_a_colleague_who_passes_the_call_on_is_the_reason() -> None:
    centre = centre_with("1000", "2000")
    call = centre.enter()
    centre.answer(call)
    centre.take(BlindTransfer(centre.call(call).leg, "2000", "phones"))

    choice = choices(centre)[-1]
    assert (choice.by, choice.offered, choice.line) == (ChosenBy.TRANSFER, ("2000",), ())


def test_of_many_members_few_are_kept_and_all_are_counted() -> None:
    extensions = [f"{number:03}" for number in range(120)]
    centre = centre_with(*extensions, max_wait=timedelta(hours=1))
    for extension in extensions[:50]:
        centre.pause(extension)
    centre.enter()

    [choice] = choices(centre)
    assert len(choice.line) == why.LISTED
    assert choice.candidates == 70
    assert choice.passed_over[Obstacle.PAUSED] == (50, tuple(extensions[: why.LISTED]))


def test_who_is_drawn_from_behind_the_first_is_listed_too() -> None:
    extensions = [f"{number:03}" for number in range(500)]
    centre = centre_with(*extensions, strategy=StrategyName.RANDOM)
    centre.enter()

    [choice] = choices(centre)
    [offered] = choice.offered
    assert offered not in extensions[: why.LISTED], "the seed is to draw another one"
    assert len(choice.line) == why.LISTED + 1
    assert choice.line[-1][-1] == offered
