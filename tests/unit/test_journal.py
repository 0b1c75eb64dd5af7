"""What the log says of calls and agents."""

import inspect
import re
from collections.abc import Iterator, MutableMapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from component import journal
from component.domain.commands import Command
from component.domain.events import (
    CallerEntered,
    DrainBegun,
    Event,
    ExitFound,
    LegEnded,
    LogOn,
    QueueChanged,
    QueueRemoved,
)
from component.domain.model import Caller, Leg, Person
from component.domain.queue_log import LogEntry
from component.domain.words import LegEnd
from component.journal import WORDS, Journal, Observers, subject
from component.ports import Changes, Committed
from component.pubsub.crowd import Kind, Limit
from component.telephony import agi_routes
from lab.paths import PROJECT
from tests.unit.domain.call_centre import COMPANY_1, SUPPORT, CallCentre

pytestmark = pytest.mark.unit

Line = MutableMapping[str, Any]


class LoggedCentre(CallCentre):
    """A call centre whose every fact is committed and logged."""

    def __init__(self, **settings: Any) -> None:
        self.journal: Journal | None = None
        super().__init__(**settings)
        self.state.ledger.committed()
        self.journal = Journal(self.state, self.Clock(self))

    class Clock:
        def __init__(self, centre: "LoggedCentre") -> None:
            self._centre = centre

        def now(self) -> datetime:
            return self._centre.now

    def take(self, event: Event) -> list[Command]:
        commands = super().take(event)
        if self.journal is not None:
            changes = Changes(
                calls=[call for _, call in self.state.calls.pending() if call],
                queue_log=dict(self.state.queue_log.pending()),
            )
            self.journal.committed(Committed(1, commands, [], changes, timedelta(0)))
            self.state.ledger.committed()
            self.state.forget_ended(changes.calls)
            self.state.forget_logged()
        return commands


@pytest.fixture
def lines() -> Iterator[list[Line]]:
    with capture_logs() as lines:
        yield lines


def events(lines: list[Line]) -> list[str]:
    return [line["event"] for line in lines]


def test_a_call_is_told_in_the_order_in_which_it_goes(lines: list[Line]) -> None:
    centre = LoggedCentre()
    centre.log_on("1000")
    call = centre.enter()
    centre.after(2.5)
    centre.talk(call, seconds=30)

    assert events(lines) == [
        "agent logged on",
        "caller entered",
        "call offered",
        "call answered",
        "call ended by agent",
    ]
    ended = lines[-1]
    assert (ended["waited"], ended["talked"]) == (2.5, 30)


def test_every_line_of_a_call_names_the_call_the_queue_and_the_agent(lines: list[Line]) -> None:
    centre = LoggedCentre()
    centre.log_on("1000")
    call = centre.enter()
    centre.reject(call)
    centre.hang_up(call)

    about_call = [line for line in lines if line["event"] != "agent logged on"]
    assert {(line["call_id"], line["queue"]) for line in about_call} == {(call, "support")}
    offers = [line for line in lines if line["event"].startswith("offer") or "offered" in
              line["event"]]  # fmt: skip
    assert [line["agent"] for line in offers] == ["1000", "1000"]


def test_who_calls_is_under_the_keys_that_are_personal(lines: list[Line]) -> None:
    centre = LoggedCentre()
    centre.log_on("1000")
    centre.enter(COMPANY_1)

    personal = [line for line in lines if {"caller", "customer", "digits"} & line.keys()]
    assert events(personal) == ["caller entered"]
    others = [str(line) for line in lines if line not in personal]
    assert not any("5550101" in line or "1111" in line or "Company" in line for line in others)


def test_all_phones_that_ring_are_named(lines: list[Line]) -> None:
    centre = LoggedCentre()
    centre.log_on("1000", "2000")
    centre.enter()
    centre.enter()

    assert [line["agent"] for line in lines if line["event"] == "call offered"] == ["1000", "2000"]


def test_one_who_gives_up_waited_for_so_long(lines: list[Line]) -> None:
    centre = LoggedCentre(joinempty=frozenset(), leavewhenempty=frozenset())
    call = centre.enter()
    centre.after(7)
    centre.hang_up(call)

    assert lines[-1]["event"] == "caller gave up"
    assert lines[-1]["waited"] == 7


def test_one_who_is_not_let_in_is_told_of_once_with_the_reason(lines: list[Line]) -> None:
    LoggedCentre().enter()

    assert events(lines) == ["caller not let in"]
    assert (lines[0]["queue"], lines[0]["status"]) == ("support", "JOINEMPTY")
    assert (lines[0]["call_id"], lines[0]["channel"]) == ("call1", "channel1")


def test_one_who_is_turned_away_from_any_queue_is_told_of_with_the_one_that_was_asked_for(
    lines: list[Line],
) -> None:
    centre = LoggedCentre()
    centre.take(CallerEntered("call1", "suport", "channel1", Caller("5550101")))
    centre.take(DrainBegun())
    centre.take(CallerEntered("call2", "support", "channel2", Caller("5550102")))

    told = {"event": "caller not let in", "status": "UNAVAILABLE"}
    assert lines == [
        {
            **told, "call_id": "call1", "channel": "channel1", "queue": "suport",
            "reason": "no_such_queue", "log_level": "warning",
        },
        {
            **told, "call_id": "call2", "channel": "channel2", "queue": "support",
            "reason": "draining", "log_level": "info",
        },
    ]  # fmt: skip


def test_of_one_for_whom_the_dialplan_names_no_queue_it_is_said_what_the_dialplan_is_to_say(
    lines: list[Line],
) -> None:
    LoggedCentre().take(CallerEntered("call1", "", "channel1", Caller("5550101")))

    assert (lines[0]["reason"], lines[0]["queue"]) == ("no_such_queue", "")
    assert "Stasis(app,queue" in lines[0]["mend"]


def test_one_who_waited_too_long_is_told_of_once(lines: list[Line]) -> None:
    centre = LoggedCentre(joinempty=frozenset(), leavewhenempty=frozenset())
    centre.enter()
    centre.after(61)

    assert events(lines) == ["caller entered", "caller sent on, waited too long"]


def test_one_who_leaves_by_a_key_is_told_of_as_others_who_leave(lines: list[Line]) -> None:
    centre = LoggedCentre(joinempty=frozenset(), leavewhenempty=frozenset(), context="exits")
    centre.take(ExitFound(centre.enter(), "0", "exits"))

    assert events(lines) == ["caller entered", "caller sent on by a key"]


def test_a_pause_is_told_with_its_reason(lines: list[Line]) -> None:
    centre = LoggedCentre()
    centre.log_on("1000")
    centre.pause("1000", queue=None, reason="lunch")
    centre.unpause("1000", queue=None)
    centre.log_off("1000")

    assert events(lines) == [
        "agent logged on",
        "agent paused",
        "agent unpaused",
        "agent logged off",
    ]
    assert (lines[1]["agent"], lines[1]["reason"]) == ("1000", "lunch")


def test_an_entry_that_has_no_words_yet_keeps_its_name(lines: list[Line]) -> None:
    centre = LoggedCentre()
    assert centre.journal is not None
    entry = LogEntry(centre.now, "NONE", "support", "1000", "SOMETHINGNEW")
    centre.journal.committed(Committed(1, [], [], Changes(queue_log={1: entry}), timedelta(0)))

    assert events(lines) == ["somethingnew"]


def test_a_person_at_an_extension_is_named_beside_it(lines: list[Line]) -> None:
    centre = LoggedCentre()
    centre.take(LogOn("PJSIP/1000", "support", Person("71", "ada@example.com")))

    [line] = lines
    assert (line["agent"], line["person"]) == ("1000", "71")


def test_that_a_limit_keeps_strangers_out_is_logged_now_and_then(lines: list[Line]) -> None:
    centre = LoggedCentre()
    assert centre.journal is not None
    refusals = {(Kind.SUBSCRIPTION, Limit.DOMAIN): 2}
    for seconds in (0, 30, 30, 3600):
        centre.after(seconds)
        done = Committed(1, [], [], Changes(), timedelta(0), refusals)
        centre.journal.committed(done)
    told = {"kind": "subscription", "limit": "domain", "log_level": "warning"}
    said = {"event": "limit on strangers reached", **told}
    assert lines == [{**said, "times": times} for times in (2, 4, 2)]


def test_what_is_logged_about_a_leg_names_its_agent() -> None:
    centre = LoggedCentre()
    centre.log_on("1000")
    call = centre.enter()
    assert centre.journal is not None

    assert centre.journal.about(call, centre.call(call).leg) == {
        "call_id": call,
        "queue": "support",
        "agent": "1000",
    }
    assert centre.journal.about("gone") == {"call_id": "gone"}


def test_the_documentation_has_every_line() -> None:
    page = (PROJECT / "docs" / "monitoring.md").read_text()
    sources = [Path(inspect.getfile(module)).read_text() for module in (journal, agi_routes)]
    written = re.findall(r"\b(?:log\.\w+|say)\(\s*\"([^\"]+)\"", "\n".join(sources))
    assert "call offered" in written
    assert {*WORDS.values(), *written} <= set(re.findall(r"`([^`\n]+)`", page))


def test_observers_are_all_told() -> None:
    class Notes:
        def __init__(self) -> None:
            self.notes: list[object] = []

        def committed(self, what: Committed) -> None:
            self.notes.append(what)

        def turned_away(self, queue: str) -> None:
            self.notes.append(queue)

    first, second = Notes(), Notes()
    both = Observers(first, second)
    done = Committed(1, [], [], Changes(), timedelta(0))
    both.committed(done)
    both.turned_away("support")

    assert first.notes == second.notes == [done, "support"]


@pytest.mark.parametrize(
    ("fact", "about"),
    [
        (LogOn("PJSIP/1000", "support"), {"device": "PJSIP/1000", "queue": "support"}),
        (LegEnded(Leg("call1", 1), LegEnd.BUSY), {"call_id": "call1"}),
        (
            CallerEntered("call1", "support", "channel1", Caller("5550101"), "1111", COMPANY_1),
            {"call_id": "call1", "channel": "channel1", "queue": "support"},
        ),
        (QueueChanged(replace(SUPPORT, context="exits")), {"queue": "support"}),
        (QueueRemoved("support"), {"queue": "support"}),
        (None, {}),
    ],
)
def test_a_fact_that_goes_wrong_is_named_without_what_is_personal(
    fact: object, about: dict[str, str]
) -> None:
    assert subject(fact) == about
