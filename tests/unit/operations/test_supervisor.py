"""What supervisors ask for: how things stand, and what agents have forgotten to do."""

from dataclasses import replace
from datetime import timedelta

import pytest

from component.domain.commands import Release
from component.domain.errors import (
    AgentElsewhereError,
    AlreadyLoggedOnError,
    ExtensionInUseError,
    NotAMemberError,
    NotInWrapUpError,
    NotLoggedOnError,
    QueueRefusesError,
)
from component.domain.events import (
    CallerEntered,
    DeviceStateChanged,
    LegAnswered,
    LegEnded,
    MemberChanged,
    MemberRemoved,
    QueueChanged,
    WrapUpOver,
)
from component.domain.model import Caller, Leg, Person
from component.domain.words import AgentState, DeviceState, LegEnd, MemberState, QueueStatus
from component.operations.changes import CloseQueue, OpenQueue
from component.operations.model import Answer, ArgumentError
from tests.unit.operations.front_desk import DOMAIN, SUPERVISOR, FrontDesk

pytestmark = pytest.mark.unit


def rows(answer: Answer) -> list[dict[str, object]]:
    assert answer.table is not None
    return [dict(zip(answer.table.columns, row, strict=True)) for row in answer.table.rows]


def enter(desk: FrontDesk, number: int = 1, queue: str = "support") -> str:
    desk.take(CallerEntered(f"call{number}", queue, f"channel{number}", Caller(f"555{number}")))
    return f"call{number}"


async def test_agents_at_a_glance(desk: FrontDesk) -> None:
    await desk.ask("log-on", account="user2@example.com")
    await desk.ask("pause", account="user2@example.com", reason="lunch")
    desk.after(90)
    answer = await desk.ask("agents", account=SUPERVISOR)
    assert answer.text == "Logged on: 1. Logged off: 1."
    first, second = rows(answer)
    assert (first["extension"], first["state"], first["reason"]) == ("2000", "paused", "lunch")
    assert (first["queues"], first["for"]) == ("support", timedelta(seconds=90))
    assert (second["extension"], second["state"]) == ("1000", "logged off")


async def test_who_has_logged_off_and_still_talks_is_not_counted_as_logged_on(
    desk: FrontDesk,
) -> None:
    await desk.ask("log-on")
    enter(desk)
    desk.take(LegAnswered(Leg("call1", 1)))
    await desk.ask("log-off")
    await desk.ask("log-on", account="user2@example.com")
    answer = await desk.ask("agents", account=SUPERVISOR)
    assert answer.text == "Logged on: 1. Logged off: 1."
    assert [(row["extension"], row["state"]) for row in rows(answer)] == [
        ("2000", "free"), ("1000", "on call"),
    ]  # fmt: skip


async def test_of_one_queue_those_are_counted_who_are_logged_on_to_it(desk: FrontDesk) -> None:
    desk.take(QueueChanged(replace(desk.state.queues["support"], name="sales")))
    desk.take(MemberChanged("sales", "1000"))
    await desk.ask("log-on", queue="support")
    answer = await desk.ask("agents", account=SUPERVISOR, queue="sales")
    assert answer.text == "Logged on: 0. Logged off: 1."
    answer = await desk.ask("agents", account=SUPERVISOR, queue="support")
    assert answer.text == "Logged on: 1. Logged off: 1."


async def test_it_is_seen_for_how_long_an_agent_has_been_as_he_is(desk: FrontDesk) -> None:
    async def how() -> tuple[object, object]:
        (row, *_) = rows(await desk.ask("agents", account=SUPERVISOR))
        return row["state"], row["for"]

    desk.take(QueueChanged(replace(desk.state.queues["support"], wrapuptime=timedelta(seconds=60))))
    await desk.ask("log-on")
    desk.after(300)
    assert await how() == ("free", timedelta(seconds=300))
    enter(desk)
    desk.after(5)
    assert await how() == ("ringing", timedelta(seconds=5))
    desk.take(LegAnswered(desk.state.calls["call1"].leg))
    desk.after(70)
    assert await how() == ("on call", timedelta(seconds=70))
    desk.take(LegEnded(desk.state.calls["call1"].leg, LegEnd.HUNG_UP))
    desk.after(20)
    assert await how() == ("wrap-up", timedelta(seconds=20))
    desk.after(40)
    desk.take(WrapUpOver("1000"))
    desk.after(10)
    assert await how() == ("free", timedelta(seconds=70))  # since the last call
    await desk.ask("log-off")
    await desk.ask("log-on")
    assert await how() == ("free", timedelta(seconds=70))  # which is no later for that
    desk.take(DeviceStateChanged("PJSIP/1000", DeviceState.UNAVAILABLE))
    assert await how() == ("no telephone", None)


async def test_queues_at_a_glance(desk: FrontDesk) -> None:
    await desk.ask("log-on")
    await desk.ask("log-on", account="user2@example.com")
    await desk.ask("pause", account="user2@example.com")
    enter(desk, 1)
    enter(desk, 2)
    desk.after(5)
    answer = await desk.ask("queues", account=SUPERVISOR)
    assert answer.text == "Queues: 1. Callers who wait: 2."
    (queue,) = rows(answer)
    assert (queue["queue"], queue["waiting"], queue["longest_wait"]) == (
        "support", 2, timedelta(seconds=5),
    )  # fmt: skip
    assert (queue["logged_on"], queue["free"], queue["paused"], queue["busy"]) == (2, 0, 1, 1)


async def test_calls_at_a_glance(desk: FrontDesk) -> None:
    await desk.ask("log-on")
    enter(desk, 1)
    desk.after(5)
    enter(desk, 2)
    answer = await desk.ask("calls", account=SUPERVISOR)
    assert answer.text == "Calls: 2."
    rung, waiting = rows(answer)
    assert (rung["call"], rung["state"], rung["agent"], rung["position"]) == (
        "call1", "offered", "1000", 1,
    )  # fmt: skip
    assert (waiting["call"], waiting["state"], waiting["waited"]) == (
        "call2", "waiting", timedelta(0),
    )  # fmt: skip


async def test_a_supervisor_pauses_an_agent_and_logs_one_off(desk: FrontDesk) -> None:
    await desk.ask("log-on")
    member = ("support", "1000")
    answer = await desk.ask("pause-agent", SUPERVISOR, agent="1000", reason="meeting")
    assert answer.text == "1000 is paused: meeting."
    assert desk.state.members[member].state is MemberState.PAUSED
    await desk.ask("resume-agent", SUPERVISOR, agent="1000")
    assert desk.state.members[member].state is MemberState.READY
    await desk.ask("log-off-agent", SUPERVISOR, f"ext1000@{DOMAIN}")
    assert desk.state.members[member].state is MemberState.LOGGED_OFF


async def test_only_those_are_offered_who_are_logged_on(desk: FrontDesk) -> None:
    await desk.ask("log-on")
    form = await desk.form("log-off-agent", SUPERVISOR)
    assert form is not None
    assert form.blanks[0].choices is not None
    assert [(c.value, c.label) for c in form.blanks[0].choices] == [("1000", "1000 (free)")]
    with pytest.raises(ArgumentError, match="there is no 4000; there is 1000"):
        await desk.ask("log-off-agent", SUPERVISOR, agent="4000")


@pytest.mark.parametrize(
    ("name", "refusal"),
    [
        ("log-on-agent", NotAMemberError),
        ("log-off-agent", NotLoggedOnError),
        ("pause-agent", NotLoggedOnError),
        ("resume-agent", NotLoggedOnError),
        ("extend-agent", NotInWrapUpError),
    ],
)
async def test_who_names_an_agent_that_is_not_offered_is_told_why_as_at_the_agents_address(
    desk: FrontDesk, name: str, refusal: type[Exception]
) -> None:
    if name == "log-on-agent":
        desk.take(MemberRemoved("support", "2000"))
    with pytest.raises(refusal):
        await desk.ask(name, SUPERVISOR, agent="2000")
    with pytest.raises(refusal):
        await desk.ask(name, SUPERVISOR, f"ext2000@{DOMAIN}")


async def test_a_supervisor_logs_an_agent_on(desk: FrontDesk) -> None:
    form = await desk.form("log-on-agent", SUPERVISOR)
    assert form is not None
    assert form.blanks[0].choices is not None
    assert [c.label for c in form.blanks[0].choices] == ["1000 (logged off)", "2000 (logged off)"]
    answer = await desk.ask("log-on-agent", SUPERVISOR, agent="1000", queue="support")
    assert answer.text == "1000 is logged on in support."
    assert desk.state.members["support", "1000"].state is MemberState.READY
    with pytest.raises(AlreadyLoggedOnError):
        await desk.ask("log-on-agent", SUPERVISOR, agent="1000")
    await desk.ask("log-on-agent", SUPERVISOR, f"ext2000@{DOMAIN}")
    assert desk.state.members["support", "2000"].state is MemberState.READY


async def test_a_supervisor_logs_a_person_on_as_the_phone_would(desk: FrontDesk) -> None:
    desk.books.people["72"] = eve = Person("72", "eve@example.com")
    answer = await desk.ask("log-on-agent", SUPERVISOR, agent="1000", person="72")
    assert answer.text == "1000 is logged on for 72."
    assert desk.agent().person == eve
    with pytest.raises(AgentElsewhereError):
        await desk.ask("log-on-agent", SUPERVISOR, agent="2000", person="72")
    with pytest.raises(ExtensionInUseError):
        await desk.ask("log-on-agent", SUPERVISOR, agent="1000")
    with pytest.raises(ArgumentError, match="nobody with the number 73"):
        await desk.ask("log-on-agent", SUPERVISOR, agent="2000", person="73")


async def test_a_supervisor_gives_an_agent_more_time(desk: FrontDesk) -> None:
    over = desk.now + timedelta(seconds=30)
    desk.state.agents.load(
        "1000", replace(desk.agent(), state=AgentState.WRAP_UP, queue="support", wrap_up_until=over)
    )
    answer = await desk.ask("extend-agent", SUPERVISOR, agent="1000", minutes="2")
    assert answer.text == "1000 has 2:30 minutes left."


async def test_a_caller_is_sent_back_to_the_dialplan(desk: FrontDesk) -> None:
    await desk.ask("log-on")
    enter(desk, 1)
    enter(desk, 2)
    answer = await desk.ask("withdraw-caller", SUPERVISOR, call="call2", info="too late")
    assert answer.text == "The caller is no longer in support, and goes back to the dialplan."
    assert Release("call2", "channel2", QueueStatus.WITHDRAW, "too late") in desk.decided
    with pytest.raises(ArgumentError, match="there is no call2; there is call1"):
        await desk.ask("withdraw-caller", SUPERVISOR, call="call2")


async def test_a_caller_is_chosen_then_where_to(desk: FrontDesk) -> None:
    desk.take(QueueChanged(replace(desk.state.queues["support"], name="sales")))
    await desk.ask("log-on")
    calls = [enter(desk, number) for number in (1, 2, 3)]
    first = await desk.form("move-caller", SUPERVISOR)
    assert first is not None
    assert not first.is_last
    (caller,) = first.blanks
    assert caller.choices is not None
    assert [(c.value, c.label) for c in caller.choices] == [
        ("call1", "support 1: 5551"), ("call2", "support 2: 5552"), ("call3", "support 3: 5553"),
    ]  # fmt: skip
    second = await desk.form("move-caller", SUPERVISOR, call="call3")
    assert second is not None
    assert second.is_last
    queue, place = second.blanks
    assert queue.choices is not None
    assert place.choices is not None
    assert [c.value for c in queue.choices] == ["", "sales"]
    assert [c.value for c in place.choices] == ["keep", "front", "back"]
    answer = await desk.ask("move-caller", SUPERVISOR, call="call3", place="front")
    assert answer.text == "The caller waits in support, place 1."
    assert [call.id for call in desk.state.line("support")] == [calls[2], calls[0], calls[1]]
    with pytest.raises(QueueRefusesError):
        await desk.ask("move-caller", SUPERVISOR, call="call3", queue="sales")


async def test_a_priority_is_set(desk: FrontDesk) -> None:
    await desk.ask("log-on")
    for number in (1, 2, 3):
        enter(desk, number)
    answer = await desk.ask("set-priority", SUPERVISOR, call="call3", priority="7")
    assert answer.text == "The caller waits in support, place 1."
    with pytest.raises(ArgumentError):
        await desk.ask("set-priority", SUPERVISOR, call="call3", priority="high")


async def test_a_queue_is_closed_and_opened(desk: FrontDesk) -> None:
    answer = await desk.ask("close-queue", SUPERVISOR, queue="support")
    assert answer.text == "support is closed for the rest of the day."
    await desk.ask("open-queue", SUPERVISOR, queue="support")
    assert desk.books.written == [CloseQueue("support"), OpenQueue("support")]


async def test_a_closed_queue_is_shown_as_closed(desk: FrontDesk) -> None:
    closed = replace(desk.state.queues["support"], closed_until=desk.now + timedelta(hours=1))
    desk.take(QueueChanged(closed))
    (queue,) = rows(await desk.ask("queues", SUPERVISOR))
    assert queue["state"] == "closed"
