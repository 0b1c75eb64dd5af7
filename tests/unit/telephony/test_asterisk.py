"""What the parts of the adapter do for each other once Asterisk is there."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from structlog.testing import capture_logs

from component.domain.commands import AnswerTransfer, HangUpLeg, Release, Say
from component.domain.events import (
    AsteriskLost,
    CallerEntered,
    CallerLeft,
    CallerReplaced,
    DeviceStateChanged,
    DigitPressed,
    Event,
    PhoneGone,
)
from component.domain.model import Caller, Leg
from component.domain.words import DeviceState, QueueStatus
from component.ports import Snapshot, StoreUnavailableError, WaitingChannel
from component.telephony import ringing, talks
from component.telephony.asterisk import Asterisk
from component.telephony.names import announcement
from component.telephony.translate import waiting_channel
from tests.unit.telephony.fake_ari import FakeAri
from tests.unit.telephony.recorded import (
    ANSWERED_ATTEMPT,
    CALL_ID,
    CALLER_CHANNEL,
    CHANNELS,
    EVENTS,
)
from tests.unit.telephony.test_connection import FakeSocket
from tests.unit.telephony.test_intake import ADA, SlowDirectory

pytestmark = pytest.mark.unit

DEVICE = "PJSIP/1000"
ACTED_UNTIL = datetime(2026, 1, 1, 9, tzinfo=UTC)


class RingingAlone(FakeAri):
    """A phone rings that is there no more; Asterisk takes its state from the channel."""

    def __init__(self) -> None:
        super().__init__()
        self.socket = FakeSocket()
        self.sockets = lambda: self.socket
        self.results["getInfo"] = {"system": {"version": "22.10.1"}}
        self.callers_and_legs = CHANNELS
        self.looked_at = 0
        """How often somebody has looked whether the phone is there."""
        self.tells = asyncio.Event()
        """Whether that is answered."""
        self.tells.set()

    async def _call(self, resource: str, operation: str, /, **arguments: object) -> object:
        answer = await super()._call(resource, operation, **arguments)
        if resource == "endpoints":
            self.looked_at += 1
            await self.tells.wait()
        answers: dict[str, Any] = {
            "channels": [channel | {"state": "Ringing"} for channel in self.callers_and_legs],
            "bridges": [],
            "deviceStates": {"state": "RINGING"},
            "endpoints": {"state": "offline"},
        }
        return answers.get(resource, answer)


async def nothing_to_show() -> None:
    """Stand in for the XMPP server."""


@pytest.fixture
def ari() -> RingingAlone:
    return RingingAlone()


@pytest.fixture
def told() -> list[Event]:
    """What the engine is told from a connect on."""
    return []


@pytest.fixture
def found() -> list[Snapshot]:
    """What was read and handed in to be compared."""
    return []


@pytest.fixture
def directory() -> SlowDirectory:
    return SlowDirectory()


@pytest.fixture
async def whole(
    ari: RingingAlone,
    told: list[Event],
    found: list[Snapshot],
    directory: SlowDirectory,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Asterisk]:
    """An adapter that is yet to connect; of no caller who is found anything is known."""

    async def reconcile(snapshot: Snapshot) -> tuple[WaitingChannel, ...]:
        found.append(snapshot)
        return snapshot.callers

    monkeypatch.setattr(ringing, "LOOK_SECONDS", 0.001)
    with capture_logs():
        whole = Asterisk(
            ari,
            "ivr",
            directory=directory,
            lookup_deadline=20,
            submit=told.append,
            reconcile=reconcile,
            acted_until=lambda: ACTED_UNTIL,
            devices=lambda: [DEVICE],
            shown=nothing_to_show,
        )
        yield whole
        await whole.close()


@asynccontextmanager
async def connecting(whole: Asterisk) -> AsyncIterator[None]:
    """Let it connect, and do what is to be seen before long."""
    running = asyncio.create_task(whole.run())
    try:
        async with asyncio.timeout(20):
            yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def until(happened: Callable[[], object]) -> None:
    while not happened():
        await asyncio.sleep(0.001)


async def test_a_phone_that_rings_already_is_looked_after_from_the_connect_on(
    told: list[Event], whole: Asterisk
) -> None:
    gone = DeviceStateChanged(DEVICE, DeviceState.UNAVAILABLE)
    in_vain = PhoneGone(Leg(CALL_ID, ANSWERED_ATTEMPT))
    async with connecting(whole):
        await until(lambda: gone in told and in_vain in told)


async def test_a_phone_is_not_looked_after_any_more_while_asterisk_is_away(
    ari: RingingAlone, told: list[Event], whole: Asterisk
) -> None:
    ari.tells.clear()
    async with connecting(whole):
        await until(lambda: ari.looked_at)
        ari.hold_back("eventWebsocket")
        ari.socket.ends()
        await until(lambda: AsteriskLost() in told)
        ari.tells.set()
        await asyncio.sleep(0.01)

    assert not any(isinstance(event, PhoneGone) for event in told)


async def test_what_was_decided_and_not_begun_before_the_reading_is_not_looked_for(
    found: list[Snapshot], whole: Asterisk
) -> None:
    async with connecting(whole):
        await until(lambda: found)

    assert found[0].taken_at == ACTED_UNTIL


async def test_who_comes_during_the_reading_comes_once_and_after_it(
    ari: RingingAlone,
    told: list[Event],
    found: list[Snapshot],
    directory: SlowDirectory,
    whole: Asterisk,
) -> None:
    """Of an earlier stay on that channel only what is found tells that it is over."""
    read = ari.hold_back("list")
    async with connecting(whole):
        await until(lambda: "list" in ari.operations)
        ari.socket.says(EVENTS["caller_enters"])
        await until(lambda: directory.asked)
        await asyncio.sleep(0.01)
        assert not any(isinstance(event, CallerEntered) for event in told)
        read.set()
        await until(lambda: whole.state.up)
        await asyncio.sleep(0.01)

    assert found[0].newcomers == {CALLER_CHANNEL}
    assert [e.channel for e in told if isinstance(e, CallerEntered)] == [CALLER_CHANNEL]


@pytest.mark.parametrize("is_known", [False, True])
async def test_who_came_before_the_connection_was_lost_again_enters_after_the_next_connect(
    ari: RingingAlone,
    told: list[Event],
    directory: SlowDirectory,
    whole: Asterisk,
    *,
    is_known: bool,
) -> None:
    """And is looked up once more only if that was not done by then."""
    read = ari.hold_back("list")
    ari.socket.says(EVENTS["caller_enters"])
    if not is_known:
        directory.gate.clear()
    async with connecting(whole):
        await until(lambda: directory.asked and (whole._early or not is_known))
        first, ari.socket = ari.socket, FakeSocket()
        first.ends()
        await until(lambda: AsteriskLost() in told)
        directory.gate.set()
        read.set()
        await until(lambda: whole.state.up)

    entries = [event for event in told if isinstance(event, CallerEntered)]
    assert [(entry.channel, entry.customer) for entry in entries] == [(CALLER_CHANNEL, ADA)]
    assert len(directory.asked) == (1 if is_known else 2)


async def test_who_comes_is_told_of_at_once_if_nothing_can_be_compared(
    ari: RingingAlone, told: list[Event], whole: Asterisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a database he is turned away; nobody is to wait for it in vain."""

    async def away(_found: Snapshot) -> tuple[WaitingChannel, ...]:
        raise StoreUnavailableError("the database is away")

    monkeypatch.setattr(whole, "_reconcile", away)
    ari.socket.says(EVENTS["caller_enters"])
    async with connecting(whole):
        await until(lambda: AsteriskLost() in told)

    [entered] = [event for event in told if isinstance(event, CallerEntered)]
    assert told.index(entered) < told.index(AsteriskLost())


async def test_who_is_being_looked_up_is_known_to_come(
    ari: RingingAlone, found: list[Snapshot], directory: SlowDirectory, whole: Asterisk
) -> None:
    directory.gate.clear()
    read = ari.hold_back("list")
    async with connecting(whole):
        await until(lambda: "list" in ari.operations)
        ari.socket.says(EVENTS["caller_enters"])
        await until(lambda: directory.asked)
        read.set()
        await until(lambda: found)

    assert found[0].newcomers == {CALLER_CHANNEL}


def replaced_by(channel: str) -> dict[str, Any]:
    """Asterisk puts a channel in the place of the caller's."""
    event = EVENTS["caller_enters"]
    return event | {
        "args": [], "replace_channel": event["channel"],
        "channel": event["channel"] | {"id": channel},
    }  # fmt: skip


async def test_who_takes_the_place_of_one_who_is_about_to_enter_enters_as_that_one(
    ari: RingingAlone, told: list[Event], whole: Asterisk
) -> None:
    """Else he would be hung up, as the domain does not know the other one yet."""
    read = ari.hold_back("list")
    async with connecting(whole):
        await until(lambda: "list" in ari.operations)
        ari.socket.says(EVENTS["caller_enters"])
        await until(lambda: whole._early)
        ari.socket.says(
            {"type": "ChannelDtmfReceived", "digit": "1", "channel": {"id": CALLER_CHANNEL}}
        )
        for event in (replaced_by("local"), EVENTS["caller_leaves"]):
            ari.socket.says(event)
        await until(lambda: CallerLeft(CALLER_CHANNEL) in told)
        read.set()
        await until(lambda: DigitPressed("local", "1") in told)

    [entered] = [event for event in told if isinstance(event, CallerEntered)]
    assert (entered.channel, entered.customer) == ("local", ADA)
    assert not any(isinstance(event, CallerReplaced) for event in told)


async def test_who_takes_the_place_of_one_who_came_before_the_reading_enters_once(
    ari: RingingAlone, told: list[Event], whole: Asterisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though found as well, while it is being compared: he enters as the other one, not as new."""
    reads, compares = ari.hold_back("getInfo"), asyncio.Event()
    local = waiting_channel(replaced_by("local")["channel"], ["support", "1111"])

    async def reconcile(_: Snapshot) -> tuple[WaitingChannel, ...]:
        ari.socket.says(replaced_by("local"))
        ari.socket.says(EVENTS["caller_leaves"])
        await compares.wait()
        return (local,)

    monkeypatch.setattr(whole, "_reconcile", reconcile)
    ari.socket.says(EVENTS["caller_enters"])
    async with connecting(whole):
        await until(lambda: whole._early)
        reads.set()
        await until(lambda: CallerLeft(CALLER_CHANNEL) in told)
        compares.set()
        await until(lambda: whole.state.up)
        await asyncio.sleep(0.01)

    assert [e.channel for e in told if isinstance(e, CallerEntered)] == ["local"]


async def test_who_takes_the_place_of_one_who_was_to_leave_is_told_of_again_once_it_is_compared(
    ari: RingingAlone, told: list[Event], whole: Asterisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody else finds him: before that he might have been to enter, or to be found."""

    async def reconcile(_: Snapshot) -> tuple[WaitingChannel, ...]:
        for event in (replaced_by("local"), EVENTS["caller_leaves"]):
            ari.socket.says(event)
        await until(lambda: CallerLeft(CALLER_CHANNEL) in told)
        return ()

    ari.callers_and_legs = [EVENTS["caller_enters"]["channel"]]
    monkeypatch.setattr(whole, "_reconcile", reconcile)
    async with connecting(whole):
        await until(lambda: whole.state.up)

    replaced = [event for event in told if isinstance(event, CallerReplaced)]
    assert [(e.channel, e.by, e.unsettled) for e in replaced] == [
        (CALLER_CHANNEL, "local", True),
        (CALLER_CHANNEL, "local", False),
    ]


async def test_who_takes_the_place_of_a_caller_during_the_reading_is_found_there(
    ari: RingingAlone, told: list[Event], found: list[Snapshot], whole: Asterisk
) -> None:
    read = ari.hold_back("list")
    async with connecting(whole):
        await until(lambda: "list" in ari.operations)
        for event in (replaced_by("local"), EVENTS["caller_leaves"]):
            ari.socket.says(event)
        await until(lambda: CallerLeft(CALLER_CHANNEL) in told)
        read.set()
        await until(lambda: found)

    assert CallerReplaced(CALLER_CHANNEL, "local", Caller("caller"), unsettled=True) in told
    assert [caller.channel for caller in found[0].callers] == ["local"]


async def test_who_has_left_though_the_answer_was_lost_is_not_sent_from_where_he_is_now(
    ari: RingingAlone, told: list[Event], whole: Asterisk
) -> None:
    """Asterisk tells so by an event."""
    ari.lose("continueInDialplan")
    gate = ari.hold_back("continueInDialplan")
    async with connecting(whole):
        await until(lambda: whole.state.up)
        whole.control.perform([Release("c1", CALLER_CHANNEL, QueueStatus.TIMEOUT)])
        await until(lambda: "continueInDialplan" in ari.operations)
        ari.socket.says(EVENTS["caller_leaves"])
        await until(lambda: CallerLeft(CALLER_CHANNEL) in told)
        gate.set()
        await whole.close()

    assert ari.operations.count("continueInDialplan") == 1


async def test_a_phone_of_which_a_call_was_taken_is_let_go_of_once_asterisk_tells_that_it_knows(
    ari: RingingAlone, whole: Asterisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(talks, "TOLD_SECONDS", 600.0)
    leg = Leg(CALL_ID, 1)
    async with connecting(whole):
        await until(lambda: whole.state.up)
        whole.control.perform([AnswerTransfer(leg, accepted=True), HangUpLeg(leg)])
        await until(lambda: "transfer_progress" in ari.operations)
        assert "hangup" not in ari.operations
        ari.socket.says(EVENTS["agent_is_told_of_the_transfer"])
        await until(lambda: "hangup" in ari.operations)


async def test_who_was_looked_up_too_late_and_came_again_is_told_nothing_of_the_first_stay(
    ari: RingingAlone, told: list[Event], directory: SlowDirectory, whole: Asterisk
) -> None:
    def entered() -> list[CallerEntered]:
        entries = [event for event in told if isinstance(event, CallerEntered)]
        return [entry for entry in entries if entry.channel == "unlisted"]

    directory.gate.clear()
    whole.look_up_within(0.01)
    async with connecting(whole):
        await until(lambda: whole.state.up)
        for happened in ("caller_enters", "caller_leaves", "caller_enters"):
            event = EVENTS[happened]
            ari.socket.says(event | {"channel": event["channel"] | {"id": "unlisted"}})
        await until(lambda: len(entered()) == 2)
        whole.control.perform(Say(e.call_id, "unlisted", 1, ("hello",), "") for e in entered())
        await until(lambda: "startMoh" in ari.operations)
        await whole.close()

    said = [given["playbackId"] for name, given in ari.requests if name == "playWithId"]
    assert said == [announcement(entered()[1].call_id, 1)]
