"""What the parts of the adapter do for each other once Asterisk is there."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from structlog.testing import capture_logs

from component.domain.commands import Release, Say
from component.domain.events import CallerEntered, CallerLeft, DeviceStateChanged, Event, PhoneGone
from component.domain.model import Customer, Leg
from component.domain.words import DeviceState, QueueStatus
from component.ports import Snapshot, WaitingChannel
from component.telephony import ringing
from component.telephony.asterisk import Asterisk
from component.telephony.names import announcement
from tests.unit.telephony.fake_ari import FakeAri
from tests.unit.telephony.recorded import (
    ANSWERED_ATTEMPT,
    CALL_ID,
    CALLER_CHANNEL,
    CHANNELS,
    EVENTS,
)
from tests.unit.telephony.test_connection import FakeSocket

pytestmark = pytest.mark.unit

DEVICE = "PJSIP/1000"


class RingingAlone(FakeAri):
    """A phone rings that is there no more; Asterisk takes its state from the channel."""

    def __init__(self) -> None:
        super().__init__()
        self.socket = FakeSocket()
        self.sockets = lambda: self.socket
        self.results["getInfo"] = {"system": {"version": "22.10.1"}}

    async def _call(self, resource: str, operation: str, /, **arguments: object) -> object:
        answer = await super()._call(resource, operation, **arguments)
        answers: dict[str, Any] = {
            "channels": [channel | {"state": "Ringing"} for channel in CHANNELS],
            "bridges": [],
            "deviceStates": {"state": "RINGING"},
            "endpoints": {"state": "offline"},
        }
        return answers.get(resource, answer)


class Silent:
    """A directory that does not answer."""

    async def customer(self, code: str, number: str = "") -> Customer | None:
        await asyncio.Event().wait()
        return None


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
async def whole(
    ari: RingingAlone, told: list[Event], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Asterisk]:
    """An adapter that connects."""

    async def reconcile(_found: Snapshot) -> tuple[WaitingChannel, ...]:
        return ()

    monkeypatch.setattr(ringing, "LOOK_SECONDS", 0.001)
    with capture_logs():
        whole = Asterisk(
            ari,
            "ivr",
            directory=Silent(),
            lookup_deadline=0.01,
            submit=told.append,
            reconcile=reconcile,
            acted_until=lambda: datetime.now(UTC),
            devices=lambda: [DEVICE],
            shown=nothing_to_show,
        )
        running = asyncio.create_task(whole.run())
        yield whole
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await whole.close()


@pytest.mark.usefixtures("whole")
async def test_a_phone_that_rings_already_is_looked_after_from_the_connect_on(
    told: list[Event],
) -> None:
    gone = DeviceStateChanged(DEVICE, DeviceState.UNAVAILABLE)
    in_vain = PhoneGone(Leg(CALL_ID, ANSWERED_ATTEMPT))
    async with asyncio.timeout(20):
        while not {gone, in_vain} <= set(told):
            await asyncio.sleep(0.001)


async def test_who_has_left_though_the_answer_was_lost_is_not_sent_from_where_he_is_now(
    ari: RingingAlone, told: list[Event], whole: Asterisk
) -> None:
    """Asterisk tells so by an event."""
    ari.lose("continueInDialplan")
    gate = ari.hold_back("continueInDialplan")
    async with asyncio.timeout(20):
        while not whole.state.up:
            await asyncio.sleep(0)
        whole.control.perform([Release("c1", CALLER_CHANNEL, QueueStatus.TIMEOUT)])
        while "continueInDialplan" not in ari.operations:
            await asyncio.sleep(0)
        ari.socket.says(EVENTS["caller_leaves"])
        while CallerLeft(CALLER_CHANNEL) not in told:
            await asyncio.sleep(0)
    gate.set()
    await whole.close()

    assert ari.operations.count("continueInDialplan") == 1


async def test_who_was_looked_up_too_late_and_came_again_is_told_nothing_of_the_first_stay(
    ari: RingingAlone, told: list[Event], whole: Asterisk
) -> None:
    entered: list[CallerEntered] = []
    async with asyncio.timeout(20):
        while not whole.state.up:
            await asyncio.sleep(0)
        for happened in ("caller_enters", "caller_leaves", "caller_enters"):
            event = EVENTS[happened]
            ari.socket.says(event | {"channel": event["channel"] | {"id": "unlisted"}})
        while len(entered) < 2:
            await asyncio.sleep(0)
            entered = [event for event in told if isinstance(event, CallerEntered)]
        whole.control.perform(Say(e.call_id, "unlisted", 1, ("hello",), "") for e in entered)
        while "startMoh" not in ari.operations:
            await asyncio.sleep(0)
    await whole.close()

    said = [given["playbackId"] for name, given in ari.requests if name == "playWithId"]
    assert said == [announcement(entered[1].call_id, 1)]
