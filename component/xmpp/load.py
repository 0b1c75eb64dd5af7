"""How much is being answered at once: so that who asks without end is in nobody's way."""

from collections import Counter

MAX_UNDER_WAY = 2000
"""Requests and messages that are being answered; those beyond are asked to come again."""

MAX_OF_ACCOUNT = 500
"""How many of them may be of one account."""


class Load:
    """What is being answered, by account."""

    def __init__(self) -> None:
        self._of = Counter[str]()
        self._total = 0

    def is_full(self, account: str) -> bool:
        """Tell whether one more of an account would be too much."""
        return self._total >= MAX_UNDER_WAY or self._of[account] >= MAX_OF_ACCOUNT

    def add(self, account: str) -> None:
        """Take note of one that is being answered now."""
        self._of[account] += 1
        self._total += 1

    def remove(self, account: str) -> None:
        """Take note of one that was answered."""
        self._of[account] -= 1
        self._total -= 1
        if not self._of[account]:
            del self._of[account]
