"""What is still to be done for a caller who has left, and has perhaps come again."""

import asyncio
from dataclasses import replace

import pytest

from component.domain.commands import CallCommand, LiftBound, Redirect
from component.domain.events import Said
from component.telephony import departures
from component.telephony.departures import Departures
from tests.unit.telephony.desk import CONNECT, END, HOLD, RELEASE, SAY, Desk

pytestmark = pytest.mark.unit

REDIRECT = Redirect("c1", "caller", "exits", "0")
AGAIN: list[CallCommand] = [replace(HOLD, call_id="c2"), replace(SAY, call_id="c2")]
HELD, TOLD = ["setChannelVar", "startMoh"], ["playWithId", "startMoh"]


def comes_again(desk: Desk) -> None:
    desk.control.caller_entered("caller", "c1")
    desk.control.caller_left("caller")
    desk.control.caller_entered("caller", "c2")


@pytest.mark.parametrize("late", [HOLD, SAY, CONNECT, LiftBound("c1", "caller"), RELEASE, REDIRECT])
async def test_to_who_was_taken_back_and_came_again_nothing_is_done_of_the_first_stay(
    desk: Desk, late: CallCommand
) -> None:
    comes_again(desk)
    assert await desk.does(late) == []


async def test_who_took_the_place_of_a_caller_and_left_is_missed_like_one(desk: Desk) -> None:
    desk.control.caller_entered("phone", "c1")
    desk.control.caller_replaced("phone", "caller")
    desk.control.caller_left("phone")
    desk.control.caller_left("caller")
    assert await desk.does(HOLD) == []


async def test_what_was_to_be_said_to_who_was_taken_back_is_over(desk: Desk) -> None:
    comes_again(desk)
    await desk.does(SAY)
    assert desk.events == [Said("c1", 3)]


async def test_who_came_again_is_not_hung_up_and_the_bridge_is_taken_down(desk: Desk) -> None:
    comes_again(desk)
    assert await desk.does(END) == ["destroy"]


async def test_of_the_second_stay_all_is_done(desk: Desk) -> None:
    comes_again(desk)
    assert await desk.does(*AGAIN) == HELD + TOLD


async def test_nor_is_it_to_who_goes_on_in_the_dialplan(desk: Desk) -> None:
    desk.control.caller_entered("caller", "c1")
    desk.control.caller_left("caller")
    assert await desk.does(HOLD, SAY) == []


async def test_what_is_tried_again_is_not_done_to_who_has_left_meanwhile(desk: Desk) -> None:
    desk.control.caller_entered("caller", "c1")
    answer = desk.ari.hold_back("setChannelVar")
    desk.ari.lose("setChannelVar")
    desk.control.perform([HOLD])
    await asyncio.sleep(0)
    desk.control.caller_left("caller")
    answer.set()
    await desk.control.close(20)
    assert desk.ari.operations == ["setChannelVar"]


async def test_music_does_not_follow_an_announcement_if_the_caller_has_left(desk: Desk) -> None:
    desk.control.caller_entered("caller", "c1")
    answer = desk.ari.hold_back("playWithId")
    desk.control.perform([SAY])
    await asyncio.sleep(0)
    desk.control.caller_left("caller")
    answer.set()
    await desk.control.close(20)
    assert desk.ari.operations == ["playWithId"]


async def test_a_call_that_an_agent_passed_on_may_come_again_on_its_channel(desk: Desk) -> None:
    """It goes on as the call that it was: nothing of that one is left to be done by then."""
    desk.control.caller_entered("caller", "c1")
    desk.control.perform([REDIRECT])
    await asyncio.sleep(0)
    desk.control.caller_left("caller")
    desk.control.caller_entered("caller", "c2")
    assert (await desk.does(HOLD))[-2:] == HELD


async def test_so_it_may_if_the_dialplan_took_it_back_before_it_was_let_go(desk: Desk) -> None:
    comes_again(desk)
    assert await desk.does(RELEASE, HOLD) == HELD


async def test_that_one_stay_was_missed_says_nothing_of_the_next_one(desk: Desk) -> None:
    desk.control.caller_entered("caller", "c2")
    desk.control.caller_left("caller", "c1")
    assert await desk.does(*AGAIN) == HELD + TOLD


async def test_after_a_gap_nobody_is_taken_to_have_left(desk: Desk) -> None:
    desk.control.caller_entered("caller", "c1")
    desk.control.caller_left("caller")
    desk.control.connection_lost()
    assert await desk.does(HOLD) == HELD


@pytest.mark.parametrize("leaves", [RELEASE, REDIRECT])
@pytest.mark.parametrize("lost", [0, 1])
async def test_who_was_being_let_go_as_the_connection_was_lost_is_let_alone_by_the_next_one(
    desk: Desk, leaves: CallCommand, lost: int
) -> None:
    """He is taken for somebody who enters, as nothing is known of a call that came into no queue:
    whether the request was answered late, or not at all."""
    answer = desk.ari.hold_back("setChannelVar")
    desk.ari.lose("setChannelVar", times=lost)
    desk.control.perform([leaves])
    await asyncio.sleep(0)
    desk.control.connection_lost()
    answer.set()
    await desk.control.close(20)
    assert "continueInDialplan" not in desk.ari.operations


def test_not_all_who_ever_left_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(departures, "REMEMBERED", 1)
    known = Departures()
    for number in "12":
        known.entered(f"caller{number}", f"c{number}")
        known.note(f"caller{number}")
    assert [known.has_left(f"c{number}", f"caller{number}") for number in "12"] == [False, True]
