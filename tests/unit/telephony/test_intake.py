import asyncio
import itertools
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from structlog.testing import capture_logs

from component.domain.events import CallerEntered, CallerLeft, CallerReplaced, Event, LegAnswered
from component.domain.model import Caller, Customer
from component.ports import StoreUnavailableError, WaitingChannel
from component.telephony.intake import REMEMBERED, Intake
from tests.unit.telephony.recorded import CALLER_CHANNEL, EVENTS

pytestmark = pytest.mark.unit

ADA = Customer(1, "1111", "Company 1")

STRANGERS = (("slow", "1111"), ("withheld", ""))
"""Channels, and what their callers keyed."""


class SlowDirectory:
    """Answers when it is let, with what it is told."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.error: Exception | None = None

    async def customer(self, code: str, number: str = "") -> Customer | None:
        self.asked.append((code, number))
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return ADA if ADA.code == code or (not code and number == "caller") else None


class Reception:
    """An intake, and what came out of it."""

    def __init__(self, deadline: float = 5.0) -> None:
        self.events: list[Event] = []
        self.directory = SlowDirectory()
        numbers = itertools.count(1)
        self.intake = Intake(
            self.events.append, self.directory, deadline, lambda: f"call {next(numbers)}"
        )

    def adopt(
        self,
        *strangers: WaitingChannel,
        newcomers: frozenset[str] = frozenset(),
        begins: bool = True,
    ) -> None:
        """Let those enter who were found in Asterisk."""
        if begins:
            self.intake.begin_listing()
        self.intake.adopt(strangers, [s.channel for s in strangers], newcomers)

    async def comes_to(self, count: int) -> list[Event]:
        """Wait for events."""
        async with asyncio.timeout(20):
            while len(self.events) < count:
                await asyncio.sleep(0)
        return self.events


def entering(channel: str = CALLER_CHANNEL, digits: str = "1111") -> dict[str, Any]:
    event = EVENTS["caller_enters"]
    return event | {"args": ["support", digits], "channel": event["channel"] | {"id": channel}}


def waiting_channel(channel: str, digits: str) -> WaitingChannel:
    return WaitingChannel(channel, "support", digits, "", "", datetime.min.replace(tzinfo=UTC))


def withholding(event: dict[str, Any]) -> dict[str, Any]:
    """The same event of a caller who withholds the number."""
    return event | {"channel": event["channel"] | {"caller": {"name": "", "number": ""}}}


def leaving(channel: str = CALLER_CHANNEL) -> dict[str, Any]:
    return EVENTS["caller_leaves"] | {"channel": {"id": channel}}


def replacing(channel: str = "local", number: str = "5550199") -> dict[str, Any]:
    """Somebody takes the place of the caller."""
    event = entering(channel)
    caller = {"caller": {"name": "", "number": number}}
    replaced = EVENTS["caller_enters"]["channel"]
    return event | {
        "args": [], "channel": event["channel"] | caller, "replace_channel": replaced,
    }  # fmt: skip


def entered(customer: Customer | None, channel: str = CALLER_CHANNEL) -> CallerEntered:
    return CallerEntered("call 1", "support", channel, Caller("caller"), "1111", customer)


async def test_a_caller_whose_look_up_is_remembered_enters_at_once() -> None:
    reception = Reception()
    reception.intake.remember(CALLER_CHANNEL, "1111", ADA)
    reception.intake.receive(entering())
    assert reception.events == [entered(ADA)]
    assert reception.directory.asked == []


async def test_what_is_remembered_serves_once() -> None:
    reception = Reception()
    reception.intake.remember(CALLER_CHANNEL, "1111", ADA)
    reception.intake.receive(entering())
    reception.intake.receive(entering())
    await reception.comes_to(2)
    assert reception.directory.asked == [("1111", "caller")]


async def test_other_digits_than_those_remembered_are_looked_up() -> None:
    reception = Reception()
    reception.intake.remember(CALLER_CHANNEL, "2222", None)
    reception.intake.receive(entering())
    assert await reception.comes_to(1) == [entered(ADA)]


async def test_only_so_many_look_ups_are_remembered_the_oldest_going_first() -> None:
    reception = Reception()
    reception.intake.remember(CALLER_CHANNEL, "1111", None)
    for number in range(REMEMBERED):
        reception.intake.remember(f"channel {number}", "1111", ADA)
    reception.intake.receive(entering())
    assert await reception.comes_to(1) == [entered(ADA)]


async def test_a_caller_who_keyed_nothing_is_looked_up_by_number() -> None:
    reception = Reception()
    reception.intake.receive(entering(digits=""))
    [event] = await reception.comes_to(1)
    assert isinstance(event, CallerEntered)
    assert event.customer == ADA
    assert reception.directory.asked == [("", "caller")]


async def test_a_caller_of_whom_nothing_is_known_is_not_looked_up() -> None:
    reception = Reception()
    reception.intake.receive(withholding(entering(digits="")))
    [event] = reception.events
    assert isinstance(event, CallerEntered)
    assert event.customer is None
    assert reception.directory.asked == []


async def test_a_caller_of_whom_nothing_is_remembered_is_looked_up() -> None:
    reception = Reception()
    reception.intake.receive(entering())
    assert await reception.comes_to(1) == [entered(ADA)]


async def test_a_caller_who_leaves_during_the_look_up_enters_first() -> None:
    reception = Reception()
    reception.directory.gate.clear()
    reception.intake.receive(entering())
    reception.intake.receive(leaving())
    await asyncio.sleep(0)
    assert reception.events == []
    reception.directory.gate.set()
    assert await reception.comes_to(2) == [entered(ADA), CallerLeft(CALLER_CHANNEL)]


async def test_a_look_up_under_way_holds_no_other_channel_up() -> None:
    reception = Reception()
    reception.directory.gate.clear()
    reception.intake.receive(entering())
    reception.intake.receive(EVENTS["leg_answers"])
    reception.intake.receive(leaving("another"))
    answered, left = reception.events
    assert isinstance(answered, LegAnswered)
    assert left == CallerLeft("another")
    reception.directory.gate.set()
    await reception.comes_to(3)


async def test_after_the_deadline_a_caller_enters_unidentified() -> None:
    reception = Reception(deadline=60.0)
    reception.intake.deadline = 0.01  # read anew from the configuration
    reception.directory.gate.clear()
    with capture_logs() as logs:
        reception.intake.receive(entering())
        assert await reception.comes_to(1) == [entered(None)]
    assert logs[0]["event"] == "caller enters unidentified"


@pytest.mark.parametrize("error", [StoreUnavailableError("away"), RuntimeError("a bug")])
async def test_a_caller_enters_unidentified_if_the_look_up_fails(error: Exception) -> None:
    reception = Reception()
    reception.directory.error = error
    with capture_logs():
        reception.intake.receive(entering())
        assert await reception.comes_to(1) == [entered(None)]
        await reception.intake.close()


async def test_a_caller_told_of_twice_during_the_look_up_enters_once() -> None:
    reception = Reception()
    reception.directory.gate.clear()
    reception.intake.receive(entering())
    reception.intake.receive(entering())
    reception.directory.gate.set()
    await reception.comes_to(1)
    await reception.intake.close()
    assert reception.events == [entered(ADA)]


async def test_who_was_looked_up_when_the_callers_were_listed_does_not_come_twice() -> None:
    reception = Reception()
    reception.directory.gate.clear()
    reception.intake.receive(entering())
    newcomers = reception.intake.newcomers
    reception.intake.receive(leaving())
    reception.directory.gate.set()
    came_and_left = [entered(ADA), CallerLeft(CALLER_CHANNEL)]
    assert await reception.comes_to(2) == came_and_left

    reception.adopt(waiting_channel(CALLER_CHANNEL, "1111"), newcomers=newcomers)
    await asyncio.sleep(0.01)
    assert reception.events == came_and_left


async def test_whose_entry_is_told_late_who_was_listed_comes_once() -> None:
    """Though the call is over by then: the queue may have been full."""
    reception = Reception()
    reception.adopt(waiting_channel(CALLER_CHANNEL, ""))
    reception.intake.receive(withholding(entering(digits="")))
    assert len(reception.events) == 1


async def test_who_was_listed_and_comes_again_comes_twice() -> None:
    reception = Reception()
    reception.adopt(waiting_channel(CALLER_CHANNEL, ""))
    for event in (entering(digits=""), leaving(), entering(digits="")):
        reception.intake.receive(withholding(event))
    assert [type(event) for event in reception.events] == [
        CallerEntered, CallerLeft, CallerEntered,
    ]  # fmt: skip


async def test_who_came_before_callers_were_listed_and_comes_again_comes_twice() -> None:
    reception = Reception()
    reception.adopt(waiting_channel(CALLER_CHANNEL, ""))
    reception.intake.receive(leaving())
    reception.intake.receive(withholding(entering(digits="")))
    assert [type(event) for event in reception.events] == [
        CallerEntered, CallerLeft, CallerEntered,
    ]  # fmt: skip


@pytest.mark.parametrize("then", [[], [leaving()]], ids=["stays", "leaves"])
async def test_whose_entry_was_told_while_callers_were_listed_comes_once(
    then: list[dict[str, Any]],
) -> None:
    reception = Reception()
    reception.intake.begin_listing()
    for event in (withholding(entering(digits="")), *then):
        reception.intake.receive(event)
    reception.adopt(waiting_channel(CALLER_CHANNEL, ""), begins=False)
    assert [type(e) for e in reception.events] == [CallerEntered, CallerLeft][: 1 + len(then)]


async def test_who_leaves_while_callers_are_listed_does_not_come() -> None:
    reception = Reception()
    reception.intake.begin_listing()
    reception.intake.receive(leaving())
    reception.adopt(waiting_channel(CALLER_CHANNEL, ""), begins=False)
    assert reception.events == [CallerLeft(CALLER_CHANNEL)]


async def test_who_leaves_while_callers_are_listed_and_comes_again_comes() -> None:
    reception = Reception()
    reception.intake.begin_listing()
    reception.intake.receive(leaving())
    reception.adopt(waiting_channel(CALLER_CHANNEL, ""), begins=False)
    reception.intake.receive(withholding(entering(digits="")))
    assert [type(event) for event in reception.events] == [CallerLeft, CallerEntered]


async def test_callers_who_came_while_nobody_listened_enter_in_their_order() -> None:
    reception = Reception()
    reception.directory.gate.clear()
    slow, withheld = (waiting_channel(channel, digits) for channel, digits in STRANGERS)
    reception.adopt(slow, withheld)
    reception.intake.receive(leaving("withheld"))
    await asyncio.sleep(0)
    assert reception.events == []
    reception.directory.gate.set()
    first, second, left = await reception.comes_to(3)
    assert isinstance(first, CallerEntered)
    assert isinstance(second, CallerEntered)
    assert (first.channel, second.channel) == ("slow", "withheld")
    assert left == CallerLeft("withheld")


async def test_a_caller_sent_again_by_the_dialplan_during_the_look_up_enters_twice() -> None:
    reception = Reception()
    reception.directory.gate.clear()
    for event in (entering(), leaving(), entering(), leaving()):
        reception.intake.receive(event)
    reception.directory.gate.set()
    events = await reception.comes_to(4)
    assert [type(event) for event in events] == [CallerEntered, CallerLeft] * 2


@pytest.mark.parametrize(("number", "known"), [("5550199", "5550199"), ("", "caller")])
async def test_who_takes_the_place_of_a_caller_during_the_look_up_enters_as_that_one(
    number: str, known: str
) -> None:
    reception = Reception()
    reception.directory.gate.clear()
    for told in (entering(), replacing(number=number), leaving()):
        reception.intake.receive(told)
    reception.directory.gate.set()
    left, entry = await reception.comes_to(2)
    assert left == CallerLeft(CALLER_CHANNEL)
    assert entry == replace(entered(ADA, "local"), caller=Caller(known))


async def test_who_took_the_place_of_a_caller_during_the_look_up_may_leave_by_then() -> None:
    reception = Reception()
    reception.directory.gate.clear()
    for told in (entering(), replacing(), leaving(), leaving("local")):
        reception.intake.receive(told)
    reception.directory.gate.set()
    _, *events = await reception.comes_to(3)
    assert [type(event) for event in events] == [CallerEntered, CallerLeft]


async def test_who_takes_the_place_of_a_caller_who_came_again_does_so_afterwards() -> None:
    reception = Reception()
    reception.directory.gate.clear()
    for told in (entering(), leaving(), entering(), replacing(), leaving()):
        reception.intake.receive(told)
    reception.directory.gate.set()
    events = await reception.comes_to(4)
    entries = [event.channel for event in events if isinstance(event, CallerEntered)]
    assert entries == [CALLER_CHANNEL, "local"]


async def test_who_takes_the_place_of_a_caller_who_is_about_to_be_found_enters_as_that_one() -> (
    None
):
    reception = Reception()
    reception.intake.begin_listing()
    for told in (replacing(), leaving()):
        reception.intake.receive(told)
    reception.adopt(waiting_channel(CALLER_CHANNEL, "1111"), begins=False)
    replaced, left, entry = await reception.comes_to(3)
    assert [type(replaced), left] == [CallerReplaced, CallerLeft(CALLER_CHANNEL)]
    assert isinstance(entry, CallerEntered)
    assert (entry.channel, entry.queue, entry.customer) == ("local", "support", ADA)


async def test_who_takes_the_place_of_a_newcomer_while_callers_are_listed_enters_once() -> None:
    reception = Reception()
    reception.directory.gate.clear()
    reception.intake.begin_listing()
    for told in (entering(), replacing()):
        reception.intake.receive(told)
    reception.adopt(
        waiting_channel(CALLER_CHANNEL, "1111"), waiting_channel("local", ""), begins=False
    )
    reception.directory.gate.set()
    await reception.comes_to(1)
    await asyncio.sleep(0.01)
    assert reception.events == [replace(entered(ADA, "local"), caller=Caller("5550199"))]


async def test_who_was_found_in_the_place_of_another_one_is_not_told_of_once_more() -> None:
    """Else he would be hung up, as nothing is known of the other one."""
    reception = Reception()
    reception.adopt(waiting_channel("local", "1111"))
    for told in (replacing(), leaving()):
        reception.intake.receive(told)
    events = await reception.comes_to(2)
    assert {type(event) for event in events} == {CallerEntered, CallerLeft}


async def test_a_malformed_event_is_logged_and_dropped() -> None:
    reception = Reception()
    with capture_logs() as logs:
        reception.intake.receive({"type": "StasisStart"})
    assert reception.events == []
    assert logs[0]["event"] == "event cannot be understood"
    assert logs[0]["log_level"] == "error"


async def test_every_call_has_an_id_of_its_own() -> None:
    events: list[Event] = []
    intake = Intake(events.append, SlowDirectory(), deadline=5.0)
    for _ in range(2):
        intake.receive(withholding(entering(digits="")))
    first, second = events
    assert isinstance(first, CallerEntered)
    assert isinstance(second, CallerEntered)
    assert first.call_id != second.call_id


async def test_who_is_looked_up_as_the_connection_is_lost_enters_in_turn_after_the_next() -> None:
    reception = Reception()
    reception.directory.gate.clear()
    reception.intake.remember("second", "1111", ADA)
    first, second = waiting_channel("first", "1111"), waiting_channel("second", "1111")
    reception.adopt(first, second)
    async with asyncio.timeout(20):
        while not reception.directory.asked:
            await asyncio.sleep(0)

    with capture_logs() as logged:
        reception.intake.forget()
        async with asyncio.timeout(20):
            while reception.intake._lookups:
                await asyncio.sleep(0)
    reception.directory.gate.set()
    assert reception.events == []
    assert logged == []

    reception.adopt(first, second)
    found = await reception.comes_to(2)
    assert [e.channel for e in found if isinstance(e, CallerEntered)] == ["first", "second"]
    assert reception.directory.asked == [("1111", "")] * 2  # the first; of the second it is known
