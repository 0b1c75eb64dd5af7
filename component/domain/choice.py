"""Why a call was offered to whom: what is kept of one choice."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from component.domain.candidates import Rank
from component.domain.obstacles import Obstacle
from component.domain.queue import StrategyName
from component.domain.strategies import STRATEGIES


class ChosenBy(StrEnum):
    """What decided."""

    STRATEGY = "strategy"
    STICKY = "sticky"
    """The agent spoke with the customer last."""
    TRANSFER = "transfer"
    """A colleague passed the call on."""


class PassedOver(NamedTuple):
    """Members whom the same thing kept from the call."""

    number: int
    extensions: tuple[str, ...]
    """Some of them, if they are many."""


class Choice(NamedTuple):
    """One offer, or with `ringall` several at once, and what it was decided by."""

    call_id: str
    attempt: int
    """The number of the first leg."""
    queue: str
    at: datetime
    by: ChosenBy
    strategy: StrategyName
    offered: tuple[str, ...]
    line: tuple[Rank, ...]
    """The first candidates in the order of the strategy, and who was offered the call."""
    candidates: int
    """How many there were."""
    passed_over: Mapping[Obstacle, PassedOver]

    def ordered(self) -> Iterator[dict[str, object]]:
        """Yield the candidates of the line, each with all that its place in it was given by.

        Of calls in hand nothing is said if nobody in it has any.
        """
        by = ["penalty", "calls_in_hand", *STRATEGIES[self.strategy].ordered_by]
        anybody_talks = any(in_hand for _, in_hand, *_ in self.line)
        for *place, extension in self.line:
            given_by = dict(zip(by, place, strict=True))
            if not anybody_talks:
                del given_by["calls_in_hand"]
            yield {"extension": extension, **given_by}
