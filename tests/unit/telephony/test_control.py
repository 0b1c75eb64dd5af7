"""In which order commands are carried out, and how often."""

import asyncio
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from component.domain.commands import CallCommand, EndCall, HangUpLeg, Hold, Hush, Part
from component.domain.model import Leg
from tests.unit.telephony.desk import (
    BRIDGE,
    CONNECT,
    CONNECTING,
    END,
    HANG_UP,
    HOLD,
    RING,
    SAY,
    Desk,
)

pytestmark = pytest.mark.unit


async def test_hanging_up_a_leg_waits_for_its_ringing(desk: Desk) -> None:
    gate = desk.ari.hold_back("originate")
    desk.control.perform([RING])
    desk.control.perform([HANG_UP])
    while "originate" not in desk.ari.operations:
        await asyncio.sleep(0)
    assert desk.ari.operations == ["originate"]
    gate.set()
    assert await desk.does() == ["originate", "hangup"]


async def test_the_phones_of_a_call_do_not_wait_for_one_another(desk: Desk) -> None:
    gate = desk.ari.hold_back("originate")
    desk.control.perform([RING, replace(RING, leg=Leg("c1", 3))])
    async with asyncio.timeout(20):
        while len(desk.ari.operations) < 2:
            await asyncio.sleep(0)
    assert desk.ari.operations == ["originate", "originate"]
    gate.set()
    await desk.control.close(20)


@pytest.mark.parametrize("command", [HOLD, replace(END, call_id="c0", channel="other")])
async def test_what_is_not_urgent_waits_until_the_phones_are_rung(
    desk: Desk, command: Hold | EndCall
) -> None:
    desk.shown.clear()
    gate = desk.ari.hold_back("originate")
    desk.control.perform([command, RING])
    for _ in range(10):
        await asyncio.sleep(0)
    assert desk.ari.operations == []

    desk.shown.set()
    async with asyncio.timeout(20):
        while len(desk.ari.operations) < 2:
            await asyncio.sleep(0)
    assert desk.ari.operations[0] == "originate"  # whose answer nobody waits for
    gate.set()
    await desk.control.close(20)


async def test_who_answered_does_not_wait_until_another_phone_is_rung(desk: Desk) -> None:
    desk.shown.clear()
    desk.control.perform([replace(RING, leg=Leg("c2", 1)), CONNECT])
    async with asyncio.timeout(20):
        while desk.ari.operations != CONNECTING:
            await asyncio.sleep(0)
    desk.shown.set()
    await desk.control.close(20)


async def test_hanging_up_is_tried_until_it_is_answered(desk: Desk) -> None:
    desk.ari.lose("hangup", times=3)
    assert await desk.does(HANG_UP) == ["hangup"] * 4


@pytest.mark.parametrize(("command", "request_"), [(HANG_UP, "hangup"), (RING, "originate")])
async def test_once_the_connection_is_lost_nothing_is_tried_again(
    desk: Desk, command: CallCommand, request_: str
) -> None:
    desk.ari.lose(request_)
    answer = desk.ari.hold_back(request_)
    desk.control.perform([command])
    async with asyncio.timeout(20):
        while request_ not in desk.ari.operations:
            await asyncio.sleep(0)
    desk.connected = False
    desk.ari.lose("hangup")  # what may have been rung is not to ring on
    answer.set()
    await desk.control.close(20)
    assert desk.ari.operations.count(request_) == 1
    assert desk.events == []  # what became of the leg is read after the next connect


@pytest.mark.parametrize("commands", [(HANG_UP,), (RING,), (Hush("c1", 3), END)])
async def test_without_a_connection_nothing_is_tried(
    desk: Desk, commands: tuple[CallCommand, ...]
) -> None:
    desk.connected = False
    assert await desk.does(*commands) == []
    assert desk.events == []


async def test_what_was_not_answered_on_one_connection_is_not_tried_on_the_next(desk: Desk) -> None:
    desk.ari.lose("hangup")
    desk.control.perform([HANG_UP])
    async with asyncio.timeout(20):
        while not desk.ari.operations:
            await asyncio.sleep(0)
    desk.control.connection_lost()
    await desk.control.close(20)
    assert desk.ari.operations == ["hangup"]


async def test_but_what_is_to_be_cut_off_is_so_before_what_follows(desk: Desk) -> None:
    desk.ari.lose("stop")
    desk.control.perform([Hush("c1", 3), HOLD])
    async with asyncio.timeout(20):
        while not desk.ari.operations:
            await asyncio.sleep(0)
    desk.control.connection_lost()
    await desk.control.close(20)
    assert desk.ari.operations == ["stop", "stop", "stop", "setChannelVar", "startMoh"]


async def test_nothing_is_kept_in_mind_of_what_was_not_said(desk: Desk) -> None:
    desk.connected = False
    await desk.does(SAY)
    assert not desk.control._callers._unsaid


async def test_a_bridge_is_discarded(desk: Desk) -> None:
    desk.control.discard_bridge(BRIDGE)
    assert await desk.does() == ["destroy"]
    assert desk.ari.arguments("destroy") == {"bridgeId": BRIDGE}


@pytest.mark.parametrize("command", [Part("c1", BRIDGE), END])
async def test_a_bridge_that_asterisk_fails_to_take_down_is_taken_down_again(
    desk: Desk, command: CallCommand
) -> None:
    desk.ari.refuse("destroy", 500, times=2)
    assert (await desk.does(command)).count("destroy") == 3


async def test_a_caller_has_left_the_bridge_of_another_call_before_he_is_held(desk: Desk) -> None:
    desk.ari.refuse("destroy", 500, times=2)
    requests = await desk.does(Part("c1", "ivrtalk-c2.1-caller"), HOLD)
    assert requests == ["destroy", "destroy", "destroy", "setChannelVar", "startMoh"]
    assert desk.ari.arguments("destroy") == {"bridgeId": "ivrtalk-c2.1-caller"}


async def test_an_unexpected_refusal_is_logged_and_the_lane_goes_on(desk: Desk) -> None:
    desk.ari.refuse("setChannelVar", 500)
    with capture_logs() as logs:
        assert await desk.does(HOLD, Hush("c1", 3)) == ["setChannelVar", "stop", "stop"]
    assert [entry["event"] for entry in logs] == ["command refused"]
    assert desk.events == []


async def test_calls_do_not_wait_for_one_another(desk: Desk) -> None:
    gate = desk.ari.hold_back("originate")
    desk.control.perform([RING])
    other = Leg("c2", 1)
    desk.control.perform([HangUpLeg(other)])
    async with asyncio.timeout(20):
        while "hangup" not in desk.ari.operations:
            await asyncio.sleep(0)
    assert desk.ari.arguments("hangup")["channelId"] == "ivr-c2.1"
    gate.set()
    await desk.control.close(20)
