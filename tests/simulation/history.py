"""What happened, for the reader of a failure and for comparing two runs of a seed."""

import hashlib
from collections import Counter, deque
from typing import NoReturn, Protocol

KEPT = 400
"""Lines that are kept for the reader."""

DIGESTED = 1000
"""So many lines are digested at once."""


class ViolationError(AssertionError):
    """The call centre did what it must never do."""


class Clock(Protocol):
    """Tells the seconds since the beginning."""

    def time(self) -> float: ...


class History:
    """The course of one run. Only its last lines are kept."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._digest = hashlib.sha256()
        self._undigested: list[str] = []
        self._last: deque[tuple[float, str, tuple[object, ...]]] = deque(maxlen=KEPT)
        self.counts: Counter[str] = Counter()
        """How often what happened, by kind."""
        self.violations: list[str] = []

    @property
    def digest(self) -> str:
        """The same for two runs when the same kinds of things happen at the same moments."""
        self._digest_lines()
        return self._digest.hexdigest()[:16]

    @property
    def lines(self) -> list[str]:
        """What happened last, for people."""
        return [f"{at:12.6f}  {kind:<24} {' '.join(map(str, w))}" for at, kind, w in self._last]

    def note(self, kind: str, *details: object) -> None:
        """Write down what happened; `details` do not change any more."""
        at = self._clock.time()
        self.counts[kind] += 1
        self._last.append((at, kind, details))
        self._undigested.append(f"{at} {kind}")
        if len(self._undigested) == DIGESTED:
            self._digest_lines()

    def _digest_lines(self) -> None:
        self._digest.update("".join(self._undigested).encode())
        self._undigested.clear()

    def fail(self, what: str) -> NoReturn:
        """Report a violation. It is kept: whoever is called may survive the exception."""
        self.note("VIOLATION", what)
        self.violations.append(what)
        raise ViolationError(what)
