"""People who log on at whichever phone is free, by number and PIN."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from lab.service import COMMAND
from lab.sip import Phone
from lab.xmpp_server import HOST
from tests.e2e.world import World, prompt

pytestmark = pytest.mark.e2e

PEOPLE = f"""number,name,jid,pin
71,Ada,user2@{HOST},1234
72,Eve,user3@{HOST},
"""


@pytest.fixture
async def world(world: World, tmp_path: Path) -> World:
    file = tmp_path / "people.csv"
    file.write_text(PEOPLE)
    process = await asyncio.create_subprocess_exec(
        COMMAND, "import", "people", str(file), "--config", str(world.service.config)
    )
    async with asyncio.timeout(30):
        assert await process.wait() == 0
    return world


async def keys(phone: Phone, *answers: tuple[str, str], hears: str) -> None:
    """Dial the code, answer each question, and hear what comes of it, to the end."""
    call = await phone.dial("*56466**")
    asked: Counter[str] = Counter()
    for question, answer in answers:
        asked[question] += 1
        await call.hears(prompt(question), 20, times=asked[question])
        await call.send_digits(f"{answer}#")
    await call.hears(prompt(hears))
    await call.hang_up()


async def test_a_person_gets_the_calls_where_she_sits_and_cannot_be_in_two_places(
    world: World,
) -> None:
    desk, other = await world.phone("1000"), await world.phone("2000")
    own = await world.watcher("1000")  # the extension's own account, until somebody sits there
    await keys(
        desk, ("enter-agent", "71"), ("enter-pin", "4321"), ("enter-pin", "1234"),
        hears="logged-on",
    )  # fmt: skip
    [row] = await world.sql("SELECT person, person_jid FROM agents WHERE extension = '1000'")
    assert tuple(row) == ("71", f"user2@{HOST}")
    await keys(other, ("enter-agent", "71"), ("enter-pin", "1234"), hears="agent-elsewhere")
    await keys(desk, ("enter-agent", "72"), hears="extension-in-use")

    await world.until(lambda: world.device_is_free("1000"), "the phone is free")
    watcher = await world.watcher("1000", account="user2")
    await world.call_support()
    await (await desk.next_call()).answered()
    assert (await watcher.next("offered")).extension == "1000"
    assert own.seen == []
    subscribed = await world.sql("SELECT jid FROM subscriptions WHERE node = 'ext1000'")
    assert [row["jid"].partition("/")[0] for row in subscribed] == [f"user2@{HOST}"]
    logged = await world.sql("SELECT event, agent FROM queue_log ORDER BY id")
    assert [tuple(row) for row in logged] == [
        ("ADDMEMBER", "71"),
        ("ENTERQUEUE", "NONE"),
        ("CONNECT", "71"),
    ]
    log = world.service.log.read_text()
    assert "request by phone refused" in log
    assert "agent logged on" in log
    assert "4321" not in log
