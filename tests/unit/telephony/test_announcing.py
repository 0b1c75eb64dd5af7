"""What is said to a caller, and how it is cut off."""

import asyncio
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from component.domain.commands import Hush, Join
from component.domain.events import Said
from component.telephony import callers_side
from tests.unit.telephony.desk import HOLD, SAY, Desk

pytestmark = pytest.mark.unit

JOIN = Join("c1", "caller", "PJSIP/anonymous-00000009")


async def test_music_follows_an_announcement(desk: Desk) -> None:
    assert await desk.does(SAY) == ["playWithId", "startMoh"]
    assert desk.ari.arguments("playWithId") == {
        "channelId": "caller",
        "playbackId": "ivr-c1.3",
        "media": "sound:queue-thereare,number:2",
    }
    assert desk.ari.arguments("startMoh")["mohClass"] == "jazz"


async def test_an_announcement_is_cut_off_by_its_name_until_it_is_over(desk: Desk) -> None:
    assert await desk.does(Hush("c1", 3), HOLD) == ["stop", "stop", "setChannelVar", "startMoh"]
    assert desk.ari.arguments("stop") == {"playbackId": "ivr-c1.3"}


async def test_what_another_call_s_channel_hears_now_is_cut_off_before_it_is_held(
    desk: Desk,
) -> None:
    requests = await desk.does(Hush("c2", 3, before="c1"), HOLD)
    assert requests == ["stop", "stop", "setChannelVar", "startMoh"]
    assert desk.ari.arguments("stop") == {"playbackId": "ivr-c2.3"}


async def test_what_is_cut_off_before_it_had_its_turn_is_not_said(desk: Desk) -> None:
    answer = desk.ari.hold_back("startMoh")
    desk.control.perform([HOLD, SAY])
    await asyncio.sleep(0)
    desk.control.perform([Hush("c1", 3, before="c2"), replace(JOIN, call_id="c2")])
    answer.set()
    await desk.control.close(20)
    assert "playWithId" not in desk.ari.operations
    assert desk.events == [Said("c1", 3)]


async def test_what_asterisk_was_asked_to_say_is_cut_off_once_it_has_begun(desk: Desk) -> None:
    begun = desk.ari.hold_back("playWithId")
    desk.control.perform([SAY])
    await asyncio.sleep(0)
    desk.control.perform([Hush("c1", 3, before="c2")])
    for _ in range(10):
        await asyncio.sleep(0)
    assert desk.ari.operations == ["playWithId"]
    begun.set()
    await desk.control.close(20)
    assert desk.ari.arguments("stop") == {"playbackId": "ivr-c1.3"}


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("status", [None, 500])
async def test_a_number_is_said_to_its_end_before_all_else_is_cut_off(
    desk: Desk, status: int | None
) -> None:
    if status is None:
        desk.ari.numbers = 5
    else:  # so it is told while an announcement begins with a number
        desk.ari.refuse("stop", status, times=5)
    assert (await desk.does(Hush("c1", 3), HOLD))[-3:] == ["stop", "setChannelVar", "startMoh"]
    assert desk.ari.operations.count("stop") == 7


@pytest.mark.usefixtures("impatient")
async def test_what_cannot_be_cut_off_at_all_is_waited_for_no_longer_than_it_may_take(
    desk: Desk,
) -> None:
    desk.ari.numbers = 1000
    with capture_logs() as logs:
        await desk.does(Hush("c1", 3), HOLD)
    assert desk.ari.operations[-1] == "startMoh"
    assert [entry["event"] for entry in logs] == ["announcement cannot be cut off"]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for numbers."""
    pauses = [0.0] * len(callers_side.CUT_OFF_PAUSES)
    monkeypatch.setattr(callers_side, "CUT_OFF_PAUSES", pauses)


@pytest.mark.parametrize("status", [404, 409, 412, 500])
async def test_an_announcement_that_is_refused_is_over(desk: Desk, status: int) -> None:
    desk.ari.refuse("playWithId", status)
    await desk.does(SAY)
    assert desk.events == [Said("c1", 3)]


async def test_that_an_announcement_is_over_already_is_no_trouble(desk: Desk) -> None:
    desk.ari.refuse("stop", 404, times=2)
    assert await desk.does(Hush("c1", 3), HOLD) == ["stop", "stop", "setChannelVar", "startMoh"]


async def test_if_an_announcement_was_not_begun_the_one_before_it_is_cut_off(desk: Desk) -> None:
    desk.ari.refuse("stop", 404)
    await desk.does(Hush("c1", 3))
    stopped = [arguments["playbackId"] for _, arguments in desk.ari.requests]
    assert stopped == ["ivr-c1.3", "ivr-c1.2", "ivr-c1.2"]


async def test_what_was_to_be_cut_off_without_a_connection_is_so_before_anything_else_is_done(
    desk: Desk,
) -> None:
    """Whoever keys on hears one announcement though it is the third by now."""
    desk.connected = False
    second, third = replace(SAY, number=4), replace(SAY, number=5)
    await desk.does(Hush("c1", 3), second, Hush("c1", 4), third, HOLD)
    assert desk.ari.operations == []

    desk.connected = True
    desk.ari.refuse("stop", 404, times=1)
    await desk.does(HOLD)
    assert desk.ari.operations == ["stop"] * 5 + ["setChannelVar", "startMoh"]
    await desk.does(HOLD)
    assert desk.ari.operations[-2:] == ["setChannelVar", "startMoh"]


async def test_what_is_not_cut_off_as_the_connection_breaks_is_so_later(desk: Desk) -> None:
    answer = desk.ari.hold_back("stop")
    desk.ari.lose("stop")
    desk.control.perform([Hush("c1", 3)])
    async with asyncio.timeout(20):
        while "stop" not in desk.ari.operations:
            await asyncio.sleep(0)
    desk.connected = False
    answer.set()
    await desk.control.close(20)
    desk.connected = True
    assert await desk.does(HOLD) == ["stop", "stop", "stop", "setChannelVar", "startMoh"]


# An announcement of which nobody knows ------------------------------------------------------------


@pytest.mark.parametrize("plays", [True, False])
async def test_an_announcement_that_plays_or_not_is_cut_off_and_not_repeated(
    desk: Desk, plays: bool
) -> None:
    """Asterisk takes an id but once."""
    desk.ari.lose("playWithId")
    if not plays:
        desk.ari.refuse("stop", 404)
    stops = ["stop", "stop"] if plays else ["stop"]
    assert await desk.does(SAY) == ["playWithId", *stops, "startMoh"]
    assert desk.events == [Said("c1", 3)]


async def test_the_music_after_an_announcement_is_asked_for_until_there_is_an_answer(
    desk: Desk,
) -> None:
    desk.ari.lose("startMoh", times=2)
    assert await desk.does(SAY) == ["playWithId", "startMoh", "startMoh", "startMoh"]
    assert desk.events == []


@pytest.mark.parametrize("status", [404, 412, 500])
async def test_an_announcement_is_not_over_because_music_is_refused(
    desk: Desk, status: int
) -> None:
    desk.ari.refuse("startMoh", status)
    await desk.does(SAY)
    assert desk.events == []
