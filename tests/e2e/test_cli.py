"""The command line, on the real thing."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from lab.service import COMMAND
from lab.sip import ringing_only
from lab.xmpp_server import HOST
from tests.databases import Databases
from tests.e2e.talks import takes, talk
from tests.e2e.world import PATIENCE, World
from tests.xmpp_servers import on_every_xmpp_server

pytestmark = pytest.mark.e2e


@asynccontextmanager
async def command(
    *arguments: str, env: dict[str, str] | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run `ivr-pubsub` as long as the context lasts."""
    process = await asyncio.create_subprocess_exec(
        COMMAND,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | (env or {}),
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


async def output(*arguments: str) -> tuple[int, str]:
    """Run `ivr-pubsub` to its end; return the exit status and what it printed."""
    async with command(*arguments) as process, asyncio.timeout(30):
        out, err = await process.communicate()
        assert process.returncode is not None
        return process.returncode, (out + err).decode()


def watch(world: World, *options: str) -> Sequence[str]:
    port = str(world.xmpp.settings.c2s_port)
    account = ("--jid", f"user1@{HOST}", "--host", "127.0.0.1", "--port", port, "--plaintext")
    return ("watch", "1000", *account, *options)


@on_every_xmpp_server
async def test_watch_prints_a_line_of_json_per_event(world: World) -> None:
    password = {"IVR_PUBSUB_WATCH_PASSWORD": world.xmpp.settings.passwords["user1"]}
    async with command(*watch(world, "--json"), env=password) as watching:
        assert watching.stdout is not None
        await world.until(lambda: world.is_subscribed("1000"), "the watcher is subscribed")
        _, taken = await talk(world, await world.agent("1000"))
        await taken.hang_up()
        async with asyncio.timeout(PATIENCE):
            lines = [json.loads(await watching.stdout.readline()) for _ in range(3)]

    assert [line["state"] for line in lines] == ["offered", "answered", "ended"]
    assert {line["customer_name"] for line in lines} == {"Company 1"}


@on_every_xmpp_server
async def test_watch_prints_a_line_for_people(world: World) -> None:
    password = {"IVR_PUBSUB_WATCH_PASSWORD": world.xmpp.settings.passwords["user1"]}
    async with command(*watch(world), env=password) as watching:
        assert watching.stdout is not None
        await world.until(lambda: world.is_subscribed("1000"), "the watcher is subscribed")
        phone = await world.agent("1000")
        phone.on_call = ringing_only()
        await world.call_support("2222")
        async with asyncio.timeout(PATIENCE):
            line = (await watching.stdout.readline()).decode()

    assert "offered" in line
    assert "Company 2" in line


async def test_check_finds_everything_in_order(world: World) -> None:
    status, printed = await output("check", "--config", str(world.service.config))

    assert status == 0, printed
    for name in ("configuration", "asterisk", "xmpp", "database"):
        assert name in printed.lower()


async def test_check_says_what_is_wrong_and_how_to_mend_it(world: World) -> None:
    await world.service.stop()
    text = world.service.config.read_text()
    ari = world.asterisk.settings.ari_password
    world.service.config.write_text(
        text.replace(ari, "wrong").replace(world.xmpp.settings.component_secret, "wrong")
    )
    status, printed = await output("check", "--config", str(world.service.config))

    assert status == 1
    assert "ari.conf" in printed
    assert "secret" in printed


async def test_a_wrong_key_is_named_before_any_socket_opens(world: World) -> None:
    await world.service.stop()
    world.service.config.write_text(world.service.config.read_text() + "\n[queue]\nring = 3\n")
    status, printed = await output("run", "--config", str(world.service.config))

    assert status == 2
    assert "queue" in printed


async def test_migrate_prepares_an_empty_database_and_then_has_nothing_to_do(
    world: World, databases: Databases
) -> None:
    await world.service.stop()
    url = await databases.empty("migrated_by_command")
    config = world.service.config
    config.write_text(config.read_text().replace(world.database, url))

    assert (await output("migrate", "--config", str(config)))[0] == 0
    status, printed = await output("migrate", "--config", str(config))
    assert (status, printed.strip()) == (0, "the schema is up to date")


async def test_metrics_count_calls_and_offers(world: World) -> None:
    _, taken = await talk(world, await world.agent("1000"))
    await taken.hang_up()
    await world.quiet()
    metrics = await world.service.metrics()

    assert metrics['ivr_calls_total{outcome="completed",queue="support"}'] == 1
    assert metrics['ivr_offers_total{queue="support",result="answered"}'] == 1
    assert metrics['ivr_customer_lookups_total{result="found"}'] == 1
    assert metrics['ivr_up{peer="asterisk"}'] == 1


async def test_nothing_about_the_caller_is_logged(world: World) -> None:
    phone = await world.agent("1000")
    await world.call_support("2222", number="5550999")
    taken = await takes(world, phone, "5550999")
    await taken.hang_up()
    await world.quiet()
    log = world.service.log.read_text()

    assert "customer looked up" in log
    for personal in ("5550999", "Company 2", "2222"):
        assert personal not in log
