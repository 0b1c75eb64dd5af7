"""How caller and agent are connected, and what comes of a refusal."""

import asyncio
from typing import cast

import pytest
from structlog.testing import capture_logs

from component.domain.commands import AnswerTransfer, Connect, Display, LiftBound, Part
from component.domain.events import CallerLeft, NotConnected
from component.domain.model import Caller, Leg
from component.telephony import talks
from component.telephony.client import AriClient
from component.telephony.errors import AriError
from component.telephony.http_client import AriHttpClient
from component.telephony.operations import Operation
from component.telephony.refusals import GONE
from tests.unit.telephony.desk import BRIDGE, CONNECT, CONNECTING, HANG_UP, LEG, Desk

pytestmark = pytest.mark.unit


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long a phone takes to be told of its transfer, it is waited for."""
    monkeypatch.setattr(talks, "TOLD_SECONDS", 600.0)


async def test_connecting_stops_the_music_and_lifts_the_bound(desk: Desk) -> None:
    assert await desk.does(CONNECT) == CONNECTING
    assert desk.ari.arguments("createWithId") == {
        "bridgeId": BRIDGE,
        "type": "mixing,dtmf_events",
    }
    assert desk.ari.arguments("addChannel") == {
        "bridgeId": BRIDGE,
        "channel": ["caller", "ivr-c1.2"],
    }
    assert desk.ari.arguments("setChannelVar")["value"] == "0"


async def test_a_late_request_to_take_a_bridge_down_finds_none_of_a_later_talk(desk: Desk) -> None:
    await desk.does(CONNECT, Part("c1", BRIDGE), Connect(Leg("c1", 3), "caller"))
    taken_down = desk.ari.arguments("destroy")["bridgeId"]
    made = [given["bridgeId"] for name, given in desk.ari.requests if name == "createWithId"]
    assert len(set(made)) == 2
    assert taken_down == made[0]


async def test_a_phone_is_told_who_is_on_the_line_in_one_go(desk: Desk) -> None:
    await desk.does(Display(LEG, Caller("+49 30 1234", 'Ada "A" <1>, Ltd.')))
    told = [given for name, given in desk.ari.requests if name == "setChannelVar"]
    assert [(given["variable"], given["value"]) for given in told] == [
        ("CONNECTEDLINE(name,i)", "Ada A 1 Ltd."),
        ("CONNECTEDLINE(num)", "+49 30 1234"),
    ]
    assert {given["channelId"] for given in told} == {"ivr-c1.2"}


@pytest.mark.parametrize("status", [404, 409])
async def test_that_a_phone_is_gone_that_is_to_be_told_is_no_error(desk: Desk, status: int) -> None:
    desk.ari.refuse("setChannelVar", status, times=2)
    with capture_logs() as logs:
        await desk.does(Display(LEG, Caller("5550100")))
    assert {line["log_level"] for line in logs} == {"debug"}


async def test_connecting_again_uses_the_bridge_that_is_there(desk: Desk) -> None:
    desk.ari.refuse("createWithId", 409)
    assert await desk.does(CONNECT) == CONNECTING


REFUSALS = [
    *(("createWithId", status) for status in (400, 404, 500, 503)),
    *(("stopMoh", status) for status in (400, 404, 409, 412, 500)),
    *(("addChannel", status) for status in (400, 404, 409, 422, 500)),
]


@pytest.mark.parametrize(("operation", "status"), REFUSALS)
async def test_who_cannot_be_connected_though_both_are_there_is_told_of(
    desk: Desk, operation: str, status: int
) -> None:
    desk.ari.refuse(operation, status, times=2)
    await desk.does(CONNECT)
    assert desk.events == [NotConnected(LEG)]


@pytest.mark.parametrize(("operation", "status"), REFUSALS)
async def test_what_was_refused_once_is_tried_again(
    desk: Desk, operation: str, status: int
) -> None:
    desk.ari.refuse(operation, status)
    assert (await desk.does(CONNECT))[-4:] == CONNECTING
    assert desk.events == []


async def test_a_leg_that_was_hung_up_and_is_still_there_for_a_moment_is_taken_for_gone(
    desk: Desk,
) -> None:
    desk.ari.refuse("addChannel", 409, times=2)
    asyncio.get_running_loop().call_later(0.02, desk.ari.absent.add, "ivr-c1.2")
    await desk.does(CONNECT)
    assert desk.events == []  # the leg's own end tells


@pytest.mark.parametrize(("operation", "status"), REFUSALS)
async def test_connecting_a_leg_that_is_just_gone_is_no_error(
    desk: Desk, operation: str, status: int
) -> None:
    desk.ari.refuse(operation, status)
    desk.ari.absent.add("ivr-c1.2")
    with capture_logs() as logs:
        await desk.does(CONNECT)
    assert [entry["log_level"] for entry in logs] == ["debug"]
    assert desk.events == []  # the leg's own end tells


@pytest.mark.parametrize(("operation", "status"), REFUSALS)
async def test_connecting_a_caller_who_is_gone_says_so(
    desk: Desk, operation: str, status: int
) -> None:
    desk.ari.refuse(operation, status)
    desk.ari.absent.add("caller")
    await desk.does(CONNECT)
    assert desk.events == [CallerLeft("caller", call_id=CONNECT.leg.call_id)]


async def test_if_asterisk_does_not_say_who_is_there_they_are(desk: Desk) -> None:
    desk.ari.refuse("addChannel", 422, times=2)
    desk.ari.refuse("get", 500, times=4)
    await desk.does(CONNECT)
    assert desk.events == [NotConnected(LEG)]


@pytest.mark.parametrize("operation", [*CONNECTING[:-1], "get"])
async def test_connecting_is_tried_until_it_is_answered(desk: Desk, operation: str) -> None:
    desk.ari.lose(operation, times=2)
    if operation == "get":
        desk.ari.refuse("addChannel", 422)
    assert (await desk.does(CONNECT))[-4:] == CONNECTING
    assert desk.events == []


async def test_once_they_talk_only_lifting_the_bound_is_tried_again(desk: Desk) -> None:
    desk.ari.lose("setChannelVar")
    desk.ari.refuse("setChannelVar", 500)
    assert await desk.does(CONNECT) == [*CONNECTING, "setChannelVar", "setChannelVar"]


async def test_the_bound_is_lifted_of_a_caller_who_talks_already(desk: Desk) -> None:
    assert await desk.does(LiftBound("c1", "caller")) == ["setChannelVar"]
    assert desk.ari.arguments("setChannelVar")["value"] == "0"


@pytest.mark.parametrize(
    ("accepted", "state"), [(True, "channel_answered"), (False, "channel_unavailable")]
)
async def test_a_phone_is_told_what_became_of_its_transfer(
    desk: Desk, accepted: bool, state: str
) -> None:
    assert await desk.does(AnswerTransfer(LEG, accepted)) == ["transfer_progress"]
    assert desk.ari.arguments("transfer_progress") == {"channelId": "ivr-c1.2", "states": state}


async def begun(desk: Desk, *operations: str) -> None:
    """Wait until these operations have been asked for, and no others are."""
    async with asyncio.timeout(20):
        while len(desk.ari.operations) < len(operations):
            await asyncio.sleep(0)
    for _ in range(10):
        await asyncio.sleep(0)
    assert desk.ari.operations == list(operations)


async def test_a_phone_is_let_go_of_when_it_has_been_told_that_its_call_was_taken(
    desk: Desk, patient: None
) -> None:
    """Asterisk sends the end of a call past what it has only promised to tell."""
    desk.control.perform([AnswerTransfer(LEG, True), HANG_UP])
    await begun(desk, "transfer_progress")
    desk.control.transfer_told(Leg("c1", 1))
    await begun(desk, "transfer_progress")
    desk.control.transfer_told(LEG)
    await begun(desk, "transfer_progress", "hangup")


async def test_a_phone_that_was_told_before_the_answer_is_known_is_let_go_of_at_once(
    desk: Desk, patient: None
) -> None:
    answered = desk.ari.hold_back("transfer_progress")
    desk.control.perform([AnswerTransfer(LEG, True), HANG_UP])
    await begun(desk, "transfer_progress")
    desk.control.transfer_told(LEG)
    answered.set()
    await begun(desk, "transfer_progress", "hangup")


async def test_a_phone_that_asked_for_nothing_is_let_go_of_all_the_same(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(talks, "TOLD_SECONDS", 0.0)
    assert await desk.does(AnswerTransfer(LEG, True), HANG_UP) == ["transfer_progress", "hangup"]


@pytest.mark.parametrize("status", [404, 409])
async def test_a_phone_that_cannot_be_told_is_not_waited_for(
    desk: Desk, patient: None, status: int
) -> None:
    desk.ari.refuse("transfer_progress", status)
    desk.control.perform([AnswerTransfer(LEG, True), HANG_UP])
    await begun(desk, "transfer_progress", "hangup")


async def test_a_phone_whose_transfer_is_refused_is_not_waited_for(
    desk: Desk, patient: None
) -> None:
    desk.control.perform([AnswerTransfer(LEG, False), HANG_UP])
    await begun(desk, "transfer_progress", "hangup")


async def test_an_asterisk_that_has_phones_transfer_by_themselves_is_told_nothing() -> None:
    """Before 22.3, whose description of ARI does not have that operation."""
    ari = AriClient(cast(AriHttpClient, None), "http://pbx.example.com")
    ari._operations = dict.fromkeys([("channels", "list")], cast(Operation, None))
    with pytest.raises(AriError) as refused:
        await ari.answer_transfer("ivr-c1.2", accepted=False)
    assert refused.value.status in GONE


@pytest.mark.parametrize("status", [404, 409])
async def test_that_the_phone_is_gone_that_asked_for_a_transfer_is_no_error(
    desk: Desk, status: int
) -> None:
    desk.ari.refuse("transfer_progress", status)
    with capture_logs() as logs:
        await desk.does(AnswerTransfer(LEG, True))
    assert {entry["log_level"] for entry in logs} == {"debug"}
