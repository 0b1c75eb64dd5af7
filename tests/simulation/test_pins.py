"""What is known of wrong PINs that were keyed at the same time."""

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
