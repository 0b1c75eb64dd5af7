"""How `make bench-calls` tells from records whose turn it was."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lab.bench_calls.records import Choice, in_turn

pytestmark = pytest.mark.unit

NOW = datetime(2026, 1, 1, 9, tzinfo=UTC)


def choice(at: int, agent: str, ended: int, *passed_over: str) -> Choice:
    """At a second an agent is chosen, whose call ends at another."""
    second = timedelta(seconds=1)
    return Choice(NOW + at * second, agent, NOW + ended * second, frozenset(passed_over))


FIRST = [choice(0, "a", 10), choice(1, "b", 11)]
"""Each of two agents has a call; the one who began first is idle first."""


def test_it_is_the_turn_of_who_is_idle_the_longest() -> None:
    assert in_turn([*FIRST, choice(12, "a", 20), choice(13, "b", 21)], 2) == [True, True]


def test_it_is_not_the_turn_of_anybody_else() -> None:
    assert in_turn([*FIRST, choice(12, "b", 20), choice(13, "a", 21)], 2) == [False, True]


def test_who_could_not_be_offered_the_call_is_not_wronged() -> None:
    assert in_turn([*FIRST, choice(12, "b", 20, "a")], 2) == [True]


def test_nothing_is_told_before_everybody_has_had_a_call() -> None:
    assert in_turn([choice(0, "a", 10), choice(11, "a", 20)], 2) == []


def test_where_not_all_are_named_who_were_passed_over_those_count_who_surely_could() -> None:
    unsure = replace(choice(12, "b", 20), candidates=frozenset({"b"}))
    assert in_turn([*FIRST, unsure], 2) == [True]
    assert in_turn([*FIRST, replace(unsure, candidates=frozenset({"a", "b"}))], 2) == [False]
