"""Agents at work without phone codes: by ad-hoc commands, as from Gajim or Psi."""

from xml.etree import ElementTree as ET

import pytest

from lab.xmpp_server import COMPONENT
from tests.e2e.world import World
from tests.e2e.xmpp_user import XmppUser

pytestmark = pytest.mark.e2e

COMMANDS = "http://jabber.org/protocol/commands"


def command(name: str, session: str = "") -> str:
    in_session = f"sessionid='{session}'" if session else ""
    return f"<command xmlns='{COMMANDS}' node='urn:ivr-pubsub:command:1:{name}' {in_session}/>"


async def carry_out(user: XmppUser, name: str) -> ET.Element:
    """Go through a command, leaving its form as it is; return what came of it."""
    begun = await user.ask(COMPONENT, command(name), "set")
    return await user.ask(COMPONENT, command(name, begun.get("sessionid", "")), "set")


async def test_who_logs_on_by_command_is_rung_and_by_command_no_longer(world: World) -> None:
    phone = await world.phone("1000")
    async with XmppUser(world.xmpp, "user1") as user:
        done = await carry_out(user, "log-on")
        assert done.findtext(f"{{{COMMANDS}}}note") == "1000 is logged on."
        caller = await world.call_support()
        agent = await phone.next_call()
        await agent.hang_up()
        await caller.ended()

        await carry_out(user, "log-off")
        assert await world.sql("SELECT 1 FROM members WHERE logged_on_at IS NOT NULL") == []
