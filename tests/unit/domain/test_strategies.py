"""Whom each strategy takes. Least recent has a file of its own."""

from collections import Counter

import pytest

from component.domain.candidates import Line
from component.domain.queue import StrategyName
from component.domain.strategies import STRATEGIES
from tests.unit.domain.call_centre import CallCentre

pytestmark = pytest.mark.unit

ROUND_ROBIN = [StrategyName.RRMEMORY, StrategyName.RRORDERED]


def centre_with(strategy: StrategyName, *extensions: str, **penalty: int) -> CallCentre:
    penalties = {name.removeprefix("e"): value for name, value in penalty.items()}
    centre = CallCentre(extensions, penalties, strategy=strategy)
    centre.log_on(*extensions)
    return centre


def test_fewest_calls_takes_who_has_had_the_fewest_of_this_queue() -> None:
    centre = centre_with(StrategyName.FEWESTCALLS, "1000", "2000")
    centre.pause("2000")
    assert [centre.talk(centre.enter()) for _ in range(2)] == ["1000"] * 2
    centre.unpause("2000")

    assert [centre.talk(centre.enter()) for _ in range(3)] == ["2000", "2000", "1000"]


def test_fewest_calls_is_not_reset_by_logging_off_and_on() -> None:
    centre = centre_with(StrategyName.FEWESTCALLS, "1000", "2000")
    centre.talk(centre.enter())
    centre.log_off("1000")
    centre.log_on("1000")

    assert centre.talk(centre.enter()) == "2000"


def test_linear_begins_with_the_first_to_have_logged_on_each_time() -> None:
    centre = centre_with(StrategyName.LINEAR, "2000", "1000", "3000")

    assert [centre.talk(centre.enter()) for _ in range(3)] == ["2000"] * 3
    centre.reject(centre.enter())
    assert centre.ringing() == ["1000"]


@pytest.mark.parametrize("strategy", sorted(ROUND_ROBIN))
def test_round_robin_goes_on_after_whom_it_offered_last(strategy: StrategyName) -> None:
    centre = centre_with(strategy, "1000", "2000", "3000")

    assert [centre.talk(centre.enter()) for _ in range(4)] == ["1000", "2000", "3000", "1000"]


@pytest.mark.parametrize("strategy", sorted(ROUND_ROBIN))
def test_round_robin_counts_offers_that_were_not_taken(strategy: StrategyName) -> None:
    centre = centre_with(strategy, "1000", "2000", "3000")
    call = centre.enter()
    centre.reject(call)
    assert centre.talk(call) == "2000"

    assert centre.talk(centre.enter()) == "3000"


@pytest.mark.parametrize("strategy", sorted(ROUND_ROBIN))
def test_round_robin_passes_over_who_is_busy_and_does_not_come_back(
    strategy: StrategyName,
) -> None:
    centre = centre_with(strategy, "1000", "2000", "3000")
    centre.talk(centre.enter())
    centre.pause("2000")
    assert centre.talk(centre.enter()) == "3000"
    centre.unpause("2000")

    assert centre.talk(centre.enter()) == "1000"


@pytest.mark.parametrize(
    ("strategy", "then"), [(StrategyName.RRMEMORY, "1000"), (StrategyName.RRORDERED, "3000")]
)
def test_who_logs_on_anew_keeps_the_place_in_the_circle_or_goes_to_its_end(
    strategy: StrategyName, then: str
) -> None:
    centre = centre_with(strategy, "1000", "2000", "3000")
    centre.log_off("1000")
    centre.log_on("1000")
    centre.talk(centre.enter())
    centre.talk(centre.enter())
    centre.pause("2000")

    order = [centre.talk(centre.enter()) for _ in range(2)]
    assert order[0] == ("3000" if strategy is StrategyName.RRMEMORY else "1000")
    assert order[1] == then


def test_random_takes_everybody_of_the_lowest_penalty_equally_often() -> None:
    drawn = draws(StrategyName.RANDOM, {"a": 0, "b": 0, "c": 0, "d": 1})

    assert set(drawn) == {"a", "b", "c"}
    assert all(900 < count < 1100 for count in drawn.values())


def test_weighted_random_takes_a_penalty_of_one_half_as_readily() -> None:
    """Of lots up to 1 and up to 2, the first is the smaller in 3 of 4 draws."""
    drawn = draws(StrategyName.WRANDOM, {"a": 0, "b": 1})

    assert 2150 < drawn["a"] < 2350


def test_random_does_not_take_who_was_tried() -> None:
    drawn = draws(StrategyName.RANDOM, {"a": 0, "b": 0, "c": 0, "d": 0}, tried=frozenset("ac"))

    assert set(drawn) == {"b", "d"}
    assert all(1350 < count < 1650 for count in drawn.values())


@pytest.mark.parametrize("strategy", StrategyName)
def test_when_all_were_tried_nobody_is_taken(strategy: StrategyName) -> None:
    line = line_of({"a": 0, "b": 1})
    rng = CallCentre().rng
    assert STRATEGIES[strategy].choose(line, frozenset("ab"), None, rng) == ()
    assert STRATEGIES[strategy].choose(Line(), frozenset(), None, rng) == ()


@pytest.mark.parametrize("strategy", sorted(set(StrategyName) - {StrategyName.WRANDOM}))
def test_the_lowest_penalty_comes_first(strategy: StrategyName) -> None:
    centre = centre_with(strategy, "1000", "2000", "3000", e1000=2, e2000=1, e3000=1)

    assert "1000" not in [centre.talk(centre.enter()) for _ in range(10)]
    first = centre.enter()
    centre.reject(first)
    centre.reject(first)
    assert centre.ringing() == ["1000"]


def draws(
    strategy: StrategyName, penalties: dict[str, int], tried: frozenset[str] = frozenset()
) -> Counter[str]:
    """Draw 3000 times."""
    line, rng = line_of(penalties), CallCentre().rng
    chosen = [STRATEGIES[strategy].choose(line, tried, None, rng) for _ in range(3000)]
    return Counter(extension for [extension] in chosen)


def line_of(penalties: dict[str, int]) -> Line:
    line = Line()
    for extension, penalty in penalties.items():
        line.place(extension, (penalty, 0, extension))
    return line
