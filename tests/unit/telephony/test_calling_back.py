"""How a customer is called back: once at most, and let go of for certain."""

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from component.domain.commands import CallCustomer, HangUpCustomer, Hold, Release
from component.domain.events import CallerLeft
from component.domain.model import Caller
from component.domain.words import LegEnd, QueueStatus
from component.telephony import control
from tests.unit.telephony.desk import Desk

pytestmark = pytest.mark.unit

CHANNEL = "ivrcallback-c1.2"
CALL = CallCustomer(
    "c1", CHANNEL, "Local/5550100@out/n", Caller("5550199"), timedelta(seconds=34.5), "1000"
)
HANG_UP = HangUpCustomer("c1", CHANNEL)
NOT_REACHED = CallerLeft(CHANNEL, LegEnd.UNAVAILABLE)


async def test_a_customer_is_called_on_a_channel_that_names_the_call(desk: Desk) -> None:
    assert await desk.does(CALL) == ["originate"]
    assert desk.ari.arguments("originate") == {
        "channelId": CHANNEL,
        "endpoint": "Local/5550100@out/n",
        "app": "ivr",
        "appArgs": "customer",
        "originator": None,
        "callerId": "<5550199>",
        "timeout": 35,
        "variables": {
            "CHANNEL(hangup_handler_push)": "ivr-caller-gone,s,1",
            "FORWARD_CONTEXT": "ivr-forwards-nothing",
            "CHANNEL(callgroup)": "",
            "CHANNEL(namedcallgroup)": "",
        },
    }
    assert desk.events == []


@pytest.mark.parametrize("status", [400, 404, 500])
async def test_a_customer_whom_asterisk_cannot_call_is_not_reached(desk: Desk, status: int) -> None:
    desk.ari.refuse("originate", status)
    await desk.does(CALL)
    assert desk.events == [NOT_REACHED]


async def test_a_call_that_is_there_already_is_not_made_twice(desk: Desk) -> None:
    desk.ari.refuse("originate", 409)
    assert await desk.does(CALL) == ["originate", "get"]
    assert desk.events == []


async def test_a_call_that_is_not_there_and_may_come_yet_is_taken_back(desk: Desk) -> None:
    desk.ari.lose("originate")
    desk.ari.absent.add(CHANNEL)
    desk.ari.refuse("hangup", 404)
    assert await desk.does(CALL) == ["originate", "get", "hangup"]
    assert desk.events == [NOT_REACHED]


async def test_a_customer_is_hung_up_after_having_been_called(desk: Desk) -> None:
    assert await desk.does(CALL, HANG_UP) == ["originate", "hangup"]
    assert desk.ari.arguments("hangup")["channelId"] == CHANNEL
    assert desk.events == []  # the channel's own end tells


async def test_a_customer_who_answers_and_is_gone_was_not_reached(desk: Desk) -> None:
    desk.ari.refuse("setChannelVar", 404)
    await desk.does(Hold("c1", CHANNEL, timedelta(seconds=50)))
    assert desk.events == [CallerLeft(CHANNEL, call_id="c1")]


async def test_who_was_called_back_and_is_given_back_has_a_place_in_the_dialplan(
    desk: Desk,
) -> None:
    await desk.does(Release("c1", CHANNEL, QueueStatus.TIMEOUT))
    assert desk.ari.arguments("continueInDialplan") == {
        "channelId": CHANNEL,
        "context": "ivr-called-back",
        "extension": "s",
        "priority": 1,
    }


async def test_no_number_is_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "RETRY_SECONDS", 0)
    desk = Desk()
    desk.ari.refuse("originate", 500)
    with capture_logs() as lines:
        await desk.does(CALL)
    assert lines != []
    assert "5550100" not in str(lines)
