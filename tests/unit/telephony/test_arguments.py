from collections.abc import Iterator
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from component.domain.terms import USUAL, Need, Terms
from component.telephony.arguments import priority_of, terms

pytestmark = pytest.mark.unit


@pytest.fixture
def log() -> Iterator[list[dict[str, object]]]:
    with capture_logs() as entries:
        yield entries  # type: ignore[misc]


def test_no_arguments_ask_for_nothing() -> None:
    assert terms([]) == terms([""]) == USUAL


def test_all_that_can_be_asked_for() -> None:
    words = [
        "timeout=300",
        "min_penalty=1",
        "max_penalty=5",
        "skills=french:2&billing",
        "options=c",
    ]
    skills = frozenset({("french", 2), ("billing", 1)})
    assert terms(words) == Terms(Need(1, 5, skills), timedelta(seconds=300), continues=True)


def test_a_limit_may_be_zero() -> None:
    assert terms(["max_penalty=0"]).need == Need(max_penalty=0)


@pytest.mark.parametrize(
    "word",
    [
        "timeout=", "timeout=0", "timeout=soon", "timeout=-1", "min_penalty=low", "options=x",
        "skills=french:high", "skills=:2", "colour=blue", "300", "timeout=1234567890",
    ],
)  # fmt: skip
def test_what_is_not_understood_is_left_out_and_said_in_the_log(
    word: str, log: list[dict[str, object]]
) -> None:
    assert terms([word, "max_penalty=5"]) == Terms(Need(max_penalty=5))
    assert [(entry["event"], entry["argument"]) for entry in log] == [
        ("argument of Stasis() not understood", word)
    ]


@pytest.mark.parametrize(("word", "priority"), [("5", 5), ("-5", -5), ("0", 0), ("", 0)])
def test_a_priority_may_be_below_0_and_need_not_be_given(
    word: str, priority: int, log: list[dict[str, object]]
) -> None:
    assert (priority_of(word), log) == (priority, [])


@pytest.mark.parametrize("word", ["high", "-", "--5", "1.5", "9" * 30])
def test_what_is_no_priority_is_0_and_said_in_the_log(
    word: str, log: list[dict[str, object]]
) -> None:
    assert priority_of(word) == 0
    assert [entry["argument"] for entry in log] == [word]
