"""How much is measured."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """Numbers of everything."""

    agents: tuple[int, ...]
    """Those of one queue; the fewest first."""
    waiting: int
    """Callers, while an agent comes free."""
    decisions: int
    """So many of each kind are timed."""
    calls: int
    """So many are led through the engine, one after another; and again, all at once."""


SIZES: Mapping[str, Size] = {
    "full": Size(agents=(100, 1_000, 10_000), waiting=1_000, decisions=500, calls=500),
    "quick": Size(agents=(100, 1_000), waiting=200, decisions=100, calls=100),
}
