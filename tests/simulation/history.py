"""What happened, for the reader of a failure and for comparing two runs of a seed."""

import hashlib
from collections import Counter, deque
from typing import NoReturn, Protocol

KEPT = 400
"""Lines that are kept for the reader."""


class ViolationError(AssertionError):
    """The call centre did what it must never do."""


class Clock(Protocol):
    """Tells the seconds since the beginning."""

    def time(self) -> float: ...


class History:
    """The course of one run. `digest` depends on all of it, only the last lines are kept."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._digest = hashlib.sha256()
        self.lines: deque[str] = deque(maxlen=KEPT)
        self.counts: Counter[str] = Counter()
        """How often what happened, by kind."""
        self.violations: list[str] = []

    @property
    def digest(self) -> str:
        """The same for two runs exactly when all that happened is the same."""
        return self._digest.hexdigest()[:16]

    def note(self, kind: str, *details: object) -> None:
        """Write down what happened."""
        self.counts[kind] += 1
        line = f"{self._clock.time():12.6f}  {kind:<24} {' '.join(map(str, details))}"
        self._digest.update(line.encode())
        self.lines.append(line)

    def fail(self, what: str) -> NoReturn:
        """Report a violation. It is kept: whoever is called may survive the exception."""
        self.note("VIOLATION", what)
        self.violations.append(what)
        raise ViolationError(what)
