import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from component.domain.commands import (
    AnswerTransfer,
    CallCommand,
    Connect,
    EndCall,
    HangUpLeg,
    Hold,
    Hush,
    Join,
    Part,
    Redirect,
    Release,
    Ring,
    Say,
    SeekExit,
)
from component.domain.events import CallerLeft, Event, ExitFound, LegEnded, Said
from component.domain.model import Caller, Leg, LegEnd, QueueStatus
from component.telephony import control, dialler
from component.telephony.control import AriCallControl
from tests.unit.telephony.fake_ari import FakeAri

pytestmark = pytest.mark.unit

LEG = Leg("c1", 2)
HOLD = Hold("c1", "caller", timedelta(seconds=89.2))
RING = Ring(LEG, "PJSIP/1000", "caller", Caller("0123", "Ada"), timedelta(seconds=19.5))
HANG_UP = HangUpLeg(LEG)
CONNECT = Connect(LEG, "caller")
RELEASE = Release("c1", "caller", QueueStatus.TIMEOUT)
SAY = Say("c1", "caller", 3, ("queue-thereare", 2), "jazz")
SEEK_EXIT = SeekExit("c1", "caller", "exits", "0")
END = EndCall("c1", "caller")
CONNECTING = ["createWithId", "stopMoh", "addChannel", "setChannelVar"]


class Desk:
    """A control, the ARI below it, and the events that it submits."""

    def __init__(self) -> None:
        self.ari = FakeAri()
        self.events: list[Event] = []
        self.connected = True
        self.shown = asyncio.Event()
        self.shown.set()
        self.watched: list[str] = []
        self.control = AriCallControl(
            self.ari,
            "ivr",
            self.events.append,
            connected=lambda: self.connected,
            shown=self._until_shown,
            watch=self._watch,
        )

    async def _until_shown(self) -> None:
        await self.shown.wait()

    async def _watch(self, devices: Sequence[str]) -> None:
        await self.ari.subscribe_device_states("ivr", devices)
        self.watched += devices

    async def does(self, *commands: CallCommand) -> list[str]:
        """Carry out commands; return the operations that it took."""
        self.control.perform(commands)
        await self.control.close(5)
        return self.ari.operations


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(control, "RETRY_SECONDS", 0)
    with capture_logs():
        yield Desk()


async def test_hold_bounds_the_stay_then_plays_music(desk: Desk) -> None:
    assert await desk.does(HOLD) == ["setChannelVar", "startMoh"]
    assert desk.ari.arguments("setChannelVar") == {
        "channelId": "caller",
        "variable": "TIMEOUT(absolute)",
        "value": "90",
    }


async def test_music_follows_an_announcement(desk: Desk) -> None:
    assert await desk.does(SAY) == ["playWithId", "startMoh"]
    assert desk.ari.arguments("playWithId") == {
        "channelId": "caller",
        "playbackId": "ivr-c1.3",
        "media": "sound:queue-thereare,number:2",
    }
    assert desk.ari.arguments("startMoh")["mohClass"] == "jazz"


async def test_an_announcement_is_cut_off_by_its_name(desk: Desk) -> None:
    assert await desk.does(Hush("c1", 3)) == ["stop"]
    assert desk.ari.arguments("stop") == {"playbackId": "ivr-c1.3"}


@pytest.mark.parametrize("status", [404, 409, 412, 500])
async def test_an_announcement_that_is_refused_is_over(desk: Desk, status: int) -> None:
    desk.ari.refuse("playWithId", status)
    await desk.does(SAY)
    assert desk.events == [Said("c1", 3)]


async def test_that_an_announcement_is_over_already_is_no_trouble(desk: Desk) -> None:
    desk.ari.refuse("stop", 404)
    assert await desk.does(Hush("c1", 3), HOLD) == ["stop", "setChannelVar", "startMoh"]


async def test_a_key_that_is_an_extension_is_found(desk: Desk) -> None:
    desk.ari.results["getChannelVar"] = {"value": "1"}
    assert await desk.does(SEEK_EXIT) == ["getChannelVar"]
    assert desk.ari.arguments("getChannelVar") == {
        "channelId": "caller",
        "variable": "DIALPLAN_EXISTS(exits,0,1)",
    }
    assert desk.events == [ExitFound("c1", "0")]


async def test_a_key_that_is_no_extension_is_not(desk: Desk) -> None:
    desk.ari.results["getChannelVar"] = {"value": "0"}
    await desk.does(SEEK_EXIT)
    assert desk.events == []


async def test_who_leaves_by_a_key_goes_to_its_extension(desk: Desk) -> None:
    operations = await desk.does(Redirect("c1", "caller", "exits", "0"))
    assert operations == ["setChannelVar", "stopMoh", "continueInDialplan"]
    assert desk.ari.arguments("continueInDialplan") == {
        "channelId": "caller",
        "context": "exits",
        "extension": "0",
        "priority": 1,
    }


async def test_the_dialplan_is_told_why_a_caller_was_withdrawn(desk: Desk) -> None:
    release = Release("c1", "caller", QueueStatus.WITHDRAW, "closing time")
    await desk.does(release)
    variables = [given for name, given in desk.ari.requests if name == "setChannelVar"]
    assert variables[1] == {
        "channelId": "caller",
        "variable": "QUEUE_WITHDRAW_INFO",
        "value": "closing time",
    }


async def test_who_goes_on_after_the_call_leaves_no_bridge(desk: Desk) -> None:
    release = Release("c1", "caller", QueueStatus.CONTINUE, bridged=True)
    assert (await desk.does(release))[-2:] == ["continueInDialplan", "destroy"]


async def test_a_phone_is_rung_only_when_the_agents_screen_shows_the_call(desk: Desk) -> None:
    desk.shown.clear()
    desk.control.perform([RING, HANG_UP])
    await asyncio.sleep(0)
    assert desk.ari.operations == []

    desk.shown.set()
    await desk.control.close(5)
    assert desk.ari.operations == ["originate", "hangup"]


async def test_a_screen_that_does_not_answer_holds_no_phone_up_for_long(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialler, "SHOWN_SECONDS", 0)
    desk.shown.clear()

    assert await desk.does(RING) == ["originate"]


@pytest.mark.parametrize("status", [404, 409, 412])
async def test_hold_of_a_caller_who_is_gone_says_so(desk: Desk, status: int) -> None:
    desk.ari.refuse("setChannelVar", status)
    await desk.does(HOLD)
    assert desk.events == [CallerLeft("caller")]


async def test_ring_originates_a_leg_that_names_its_call(desk: Desk) -> None:
    assert await desk.does(RING) == ["originate"]
    assert desk.ari.arguments("originate") == {
        "channelId": "ivr-c1.2",
        "endpoint": "PJSIP/1000",
        "app": "ivr",
        "appArgs": "leg",
        "originator": "caller",
        "callerId": '"Ada" <0123>',
        "timeout": 20,
        "variables": {"PJSIP_TRANSFER_HANDLING()": "ari-only"},
    }
    assert desk.events == []


@pytest.mark.parametrize("status", [400, 404, 500, 503])
async def test_a_leg_that_asterisk_refuses_has_ended(desk: Desk, status: int) -> None:
    desk.ari.refuse("originate", status)
    await desk.does(RING)
    assert desk.events == [LegEnded(LEG, LegEnd.UNAVAILABLE)]


async def test_a_leg_whose_id_is_taken_is_there(desk: Desk) -> None:
    desk.ari.refuse("originate", 409)
    assert await desk.does(RING) == ["originate", "get"]
    assert desk.events == []


async def test_a_leg_whose_id_is_taken_and_that_is_not_there_has_ended(desk: Desk) -> None:
    """Asterisk says 409 of an unregistered phone, too, once it has said it on a connection."""
    desk.ari.refuse("originate", 409)
    desk.ari.refuse("get", 404)
    await desk.does(RING)
    assert desk.events == [LegEnded(LEG, LegEnd.UNAVAILABLE)]


async def test_a_leg_that_may_ring_or_not_is_taken_back(desk: Desk) -> None:
    desk.ari.lose("originate")
    assert await desk.does(RING) == ["originate", "hangup"]
    assert desk.events == []  # the leg's own end tells


async def test_a_leg_that_may_ring_or_not_and_does_not_has_ended(desk: Desk) -> None:
    desk.ari.lose("originate")
    desk.ari.lose("hangup", times=2)
    desk.ari.refuse("hangup", 404)
    assert await desk.does(RING) == ["originate", "hangup", "hangup", "hangup"]
    assert desk.events == [LegEnded(LEG, LegEnd.UNAVAILABLE)]


async def test_hanging_up_a_leg_waits_for_its_ringing(desk: Desk) -> None:
    gate = desk.ari.hold_back("originate")
    desk.control.perform([RING])
    desk.control.perform([HANG_UP])
    while "originate" not in desk.ari.operations:
        await asyncio.sleep(0)
    assert desk.ari.operations == ["originate"]
    gate.set()
    assert await desk.does() == ["originate", "hangup"]


async def test_a_leg_that_is_gone_when_it_is_hung_up_has_ended(desk: Desk) -> None:
    desk.ari.refuse("hangup", 404)
    await desk.does(HANG_UP)
    assert desk.events == [LegEnded(LEG, LegEnd.HUNG_UP)]


async def test_a_phone_is_told_that_the_call_was_answered_elsewhere(desk: Desk) -> None:
    await desk.does(HangUpLeg(LEG, answered_elsewhere=True))
    assert desk.ari.arguments("hangup") == {"channelId": "ivr-c1.2", "reason_code": "26"}


async def test_the_phones_of_a_call_do_not_wait_for_one_another(desk: Desk) -> None:
    gate = desk.ari.hold_back("originate")
    desk.control.perform([RING, replace(RING, leg=Leg("c1", 3))])
    async with asyncio.timeout(5):
        while len(desk.ari.operations) < 2:
            await asyncio.sleep(0)
    assert desk.ari.operations == ["originate", "originate"]
    gate.set()
    await desk.control.close(5)


async def test_hanging_up_is_tried_until_it_is_answered(desk: Desk) -> None:
    desk.ari.lose("hangup", times=3)
    assert await desk.does(HANG_UP) == ["hangup"] * 4


async def test_once_the_connection_is_lost_nothing_is_tried_again(desk: Desk) -> None:
    desk.ari.lose("hangup", times=3)
    desk.connected = False
    assert await desk.does(HANG_UP) == ["hangup"]
    assert desk.events == []  # what became of the leg is read after the next connect


async def test_ringing_is_dropped_once_the_connection_is_lost(desk: Desk) -> None:
    desk.ari.lose("originate")
    desk.ari.lose("hangup")
    desk.connected = False
    await desk.does(RING)
    assert desk.events == []


async def test_connecting_stops_the_music_and_lifts_the_bound(desk: Desk) -> None:
    assert await desk.does(CONNECT) == CONNECTING
    assert desk.ari.arguments("createWithId") == {
        "bridgeId": "ivr-c1",
        "type": "mixing,dtmf_events",
    }
    assert desk.ari.arguments("addChannel") == {
        "bridgeId": "ivr-c1",
        "channel": ["caller", "ivr-c1.2"],
    }
    assert desk.ari.arguments("setChannelVar")["value"] == "0"


async def test_connecting_again_uses_the_bridge_that_is_there(desk: Desk) -> None:
    desk.ari.refuse("createWithId", 409)
    assert await desk.does(CONNECT) == CONNECTING


@pytest.mark.parametrize("status", [400, 404, 409, 422])
async def test_connecting_a_leg_that_is_just_gone_is_no_error(desk: Desk, status: int) -> None:
    desk.ari.refuse("addChannel", status)
    with capture_logs() as logs:
        await desk.does(CONNECT)
    assert [entry["log_level"] for entry in logs] == ["debug"]
    assert desk.events == []


async def test_connecting_a_caller_who_is_gone_says_so(desk: Desk) -> None:
    desk.ari.refuse("stopMoh", 404)
    await desk.does(CONNECT)
    assert desk.events == [CallerLeft("caller")]


async def test_a_leg_to_who_talks_already_is_fetched_and_not_rung(desk: Desk) -> None:
    assert await desk.does(replace(RING, peer="PJSIP/2000-00000007")) == ["originate"]
    given = desk.ari.arguments("originate")
    assert given["endpoint"] == "Local/s@ivr-attended-transfer/n"
    assert given["variables"] == {"IVR_PEER": "PJSIP/2000-00000007"}


@pytest.mark.parametrize(
    ("accepted", "state"), [(True, "channel_answered"), (False, "channel_unavailable")]
)
async def test_a_phone_is_told_what_became_of_its_transfer(
    desk: Desk, accepted: bool, state: str
) -> None:
    assert await desk.does(AnswerTransfer(LEG, accepted)) == ["transfer_progress"]
    assert desk.ari.arguments("transfer_progress") == {"channelId": "ivr-c1.2", "states": state}


async def test_a_caller_is_redirected_for_good(desk: Desk) -> None:
    operations = await desk.does(Part("c1"), Redirect("c1", "caller", "from-phones", "4000"))
    assert operations == ["destroy", "setChannelVar", "stopMoh", "continueInDialplan"]
    assert desk.ari.arguments("setChannelVar")["value"] == "0"
    assert desk.ari.arguments("continueInDialplan") == {
        "channelId": "caller",
        "context": "from-phones",
        "extension": "4000",
        "priority": 1,
    }


async def test_a_caller_is_joined_with_who_talks_already(desk: Desk) -> None:
    await desk.does(Join("c1", "caller", "PJSIP/anonymous-00000009"))
    variables = [(given.get("variable"), given.get("value")) for _, given in desk.ari.requests]
    assert variables[0] == ("IVR_PEER", "PJSIP/anonymous-00000009")
    assert desk.ari.arguments("continueInDialplan")["context"] == "ivr-attended-transfer"


@pytest.mark.parametrize("command", [AnswerTransfer(LEG, True), Redirect("c1", "caller", "x", "1")])
async def test_a_transfer_of_who_is_gone_is_no_error(desk: Desk, command: CallCommand) -> None:
    desk.ari.refuse("transfer_progress", 404)
    desk.ari.refuse("setChannelVar", 404)
    with capture_logs() as logs:
        await desk.does(command)
    assert {entry["log_level"] for entry in logs} == {"debug"}


async def test_release_sets_the_status_and_leaves_no_music_and_no_bound(desk: Desk) -> None:
    operations = await desk.does(RELEASE)
    assert operations == ["setChannelVar", "setChannelVar", "stopMoh", "continueInDialplan"]
    variables = [(given.get("variable"), given.get("value")) for _, given in desk.ari.requests]
    assert variables[:2] == [("QUEUESTATUS", "TIMEOUT"), ("TIMEOUT(absolute)", "0")]


async def test_the_end_takes_down_caller_and_bridge(desk: Desk) -> None:
    desk.ari.refuse("hangup", 404)
    desk.ari.refuse("destroy", 404)
    with capture_logs() as logs:
        assert await desk.does(END) == ["hangup", "destroy"]
    assert {entry["log_level"] for entry in logs} == {"debug"}


async def test_a_bridge_is_discarded_after_all_else(desk: Desk) -> None:
    desk.control.perform([CONNECT])
    desk.control.discard_bridge("c1")
    assert await desk.does() == [*CONNECTING, "destroy"]
    assert desk.ari.arguments("destroy") == {"bridgeId": "ivr-c1"}


@pytest.mark.parametrize("command", [HOLD, CONNECT, RELEASE, END])
async def test_an_unexpected_refusal_is_logged_and_the_lane_goes_on(
    desk: Desk, command: CallCommand
) -> None:
    for operation in ("setChannelVar", "createWithId", "hangup"):
        desk.ari.refuse(operation, 500)
    with capture_logs() as logs:
        await desk.does(command)
    assert [entry["event"] for entry in logs] == ["command refused"]
    assert desk.events == []


async def test_calls_do_not_wait_for_one_another(desk: Desk) -> None:
    gate = desk.ari.hold_back("originate")
    desk.control.perform([RING])
    other = Leg("c2", 1)
    desk.control.perform([HangUpLeg(other)])
    async with asyncio.timeout(5):
        while "hangup" not in desk.ari.operations:
            await asyncio.sleep(0)
    assert desk.ari.arguments("hangup")["channelId"] == "ivr-c2.1"
    gate.set()
    await desk.control.close(5)
