"""Calls to publish."""

from datetime import UTC, datetime, timedelta

from component.domain.model import Call, Caller, Customer, Leg, Offer
from component.domain.words import CallState

ENTERED = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
COMPANY_1 = Customer(1, "1111", "Company 1", {"contract": "gold"})


def call(call_id: str = "c1", state: CallState = CallState.OFFERED, revision: int = 1) -> Call:
    """A call that was offered after 3 s, answered after 6, and ended after 9 if it did."""
    is_answered = state in (CallState.ANSWERED, CallState.ENDED)
    return Call(
        call_id, "support", "channel", Caller("4711", "Alice"), ENTERED, "1111", COMPANY_1,
        state, (Offer("1000", Leg(call_id, 1), ENTERED + timedelta(seconds=3)),), 1,
        revision=revision,
        answered_at=ENTERED + timedelta(seconds=6) if is_answered else None,
        ended_at=ENTERED + timedelta(seconds=9) if state == CallState.ENDED else None,
    )  # fmt: skip


OFFERED = call(state=CallState.OFFERED, revision=1)
ANSWERED = call(state=CallState.ANSWERED, revision=2)
ENDED = call(state=CallState.ENDED, revision=3)
