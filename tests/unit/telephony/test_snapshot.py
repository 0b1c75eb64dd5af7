import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from structlog.testing import capture_logs

from component.domain.asterisk_ids import talk_bridge
from component.domain.events import (
    CallerLeft,
    CallerReplaced,
    DeviceStateChanged,
    LegAnswered,
    LegEnded,
)
from component.domain.model import Caller, Leg
from component.domain.words import DeviceState, LegEnd
from component.ports import CalledChannel
from component.telephony.errors import AriError
from component.telephony.snapshot import SnapshotReader
from tests.unit.telephony.fake_ari import FakeAri
from tests.unit.telephony.recorded import (
    ANSWERED_ATTEMPT,
    BRIDGES,
    CALL_ID,
    CALLER_CHANNEL,
    CHANNELS,
)

pytestmark = pytest.mark.unit

LEG = Leg(CALL_ID, ANSWERED_ATTEMPT)
DEVICE = "PJSIP/1000"
NOW = datetime(2026, 1, 1, 9, tzinfo=UTC)


class OneOperation(FakeAri):
    """All lists are asked for by an operation of the same name: answer by resource."""

    def __init__(self, channels: list[Any], bridges: list[Any]) -> None:
        super().__init__()
        self.resources: list[str] = []
        """What was asked for, in this order."""
        self._lists = {"channels": channels, "bridges": bridges}
        self.results["get"] = {"state": "NOT_INUSE"}

    async def _call(self, resource: str, operation: str, /, **arguments: object) -> object:
        self.resources.append(resource)
        answer = await super()._call(resource, operation, **arguments)
        return self._lists.get(resource, answer)


def reader(channels: list[Any] | None = None, bridges: list[Any] | None = None) -> SnapshotReader:
    return SnapshotReader(
        OneOperation(
            CHANNELS if channels is None else channels, BRIDGES if bridges is None else bridges
        ),
        "ivr",
    )


def changed(**fields: Any) -> list[dict[str, Any]]:
    return [channel | fields for channel in CHANNELS]


async def test_a_call_between_caller_and_agent() -> None:
    snapshot = await reader().read(["PJSIP/1000"], NOW)
    assert snapshot.taken_at == NOW
    [caller] = snapshot.callers
    assert (caller.channel, caller.queue, caller.digits) == (CALLER_CHANNEL, "support", "1111")
    assert snapshot.answered_legs == {LEG}
    assert snapshot.ringing_legs == frozenset()
    assert snapshot.bridges == {talk_bridge(LEG, CALLER_CHANNEL): {CALLER_CHANNEL, f"ivr-{LEG}"}}
    assert snapshot.device_states == {"PJSIP/1000": DeviceState.NOT_INUSE}


async def test_a_leg_that_is_not_up_is_ringing() -> None:
    snapshot = await reader(changed(state="Ringing")).read([], NOW)
    assert snapshot.ringing_legs == {LEG}
    assert snapshot.answered_legs == frozenset()


@pytest.mark.parametrize(("state", "phones"), [("Ringing", {LEG: DEVICE}), ("Up", {})])
async def test_a_phone_that_rings_is_known_though_it_is_no_agent_s_any_more(
    state: str, phones: dict[Leg, str]
) -> None:
    assert (await reader(changed(state=state)).read(["PJSIP/2000"], NOW)).phones == phones


@pytest.mark.parametrize("event", [LegAnswered(LEG), LegEnded(LEG, LegEnd.REJECTED)])
async def test_a_phone_that_stops_during_the_reading_does_not_ring_though_listed(
    event: LegAnswered | LegEnded,
) -> None:
    ari = OneOperation(changed(state="Ringing"), BRIDGES)
    gate = ari.hold_back("list")
    snapshots = SnapshotReader(ari, "ivr")
    reading = asyncio.create_task(snapshots.read([DEVICE], NOW))
    while "list" not in ari.operations:
        await asyncio.sleep(0)
    snapshots.note(event)
    gate.set()
    assert (await reading).phones == {}


async def test_who_takes_the_place_of_a_caller_during_the_reading_has_it_though_not_listed() -> (
    None
):
    ari = OneOperation(CHANNELS, BRIDGES)
    gate = ari.hold_back("list")
    snapshots = SnapshotReader(ari, "ivr")
    reading = asyncio.create_task(snapshots.read([DEVICE], NOW))
    while "list" not in ari.operations:
        await asyncio.sleep(0)
    snapshots.note(CallerReplaced(CALLER_CHANNEL, "first", Caller("")))
    snapshots.note(CallerReplaced("first", "second", Caller("")))
    snapshots.note(CallerLeft(CALLER_CHANNEL))
    gate.set()
    snapshot = await reading
    assert [(c.channel, c.queue) for c in snapshot.callers] == [("second", "support")]
    assert snapshot.bridges == {talk_bridge(LEG, CALLER_CHANNEL): {"second", f"ivr-{LEG}"}}


async def test_bridges_are_read_when_the_channels_have_been() -> None:
    """So whoever is listed in the place of another one is in that one's bridge."""
    ari = OneOperation(CHANNELS, BRIDGES)
    gate = ari.hold_back("list")
    reading = asyncio.create_task(SnapshotReader(ari, "ivr").read([DEVICE], NOW))
    while "deviceStates" not in ari.resources:
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert "bridges" not in ari.resources
    gate.set()
    await reading
    assert ari.resources.index("channels") < ari.resources.index("bridges")


@pytest.mark.parametrize(
    ("state", "app_name", "ours"),
    [
        ("Up", "", True),
        ("Up", "AppDial2", True),
        ("Up", "Stasis", True),
        ("Up", "Dial", False),
        ("Ringing", "Dial", True),
    ],
)
async def test_an_answered_leg_that_the_dialplan_has_is_ours_no_more(
    state: str, app_name: str, ours: bool
) -> None:
    legs = changed(state=state, dialplan={"app_name": app_name, "app_data": ""})
    snapshot = await reader(legs).read([], NOW)
    assert snapshot.answered_legs | snapshot.ringing_legs == ({LEG} if ours else set())


@pytest.mark.parametrize(("state", "answered"), [("Up", True), ("Ringing", False)])
async def test_a_channel_to_a_customer_is_no_caller(state: str, answered: bool) -> None:
    [caller] = [channel for channel in CHANNELS if channel["id"] == CALLER_CHANNEL]
    dialplan = {"app_name": "Stasis", "app_data": "ivr,customer"}
    customer = {**caller, "id": "ivrcallback-c1.2", "state": state, "dialplan": dialplan}
    snapshot = await reader([customer]).read([], NOW)
    assert snapshot.callers == ()
    assert snapshot.customers == (CalledChannel("ivrcallback-c1.2", "c1", answered),)


@pytest.mark.parametrize(
    ("state", "app_name", "app_data", "elsewhere"),
    [
        ("Ringing", "AppDial2", "(Outgoing Line)", False),
        ("Up", "AppDial2", "(Outgoing Line)", False),
        ("Up", "", "", False),
        ("Up", "Stasis", "ivr,customer", False),
        ("Up", "Stasis", "another,customer", True),
        ("Up", "Dial", "PJSIP/operator", True),
    ],
)
async def test_a_customer_who_went_on_to_the_dialplan_is_elsewhere(
    state: str, app_name: str, app_data: str, elsewhere: bool
) -> None:
    [caller] = [channel for channel in CHANNELS if channel["id"] == CALLER_CHANNEL]
    dialplan = {"app_name": app_name, "app_data": app_data}
    customer = {**caller, "id": "ivrcallback-c1.2", "state": state, "dialplan": dialplan}
    [found] = (await reader([customer]).read([], NOW)).customers
    assert found.elsewhere is elsewhere


async def test_a_channel_that_took_the_place_of_a_callers_is_one_though_it_has_no_arguments() -> (
    None
):
    [caller] = [channel for channel in CHANNELS if channel["id"] == CALLER_CHANNEL]
    local = {**caller, "id": "local", "dialplan": {"app_name": "Stasis", "app_data": "ivr"}}
    snapshot = await reader([local]).read([], NOW)
    assert [(c.channel, c.queue) for c in snapshot.callers] == [("local", "")]


async def test_a_customer_whom_the_dialplan_has_sent_to_a_queue_is_a_caller() -> None:
    [caller] = [channel for channel in CHANNELS if channel["id"] == CALLER_CHANNEL]
    dialplan = {"app_name": "Stasis", "app_data": "ivr,sales,"}
    customer = {**caller, "id": "ivrcallback-c1.2", "state": "Up", "dialplan": dialplan}
    snapshot = await reader([customer]).read([], NOW)
    assert [(c.channel, c.queue) for c in snapshot.callers] == [("ivrcallback-c1.2", "sales")]
    assert [found.elsewhere for found in snapshot.customers] == [True], "it is not to be hung up"


@pytest.mark.parametrize(
    "dialplan",
    [
        {"app_name": "Dial", "app_data": "PJSIP/3000"},
        {"app_name": "Stasis", "app_data": "another,support,1111"},
        {"app_name": "", "app_data": ""},
    ],
)
async def test_channels_elsewhere_are_no_callers_of_ours(dialplan: dict[str, str]) -> None:
    snapshot = await reader(changed(dialplan=dialplan)).read([], NOW)
    assert snapshot.callers == ()


async def test_bridges_of_others_are_left_out() -> None:
    snapshot = await reader(bridges=[{"id": "conference", "channels": []}]).read([], NOW)
    assert snapshot.bridges == {}


async def test_a_device_state_that_nobody_knows_is_logged_and_left_out() -> None:
    ari = OneOperation([], [])
    ari.results["get"] = {"state": "ASLEEP"}
    with capture_logs() as logs:
        snapshot = await SnapshotReader(ari, "ivr").read(["PJSIP/1000"], NOW)
    assert snapshot.device_states == {}
    assert logs[0]["event"] == "device state cannot be understood"


async def test_a_list_that_is_none_is_an_error() -> None:
    with pytest.raises(AriError):
        await reader(channels=["no channel"]).read([], NOW)


async def test_an_event_that_comes_during_the_reading_counts_more_than_what_is_read() -> None:
    ari = OneOperation([], [])
    gate = ari.hold_back("list")
    snapshots = SnapshotReader(ari, "ivr")
    reading = asyncio.create_task(snapshots.read(["PJSIP/1000"], NOW))
    while "get" not in ari.operations:
        await asyncio.sleep(0)
    snapshots.note(DeviceStateChanged("PJSIP/1000", DeviceState.INUSE))
    gate.set()
    assert (await reading).device_states == {"PJSIP/1000": DeviceState.INUSE}


async def test_an_event_from_before_the_reading_counts_for_nothing() -> None:
    snapshots = reader()
    snapshots.note(DeviceStateChanged("PJSIP/1000", DeviceState.INUSE))
    snapshot = await snapshots.read(["PJSIP/1000"], NOW)
    assert snapshot.device_states == {"PJSIP/1000": DeviceState.NOT_INUSE}


async def test_a_caller_who_leaves_during_the_reading_is_not_there_though_listed() -> None:
    ari = OneOperation(CHANNELS, BRIDGES)
    gate = ari.hold_back("list")
    snapshots = SnapshotReader(ari, "ivr")
    reading = asyncio.create_task(snapshots.read([], NOW))
    while "list" not in ari.operations:
        await asyncio.sleep(0)
    snapshots.note(CallerLeft(CALLER_CHANNEL))
    gate.set()
    assert CALLER_CHANNEL not in [caller.channel for caller in (await reading).callers]
