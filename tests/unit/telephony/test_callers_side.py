"""What is done to a caller's channel, and what comes of a refusal."""

import asyncio
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from component.domain.commands import (
    CallCommand,
    Join,
    Part,
    Redirect,
    Release,
    SeekExit,
    SeekNumber,
)
from component.domain.events import CallerLeft, ExitFound, NumberLookedUp
from component.domain.words import QueueStatus
from tests.unit.telephony.desk import BRIDGE, END, HOLD, LEG, RELEASE, Desk

pytestmark = pytest.mark.unit

SEEK_EXIT = SeekExit("c1", "caller", "exits", "0")
SEEK_NUMBER = SeekNumber(LEG, "caller", "from-phones", "4000")
REDIRECT = Redirect("c1", "caller", "exits", "0")
JOIN = Join("c1", "caller", "PJSIP/anonymous-00000009")


async def test_hold_bounds_the_stay_then_plays_music(desk: Desk) -> None:
    assert await desk.does(HOLD) == ["setChannelVar", "startMoh"]
    assert desk.ari.arguments("setChannelVar") == {
        "channelId": "caller",
        "variable": "ARRAY(TIMEOUT(absolute),IVR_CALL)",
        "value": "90,c1",
    }


async def test_who_took_anothers_place_is_rid_of_music_that_nobody_hears_first(desk: Desk) -> None:
    done = await desk.does(replace(HOLD, in_anothers_place=True))
    assert done == ["setChannelVar", "stopMoh", "startMoh"]


async def test_a_key_that_is_an_extension_is_found(desk: Desk) -> None:
    desk.ari.results["getChannelVar"] = {"value": "1"}
    assert await desk.does(SEEK_EXIT) == ["getChannelVar"]
    assert desk.ari.arguments("getChannelVar") == {
        "channelId": "caller",
        "variable": "EVAL(${DIALPLAN_EXISTS(exits,0,1)})",
    }
    assert desk.events == [ExitFound("c1", "0", "exits")]


@pytest.mark.parametrize("keys", ["0", "70", "11111170"])
async def test_keys_that_are_no_extension_are_not(desk: Desk, keys: str) -> None:
    desk.ari.results["getChannelVar"] = {"value": "0" * len(keys)}
    await desk.does(replace(SEEK_EXIT, keys=keys))
    assert desk.events == []


async def test_one_request_asks_for_all_that_the_last_keys_may_be(desk: Desk) -> None:
    desk.ari.results["getChannelVar"] = {"value": "001"}
    assert await desk.does(replace(SEEK_EXIT, keys="170")) == ["getChannelVar"]
    asked = "".join(f"${{DIALPLAN_EXISTS(exits,{keys},1)}}" for keys in ("170", "70", "0"))
    assert desk.ari.arguments("getChannelVar")["variable"] == f"EVAL({asked})"
    assert desk.events == [ExitFound("c1", "0", "exits")]


@pytest.mark.parametrize(("found", "keys"), [("111", "170"), ("011", "70"), ("010", "70")])
async def test_the_most_keys_that_are_an_extension_are_where_they_lead(
    desk: Desk, found: str, keys: str
) -> None:
    desk.ari.results["getChannelVar"] = {"value": found}
    await desk.does(replace(SEEK_EXIT, keys="170"))
    assert desk.events == [ExitFound("c1", keys, "exits")]


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
    release = Release("c1", "caller", QueueStatus.CONTINUE, bridge=BRIDGE)
    assert (await desk.does(release))[-2:] == ["continueInDialplan", "destroy"]


@pytest.mark.parametrize("status", [404, 409, 412])
async def test_hold_of_a_caller_who_is_gone_says_so(desk: Desk, status: int) -> None:
    desk.ari.refuse("setChannelVar", status)
    await desk.does(HOLD)
    assert desk.events == [CallerLeft("caller", call_id="c1")]


async def test_a_caller_is_redirected_for_good(desk: Desk) -> None:
    operations = await desk.does(
        Part("c1", BRIDGE), Redirect("c1", "caller", "from-phones", "4000")
    )
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


# Refusals -----------------------------------------------------------------------------------------

STATUSES = [400, 422, 500, 503]

GO_BACK = ["setChannelVar", "setChannelVar", "stopMoh", "continueInDialplan"]


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("operation", ["setChannelVar", "stopMoh", "continueInDialplan"])
async def test_who_cannot_be_released_is_at_least_let_go(
    desk: Desk, operation: str, status: int
) -> None:
    desk.ari.refuse(operation, status)
    operations = await desk.does(RELEASE)
    assert operations[-1] == "continueInDialplan"
    assert operations[-2] == operation


@pytest.mark.parametrize("command", [RELEASE, REDIRECT, JOIN])
@pytest.mark.parametrize("status", STATUSES)
async def test_who_cannot_leave_in_any_other_way_is_hung_up(
    desk: Desk, command: CallCommand, status: int
) -> None:
    desk.ari.refuse("continueInDialplan", status, times=2)
    operations = await desk.does(command)
    assert operations.count("continueInDialplan") == 2
    assert operations[-1] == "hangup"


@pytest.mark.parametrize("command", [REDIRECT, JOIN])
@pytest.mark.parametrize("status", STATUSES)
async def test_who_cannot_be_sent_on_goes_back_to_the_dialplan_which_is_told(
    desk: Desk, command: CallCommand, status: int
) -> None:
    desk.ari.refuse("continueInDialplan", status)
    assert (await desk.does(command))[-4:] == GO_BACK
    variables = [given for name, given in desk.ari.requests if name == "setChannelVar"]
    assert (variables[-2]["variable"], variables[-2]["value"]) == ("QUEUESTATUS", "UNAVAILABLE")
    assert desk.ari.arguments("continueInDialplan")["context"] is None


@pytest.mark.parametrize("status", STATUSES)
async def test_who_cannot_be_hung_up_is_let_go_and_leaves_no_bridge(
    desk: Desk, status: int
) -> None:
    desk.ari.refuse("hangup", status)
    assert await desk.does(END) == ["hangup", "continueInDialplan", "destroy"]


@pytest.mark.parametrize("command", [RELEASE, REDIRECT, JOIN, END])
async def test_whom_asterisk_does_not_let_go_in_any_way_is_let_go_later(
    desk: Desk, command: CallCommand
) -> None:
    desk.ari.refuse("continueInDialplan", 500, times=2)
    desk.ari.refuse("hangup", 500)
    with capture_logs() as logs:
        operations = await desk.does(command)
    assert operations.count("hangup") == (2 if command == END else 1)
    told = {entry["event"] for entry in logs}
    assert told == {"caller cannot leave so", "no answer, trying again"}


@pytest.mark.parametrize("command", [RELEASE, REDIRECT, JOIN, END])
@pytest.mark.parametrize("status", [404, 409, 412])
async def test_that_who_is_to_leave_is_gone_is_no_error(
    desk: Desk, command: CallCommand, status: int
) -> None:
    for operation in ("setChannelVar", "hangup"):
        desk.ari.refuse(operation, status)
    with capture_logs() as logs:
        await desk.does(command)
    assert {entry["log_level"] for entry in logs} == {"debug"}


@pytest.mark.parametrize("command", [RELEASE, REDIRECT, JOIN, END])
async def test_leaving_is_tried_until_it_is_answered(desk: Desk, command: CallCommand) -> None:
    desk.ari.lose("continueInDialplan")
    desk.ari.lose("hangup")
    operations = await desk.does(command)
    left = "hangup" if command == END else "continueInDialplan"
    assert operations.count(left) == 2


@pytest.mark.parametrize("command", [replace(RELEASE, bridge=BRIDGE), REDIRECT, JOIN])
async def test_who_has_left_though_the_answer_was_lost_is_not_sent_from_where_he_is_now(
    desk: Desk, command: CallCommand
) -> None:
    desk.ari.lose("continueInDialplan")
    gate = desk.ari.hold_back("continueInDialplan")
    desk.control.caller_left("caller")  # before: of another stay in our application
    desk.control.perform([command])
    async with asyncio.timeout(20):
        while "continueInDialplan" not in desk.ari.operations:
            await asyncio.sleep(0)
    desk.control.caller_left("somebody else")
    desk.control.caller_left("caller")
    gate.set()

    operations = await desk.does()
    assert operations.count("continueInDialplan") == 1
    assert ("destroy" in operations) == isinstance(command, Release)


async def test_that_somebody_else_has_left_lets_nobody_wait_for_ever(desk: Desk) -> None:
    desk.ari.lose("continueInDialplan")
    gate = desk.ari.hold_back("continueInDialplan")
    desk.control.perform([RELEASE])
    async with asyncio.timeout(20):
        while "continueInDialplan" not in desk.ari.operations:
            await asyncio.sleep(0)
    desk.control.caller_left("somebody else")
    gate.set()

    assert (await desk.does()).count("continueInDialplan") == 2


async def test_a_bridge_is_taken_down_until_it_is_answered_and_the_caller_let_go_once(
    desk: Desk,
) -> None:
    desk.ari.lose("destroy", times=2)
    operations = await desk.does(replace(RELEASE, bridge=BRIDGE))
    assert (operations.count("continueInDialplan"), operations.count("destroy")) == (1, 3)


@pytest.mark.parametrize("operation", ["setChannelVar", "startMoh"])
@pytest.mark.parametrize("status", STATUSES)
async def test_who_hears_no_music_waits_all_the_same(
    desk: Desk, operation: str, status: int
) -> None:
    desk.ari.refuse(operation, status)
    await desk.does(HOLD)
    assert desk.events == []


# Numbers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("value", "exists"), [("1", True), ("0", False), ("", False)])
async def test_a_number_is_looked_up_in_the_context(desk: Desk, value: str, exists: bool) -> None:
    desk.ari.results["getChannelVar"] = {"value": value}
    await desk.does(SEEK_NUMBER)
    assert desk.ari.requests[0] == (
        "getChannelVar",
        {"channelId": "caller", "variable": "DIALPLAN_EXISTS(from-phones,4000,1)"},
    )
    assert desk.events == [NumberLookedUp(LEG, "4000", "from-phones", exists)]


@pytest.mark.parametrize("status", [None, *STATUSES])
async def test_the_dialplan_is_told_who_passes_on_to_a_number(
    desk: Desk, status: int | None
) -> None:
    desk.ari.results["getChannelVar"] = {"value": "1"}  # it is the name, too
    if status is not None:
        desk.ari.refuse("setChannelVar", status)
    assert await desk.does(SEEK_NUMBER) == ["getChannelVar", "getChannelVar", "setChannelVar"]
    asked = {"channelId": f"ivr-{LEG}", "variable": "CHANNEL(name)"}
    assert desk.ari.arguments("getChannelVar") == asked
    told = {"channelId": "caller", "variable": "BLINDTRANSFER", "value": "1"}
    assert desk.ari.arguments("setChannelVar") == told
    assert desk.events == [NumberLookedUp(LEG, "4000", "from-phones", exists=True)]


@pytest.mark.parametrize("status", [404, 409, *STATUSES])
async def test_a_number_that_cannot_be_looked_up_is_taken_for_none(desk: Desk, status: int) -> None:
    desk.ari.refuse("getChannelVar", status)
    await desk.does(SEEK_NUMBER)
    assert desk.events == [NumberLookedUp(LEG, "4000", "from-phones", exists=False)]


@pytest.mark.parametrize("number", ["4000,1", "4000)", '"4000"', "40\\00"])
async def test_what_the_dialplan_would_take_apart_is_no_number(desk: Desk, number: str) -> None:
    assert await desk.does(replace(SEEK_NUMBER, number=number)) == []
    assert desk.events == [NumberLookedUp(LEG, number, "from-phones", exists=False)]


async def test_a_key_that_cannot_be_looked_up_leads_nowhere(desk: Desk) -> None:
    desk.ari.refuse("getChannelVar", 500)
    await desk.does(SEEK_EXIT)
    assert desk.events == []
