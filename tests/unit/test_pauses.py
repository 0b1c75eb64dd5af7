import itertools

import pytest

from component.pauses import pauses

pytestmark = pytest.mark.unit


def test_pauses_grow_to_a_bound_and_are_spread() -> None:
    first, *_, last = itertools.islice(pauses(0.5, 10.0), 20)
    assert 0.25 <= first <= 0.5
    assert 5.0 <= last <= 10.0
    assert len(set(itertools.islice(pauses(0.5, 10.0), 20))) == 20
