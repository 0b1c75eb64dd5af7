"""What agents ask for, about themselves."""

from dataclasses import replace
from datetime import timedelta

import pytest

from component.domain.errors import AlreadyLoggedOnError, NotInWrapUpError, NotLoggedOnError
from component.domain.events import DeviceStateChanged, LogOn, MemberChanged, QueueChanged
from component.domain.model import Person
from component.domain.words import AgentState, DeviceState, MemberState
from component.operations.desk import Form
from component.operations.model import ArgumentError
from tests.unit.operations.front_desk import AGENT, FrontDesk

pytestmark = pytest.mark.unit


def member(desk: FrontDesk, extension: str = "1000") -> MemberState:
    return desk.state.members["support", extension].state


async def test_an_agent_logs_on_pauses_resumes_and_logs_off(desk: FrontDesk) -> None:
    assert (await desk.ask("log-on")).text == "1000 is logged on."
    assert member(desk) is MemberState.READY
    assert (await desk.ask("pause", reason="lunch")).text == "1000 is paused: lunch."
    assert desk.state.members["support", "1000"].pause_reason == "lunch"
    assert (await desk.ask("resume")).text == "1000 is no longer paused."
    assert member(desk) is MemberState.READY
    assert (await desk.ask("log-off", queue="support")).text == "1000 is logged off in support."
    assert member(desk) is MemberState.LOGGED_OFF
    assert member(desk, "2000") is MemberState.LOGGED_OFF


async def test_what_the_state_does_not_admit_is_refused_and_changes_nothing(
    desk: FrontDesk,
) -> None:
    with pytest.raises(NotLoggedOnError):
        await desk.ask("pause")
    await desk.ask("log-on")
    with pytest.raises(AlreadyLoggedOnError):
        await desk.ask("log-on")
    with pytest.raises(NotInWrapUpError):
        await desk.ask("extend-wrap-up")
    assert member(desk) is MemberState.READY


async def test_a_person_who_sits_there_logs_on_to_another_queue(desk: FrontDesk) -> None:
    desk.take(QueueChanged(replace(desk.state.queues["support"], name="sales")))
    desk.take(MemberChanged("sales", "1000"))
    eve = Person("72", "eve@example.com")
    desk.take(LogOn("PJSIP/1000", "support", eve))
    answer = await desk.ask("log-on", eve.jid, queue="sales")
    assert answer.text == "1000 is logged on for 72 in sales."
    assert desk.state.members["sales", "1000"].state is MemberState.READY
    with pytest.raises(AlreadyLoggedOnError):
        await desk.ask("log-on", eve.jid)
    assert desk.agent().person == eve


async def test_who_logs_on_without_a_telephone_is_told(desk: FrontDesk) -> None:
    desk.take(DeviceStateChanged("PJSIP/1000", DeviceState.UNAVAILABLE))
    assert "not registered" in (await desk.ask("log-on")).text


async def test_who_logs_on_where_no_calls_are_wanted_is_told(desk: FrontDesk) -> None:
    desk.take(DeviceStateChanged("Custom:DND1000", DeviceState.BUSY))
    assert (await desk.ask("log-on")).text == (
        "1000 is logged on. It is set to do not disturb: no call will come."
    )


async def test_the_form_offers_the_agents_own_queues(desk: FrontDesk) -> None:
    form = await desk.form("pause")
    assert form is not None
    assert form.is_last
    reason, queue = form.blanks
    assert (reason.name, reason.choices, reason.required) == ("reason", None, False)
    assert queue.choices is not None
    assert [choice.value for choice in queue.choices] == ["", "support"]


async def test_who_has_several_extensions_chooses_one(desk: FrontDesk) -> None:
    desk.state.agents.load("2000", replace(desk.agent("2000"), jid=AGENT))
    form = await desk.form("log-on")
    assert isinstance(form, Form)
    extension = form.blanks[0]
    assert extension.choices is not None
    assert [choice.value for choice in extension.choices] == ["1000", "2000"]
    with pytest.raises(ArgumentError):
        await desk.ask("log-on")
    await desk.ask("log-on", extension="2000")
    assert member(desk, "2000") is MemberState.READY
    await desk.ask("log-on", address="ext1000@ivr.example.com")
    assert member(desk) is MemberState.READY


async def test_nobody_has_something_done_for_another_extension(desk: FrontDesk) -> None:
    await desk.ask("log-on", extension="2000")  # what goes without saying is not asked for
    assert member(desk, "2000") is MemberState.LOGGED_OFF


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("log-on", {"queue": "sales"}),
        ("pause", {"reason": "x" * 201}),
        ("pause", {"reason": "a\0b"}),
        ("extend-wrap-up", {"minutes": "0"}),
        ("extend-wrap-up", {"minutes": "61"}),
        ("extend-wrap-up", {"minutes": "٣"}),
        ("extend-wrap-up", {"minutes": ""}),
    ],
)
async def test_what_cannot_be_used_is_refused(
    desk: FrontDesk, name: str, given: dict[str, str]
) -> None:
    with pytest.raises(ArgumentError):
        await desk.ask(name, **given)


async def test_wrap_up_is_extended(desk: FrontDesk) -> None:
    over = desk.now + timedelta(seconds=30)
    wrapping_up = replace(
        desk.agent(), state=AgentState.WRAP_UP, queue="support", wrap_up_until=over
    )
    desk.state.agents.load("1000", wrapping_up)
    answer = await desk.ask("extend-wrap-up", minutes="2")
    assert answer.text == "1000 has 2:30 minutes left."
    assert desk.agent().wrap_up_until == over + timedelta(minutes=2)


async def test_an_agent_sees_the_own_state(desk: FrontDesk) -> None:
    assert (await desk.ask("my-state")).text == "1000: logged off. Queues: support logged off."
    await desk.ask("log-on")
    assert (await desk.ask("my-state")).text == "1000: free. Queues: support logged on."
    await desk.ask("pause", reason="lunch")
    answer = await desk.ask("my-state")
    assert answer.text == "1000: paused. Queues: support paused (lunch)."
    assert answer.table is not None
    (row,) = answer.table.rows
    shown = dict(zip(answer.table.columns, row, strict=True))
    assert (shown["extension"], shown["state"], shown["reason"]) == ("1000", "paused", "lunch")
