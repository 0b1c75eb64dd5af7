"""An agent's extension in a roster: all that a client needs to do is to add it."""

import pytest

from lab.xmpp_server import COMPONENT
from tests.e2e.world import World
from tests.e2e.xmpp_user import XmppUser
from tests.xmpp_servers import on_every_xmpp_server

pytestmark = [pytest.mark.e2e, on_every_xmpp_server]

EXTENSION = f"ext1000@{COMPONENT}"
CALL = "urn:ivr-pubsub:call:1"


async def test_a_contact_shows_the_agents_state_and_the_calls(world: World) -> None:
    async with XmppUser(world.xmpp, "user1", interest=CALL) as user:
        user.add_contact(EXTENSION)
        phone = await world.agent("1000")
        assert await user.sees(EXTENSION, "Free (support)") == "chat"

        await world.call_support()
        message = await user.next_message("headline")
        assert message["from"] == EXTENSION
        assert [call.get("state") for call in message.xml.iter(f"{{{CALL}}}call")] == ["offered"]
        assert await user.sees(EXTENSION, "Ringing (support)") == "dnd"
        agent = await phone.next_call()
        assert await user.sees(EXTENSION, "On a call (support)") == "dnd"

        await agent.hang_up()
        assert await user.sees(EXTENSION, "Free (support)") == "chat"
        states: list[str | None] = ["offered"]
        while states[-1] != "ended":
            message = await user.next_message("headline")
            states += [call.get("state") for call in message.xml.iter(f"{{{CALL}}}call")]
        assert states == ["offered", "answered", "ended"]
