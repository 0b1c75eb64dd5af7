"""What is known of callers reaches the agent's screen, and neither the log nor the metrics."""

import json
import re

import aiohttp
import pytest

from lab.sip import answering, in_turn, rejecting
from lab.sip.message import Header
from tests.databases import Databases
from tests.e2e.talks import takes
from tests.e2e.world import World, prompt

pytestmark = pytest.mark.e2e

NUMBER = "5559871"
CODE = "4713"
WRONG_CODE = "4719"
CUSTOMER = "Quint Zacharias GmbH"
CONTRACT = "platinum-extra"

PERSONAL = re.compile(
    # Of times, ports and ids, four digits may be a part.
    rf"{NUMBER}|Quint|Zacharias|{CONTRACT}|(?<![0-9a-f.])({CODE}|{WRONG_CODE})(?![0-9a-f])"
)


ASSERTED = ("P-Asserted-Identity", f"<sip:{NUMBER}@127.0.0.1>"), ("Privacy", "id")
WITHHELD: dict[str, tuple[str, tuple[Header, ...]]] = {
    "by the phone": ("anonymous", ()),
    "by the trunk": ("anonymous", ASSERTED),
    "but in From": (NUMBER, ASSERTED),
}
"""Who calls as From tells it, and what else tells that."""


@pytest.mark.parametrize("how", WITHHELD)
async def test_a_number_that_is_withheld_is_shown_to_nobody(world: World, how: str) -> None:
    number, headers = WITHHELD[how]
    watcher, agent = await world.watcher("1000"), await world.agent("1000")
    caller = await (await world.caller(number)).dial("0000", headers=headers)
    await caller.answered()
    for keys in ("1", "1111"):
        await caller.send_digits(keys)
    taken = await agent.next_call()
    offered = await watcher.next("offered")
    assert (offered.caller_number, offered.caller_name) == ("", "")
    assert NUMBER not in taken.invite.to_bytes().decode()
    await taken.hang_up()


@pytest.mark.parametrize("number", ['5" & SHELL(id) & "5', "5${EXTEN}) = 1"])
async def test_what_a_number_says_is_not_calculated(world: World, number: str) -> None:
    watcher, agent = await world.watcher("1000"), await world.agent("1000")
    await world.call_support(number=number)
    assert (await watcher.next("offered")).caller_number == number
    await (await agent.next_call()).hang_up()


async def scraped(world: World) -> str:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{world.service.url}/metrics") as reply,
    ):
        return await reply.text()


async def test_a_call_leaves_nothing_of_the_caller_in_the_log_or_the_metrics(
    world: World, databases: Databases
) -> None:
    await world.sql(
        "INSERT INTO customers (code, name, attributes) VALUES ($1, $2, $3)",
        CODE, CUSTOMER, json.dumps({"contract": CONTRACT}),
    )  # fmt: skip
    watcher = await world.watcher("1000")
    agent, other = await world.agent("1000"), await world.agent("2000")
    other.on_call = rejecting()
    caller = await world.call_support(WRONG_CODE, number=NUMBER)
    await caller.hears(prompt("invalid-code"))
    await caller.send_digits(CODE)
    taken = await agent.next_call()
    await taken.answered()
    offered = await watcher.next("offered")
    assert (offered.caller_number, offered.customer_name) == (NUMBER, CUSTOMER)
    await watcher.next("answered")
    async with databases.away(world.database):
        await taken.hang_up()
        turned_away = await world.call_support(CODE, number=NUMBER)
    await caller.ended()
    await turned_away.hang_up()
    await world.quiet()

    log = world.service.log.read_text()
    assert "call answered" in log
    assert PERSONAL.findall(log) == []
    metrics = await scraped(world)
    assert "ivr_calls_total" in metrics
    assert PERSONAL.findall(metrics) == []


@pytest.mark.queue(retry=0.1)
async def test_every_line_that_belongs_to_a_call_names_it(world: World) -> None:
    agent = await world.agent("1000")
    agent.on_call = in_turn(rejecting(), answering())
    caller = await world.call_support()
    await agent.next_call()
    await takes(world, agent)
    await caller.hang_up()
    await world.quiet()

    [entered] = world.service.logged("caller entered")
    call = entered["call_id"], "support"
    told = [
        line for line in world.service.logged() if line.get("call_id") or "call" in line["event"]
    ]
    assert {(line["call_id"], line["queue"]) for line in told} == {call}
    assert [line["event"] for line in told if line["level"] == "info"] == [
        "caller entered",
        "call offered",
        "offer not taken",
        "call offered",
        "call answered",
        "call ended by caller",
    ]
    assert {line["agent"] for line in told if line["event"] != "caller entered"} == {"1000"}
    assert entered["caller"] == entered["customer"] == entered["digits"] == "***"
