"""Asterisk refuses to connect caller and agent: nobody is lost."""

from datetime import timedelta
from typing import Any

import pytest

from component.domain.asterisk_ids import talk_bridge
from component.domain.commands import HangUpLeg, HideCall, Hold, Part, Release, Ring, Say
from component.domain.events import BlindTransfer, NotConnected, QueueRemoved
from component.domain.model import Leg
from component.domain.words import AgentState, CallState, OfferEnd, Outcome, QueueStatus
from tests.unit.domain.call_centre import CallCentre, of_kind

pytestmark = pytest.mark.unit

FIRST = Leg("call1", 1)


def answered(*extensions: str, **settings: Any) -> CallCentre:
    """The first agent has answered a call."""
    centre = CallCentre(extensions or ("1000",), **settings)
    centre.log_on(*extensions or ("1000",))
    centre.answer(centre.enter())
    return centre


def test_the_caller_waits_in_the_old_place_and_hears_music_again() -> None:
    centre = answered()
    centre.enter()
    decided = centre.take(NotConnected(FIRST))
    assert [(hide.extension, hide.reason) for hide in of_kind(decided, HideCall)] == [
        ("1000", OfferEnd.UNAVAILABLE)
    ]
    assert [type(c) for c in decided if isinstance(c, HangUpLeg | Part | Hold)] == [
        Part,
        Hold,
        HangUpLeg,
    ]
    assert [call.id for call in centre.state.waiting("support")] == ["call1", "call2"]
    assert centre.call("call1").answered_at is None


def test_what_the_caller_is_told_is_not_said_into_the_bridge() -> None:
    centre = answered(announce_frequency=timedelta(seconds=30))
    decided = centre.take(NotConnected(FIRST))
    assert [type(c) for c in decided if isinstance(c, Part | Hold | Say)] == [Part, Hold, Say]


def test_the_caller_is_offered_to_the_next_one() -> None:
    centre = answered("1000", "2000")
    assert [ring.device for ring in of_kind(centre.take(NotConnected(FIRST)), Ring)] == [
        "PJSIP/2000"
    ]


def test_the_agent_has_had_no_call() -> None:
    centre = answered(wrapuptime=timedelta(seconds=30))
    centre.take(NotConnected(FIRST))
    assert centre.agent("1000").state is AgentState.RESERVED
    centre.leg_ends(FIRST)
    agent = centre.agent("1000")
    assert (agent.state, agent.calls_taken, agent.last_call) == (AgentState.AVAILABLE, 0, None)


def test_it_is_logged() -> None:
    centre = answered()
    centre.take(NotConnected(FIRST))
    assert centre.logged()[-1] == ("channel1", "1000", "SYSCOMPAT", ())


def test_the_wait_is_over_in_time() -> None:
    centre = answered()
    centre.take(NotConnected(FIRST))
    centre.leg_ends(FIRST)
    centre.pause("1000")
    centre.after(60)
    assert centre.call("call1").outcome is Outcome.TIMEOUT


def test_told_too_late_it_means_nothing() -> None:
    centre = answered()
    centre.leg_ends(FIRST)
    assert centre.take(NotConnected(FIRST)) == []


def test_whom_a_call_was_passed_on_to_in_vain_leaves_it_to_the_queue() -> None:
    centre = answered("1000", "2000")
    centre.take(BlindTransfer(FIRST, "2000", "from-phones"))
    centre.leg_ends(FIRST)
    centre.answer("call1")
    centre.take(NotConnected(Leg("call1", 2)))
    assert centre.call("call1").state is CallState.WAITING
    assert centre.logged()[-1] == ("channel1", "NONE", "ENTERQUEUE", ("", "5550101", "1"))


def test_the_caller_of_a_queue_that_is_no_more_goes_back_to_the_dialplan() -> None:
    centre = answered()
    centre.take(QueueRemoved("support"))
    decided = centre.take(NotConnected(FIRST))
    assert of_kind(decided, HangUpLeg) == [HangUpLeg(FIRST)]
    assert of_kind(decided, Release) == [
        Release("call1", "channel1", QueueStatus.WITHDRAW, bridge=talk_bridge(FIRST, "channel1"))
    ]
