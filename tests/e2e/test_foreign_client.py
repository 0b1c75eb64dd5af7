"""Software that was not written for this service, with a library that knows nothing of it."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator

import pytest

from lab.sip import ringing_only
from tests.e2e.world import PATIENCE, World
from tests.xmpp_servers import on_every_xmpp_server

pytestmark = [pytest.mark.e2e, on_every_xmpp_server]


@pytest.fixture
async def foreign(world: World) -> AsyncIterator[Process]:
    settings = world.xmpp.settings
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.e2e.foreign_client"),
        *(str(settings.c2s_port), settings.passwords["user1"]),
        stdout=PIPE,
    )
    yield process
    if process.returncode is None:
        process.kill()
    await process.communicate()


async def line(process: Process) -> str:
    assert process.stdout is not None
    return (await asyncio.wait_for(process.stdout.readline(), PATIENCE)).decode().strip()


async def test_it_logs_the_agent_on_and_is_shown_a_call_at_both_addresses(
    world: World, foreign: Process
) -> None:
    phone = await world.phone("1000")
    assert await line(foreign) == "logged on"
    phone.on_call = ringing_only()
    await world.call_support("2222", number="5550123")

    shown = [json.loads(await line(foreign)) for _ in range(2)]
    assert {s["from"] for s in shown} == {"ivr.example.com", "ext1000@ivr.example.com"}
    assert {(s["node"], s["state"]) for s in shown} == {("ext1000", "offered")}
    call = shown[0]["call"]
    assert call == shown[1]["call"]
    assert shown[0]["item"] == shown[1]["item"] == call["id"]
    assert call["caller"]["number"] == "5550123"
    assert call["customer"]["name"] == "Company 2"
