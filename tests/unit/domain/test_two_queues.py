"""An agent in several queues has one call at a time."""

from dataclasses import replace
from datetime import timedelta

import pytest

from component.domain.events import (
    CallerEntered,
    LegAnswered,
    LegEnded,
    MemberChanged,
    QueueChanged,
)
from component.domain.model import Caller
from component.domain.words import AgentState, CallState, DeviceState, LegEnd
from tests.unit.domain.call_centre import SUPPORT, CallCentre

pytestmark = pytest.mark.unit


def in_two_queues(**settings: object) -> CallCentre:
    """One agent, logged on to support and sales, which have the same settings."""
    centre = CallCentre(["1000"], **settings)  # type: ignore[arg-type]
    centre.take(QueueChanged(replace(centre.state.queues[SUPPORT.name], name="sales")))
    centre.take(MemberChanged("sales", "1000"))
    centre.log_on("1000")
    centre.log_on_to("sales", "1000")
    return centre


def enter_sales(centre: CallCentre) -> str:
    centre.take(CallerEntered("sale", "sales", "channel-sale", Caller("5550199")))
    return "sale"


@pytest.mark.parametrize("ringinuse", [False, True])
def test_while_a_call_rings_or_is_talked_no_other_queue_offers_one(ringinuse: bool) -> None:
    centre = in_two_queues(ringinuse=ringinuse)
    call, sale = centre.enter(), enter_sales(centre)
    assert centre.call(sale).state is CallState.WAITING

    leg = centre.call(call).leg
    centre.device("1000", DeviceState.RINGING)
    centre.take(LegAnswered(leg))
    centre.device("1000", DeviceState.INUSE)
    assert centre.call(sale).state is CallState.WAITING

    centre.device("1000", DeviceState.NOT_INUSE)
    assert centre.call(sale).state is CallState.WAITING, "the leg is there until it is said to end"
    centre.take(LegEnded(leg, LegEnd.HUNG_UP))
    assert centre.ringing() == ["1000"]
    assert centre.call(sale).state is CallState.OFFERED


def test_nor_in_wrap_up_after_a_call_of_the_other_queue() -> None:
    centre = in_two_queues(wrapuptime=timedelta(seconds=9))
    centre.talk(centre.enter())
    sale = enter_sales(centre)
    assert centre.agent("1000").state is AgentState.WRAP_UP
    assert centre.call(sale).state is CallState.WAITING

    centre.after(9)
    assert centre.call(sale).state is CallState.OFFERED
