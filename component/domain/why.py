"""Noting why a call is offered to whom.

However many members a queue has, what is looked at and kept is bounded.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice

from component.domain.candidates import Line
from component.domain.choice import Choice, ChosenBy, PassedOver
from component.domain.model import Call, Offer
from component.domain.obstacles import Obstacle
from component.domain.state import State
from component.domain.strategies import STRATEGIES
from component.domain.terms import ANYBODY, Need

LISTED = 10
"""So many candidates are kept by name, and of those passed over so many for each reason."""

LOOKED_AT = 100
"""So many at the head of the line are looked at for who does not meet the caller's needs."""


def note(state: State, call: Call, offers: Sequence[Offer], by: ChosenBy, now: datetime) -> None:
    """Keep why these offers are about to be made: the state is as it was decided on."""
    name, tried, need = state.queues[call.queue].strategy, call.tried, call.terms.need
    line = state.candidates.of(call.queue, need)
    order = STRATEGIES[name].order(line, state.turns.get(call.queue))
    first = list(islice((r for r in order if r[-1] not in tried) if tried else order, LISTED))
    for offer in offers[:LISTED]:
        rank = line.rank(offer.extension)
        if rank not in first:  # drawn by lot, or known to the customer
            first.append(rank)
    passed_over = _kept_back(state, call.queue)
    refused = sorted(extension for extension in tried if extension in line)
    if refused:
        passed_over[Obstacle.TRIED] = PassedOver(len(refused), tuple(refused[:LISTED]))
    if need is not ANYBODY:
        passed_over.update(_not_meeting(state, call.queue, need, line))
    offered = tuple(offer.extension for offer in offers)
    attempt, candidates = offers[0].leg.attempt, len(line) - len(refused)
    state.choices.put(
        (call.id, attempt),
        Choice(
            call.id, attempt, call.queue, now, by, name,
            offered, tuple(first), candidates, passed_over,
        ),
    )  # fmt: skip


def note_transfer(state: State, call: Call, offer: Offer) -> None:
    """Keep that a colleague chose."""
    name, attempt = state.queues[call.queue].strategy, offer.leg.attempt
    by, at = ChosenBy.TRANSFER, offer.offered_at
    choice = Choice(call.id, attempt, call.queue, at, by, name, (offer.extension,), (), 0, {})
    state.choices.put((call.id, attempt), choice)


def _kept_back(state: State, queue: str) -> dict[Obstacle, PassedOver]:
    return {
        obstacle: PassedOver(len(extensions), tuple(extensions[:LISTED]))
        for obstacle, extensions in state.candidates.kept_back(queue).items()
        if extensions
    }


def _not_meeting(
    state: State, queue: str, need: Need, meeting: Line
) -> Iterator[tuple[Obstacle, PassedOver]]:
    """Yield who is free but not for this caller; of these, only the head of the line is listed."""
    everybody = state.candidates.of(queue)
    beyond = sum(len(p) for penalty, _, p in everybody.alike() if not need.allows(penalty))
    unskilled = len(everybody) - len(meeting) - beyond
    head = [r for r in islice(everybody.ranks(), LOOKED_AT) if r[-1] not in meeting]
    for obstacle, number, allowed in (
        (Obstacle.PENALTY, beyond, False),
        (Obstacle.SKILLS, unskilled, True),
    ):
        if number:
            listed = [rank[-1] for rank in head if need.allows(rank[0]) is allowed][:LISTED]
            yield obstacle, PassedOver(number, tuple(listed))
