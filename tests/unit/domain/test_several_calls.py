"""An agent who may have several calls at once (`extensions.max_calls`), in queues that ring phones
which are in use (`ringinuse`)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from component.domain.commands import AnswerTransfer, DropNode, HangUpLeg, ShowCall, WakeAt
from component.domain.events import (
    AgentChanged,
    AgentRemoved,
    AttendedTransfer,
    BlindTransfer,
    CallerEntered,
    LegAnswered,
    MemberChanged,
    NotConnected,
    QueueChanged,
    WrapUpOver,
)
from component.domain.model import Caller, Leg, Talk
from component.domain.queue import StrategyName
from component.domain.words import AgentState, CallState, DeviceState, LegEnd
from tests.unit.domain.call_centre import CallCentre, of_kind

pytestmark = pytest.mark.unit

FIRST, SECOND = Leg("call1", 1), Leg("call2", 1)


def centre_of(*extensions: str, max_calls: int = 2, **settings: Any) -> CallCentre:
    """Let all agents be logged on, and the first have several calls."""
    centre = CallCentre(extensions, **{"ringinuse": True} | settings)
    centre.log_on(*extensions)
    allow(centre, extensions[0], max_calls)
    return centre


def allow(centre: CallCentre, extension: str, max_calls: int) -> None:
    agent = centre.agent(extension)
    centre.take(AgentChanged(extension, agent.device, agent.jid, agent.skills, max_calls))


def talk_on(centre: CallCentre, extension: str = "1000") -> str:
    """Let a caller come whom the agent takes; the phone is in use then."""
    call = centre.enter()
    assert centre.ringing() == [extension]
    centre.answer(call)
    centre.device(extension, DeviceState.INUSE)
    return call


def busy(**settings: Any) -> CallCentre:
    """1000 is on two calls."""
    centre = centre_of("1000", **settings)
    talk_on(centre)
    talk_on(centre)
    return centre


def test_so_many_calls_are_offered_one_at_a_time_and_no_more() -> None:
    centre = centre_of("1000", max_calls=3)
    first = talk_on(centre)
    second, third, fourth = (centre.enter() for _ in range(3))
    assert centre.call(second).state is CallState.OFFERED
    assert centre.call(third).state is CallState.WAITING, "another one rings"

    for call in (second, third):
        centre.answer(call)
    assert [centre.call(call).state for call in (first, second, third, fourth)] == [
        CallState.ANSWERED, CallState.ANSWERED, CallState.ANSWERED, CallState.WAITING,
    ]  # fmt: skip
    centre.leg_ends(centre.call(second).leg)
    assert centre.call(fourth).state is CallState.OFFERED


@pytest.mark.parametrize("settings", [{"max_calls": 1}, {"ringinuse": False}])
def test_one_call_at_a_time_unless_both_the_extension_and_the_queue_allow_more(
    settings: dict[str, Any],
) -> None:
    centre = centre_of("1000", **settings)
    talk_on(centre)
    second = centre.enter()
    centre.device("1000", DeviceState.UNKNOWN)  # even if the phone does not say that it is in use

    assert centre.call(second).state is CallState.WAITING


@pytest.mark.parametrize("strategy", StrategyName)
def test_who_has_no_call_comes_before_who_has_one(strategy: StrategyName) -> None:
    centre = centre_of("1000", "2000", strategy=strategy)
    centre.pause("2000")
    talk_on(centre)
    centre.unpause("2000")

    call = centre.enter()
    assert centre.ringing() == ["2000"]
    centre.reject(call)
    assert centre.ringing() == ["1000"]


def test_but_not_before_who_has_a_lower_penalty() -> None:
    centre = CallCentre(["1000", "2000"], {"2000": 1}, ringinuse=True)
    centre.log_on("1000", "2000")
    allow(centre, "1000", 2)
    talk_on(centre)

    centre.enter()
    assert centre.ringing() == ["1000"]


def test_a_call_that_is_not_taken_leaves_the_agent_on_the_other_one() -> None:
    centre = centre_of("1000")
    talk_on(centre)
    centre.reject(centre.enter())

    agent = centre.agent("1000")
    assert (agent.state, agent.leg, agent.others) == (AgentState.ON_CALL, FIRST, ())
    assert (agent.calls_taken, agent.last_call) == (0, None)


@pytest.mark.parametrize(("ended", "left"), [(FIRST, SECOND), (SECOND, FIRST)])
def test_each_call_ends_by_itself_and_counts(ended: Leg, left: Leg) -> None:
    centre = busy()
    centre.after(7)
    commands = centre.leg_ends(ended)

    [shown] = of_kind(commands, ShowCall)
    assert (shown.call.id, shown.call.state) == (ended.call_id, CallState.ENDED)
    assert centre.call(left.call_id).state is CallState.ANSWERED
    agent = centre.agent("1000")
    assert (agent.state, agent.leg, agent.others) == (AgentState.ON_CALL, left, ())
    assert (agent.calls_taken, agent.last_call) == (1, centre.now)

    centre.after(7)
    centre.leg_ends(left)
    agent = centre.agent("1000")
    assert (agent.state, agent.leg, agent.queue) == (AgentState.AVAILABLE, None, None)
    assert (agent.calls_taken, agent.last_call) == (2, centre.now)
    assert centre.member("1000").calls_taken == 2


def test_the_caller_of_either_call_may_hang_up() -> None:
    centre = busy()
    assert HangUpLeg(FIRST) in centre.hang_up("call1")

    assert centre.call("call2").state is CallState.ANSWERED
    assert centre.agent("1000").legs == (FIRST, SECOND), "the leg is there until it is said to end"


def test_the_wrap_up_begins_when_no_call_is_left() -> None:
    centre = busy(wrapuptime=timedelta(seconds=10))
    centre.leg_ends(FIRST)
    assert centre.agent("1000").state is AgentState.ON_CALL
    centre.after(7)
    centre.leg_ends(SECOND)

    agent = centre.agent("1000")
    assert agent.state is AgentState.WRAP_UP
    assert agent.wrap_up_until == centre.now + timedelta(seconds=10)
    centre.after(10)
    assert centre.agent("1000").state is AgentState.AVAILABLE


def test_a_call_that_is_offered_meanwhile_and_not_taken_does_not_cut_the_wrap_up_short() -> None:
    centre = centre_of("1000", wrapuptime=timedelta(seconds=10))
    talk_on(centre)
    second = centre.enter()
    centre.leg_ends(FIRST)
    ended = centre.now
    assert centre.agent("1000").state is AgentState.RESERVED
    centre.after(4)
    commands = centre.reject(second)

    agent = centre.agent("1000")
    over = ended + timedelta(seconds=10)
    assert (agent.state, agent.queue) == (AgentState.WRAP_UP, "support")
    assert (agent.wrap_up_until, agent.deferred) == (over, None)
    assert WakeAt(over, WrapUpOver("1000")) in commands


def test_a_wrap_up_that_would_be_over_is_over() -> None:
    centre = centre_of("1000", wrapuptime=timedelta(seconds=10))
    talk_on(centre)
    second = centre.enter()
    centre.leg_ends(FIRST)
    centre.after(11)
    centre.reject(second)

    agent = centre.agent("1000")
    assert (agent.state, agent.deferred) == (AgentState.AVAILABLE, None)


def test_a_talk_that_asterisk_refuses_keeps_the_agent_from_nothing_when_another_one_rings() -> None:
    centre = centre_of("1000", "2000")
    centre.pause("2000")
    talk_on(centre)
    second = centre.enter()
    commands = centre.take(NotConnected(FIRST))

    assert HangUpLeg(FIRST) in commands
    assert centre.call("call1").state is CallState.WAITING
    agent = centre.agent("1000")
    assert (agent.state, agent.leg, agent.others) == (AgentState.RESERVED, SECOND, ())
    centre.leg_ends(FIRST)
    centre.answer(second)
    assert centre.agent("1000").talks == (Talk(SECOND, "support"),)


def test_a_talk_that_asterisk_refuses_lets_the_agent_have_a_call_of_another_queue() -> None:
    centre = busy()
    centre.take(QueueChanged(replace(centre.state.queues["support"], name="sales")))
    centre.take(MemberChanged("sales", "1000", made=1))
    centre.log_on_to("sales", "1000")
    centre.take(CallerEntered("call9", "sales", "channel9", Caller("5550109")))
    assert centre.ringing() == []
    centre.take(NotConnected(FIRST))

    assert [offer.extension for offer in centre.call("call9").offers] == ["1000"]


def test_a_phone_that_goes_away_is_passed_over_and_its_talk_is_left_alone() -> None:
    centre = centre_of("1000")
    talk_on(centre)
    second = centre.enter()
    commands = centre.device("1000", DeviceState.UNAVAILABLE)

    assert of_kind(commands, HangUpLeg) == [HangUpLeg(centre.agent("1000").legs[-1])]
    assert centre.call(second).state is CallState.WAITING
    assert centre.call("call1").state is CallState.ANSWERED


def test_one_of_two_calls_is_passed_on_and_the_other_one_stays() -> None:
    centre = centre_of("1000", "2000")
    centre.pause("2000")
    talk_on(centre)
    talk_on(centre)
    commands = centre.take(BlindTransfer(FIRST, "2000", "from-phones"))

    assert AnswerTransfer(FIRST, accepted=True) in commands
    assert HangUpLeg(FIRST) in commands
    assert centre.ringing() == ["2000"]
    centre.leg_ends(FIRST)
    assert centre.agent("1000").talks == (Talk(SECOND, "support"),)


@pytest.mark.parametrize(("ringinuse", "rings"), [(True, ["1000"]), (False, [])])
def test_a_call_is_passed_on_to_who_may_have_another_if_the_queue_rings_phones_in_use(
    ringinuse: bool, rings: list[str]
) -> None:
    centre = centre_of("1000", "2000", ringinuse=ringinuse)
    for extension in ("1000", "2000"):
        leg = centre.call(talk_on(centre, extension)).leg
    commands = centre.take(BlindTransfer(leg, "1000", "from-phones"))

    assert AnswerTransfer(leg, accepted=bool(rings)) in commands
    assert centre.ringing() == rings


def test_a_call_is_fetched_by_who_has_talked_with_the_colleague_while_on_another() -> None:
    centre = centre_of("1000", "2000", ringinuse=False)
    for extension in ("1000", "2000"):
        leg = centre.call(talk_on(centre, extension)).leg
    centre.take(AttendedTransfer(leg, "PJSIP/1000", "PJSIP/1000-00000007"))
    centre.take(LegAnswered(Leg(leg.call_id, 2)))

    assert len(centre.agent("1000").talks) == 2


def test_a_call_is_not_passed_on_to_who_has_it() -> None:
    centre = centre_of("1000", max_calls=3)
    talk_on(centre)

    commands = centre.take(BlindTransfer(FIRST, "1000", "from-phones"))
    assert commands == [AnswerTransfer(FIRST, accepted=False)]


def test_who_is_removed_goes_when_the_last_call_is_over() -> None:
    centre = centre_of("1000", "2000")
    centre.pause("2000")
    talk_on(centre)
    second = centre.enter()
    commands = centre.take(AgentRemoved("1000"))
    leg = commands and of_kind(commands, HangUpLeg)[0].leg

    assert leg == SECOND
    assert centre.call(second).state is CallState.WAITING
    assert of_kind(centre.leg_ends(SECOND), DropNode) == []
    assert of_kind(centre.leg_ends(FIRST), DropNode) == [DropNode("1000")]
    assert "1000" not in centre.state.agents


def test_who_may_have_fewer_calls_keeps_those_that_go_on() -> None:
    centre = busy(max_calls=3)
    allow(centre, "1000", 1)
    waiting = centre.enter()
    assert centre.call(waiting).state is CallState.WAITING

    centre.leg_ends(FIRST)
    assert centre.call(waiting).state is CallState.WAITING
    centre.leg_ends(SECOND)
    assert centre.call(waiting).state is CallState.OFFERED


def test_a_leg_is_told_to_have_ended_twice() -> None:
    centre = busy()
    centre.leg_ends(FIRST)
    before = replace(centre.agent("1000"))

    assert centre.leg_ends(FIRST, LegEnd.HUNG_UP) == []
    assert centre.agent("1000") == before
