"""What the operator changes while calls go on."""

from dataclasses import replace
from datetime import timedelta

import pytest

from component.domain.commands import (
    AnswerTransfer,
    DropNode,
    HangUpLeg,
    HideCall,
    Hold,
    HostNode,
    Hush,
    Release,
    ShowCall,
    WatchDevice,
)
from component.domain.configuring import Configured, differences, everything_known
from component.domain.errors import NotAMemberError, UnknownQueueError
from component.domain.events import (
    AgentChanged,
    AgentRemoved,
    BlindTransfer,
    MemberChanged,
    MemberRemoved,
    QueueChanged,
    QueueRemoved,
)
from component.domain.model import Agent, Member
from component.domain.queue import StrategyName
from component.domain.words import CallState, DeviceState, QueueStatus
from tests.unit.domain.call_centre import SUPPORT, CallCentre, of_kind

pytestmark = pytest.mark.unit

SALES = replace(SUPPORT, name="sales")


# Queues. ------------------------------------------------------------------------------------------


def test_a_new_queue_is_served_by_its_members() -> None:
    centre = CallCentre(["1000"])
    centre.take(QueueChanged(SALES))
    centre.take(MemberChanged("sales", "1000"))
    centre.log_on_to("sales", "1000")

    assert [member.extension for member in centre.state.logged_on("sales")] == ["1000"]


def test_another_strategy_gives_the_members_other_places() -> None:
    centre = CallCentre(["1000", "2000"])
    centre.log_on("1000", "2000")
    assert centre.talk(centre.enter()) == "1000"

    centre.take(QueueChanged(replace(SUPPORT, strategy=StrategyName.LINEAR)))
    assert centre.talk(centre.enter()) == "1000"


def test_phones_in_use_are_rung_once_the_queue_says_so() -> None:
    centre = CallCentre(["1000"])
    centre.log_on("1000")
    centre.device("1000", DeviceState.INUSE)
    centre.enter()
    assert centre.ringing() == []

    centre.take(QueueChanged(replace(SUPPORT, ringinuse=True)))
    assert centre.ringing() == ["1000"]


def test_who_waits_waits_for_as_long_as_the_queue_now_allows() -> None:
    centre = CallCentre(["1000"])
    centre.log_on("1000")
    centre.device("1000", DeviceState.INUSE)
    long, short = centre.enter(), timedelta(seconds=20)

    held = of_kind(centre.take(QueueChanged(replace(SUPPORT, max_wait=5 * short))), Hold)
    assert [hold.at_most for hold in held] == [timedelta(seconds=130)]
    centre.after(99)
    assert centre.call(long).state is CallState.WAITING
    centre.after(2)
    assert centre.call(long).state is CallState.ENDED

    other = centre.enter()
    centre.take(QueueChanged(replace(SUPPORT, max_wait=short)))
    centre.after(21)
    assert centre.call(other).state is CallState.ENDED


def test_what_is_being_said_is_cut_off_before_the_wait_is_bounded_anew() -> None:
    told = replace(SUPPORT, announce_frequency=timedelta(seconds=30))
    centre = CallCentre(["1000"], announce_frequency=told.announce_frequency)
    centre.log_on("1000")
    centre.device("1000", DeviceState.INUSE)
    assert centre.call(centre.enter()).told.speaking

    commands = centre.take(QueueChanged(replace(told, max_wait=timedelta(seconds=20))))
    assert [type(c) for c in commands if isinstance(c, Hush | Hold)] == [Hush, Hold]


def test_who_waits_hears_the_music_that_the_queue_now_has() -> None:
    centre = CallCentre(["1000"])
    centre.log_on("1000")
    centre.answer(centre.enter())
    centre.enter()

    held = of_kind(centre.take(QueueChanged(replace(SUPPORT, musicclass="jazz"))), Hold)
    assert [(hold.channel, hold.musicclass) for hold in held] == [("channel2", "jazz")]


def test_callers_of_a_removed_queue_go_back_to_the_dialplan() -> None:
    centre = CallCentre(["1000"])
    centre.log_on("1000")
    offered, waiting = centre.enter(), centre.enter()
    commands = centre.take(QueueRemoved("support"))

    assert [(r.call_id, r.status) for r in of_kind(commands, Release)] == [
        (offered, QueueStatus.WITHDRAW),
        (waiting, QueueStatus.WITHDRAW),
    ]
    assert of_kind(commands, HangUpLeg)
    assert centre.logged()[-2:] == [
        ("channel2", "NONE", "WITHDRAW", ("1", "2", "0")),
        ("NONE", "1000", "REMOVEMEMBER", ()),
    ]
    assert centre.enter() not in centre.state.calls


def test_who_talks_when_the_queue_is_removed_goes_on_talking() -> None:
    centre = CallCentre(["1000"])
    centre.log_on("1000")
    call = centre.enter()
    centre.answer(call)
    leg = centre.call(call).leg

    assert centre.take(QueueRemoved("support")) == []
    assert centre.call(call).state is CallState.ANSWERED
    centre.leg_ends(leg)
    assert centre.call(call).state is CallState.ENDED


# Agents. ------------------------------------------------------------------------------------------


def test_a_new_extension_gets_a_node_and_its_phone_is_watched() -> None:
    commands = CallCentre([]).take(AgentChanged("4000", "PJSIP/4000", "user4@example.com"))

    assert commands == [
        HostNode("4000", "user4@example.com"),
        WatchDevice("PJSIP/4000"),
        WatchDevice("Custom:DND4000"),
    ]


def test_a_new_extension_takes_calls_once_it_is_a_member() -> None:
    centre = CallCentre([])
    centre.take(AgentChanged("4000", "PJSIP/4000", "user4@example.com"))
    centre.take(MemberChanged("support", "4000"))
    centre.log_on("4000")

    assert centre.talk(centre.enter()) == "4000"


def test_another_account_changes_the_node_and_nothing_else() -> None:
    centre = CallCentre(["1000"])
    centre.log_on("1000")

    commands = centre.take(AgentChanged("1000", "PJSIP/1000", "new@example.com"))
    assert commands == [HostNode("1000", "new@example.com")]
    assert centre.talk(centre.enter()) == "1000"


def test_another_phone_is_watched_and_rung() -> None:
    centre = CallCentre(["1000"])
    centre.log_on("1000")
    centre.device("1000", DeviceState.UNAVAILABLE)
    account = centre.agent("1000").jid

    commands = centre.take(AgentChanged("1000", "PJSIP/desk", account))
    assert commands == [WatchDevice("PJSIP/desk"), WatchDevice("Custom:DNDdesk")]
    centre.enter()
    assert centre.rung() == ["desk"]


def test_two_extensions_that_change_phones_keep_them_apart() -> None:
    centre = CallCentre(["1000", "2000"])
    centre.take(AgentChanged("1000", "PJSIP/2000", "user1@example.com"))
    centre.take(AgentChanged("2000", "PJSIP/1000", "user2@example.com"))

    found = {device: centre.state.agent_at(f"PJSIP/{device}") for device in ("1000", "2000")}
    assert {device: agent and agent.extension for device, agent in found.items()} == {
        "1000": "2000",
        "2000": "1000",
    }


def test_who_gets_the_phone_of_a_removed_agent_keeps_it_while_that_agents_calls_end() -> None:
    centre = CallCentre(["1000", "2000"], ringinuse=True)
    centre.take(AgentChanged("1000", "PJSIP/1000", "user1000@example.com", max_calls=2))
    centre.log_on("1000")
    calls = [centre.enter(), centre.enter()]
    legs = [centre.call(call).leg for call in calls if centre.answer(call)]
    centre.take(AgentRemoved("1000"))
    centre.take(AgentChanged("2000", "PJSIP/1000", "user2000@example.com"))
    for leg in legs:
        centre.leg_ends(leg)

    found = centre.state.agent_at("PJSIP/1000")
    assert found is not None
    assert found.extension == "2000"


def test_a_phone_is_whose_it_was_once_it_is_undone_that_another_agent_got_it() -> None:
    centre = CallCentre(["1000", "2000"])
    centre.state.ledger.committed()
    centre.take(AgentChanged("1000", "PJSIP/2000", "user1000@example.com"))
    centre.state.ledger.rollback()

    found = centre.state.agent_at("PJSIP/2000")
    assert found is not None
    assert found.extension == "2000"


def test_a_removed_agent_is_offered_nothing_and_has_no_node() -> None:
    centre = CallCentre(["1000", "2000"])
    centre.log_on("1000", "2000")

    assert centre.take(AgentRemoved("1000")) == [DropNode("1000")]
    assert centre.talk(centre.enter()) == "2000"


def test_what_is_offered_to_a_removed_agent_is_offered_to_the_next() -> None:
    centre = CallCentre(["1000", "2000"])
    centre.log_on("1000", "2000")
    call = centre.enter()
    leg = centre.call(call).leg
    commands = centre.take(AgentRemoved("1000"))

    assert [type(command) for command in commands[:3]] == [HideCall, HangUpLeg, DropNode]
    assert centre.ringing() == ["2000"]
    assert centre.leg_ends(leg) == []


def test_what_was_passed_on_to_a_removed_agent_who_is_no_member_is_offered_to_another() -> None:
    centre = CallCentre(["1000", "2000", "3000"])
    centre.log_on("1000")
    call = centre.enter()
    centre.answer(call)
    centre.state.members.delete(("support", "2000"))
    centre.take(BlindTransfer(centre.call(call).leg, "2000", "from-phones"))
    centre.log_on("3000")
    centre.take(AgentRemoved("2000"))

    assert centre.ringing() == ["3000"]


def test_what_was_offered_is_offered_to_the_next_though_the_membership_went_before() -> None:
    centre = CallCentre(["1000", "2000"])
    centre.log_on("1000")
    call_id = centre.enter()
    centre.log_on("2000")
    centre.take(MemberRemoved("support", "1000"))

    centre.take(AgentRemoved("1000"))

    assert centre.call(call_id).extension == "2000"


def test_nothing_is_passed_on_to_an_agent_who_is_leaving() -> None:
    centre = CallCentre(["1000", "2000"], ringinuse=True)
    centre.take(AgentChanged("2000", "PJSIP/2000", "user2000@example.com", max_calls=2))
    centre.log_on("1000")
    given_up = centre.enter()
    centre.answer(given_up)
    centre.log_on("2000")
    centre.answer(centre.enter())
    centre.take(AgentRemoved("2000"))

    leg = centre.call(given_up).leg
    commands = centre.take(BlindTransfer(leg, "2000", "from-phones"))

    assert commands == [AnswerTransfer(leg, accepted=False)]


def test_an_agent_removed_while_talking_goes_on_talking_and_then_is_gone() -> None:
    centre = CallCentre(["1000"])
    centre.log_on("1000")
    call = centre.enter()
    centre.answer(call)
    leg = centre.call(call).leg

    assert centre.take(AgentRemoved("1000")) == []
    assert centre.call(call).state is CallState.ANSWERED
    commands = centre.leg_ends(leg)
    shown = of_kind(commands, ShowCall)
    assert [(show.extension, show.call.state) for show in shown] == [("1000", CallState.ENDED)]
    assert commands[-1] == DropNode("1000")
    assert "1000" not in centre.state.agents


def test_an_agent_who_is_back_before_the_call_is_over_stays() -> None:
    centre = CallCentre(["1000"])
    centre.log_on("1000")
    call = centre.enter()
    centre.answer(call)
    leg, agent = centre.call(call).leg, centre.agent("1000")

    centre.take(AgentRemoved("1000"))
    centre.take(AgentChanged("1000", agent.device, agent.jid))
    centre.leg_ends(leg)
    assert not centre.agent("1000").leaving


# Members. -----------------------------------------------------------------------------------------


def test_another_penalty_changes_the_order_and_is_logged() -> None:
    centre = CallCentre(["1000", "2000"])
    centre.log_on("1000", "2000")
    centre.take(MemberChanged("support", "1000", 5))

    assert centre.logged()[-1] == ("NONE", "1000", "PENALTY", ("5",))
    assert centre.talk(centre.enter()) == "2000"


def test_one_whose_membership_is_removed_is_logged_off() -> None:
    centre = CallCentre(["1000"])
    centre.log_on("1000")
    centre.device("1000", DeviceState.INUSE)
    call = centre.enter()

    [release] = centre.take(MemberRemoved("support", "1000"))
    assert isinstance(release, Release)
    assert (release.call_id, release.status) == (call, QueueStatus.LEAVEEMPTY)
    assert ("NONE", "1000", "REMOVEMEMBER", ()) in centre.logged()


def test_a_member_of_nothing_known_is_refused() -> None:
    with pytest.raises(UnknownQueueError):
        CallCentre().take(MemberChanged("sales", "1000"))
    with pytest.raises(NotAMemberError):
        CallCentre().take(MemberChanged("support", "4000"))


@pytest.mark.parametrize(
    "event", [QueueRemoved("sales"), AgentRemoved("4000"), MemberRemoved("sales", "4000")]
)
def test_what_is_gone_already_may_be_removed(
    event: QueueRemoved | AgentRemoved | MemberRemoved,
) -> None:
    assert CallCentre().take(event) == []


# What differs. ------------------------------------------------------------------------------------


def as_configured(centre: CallCentre) -> Configured:
    state = centre.state
    agents = {agent.extension: agent for agent in state.agents.values()}
    members = {(member.queue, member.extension): member for member in state.members.values()}
    return Configured(dict(state.queues), agents, members)


def test_the_state_of_agents_and_members_is_no_difference() -> None:
    centre = CallCentre(["1000"])
    configured = as_configured(centre)
    centre.log_on("1000")
    centre.enter()

    assert list(differences(centre.state, configured)) == []


def test_all_that_differs_is_told_in_an_order_that_can_be_taken() -> None:
    centre = CallCentre(["1000", "2000"])
    wanted = everything_known(centre.state)
    agents = {**wanted.agents, "4000": Agent("4000", "PJSIP/1000", "user4@example.com")}
    members = {**wanted.members, ("sales", "4000"): Member("sales", "4000", 2)}
    wanted = Configured({**wanted.queues, "sales": SALES}, agents, members)
    events = list(differences(centre.state, wanted))

    assert [type(event) for event in events] == [
        MemberRemoved,
        MemberRemoved,
        AgentRemoved,
        AgentRemoved,
        QueueRemoved,
        QueueChanged,
        AgentChanged,
        MemberChanged,
    ]
    for event in events:
        centre.take(event)
    assert list(differences(centre.state, wanted)) == []


def test_an_agent_who_is_leaving_is_not_removed_again() -> None:
    centre = CallCentre(["1000"])
    centre.log_on("1000")
    centre.answer(centre.enter())
    centre.take(AgentRemoved("1000"))

    gone = Configured({}, {"1000": None}, {})
    assert list(differences(centre.state, gone)) == []


def test_what_a_refused_change_did_to_a_queue_is_undone() -> None:
    centre = CallCentre(["1000"])
    centre.log_on("1000")
    mark = centre.state.ledger.mark()
    centre.take(QueueRemoved("support"))
    centre.state.ledger.rollback(mark)

    assert centre.talk(centre.enter()) == "1000"
