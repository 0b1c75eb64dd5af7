"""How an agent's phone is rung, and let go of; what comes of a refusal."""

import asyncio
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from component.domain.commands import HangUpLeg
from component.domain.events import ConsultOver, LegEnded
from component.domain.words import LegEnd
from component.telephony import control, late_channels
from tests.unit.telephony.desk import HANG_UP, LEG, RING, Desk

pytestmark = pytest.mark.unit

PEER = "PJSIP/2000-00000007"
CONSULT = "1795686050.4"
INSTEAD = replace(RING, instead_of=CONSULT)


async def test_a_phone_is_rung_only_when_the_agents_screen_shows_the_call(desk: Desk) -> None:
    desk.shown.clear()
    desk.control.perform([RING, HANG_UP])
    await asyncio.sleep(0)
    assert desk.ari.operations == []

    desk.shown.set()
    await desk.control.close(20)
    assert desk.ari.operations == ["originate", "hangup"]


async def test_a_screen_that_does_not_answer_holds_no_phone_up_for_long(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "SHOWN_SECONDS", 0)
    desk.shown.clear()

    assert await desk.does(RING) == ["originate"]


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
        "variables": {
            "PJSIP_TRANSFER_HANDLING()": "ari-only",
            "GROUP(ivr)": "c1",
            "FORWARD_CONTEXT": "ivr-forwards-nothing",
            "CHANNEL(callgroup)": "",
            "CHANNEL(namedcallgroup)": "",
        },
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


async def test_a_leg_that_rings_though_nobody_said_so_rings_on(desk: Desk) -> None:
    desk.ari.lose("originate")
    desk.ari.lose("get", times=2)
    desk.ari.refuse("get", 500)
    assert await desk.does(RING) == ["originate", *["get"] * 4]
    assert desk.events == []


async def test_a_leg_that_does_not_ring_and_may_do_so_yet_is_taken_back(desk: Desk) -> None:
    desk.ari.lose("originate")
    desk.ari.absent.add("ivr-c1.2")
    desk.ari.lose("hangup", times=2)
    desk.ari.refuse("hangup", 404)
    assert await desk.does(RING) == ["originate", "get", *["hangup"] * 3]
    assert desk.events == [LegEnded(LEG, LegEnd.UNAVAILABLE)]


async def test_a_leg_that_comes_while_it_is_taken_back_has_ended(desk: Desk) -> None:
    """By us, whether Asterisk's event reaches us or not: the agent is not to blame."""
    desk.ari.lose("originate")
    desk.ari.absent.add("ivr-c1.2")
    assert await desk.does(RING) == ["originate", "get", "hangup"]
    assert desk.events == [LegEnded(LEG, LegEnd.UNAVAILABLE)]


async def test_a_leg_that_comes_only_after_it_was_taken_back_is_hung_up(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asterisk works on the lost request later than on the one to hang up."""
    monkeypatch.setattr(late_channels, "PAUSES", (0, 0, 0, 0))
    desk.ari.lose("originate")
    desk.ari.absent.add("ivr-c1.2")
    desk.ari.refuse("hangup", 404, times=2)
    desk.ari.lose("hangup")
    desk.control.perform([RING])
    with capture_logs() as logs:
        async with asyncio.timeout(20):
            while "channel came late, hung up" not in [entry["event"] for entry in logs]:
                await asyncio.sleep(0)

    assert await desk.does() == ["originate", "get", *["hangup"] * 4]
    assert desk.ari.arguments("hangup")["channelId"] == "ivr-c1.2"


async def test_a_leg_that_never_comes_is_not_looked_for_for_ever(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(late_channels, "PAUSES", (0, 0))
    desk.ari.lose("originate")
    desk.ari.absent.add("ivr-c1.2")
    desk.ari.refuse("hangup", 404, times=3)
    desk.control.perform([RING])
    async with asyncio.timeout(20):
        while desk.ari.operations.count("hangup") < 3:
            await asyncio.sleep(0)
    for _ in range(10):
        await asyncio.sleep(0)

    assert await desk.does() == ["originate", "get", *["hangup"] * 3]


async def test_a_leg_that_is_gone_when_it_is_hung_up_has_ended(desk: Desk) -> None:
    desk.ari.refuse("hangup", 404)
    await desk.does(HANG_UP)
    assert desk.events == [LegEnded(LEG, LegEnd.HUNG_UP)]


async def test_a_phone_is_told_that_the_call_was_answered_elsewhere(desk: Desk) -> None:
    await desk.does(HangUpLeg(LEG, answered_elsewhere=True))
    assert desk.ari.arguments("hangup") == {"channelId": "ivr-c1.2", "reason_code": "26"}


async def test_a_leg_whose_id_is_taken_is_looked_for_until_there_is_an_answer(desk: Desk) -> None:
    desk.ari.refuse("originate", 409)
    desk.ari.refuse("get", 500)
    assert await desk.does(RING) == ["originate", "get", "get"]
    assert desk.events == []


@pytest.mark.parametrize("status", [500, 503])
async def test_a_leg_that_asterisk_fails_to_hang_up_is_hung_up_again(
    desk: Desk, status: int
) -> None:
    desk.ari.refuse("hangup", status, times=3)
    assert await desk.does(HANG_UP) == ["hangup"] * 4
    assert desk.events == []


async def test_a_leg_that_asterisk_refuses_to_hang_up_is_still_there(desk: Desk) -> None:
    desk.ari.refuse("hangup", 400)
    assert await desk.does(HANG_UP) == ["hangup"]
    assert desk.events == []  # its own end tells


async def test_what_rings_the_phone_is_taken_down_before_the_leg_does(desk: Desk) -> None:
    desk.ari.results["get"] = {"state": "Ring"}
    assert await desk.does(INSTEAD) == ["get", "hangup", "originate"]
    assert desk.ari.arguments("hangup")["channelId"] == CONSULT
    assert desk.events == [ConsultOver(LEG)]


async def test_what_has_stopped_ringing_the_phone_meanwhile_is_no_obstacle(desk: Desk) -> None:
    desk.ari.absent.add(CONSULT)
    desk.ari.refuse("hangup", 404)
    assert await desk.does(INSTEAD) == ["get", "hangup", "originate"]
    assert desk.events == [ConsultOver(LEG)]


@pytest.mark.parametrize(
    ("name", "asked", "peer"),
    [
        ("PJSIP/1000-00000007", ["get", "list", "get", "list", "originate"], "PJSIP/1000-00000007"),
        ("PJSIP/4000-00000007", ["get", "list", "get", "hangup", "originate"], None),
    ],
)
async def test_whose_phone_has_just_been_answered_is_fetched_and_not_rung_again(
    desk: Desk, name: str, asked: list[str], peer: str | None
) -> None:
    desk.ari.results["get"] = {"state": "Up", "name": name}
    desk.ari.results["list"] = [{"channels": ["c", "d"]}, {"channels": [CONSULT, "1795686050.5"]}]
    assert await desk.does(INSTEAD) == asked
    assert desk.ari.arguments("get")["channelId"] == "1795686050.5"
    variables = desk.ari.arguments("originate")["variables"]
    assert isinstance(variables, dict)
    assert variables.get("IVR_PEER") == peer


async def test_who_has_answered_and_talks_with_nobody_yet_is_rung(desk: Desk) -> None:
    desk.ari.results["get"] = {"state": "Up"}
    desk.ari.results["list"] = []
    assert await desk.does(INSTEAD) == ["get", "list", "hangup", "originate"]


async def test_a_leg_to_who_talks_already_is_fetched_and_not_rung(desk: Desk) -> None:
    phone = {"id": "1795686050.7", "name": PEER, "dialplan": {"context": "phones", "exten": ""}}
    desk.ari.results["list"] = [{**phone, "id": "1", "name": "PJSIP/3000-00000007"}, phone]
    asked = ["list", "subscribe", "originate"]
    assert await desk.does(replace(RING, peer=PEER)) == asked
    assert desk.ari.arguments("subscribe")["eventSource"] == ["channel:1795686050.7"]
    given = desk.ari.arguments("originate")
    assert given["endpoint"] == "Local/s@ivr-attended-transfer/n"
    assert given["variables"] == {"IVR_PEER": PEER, "IVR_CONTEXT": "phones"}


async def test_whose_channel_cannot_be_watched_is_fetched_and_asterisk_does_the_next_transfer(
    desk: Desk,
) -> None:
    desk.ari.refuse("list", 500)
    assert await desk.does(replace(RING, peer=PEER)) == ["list", "originate"]
    assert desk.ari.arguments("originate")["variables"] == {"IVR_PEER": PEER}
