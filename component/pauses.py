"""How long to wait before trying again."""

from collections.abc import Iterator
from random import SystemRandom

_dice = SystemRandom()


def pauses(first: float, last: float) -> Iterator[float]:
    """Yield ever longer pauses, in seconds, so spread that many clients do not come at once.

    They double from `first` up to `last`; each is between half of that and all of it.
    """
    longest = first
    while True:
        yield _dice.uniform(longest / 2, longest)
        longest = min(longest * 2, last)
