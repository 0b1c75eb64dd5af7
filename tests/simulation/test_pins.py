"""What is known of wrong PINs that were keyed at the same time, or not answered in time."""

import pytest

from tests.simulation.phone_codes import ORDER
from tests.simulation.pins import ADMITTED, LOCKED_SECONDS, RIGHT, WRONG, Slate

pytestmark = pytest.mark.simulation


@pytest.fixture
def slate() -> Slate:
    return Slate()


def test_of_several_at_once_the_third_locks(slate: Slate) -> None:
    slate.note(WRONG, "WRONGPIN", 0, 1)
    for answer in sorted(("LOCKED", "WRONGPIN"), key=ORDER.index):
        slate.note(WRONG, answer, 10, 11)

    assert slate.answers(RIGHT, 20, 21) == {"LOCKED"}
    assert slate.answers(RIGHT, 11 + LOCKED_SECONDS, 12 + LOCKED_SECONDS) == {ADMITTED}


def test_one_that_is_refused_when_the_lock_may_be_over_need_not_be_the_third(slate: Slate) -> None:
    for _ in range(2):
        slate.note(WRONG, "WRONGPIN", 0, 2)
    slate.note(WRONG, "LOCKED", 0, 2)
    over = LOCKED_SECONDS + 1
    for answer in sorted(("LOCKED", "WRONGPIN"), key=ORDER.index):
        slate.note(WRONG, answer, over, over)

    assert slate.answers(RIGHT, over + 10, over + 11) == {ADMITTED, "LOCKED"}


def test_one_that_fails_when_the_lock_may_be_over_need_not_begin_another(slate: Slate) -> None:
    for _ in range(2):
        slate.note(WRONG, "WRONGPIN", 0, 1)
    slate.note(WRONG, "LOCKED", 0, 9)
    slate.note(RIGHT, "FAILED", LOCKED_SECONDS + 2, LOCKED_SECONDS + 4)
    slate.note(RIGHT, "LOCKED", LOCKED_SECONDS + 5, LOCKED_SECONDS + 6)

    over = LOCKED_SECONDS + 10
    assert slate.answers(WRONG, over, over + 1) == {"WRONGPIN", "LOCKED"}
    over = 2 * LOCKED_SECONDS + 4
    assert slate.answers(WRONG, over, over + 1) == {"WRONGPIN"}


def test_of_several_that_fail_the_last_need_not_be_the_third(slate: Slate) -> None:
    for begun in (0, 10, 20, 100):
        slate.note(WRONG, "FAILED", begun, begun + 2)
    slate.note(RIGHT, "LOCKED", 200, 201)

    over = 22 + LOCKED_SECONDS
    assert slate.answers(RIGHT, over, over + 1) == {ADMITTED, "LOCKED"}
    over = 102 + LOCKED_SECONDS
    assert slate.answers(RIGHT, over, over + 1) == {ADMITTED}


def test_a_lock_is_not_over_before_its_time_whatever_fails(slate: Slate) -> None:
    for _ in range(2):
        slate.note(WRONG, "WRONGPIN", 0, 1)
    slate.note(WRONG, "LOCKED", 10, 11)
    slate.note(WRONG, "FAILED", 100, 102)

    assert slate.answers(RIGHT, LOCKED_SECONDS + 8, LOCKED_SECONDS + 9) == {"LOCKED"}
