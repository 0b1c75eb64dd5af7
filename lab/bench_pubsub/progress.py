"""What a run is doing, and how long each part of it has taken."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Progress:
    """Tells it on standard error, so that a run that takes long can be seen to go on, and where."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._spent: dict[str, float] = {}

    @property
    def seconds(self) -> float:
        """How long the run has taken so far."""
        return time.monotonic() - self._began

    def say(self, what: str) -> None:
        """Tell what is being done."""
        print(f"{self.seconds:6.1f} s  {what}", file=sys.stderr, flush=True)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Count what happens within to a part; what comes in turns is counted together."""
        began = time.monotonic()
        try:
            yield
        finally:
            self._spent[name] = self._spent.get(name, 0.0) + time.monotonic() - began

    def tell_parts(self) -> None:
        """Tell how long each part took since this was last told."""
        for name, seconds in self._spent.items():
            print(f"{seconds:17.1f} s  {name}", file=sys.stderr, flush=True)
        self._spent.clear()
