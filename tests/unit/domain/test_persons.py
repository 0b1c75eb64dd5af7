"""People who log on at whichever extension they sit at."""

from dataclasses import replace
from datetime import timedelta

import pytest

from component.domain.commands import Announce, Command, HostNode
from component.domain.errors import (
    AgentElsewhereError,
    AlreadyLoggedOnError,
    ExtensionInUseError,
    NotAMemberError,
)
from component.domain.events import (
    AgentChanged,
    AgentRemoved,
    LogOff,
    LogOn,
    MemberChanged,
    MemberRemoved,
    QueueChanged,
    QueueRemoved,
)
from component.domain.model import Agent, Leg, Person
from tests.unit.domain.call_centre import SUPPORT, CallCentre, of_kind

pytestmark = pytest.mark.unit

ADA = Person("71", "ada@example.com")
EVE = Person("72", "eve@example.com")


def sits(centre: CallCentre, extension: str, person: Person, queue: str | None = None) -> None:
    centre.take(LogOn(f"PJSIP/{extension}", queue, person))


def hosted(commands: list[Command]) -> list[tuple[str, str]]:
    return [(host.extension, host.jid) for host in of_kind(commands, HostNode)]


def test_the_node_is_the_persons_while_the_person_sits_there() -> None:
    centre = CallCentre(["1000"])
    sits(centre, "1000", ADA)
    assert hosted(centre.decided) == [("1000", "ada@example.com")]
    assert centre.state.extensions_of("ada@example.com") == ["1000"]
    assert centre.state.extensions_of("user1000@example.com") == []

    assert hosted(centre.log_off("1000")) == [("1000", "user1000@example.com")]
    assert centre.agent("1000").person is None
    assert centre.state.extensions_of("user1000@example.com") == ["1000"]


def test_the_person_is_offered_calls_at_the_extension_and_told_of_callers() -> None:
    centre = CallCentre(["1000"])
    sits(centre, "1000", ADA)
    centre.enter()

    assert centre.ringing() == ["1000"]
    assert [message.extensions for message in centre.all(Announce)] == [("1000",)]
    assert centre.agent("1000").account == ADA.jid


def test_nobody_takes_a_desk_whose_agent_logged_off_and_still_talks() -> None:
    centre = CallCentre(["1000"])
    centre.log_on("1000")
    call = centre.enter()
    centre.answer(call)
    centre.log_off("1000")
    with pytest.raises(ExtensionInUseError):
        sits(centre, "1000", ADA)

    assert centre.agent("1000").account == "user1000@example.com"
    centre.hang_up(call)
    centre.leg_ends(Leg(call, 1))
    sits(centre, "1000", ADA)
    assert centre.agent("1000").account == ADA.jid


def test_a_person_who_is_logged_on_elsewhere_is_refused_and_nothing_changes() -> None:
    centre = CallCentre(["1000", "2000"])
    sits(centre, "1000", ADA)
    before = list(centre.state.agents.values()), list(centre.state.members.values())
    with pytest.raises(AgentElsewhereError, match="agent=71, extension=1000"):
        sits(centre, "2000", ADA)

    assert (list(centre.state.agents.values()), list(centre.state.members.values())) == before
    centre.log_off("1000")
    sits(centre, "2000", ADA)
    assert centre.state.extension_of("71") == "2000"


@pytest.mark.parametrize("who", [EVE, None], ids=["another person", "its own agent"])
def test_an_extension_at_which_a_person_is_logged_on_is_refused(who: Person | None) -> None:
    centre = CallCentre(["1000"])
    sits(centre, "1000", ADA)
    with pytest.raises(ExtensionInUseError, match="extension=1000"):
        centre.take(LogOn("PJSIP/1000", None, who))
    assert centre.agent("1000").person == ADA


def test_an_extension_whose_own_agent_is_logged_on_is_refused() -> None:
    centre = CallCentre(["1000"])
    centre.log_on("1000")
    with pytest.raises(ExtensionInUseError):
        sits(centre, "1000", ADA)
    assert centre.agent("1000").person is None


def test_a_refused_log_on_leaves_nobody_behind() -> None:
    centre = CallCentre(["1000"])
    centre.take(MemberRemoved("support", "1000"))
    with pytest.raises(NotAMemberError):
        sits(centre, "1000", ADA)
    assert centre.agent("1000").person is None
    assert centre.state.extension_of("71") is None


def two_queues() -> CallCentre:
    centre = CallCentre(["1000"])
    centre.take(QueueChanged(replace(SUPPORT, name="sales")))
    centre.take(MemberChanged("sales", "1000"))
    return centre


def test_the_same_person_logs_on_to_another_queue_and_not_twice_to_one() -> None:
    centre = two_queues()
    sits(centre, "1000", ADA, "support")
    sits(centre, "1000", ADA, "sales")
    with pytest.raises(AlreadyLoggedOnError):
        sits(centre, "1000", ADA)


def test_the_person_stays_until_logged_off_from_the_last_queue() -> None:
    centre = two_queues()
    sits(centre, "1000", ADA)
    centre.take(LogOff("PJSIP/1000", "sales"))
    assert centre.agent("1000").person == ADA

    centre.take(LogOff("PJSIP/1000", "support"))
    assert centre.agent("1000").person is None


@pytest.mark.parametrize(
    "event", [MemberRemoved("support", "1000"), QueueRemoved("support")], ids=["member", "queue"]
)
def test_the_person_goes_with_the_last_membership(event: MemberRemoved | QueueRemoved) -> None:
    centre = CallCentre(["1000"])
    sits(centre, "1000", ADA)
    assert hosted(centre.take(event)) == [("1000", "user1000@example.com")]
    assert centre.state.extension_of("71") is None


def test_who_logs_off_during_a_call_stays_until_it_is_over() -> None:
    centre = CallCentre(["1000", "2000"], wrapuptime=timedelta(seconds=9))
    sits(centre, "1000", ADA)
    call = centre.enter()
    centre.answer(call)
    assert hosted(centre.log_off("1000")) == []
    with pytest.raises(AgentElsewhereError):
        sits(centre, "2000", ADA)

    over = centre.leg_ends(centre.call(call).leg)
    assert hosted(over) == [("1000", "user1000@example.com")]


def test_another_account_of_the_extension_is_no_business_of_the_person() -> None:
    centre = CallCentre(["1000"])
    sits(centre, "1000", ADA)
    commands = centre.take(AgentChanged("1000", "PJSIP/1000", "new@example.com"))
    assert hosted(commands) == []

    assert hosted(centre.log_off("1000")) == [("1000", "new@example.com")]


def test_an_extension_that_goes_lets_the_person_sit_elsewhere() -> None:
    centre = CallCentre(["1000", "2000"])
    sits(centre, "1000", ADA)
    centre.take(AgentRemoved("1000"))
    sits(centre, "2000", ADA)
    assert centre.state.extension_of("71") == "2000"


def test_who_was_there_before_a_restart_is_there_after_it() -> None:
    centre = CallCentre(["1000", "2000"])
    seated = Agent("1000", "PJSIP/1000", "user1000@example.com", person=ADA)
    centre.state.agents.load("1000", seated)
    logged_on = replace(centre.member("1000"), logged_on_at=centre.now, logon_order=1)
    centre.state.members.load(("support", "1000"), logged_on)

    centre.enter()
    assert centre.agent("1000").person == ADA
    with pytest.raises(AgentElsewhereError):
        sits(centre, "2000", ADA)
