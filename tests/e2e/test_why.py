"""`ivr-pubsub why`, after real calls."""

import asyncio
import json

import pytest

from lab.service import COMMAND
from lab.sip import rejecting
from tests.e2e.talks import takes
from tests.e2e.world import World

pytestmark = pytest.mark.e2e


async def test_why_tells_who_was_offered_the_call_in_which_order_and_who_was_not(
    world: World,
) -> None:
    refusing, taking = await world.agent("1000"), await world.agent("2000")
    refusing.on_call = rejecting(486)
    await world.call_support()
    await takes(world, taking)
    [call] = await world.sql("SELECT id, channel FROM calls")

    explained = json.loads(await why(world, call["id"], "--json"))
    assert (explained["id"], explained["queue"], explained["state"]) == (
        call["id"], "support", "answered",
    )  # fmt: skip
    first, second = explained["choices"]
    assert [candidate["extension"] for candidate in first["line"]] == ["1000", "2000"]
    assert (first["offered"], first["strategy"]) == (["1000"], "leastrecent")
    assert first["passed_over"] == {"logged off": {"number": 1, "extensions": ["3000"]}}
    assert (second["offered"], second["attempt"]) == (["2000"], 2)
    assert second["passed_over"]["tried"] == {"number": 1, "extensions": ["1000"]}

    table = await why(world, call["channel"])
    assert "offered to 1000: strategy leastrecent, 2 candidates" in table
    assert "passed over, tried: 1 (1000)" in table
    assert "idle since" in table
    assert "5550100" not in table, "who called is not what this is about"


async def test_why_says_that_there_is_no_such_call(world: World) -> None:
    assert "there is no call nonesuch" in await why(world, "nonesuch", status=1)


async def why(world: World, call: str, *options: str, status: int = 0) -> str:
    """Run the command; return what it prints."""
    process = await asyncio.create_subprocess_exec(
        COMMAND, "why", call, *options, "--config", str(world.service.config),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    async with asyncio.timeout(30):
        printed, _ = await process.communicate()
    assert process.returncode == status, printed.decode()
    return printed.decode()
