"""Agents at work without phone codes: by ad-hoc commands, as from Gajim or Psi."""

import asyncio
import json
import signal
from asyncio.subprocess import PIPE
from pathlib import Path
from subprocess import CalledProcessError
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from lab.service import COMMAND
from lab.sip import ringing_only
from lab.xmpp_server import COMPONENT, HOST
from tests.e2e.talks import talk
from tests.e2e.world import World
from tests.e2e.xmpp_user import XmppUser
from tests.xmpp_servers import on_every_xmpp_server

pytestmark = pytest.mark.e2e

COMMANDS = "http://jabber.org/protocol/commands"


def command(name: str, session: str = "") -> str:
    in_session = f"sessionid='{session}'" if session else ""
    return f"<command xmlns='{COMMANDS}' node='urn:ivr-pubsub:command:1:{name}' {in_session}/>"


async def carry_out(user: XmppUser, name: str) -> ET.Element:
    """Go through a command, leaving its form as it is; return what came of it."""
    begun = await user.ask(COMPONENT, command(name), "set")
    return await user.ask(COMPONENT, command(name, begun.get("sessionid", "")), "set")


@on_every_xmpp_server
async def test_who_logs_on_by_command_is_rung_and_by_command_no_longer(world: World) -> None:
    phone = await world.phone("1000")
    async with XmppUser(world.xmpp, "user1") as user:
        done = await carry_out(user, "log-on")
        assert done.findtext(f"{{{COMMANDS}}}note") == "1000 is logged on."
        caller, agent = await talk(world, phone)
        await agent.hang_up()
        await caller.ended()

        await carry_out(user, "log-off")
        assert await world.sql("SELECT 1 FROM members WHERE logged_on_at IS NOT NULL") == []


async def test_the_operator_sees_and_changes_the_same_on_the_command_line(world: World) -> None:
    await world.agent("1000")
    config = world.service.config
    (agent, *_) = json.loads(await run("agents", "--json", "--config", config))
    assert (agent["extension"], agent["state"]) == ("1000", "free")
    said = await run("agents", "pause", "1000", "--reason", "meeting", "--config", config)
    assert said == "1000 is paused: meeting.\n"
    assert "paused" in await run("agents", "--config", config)
    assert "1000" not in await run("calls", "--config", config)
    (customer,) = json.loads(await run("customers", "--find", "1111", "--json", "--config", config))
    assert customer["name"] == "Company 1"
    seen = await top(config)
    assert [queue["queue"] for queue in seen["queues"]] == ["support"]
    assert "1000" in [agent["extension"] for agent in seen["agents"]]
    await run("queues", "close", "support", "--config", config)
    await world.until(lambda: shows("closed", "queues", config), "the queue is shown as closed")
    await world.call_support()
    await world.until(
        lambda: world.sql("SELECT 1 FROM calls WHERE outcome = 'joinempty'"), "nobody is let in"
    )
    await run("drain", "--wait", "--config", config)
    drain = (await world.service.status())["drain"]
    assert drain == {"ready": False, "detail": "drained"}

    await world.service.stop()
    with pytest.raises(CalledProcessError) as failed:
        await run("queues", "--config", config)
    assert "the service does not run here" in failed.value.stderr
    await world.service.start()


async def test_what_is_configured_changes_by_command_while_the_service_runs(world: World) -> None:
    config = ("--config", world.service.config)
    phone = await world.phone("1000")
    phone.on_call = ringing_only()
    assert await run("agents", "log-on", "1000", *config) == "1000 is logged on.\n"
    old = await world.watcher("1000")
    await world.call_support()
    await phone.next_call()
    await old.next("offered")
    has_call = "That extension has a call. Log it off, and wait for its end."
    assert await refused("agents", "remove", "1000", *config) == f"ivr-pubsub: {has_call}\n"
    assert "Callers wait there." in await refused("queues", "remove", "support", *config)

    operator = await world.phone("3000")
    (call,) = json.loads(await run("calls", "--json", *config))
    said = await run("calls", "withdraw", call["call"], *config)
    assert said == "The caller is no longer in support, and goes back to the dialplan.\n"
    await (await operator.next_call()).hang_up()
    await world.quiet()

    await run("queues", "set", "support", "ringinuse", "yes", *config)
    await run("queues", "change-member", "support", "2000", "7", *config)
    await run("agents", "change", "1000", "--jid", f"user2@{HOST}", *config)
    await world.until(lambda: shows("user2@", "agents", world.service.config), "it is followed")
    assert not await world.is_subscribed("1000")
    (queue,) = await world.sql("SELECT ringinuse FROM queues")
    assert queue["ringinuse"] is True
    await run("agents", "remove", "1000", *config)
    await world.until(lambda: has_no_node(world, "ext1000"), "its node is gone")
    await run("queues", "remove", "support", *config)
    assert await world.sql("SELECT 1 FROM members") == []


async def has_no_node(world: World, name: str) -> bool:
    return await world.sql("SELECT 1 FROM nodes WHERE name = $1", name) == []


async def refused(*arguments: str | Path) -> str:
    """Run a command that is refused; return what it complains of."""
    with pytest.raises(CalledProcessError) as failed:
        await run(*arguments)
    assert failed.value.returncode == 1
    return str(failed.value.stderr)


async def shows(word: str, command: str, config: Path) -> bool:
    return word in await run(command, "--config", config)


async def top(config: Path) -> Any:
    """What the live view shows first, as JSON."""
    # Tests that run in the background of a shell ignore SIGINT, and so would what they start.
    heeding = ("env", "--default-signal=INT")
    process = await asyncio.create_subprocess_exec(
        *heeding, COMMAND, "top", "--json", "--config", config, stdout=PIPE
    )
    assert process.stdout is not None
    shown = json.loads(await process.stdout.readline())
    process.send_signal(signal.SIGINT)
    assert await process.wait() == 0
    return shown


async def run(*arguments: str | Path) -> str:
    """Run a command; return what it writes. Raises `CalledProcessError`."""
    process = await asyncio.create_subprocess_exec(COMMAND, *arguments, stdout=PIPE, stderr=PIPE)
    out, complaint = await process.communicate()
    if process.returncode:
        raise CalledProcessError(process.returncode, arguments[0], stderr=complaint.decode())
    return out.decode()
