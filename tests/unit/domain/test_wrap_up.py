"""Wrap-up: time to oneself after a call, by the queue's `wrapuptime`."""

from datetime import timedelta

import pytest

from component.domain.commands import WakeAt
from component.domain.events import LegEnded, WrapUpOver
from component.domain.model import Member
from component.domain.queue import Queue
from component.domain.words import AgentState, LegEnd
from tests.unit.domain.call_centre import SUPPORT, CallCentre

pytestmark = pytest.mark.unit

TEN_SECONDS = timedelta(seconds=10)


def served(*extensions: str) -> CallCentre:
    """A queue with wrap-up whose first member has just served a call."""
    centre = CallCentre(extensions, wrapuptime=TEN_SECONDS)
    centre.log_on(*extensions)
    centre.talk(centre.enter())
    return centre


def test_without_wrapuptime_the_agent_is_available_at_once() -> None:
    centre = CallCentre(["1000"])
    centre.log_on("1000")
    centre.talk(centre.enter())

    assert centre.agent("1000").state is AgentState.AVAILABLE


def test_after_a_call_the_agent_is_offered_nothing_for_the_wrapuptime() -> None:
    centre = served("1000")
    assert centre.agent("1000").state is AgentState.WRAP_UP

    centre.enter()
    centre.after(9.9)
    assert centre.ringing() == []
    centre.after(0.1)
    assert centre.ringing() == ["1000"]


def test_meanwhile_the_others_are_offered_calls() -> None:
    centre = served("1000", "2000")

    assert centre.talk(centre.enter()) == "2000"


def test_wrap_up_begins_when_the_agents_leg_is_gone_whoever_hung_up() -> None:
    centre = CallCentre(["1000"], wrapuptime=TEN_SECONDS)
    centre.log_on("1000")
    call = centre.enter()
    leg = centre.call(call).leg
    centre.answer(call)
    centre.hang_up(call)
    centre.state.forget_ended([centre.call(call)])
    centre.after(1)
    centre.leg_ends(leg)

    agent = centre.agent("1000")
    assert (agent.state, agent.wrap_up_until) == (AgentState.WRAP_UP, centre.now + TEN_SECONDS)
    assert agent.leg is None


@pytest.mark.parametrize("reason", [LegEnd.BUSY, LegEnd.REJECTED, LegEnd.NO_ANSWER])
def test_an_offer_that_was_not_taken_needs_no_wrap_up(reason: LegEnd) -> None:
    centre = CallCentre(["1000"], wrapuptime=TEN_SECONDS)
    centre.log_on("1000")
    centre.take(LegEnded(centre.call(centre.enter()).leg, reason))

    assert centre.agent("1000").state is AgentState.AVAILABLE


def test_wrap_up_holds_for_the_agents_other_queues_too() -> None:
    centre = CallCentre(["1000"], wrapuptime=TEN_SECONDS)
    centre.state.queues["sales"] = Queue("sales", SUPPORT.timeout, SUPPORT.retry, SUPPORT.max_wait)
    centre.state.members.load(("sales", "1000"), Member("sales", "1000"))
    centre.log_on("1000")
    centre.log_on_to("sales", "1000")
    centre.talk(centre.enter())
    assert not centre.state.candidates.any("sales")

    centre.after(10)
    assert list(centre.state.candidates.of("sales")) == ["1000"]


def test_logging_off_and_on_does_not_cut_wrap_up_short() -> None:
    centre = served("1000")
    centre.log_off("1000")
    centre.log_on("1000")

    assert centre.agent("1000").state is AgentState.WRAP_UP


def test_a_timer_that_is_early_is_set_again() -> None:
    centre = served("1000")
    over = centre.now + TEN_SECONDS

    assert centre.take(WrapUpOver("1000")) == [WakeAt(over, WrapUpOver("1000"))]
    assert centre.agent("1000").state is AgentState.WRAP_UP


def test_a_timer_that_is_doubled_or_about_nobody_does_no_harm() -> None:
    centre = served("1000")
    centre.after(10)
    assert centre.take(WrapUpOver("1000")) == []
    assert centre.take(WrapUpOver("9999")) == []
    assert centre.agent("1000").state is AgentState.AVAILABLE


def test_a_connected_call_is_counted_for_the_agent_and_for_the_member() -> None:
    centre = served("1000")

    assert centre.agent("1000").calls_taken == 1
    assert centre.member("1000").calls_taken == 1
