"""What `queue_log` tells: app_queue's events and their data."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from component.domain.errors import AlreadyLoggedOnError
from component.domain.events import (
    AgentRemoved,
    ExitFound,
    LogOff,
    LogOn,
    MemberChanged,
    QueueChanged,
    Said,
)
from component.domain.model import Person
from component.domain.queue import AutoPause
from tests.unit.domain.call_centre import SUPPORT, CallCentre

pytestmark = pytest.mark.unit


def of_call(centre: CallCentre, channel: str) -> list[tuple[str, str, tuple[str, ...]]]:
    """What is told of one call: agent, event, data."""
    return [entry[1:] for entry in centre.logged() if entry[0] == channel]


def in_two_queues(**settings: Any) -> CallCentre:
    """One agent, logged on to support and sales."""
    centre = CallCentre(["1000"], **settings)
    centre.take(QueueChanged(replace(SUPPORT, name="sales")))
    centre.take(MemberChanged("sales", "1000"))
    for queue in ("support", "sales"):
        centre.log_on_to(queue, "1000")
    return centre


def alone() -> CallCentre:
    centre = CallCentre(["1000"])
    centre.log_on("1000")
    return centre


def test_a_call_that_the_agent_ends() -> None:
    centre = alone()
    call = centre.enter()
    leg = centre.call(call).leg
    centre.after(3)
    centre.answer(call)
    centre.after(20)
    centre.leg_ends(leg)

    assert of_call(centre, "channel1") == [
        ("NONE", "ENTERQUEUE", ("", "5550101", "1")),
        ("1000", "CONNECT", ("3", "ivr-call1.1", "3")),
        ("1000", "COMPLETEAGENT", ("3", "20", "1")),
    ]


def test_a_call_that_the_caller_ends() -> None:
    centre = alone()
    call = centre.enter()
    leg = centre.call(call).leg
    centre.answer(call)
    centre.after(20)
    centre.hang_up(call)
    centre.leg_ends(leg)

    assert of_call(centre, "channel1")[-1] == ("1000", "COMPLETECALLER", ("0", "20", "1"))


def test_hold_time_and_ring_time_are_told_apart() -> None:
    centre = alone()
    busy = centre.enter()
    leg = centre.call(busy).leg
    centre.answer(busy)
    waiting = centre.enter()
    centre.after(10)
    centre.leg_ends(leg)
    centre.after(2)
    centre.answer(waiting)

    assert of_call(centre, "channel2") == [
        ("NONE", "ENTERQUEUE", ("", "5550102", "1")),
        ("1000", "CONNECT", ("12", "ivr-call2.1", "2")),
    ]


def test_a_phone_that_nobody_answers() -> None:
    centre = alone()
    centre.enter()
    centre.after(15)

    assert of_call(centre, "channel1")[1:] == [("1000", "RINGNOANSWER", ("15000",))]


def test_an_agent_who_rejects_did_not_answer() -> None:
    centre = alone()
    call = centre.enter()
    centre.after(1.5)
    centre.reject(call)

    assert of_call(centre, "channel1")[1:] == [("1000", "RINGNOANSWER", ("1500",))]


def test_who_is_paused_for_not_answering_is_told_after_the_ringing() -> None:
    centre = CallCentre(["1000"], autopause=AutoPause.YES)
    centre.log_on("1000")
    centre.enter()
    centre.after(15)

    assert centre.logged()[-2:] == [
        ("channel1", "1000", "RINGNOANSWER", ("15000",)),
        ("NONE", "1000", "PAUSE", ("Auto-Pause",)),
    ]


def test_a_caller_who_gives_up_while_it_rings() -> None:
    centre = alone()
    call = centre.enter()
    centre.after(4)
    centre.hang_up(call)

    assert of_call(centre, "channel1")[1:] == [
        ("1000", "RINGCANCELED", ("4000",)),
        ("NONE", "ABANDON", ("1", "1", "4")),
    ]


def test_a_caller_who_leaves_by_a_key_while_it_rings() -> None:
    centre = CallCentre(["1000"], context="exits")
    centre.log_on("1000")
    call = centre.enter()
    centre.after(4)
    centre.take(ExitFound(call, "0", "exits"))

    assert of_call(centre, "channel1")[1:] == [
        ("1000", "RINGCANCELED", ("4000",)),
        ("NONE", "EXITWITHKEY", ("0", "1", "1", "4")),
    ]


def test_a_caller_who_gives_up_after_having_moved_up() -> None:
    centre = alone()
    centre.answer(centre.enter())
    second, third = centre.enter(), centre.enter()
    centre.after(7)
    centre.hang_up(second)
    centre.after(1)
    centre.hang_up(third)

    assert of_call(centre, "channel3") == [
        ("NONE", "ENTERQUEUE", ("", "5550103", "2")),
        ("NONE", "ABANDON", ("1", "2", "8")),
    ]


def test_the_end_of_a_call_is_told_once_though_an_announcement_ends_after_it() -> None:
    centre = CallCentre(["1000"], announce_frequency=timedelta(seconds=30))
    centre.log_on("1000")
    centre.answer(centre.enter())
    second = centre.enter()
    assert centre.call(second).told.speaking
    centre.hang_up(second)
    centre.take(Said(second, 1))

    assert [event for _, event, _ in of_call(centre, "channel2")] == ["ENTERQUEUE", "ABANDON"]


def test_a_caller_whose_wait_is_over() -> None:
    centre = alone()
    centre.answer(centre.enter())
    centre.enter()
    centre.after(60)

    assert of_call(centre, "channel2")[-1] == ("NONE", "EXITWITHTIMEOUT", ("1", "1", "60"))


def test_a_caller_in_a_queue_that_becomes_empty() -> None:
    centre = alone()
    centre.answer(centre.enter())
    centre.enter()
    centre.after(5)
    centre.log_off("1000")

    assert of_call(centre, "channel2")[-1] == ("NONE", "EXITEMPTY", ("1", "1", "5"))


@pytest.mark.parametrize("settings", [{}, {"maxlen": 1}])
def test_who_is_not_let_in_is_not_told_of(settings: dict[str, Any]) -> None:
    centre = CallCentre(["1000"], **settings)
    if settings:
        centre.log_on("1000")
        centre.enter()
    channel = centre.call(centre.enter()).channel

    assert of_call(centre, channel) == []


@pytest.mark.parametrize(
    ("deed", "told"),
    [
        (lambda centre: centre.log_on("1000"), [("ADDMEMBER", ())]),
        (
            lambda centre: (centre.log_on("1000"), centre.log_off("1000")),
            [("ADDMEMBER", ()), ("REMOVEMEMBER", ())],
        ),
        (
            lambda centre: (
                centre.log_on("1000"),
                centre.pause("1000", reason="lunch"),
                centre.pause("1000", reason="lunch"),
                centre.pause("1000", reason="meeting"),
                centre.unpause("1000"),
                centre.unpause("1000"),
            ),
            [
                ("ADDMEMBER", ()),
                ("PAUSE", ("lunch",)),
                ("PAUSE", ("meeting",)),
                ("UNPAUSE", ()),
            ],
        ),
    ],
)
def test_members(
    deed: Callable[[CallCentre], object], told: list[tuple[str, tuple[str, ...]]]
) -> None:
    centre = CallCentre(["1000"])
    deed(centre)

    assert centre.logged() == [("NONE", "1000", *entry) for entry in told]


def test_a_log_on_by_code_names_the_channel_on_which_it_was_dialled() -> None:
    centre = CallCentre(["1000"])
    centre.take(LogOn("PJSIP/1000", "support", dialled_on="channel7"))
    centre.take(LogOff("PJSIP/1000", "support", dialled_on="channel8"))

    assert centre.logged() == [
        ("channel7", "1000", "ADDMEMBER", ()),
        ("channel8", "1000", "REMOVEMEMBER", ()),
    ]


def test_who_is_paused_in_all_queues_at_once_is_told_before_each_of_them() -> None:
    centre = in_two_queues()
    before = len(centre.logged())
    centre.pause("1000", queue=None, reason="lunch")
    centre.unpause("1000", queue=None)

    entries = list(centre.state.queue_log.values())[before:]
    assert [(entry.queuename, entry.agent, entry.event, entry.data) for entry in entries] == [
        ("NONE", "1000", "PAUSEALL", ("lunch",)),
        ("sales", "1000", "PAUSE", ("lunch",)),
        ("support", "1000", "PAUSE", ("lunch",)),
        ("NONE", "1000", "UNPAUSEALL", ("",)),
        ("sales", "1000", "UNPAUSE", ()),
        ("support", "1000", "UNPAUSE", ()),
    ]


def test_who_is_paused_in_all_queues_for_not_answering_is_told_so() -> None:
    centre = in_two_queues(autopause=AutoPause.ALL)
    centre.enter()
    centre.after(15)

    assert [event for *_, event, _ in centre.logged()[-4:]] == [
        "RINGNOANSWER", "PAUSEALL", "PAUSE", "PAUSE"
    ]  # fmt: skip


def test_who_is_logged_off_everywhere_is_not_paused_for_not_answering() -> None:
    centre = in_two_queues(autopause=AutoPause.ALL)
    centre.enter()
    centre.take(LogOff("PJSIP/1000", None))
    centre.after(15)

    assert [event for *_, event, _ in centre.logged()[-4:]] == [
        "REMOVEMEMBER", "REMOVEMEMBER", "RINGNOANSWER", "EXITEMPTY"
    ]  # fmt: skip


def test_a_refused_fact_is_not_told() -> None:
    centre = alone()
    with pytest.raises(AlreadyLoggedOnError):
        centre.log_on("1000")
    centre.after(timedelta(seconds=1).total_seconds())
    centre.log_off("1000")

    assert [event for *_, event, _ in centre.logged()] == ["ADDMEMBER", "REMOVEMEMBER"]


def test_a_person_is_named_from_logging_on_to_logging_off() -> None:
    centre = CallCentre(["1000"])
    centre.take(LogOn("PJSIP/1000", "support", Person("71", "ada@example.com")))
    call = centre.enter()
    centre.answer(call)
    centre.log_off("1000")
    centre.leg_ends(centre.call(call).leg)
    centre.log_on("1000")

    named = [(e.event, e.agent, e.person) for e in centre.state.queue_log.values()]
    assert named == [
        ("ADDMEMBER", "1000", "71"),
        ("ENTERQUEUE", "NONE", ""),
        ("CONNECT", "1000", "71"),
        ("REMOVEMEMBER", "1000", "71"),
        ("COMPLETEAGENT", "1000", "71"),
        ("ADDMEMBER", "1000", ""),
    ]


@pytest.mark.parametrize(
    ("talks", "last"), [(False, ["REMOVEMEMBER"]), (True, ["REMOVEMEMBER", "COMPLETEAGENT"])]
)
def test_a_person_is_named_whose_extension_is_removed(talks: bool, last: list[str]) -> None:
    centre = CallCentre(["1000"])
    centre.take(LogOn("PJSIP/1000", "support", Person("71", "ada@example.com")))
    call = centre.enter() if talks else ""
    if talks:
        centre.answer(call)
    before = len(centre.state.queue_log)
    centre.take(AgentRemoved("1000"))
    if talks:
        centre.leg_ends(centre.call(call).leg)

    assert "1000" not in centre.state.agents
    entries = list(centre.state.queue_log.values())[before:]
    assert [(e.event, e.person) for e in entries] == [(event, "71") for event in last]
