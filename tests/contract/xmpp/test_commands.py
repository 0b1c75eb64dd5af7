"""Ad-hoc commands by an ordinary client, slixmpp's, through a real server."""

from typing import Any
from xml.etree import ElementTree as ET

import pytest
from slixmpp.exceptions import IqError

from component.domain.model import MemberState
from component.handlers.operation_commands import NAMESPACE
from lab.xmpp_server import XmppServerSettings
from tests.contract.xmpp.client import Client
from tests.contract.xmpp.service import Service

pytestmark = pytest.mark.contract

DOMAIN = "ivr.example.com"
OWN_ADDRESS = "ext1000@ivr.example.com"
COMMANDS = "http://jabber.org/protocol/commands"


def state(service: Service) -> MemberState:
    return service.state.members["support", "1000"].state


async def offered(client: Client, address: str) -> list[str]:
    found = await client.disco.get_items(address, COMMANDS)
    return [name for _, _, name in found["disco_items"]["items"]]


async def step(
    client: Client, name: str, to: str, session: Any = None, action: str = "execute", **values: str
) -> Any:
    """Do what slixmpp does for a client in one step of a command."""
    form = None
    if values:
        form = client.forms.make_form("submit")
        for var, value in values.items():
            form.add_field(var, value=value)
    answer = await client.commands.send_command(
        to, f"{NAMESPACE}:{name}", action=action, payload=form, sessionid=session
    )
    return answer["command"]


@pytest.mark.parametrize("address", [DOMAIN, OWN_ADDRESS])
async def test_an_agent_is_offered_commands_and_carries_one_out(
    service: Service, client: Client, address: str
) -> None:
    assert {"Log on", "Log off", "Pause", "Resume", "My state"} <= set(
        await offered(client, address)
    )
    asked = await step(client, "log-on", address)
    assert asked["status"] == "executing"
    assert asked["actions"] == {"complete"}
    queue = asked["form"].get_fields()["queue"]
    assert [o["value"] for o in queue["options"]] == ["", "support"]

    done = await step(client, "log-on", address, asked["sessionid"], queue="support")
    assert done["status"] == "completed"
    assert done["notes"] == [("info", "1000 is logged on in support.")]
    assert state(service) is MemberState.READY


async def test_results_are_a_table(service: Service, client: Client) -> None:
    done = await step(client, "my-state", DOMAIN)
    reported = done["form"]["reported"]
    (row,) = done["form"]["items"]
    assert reported["state"]["label"] == "State"
    assert (row["extension"], row["state"]) == ("1000", "logged off")


async def test_who_may_not_is_told_so(service: Service, client: Client) -> None:
    with pytest.raises(IqError) as refused:
        await step(client, "log-on", "ext2000@ivr.example.com")
    assert refused.value.condition == "forbidden"
    assert await offered(client, "ext2000@ivr.example.com") == ["See who waits for approval"]


async def test_errors_are_those_of_the_specification(service: Service, client: Client) -> None:
    answer = await client.ask(
        f"<iq type='set' to='{DOMAIN}'><command xmlns='{COMMANDS}' node='{NAMESPACE}:log-on'"
        " sessionid='gone' action='complete'/></iq>"
    )
    error = answer.find("{jabber:client}error")
    assert error is not None
    assert [child.tag.rpartition("}")[2] for child in error if "text" not in child.tag] == [
        "bad-request", "bad-sessionid",
    ]  # fmt: skip
    assert ET.tostring(error).count(COMMANDS.encode()) == 1


async def test_the_same_is_asked_for_by_message(service: Service, client: Client) -> None:
    client.say(f"<message to='{OWN_ADDRESS}' type='chat' id='m1'><body>log on</body></message>")
    (answer,) = await client.hears(1)
    assert (answer.get("from"), answer.get("type")) == (OWN_ADDRESS, "chat")
    assert answer.findtext("{jabber:client}body") == "1000 is logged on."
    assert state(service) is MemberState.READY


async def test_a_supervisor_sees_all_and_pauses_an_agent_at_the_agents_address(
    service: Service, client: Client, settings: XmppServerSettings
) -> None:
    asked = await step(client, "log-on", DOMAIN)
    await step(client, "log-on", DOMAIN, asked["sessionid"], queue="support")
    async with Client(settings, "user3") as supervisor:
        asked = await step(supervisor, "agents", DOMAIN)
        done = await step(supervisor, "agents", DOMAIN, asked["sessionid"], queue="support")
        assert done["notes"] == [("info", "Logged on: 1. Logged off: 1.")]
        rows = [(row["extension"], row["state"]) for row in done["form"]["items"]]
        assert rows == [("1000", "free"), ("2000", "logged off")]

        asked = await step(supervisor, "pause-agent", OWN_ADDRESS)
        assert "agent" not in asked["form"].get_fields()
        await step(supervisor, "pause-agent", OWN_ADDRESS, asked["sessionid"], reason="meeting")
        assert service.state.members["support", "1000"].pause_reason == "meeting"
