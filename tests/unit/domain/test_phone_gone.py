"""A phone that is not there any more, though it is to ring, and whoever has it by then."""

import pytest

from component.domain.commands import HangUpLeg, HideCall
from component.domain.events import AgentChanged, PhoneGone
from component.domain.model import Leg
from component.domain.words import CallState, OfferEnd
from tests.unit.domain.call_centre import CallCentre

pytestmark = pytest.mark.unit


def test_a_phone_is_passed_over_that_rings_for_who_has_another_one_by_now() -> None:
    centre = CallCentre(["1000", "2000"])
    centre.log_on("1000", "2000")
    call = centre.enter()
    leg = centre.call(call).leg
    centre.take(AgentChanged("1000", "PJSIP/desk", "user1@example.com"))

    commands = centre.take(PhoneGone(leg))
    assert [type(c) for c in commands][:2] == [HideCall, HangUpLeg]
    assert centre.all(HideCall)[0].reason is OfferEnd.UNAVAILABLE
    assert centre.all(HangUpLeg) == [HangUpLeg(leg)]
    assert centre.ringing() == ["2000"]


def test_a_phone_that_is_gone_when_it_rings_no_more_changes_nothing() -> None:
    centre = CallCentre(["1000"])
    centre.log_on("1000")
    call = centre.enter()
    centre.answer(call)

    assert centre.take(PhoneGone(centre.call(call).leg)) == []
    assert centre.take(PhoneGone(Leg("unknown", 1))) == []
    assert centre.call(call).state is CallState.ANSWERED
