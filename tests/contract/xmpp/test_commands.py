"""Ad-hoc commands by an ordinary client, slixmpp's, through a real server."""

from collections.abc import AsyncIterator, Mapping
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from slixmpp.exceptions import IqError

from component.domain.words import MemberState
from component.handlers.operation_commands import NAMESPACE
from component.operations.changes import ChangeMember
from lab.xmpp_server import XmppServerSettings
from tests.contract.xmpp.client import Client
from tests.contract.xmpp.service import Service

pytestmark = pytest.mark.contract


@pytest.fixture
async def admin(settings: XmppServerSettings) -> AsyncIterator[Client]:
    async with Client(settings, "user3") as client:
        yield client


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
    assert [o["value"] for o in queue["options"]] == ["*", "support"]

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
    assert (refused.value.etype, refused.value.condition) == ("cancel", "forbidden")
    assert await offered(client, "ext2000@ivr.example.com") == ["See who waits for approval"]


async def test_errors_are_those_of_the_specification(service: Service, client: Client) -> None:
    begun = await step(client, "log-on", DOMAIN)
    await step(client, "log-on", DOMAIN, begun["sessionid"], action="cancel")
    for attributes, *expected in (
        ("sessionid='never' action='complete'", "bad-request", "bad-sessionid"),
        (f"sessionid='{begun['sessionid']}'", "not-allowed", "session-expired"),
        ("action='dance'", "bad-request", "malformed-action"),
    ):
        answer = await client.ask(
            f"<iq type='set' to='{DOMAIN}'>"
            f"<command xmlns='{COMMANDS}' node='{NAMESPACE}:log-on' {attributes}/></iq>"
        )
        error = answer.find("{jabber:client}error")
        assert error is not None
        conditions = [c.tag.rpartition("}")[2] for c in error if "text" not in c.tag]
        assert conditions == expected
        assert ET.tostring(error).count(COMMANDS.encode()) == 1


FIRST = {"queue": "support"}
SECOND = {"extension": "1000"}


async def sends(client: Client, attributes: str, form: str = "") -> ET.Element:
    """Send a step of `change-member` as it is written; return the command in the answer."""
    answer = await client.ask(
        f"<iq type='set' to='{DOMAIN}'><command xmlns='{COMMANDS}'"
        f" node='{NAMESPACE}:change-member' {attributes}>{form}</command></iq>"
    )
    found = answer.find(f"{{{COMMANDS}}}command")
    assert found is not None, ET.tostring(answer)
    return found


def submitted(values: Mapping[str, str], *, typed: bool = False) -> str:
    """Fill a form in; some clients also repeat the types of fields and FORM_TYPE."""
    type_ = " type='list-single'" if typed else ""
    fields = [f"<field var='{v}'{type_}><value>{t}</value></field>" for v, t in values.items()]
    if typed:
        form_type = f"<value>{NAMESPACE}:change-member</value>"
        fields.insert(0, f"<field var='FORM_TYPE' type='hidden'>{form_type}</field>")
    return f"<x xmlns='jabber:x:data' type='submit'>{''.join(fields)}</x>"


def shown(command: ET.Element) -> dict[str, str | None]:
    """Return the fields of a form with their values."""
    fields = command.iterfind("{jabber:x:data}x/{jabber:x:data}field")
    found = {f.get("var", ""): f.findtext("{jabber:x:data}value") for f in fields}
    return {var: value for var, value in found.items() if var != "FORM_TYPE"}


def buttons(command: ET.Element) -> tuple[str | None, list[str]]:
    """Return what is done by default, and what else a client lets its user do."""
    actions = command.find(f"{{{COMMANDS}}}actions")
    assert actions is not None
    return actions.get("execute"), [action.tag.rpartition("}")[2] for action in actions]


@pytest.mark.parametrize(
    ("first", "forward", "last", "typed"),
    [
        ("action='execute'", "action='next'", "action='complete'", True),
        ("", "", "", False),
        ("action='execute'", "action='execute'", "action='execute'", True),
    ],
    ids=["a wizard with buttons", "no action is named", "all is execute"],
)
async def test_clients_go_through_the_steps_in_their_own_ways(
    service: Service, admin: Client, first: str, forward: str, last: str, typed: bool
) -> None:
    begun = await sends(admin, first)
    session = f"sessionid='{begun.get('sessionid')}'"
    assert buttons(begun) == ("next", ["next"])
    second = await sends(admin, f"{session} {forward}", submitted(FIRST, typed=typed))
    assert buttons(second) == ("next", ["prev", "next"])
    third = await sends(admin, f"{session} {forward}", submitted(SECOND, typed=typed))
    assert buttons(third) == ("complete", ["prev", "complete"])
    assert shown(third) == {"penalty": "0"}
    done = await sends(admin, f"{session} {last}", submitted({"penalty": "4"}, typed=typed))
    assert done.get("status") == "completed"
    assert service.books.written == [ChangeMember("support", "1000", 4)]


@pytest.mark.parametrize(
    "left", ["", submitted({"extension": "2000"}), "<x xmlns='jabber:x:data' type='submit'/>"],
    ids=["no form", "what was chosen", "an empty form"],
)  # fmt: skip
async def test_one_can_go_back_and_choose_anew(service: Service, admin: Client, left: str) -> None:
    begun = await sends(admin, "action='execute'")
    session = f"sessionid='{begun.get('sessionid')}'"
    await sends(admin, f"{session} action='next'", submitted(FIRST))
    back = await sends(admin, f"{session} action='prev'", left)
    assert (shown(back), buttons(back)) == (FIRST, ("next", ["next"]))
    await sends(admin, f"{session} action='next'", submitted(FIRST))
    third = await sends(admin, f"{session} action='next'", submitted(SECOND))
    assert shown(third) == {"penalty": "0"}
    second = await sends(admin, f"{session} action='prev'")
    assert shown(second) == SECOND
    assert service.books.written == []


@pytest.mark.parametrize(
    ("attributes", "form"),
    [
        ("action='cancel'", ""),
        ("action='cancel'", "<x xmlns='jabber:x:data' type='submit'/>"),
        ("action='cancel'", "<x xmlns='jabber:x:data' type='cancel'/>"),
        ("", "<x xmlns='jabber:x:data' type='cancel'/>"),
    ],
)
async def test_clients_cancel_in_their_own_ways(
    service: Service, admin: Client, attributes: str, form: str
) -> None:
    begun = await sends(admin, "action='execute'")
    session = f"sessionid='{begun.get('sessionid')}'"
    assert begun.get("{http://www.w3.org/XML/1998/namespace}lang") == "en"
    over = await sends(admin, f"{session} {attributes}", form)
    assert (over.get("status"), len(over)) == ("canceled", 0)
    assert over.get("sessionid") == begun.get("sessionid")


async def test_a_slip_costs_nobody_the_form(service: Service, admin: Client) -> None:
    begun = await sends(admin, "action='execute'")
    session = f"sessionid='{begun.get('sessionid')}'"
    await sends(admin, f"{session} action='next'", submitted(FIRST))
    await sends(admin, f"{session} action='next'", submitted(SECOND))
    again = await sends(admin, f"{session} action='complete'", submitted({"penalty": "high"}))
    assert again.get("status") == "executing"
    assert again.findtext(f"{{{COMMANDS}}}note") == "Penalty must be a whole number from 0."
    assert (shown(again), buttons(again)[0]) == ({"penalty": "high"}, "complete")
    done = await sends(admin, f"{session} action='complete'", submitted({"penalty": "4"}))
    assert done.get("status") == "completed"


async def test_the_choice_that_is_empty_may_be_left_out_or_sent_empty(
    service: Service, client: Client
) -> None:
    for name, form in (
        ("log-on", "<x xmlns='jabber:x:data' type='submit'/>"),
        ("pause", submitted({"queue": "", "reason": ""})),
        ("log-off", "<x xmlns='jabber:x:data' type='submit'><field var='queue'/></x>"),
    ):
        asked = await step(client, name, DOMAIN)
        answer = await client.ask(
            f"<iq type='set' to='{DOMAIN}'><command xmlns='{COMMANDS}'"
            f" node='{NAMESPACE}:{name}' sessionid='{asked['sessionid']}'>{form}</command></iq>"
        )
        done = answer.find(f"{{{COMMANDS}}}command")
        assert done is not None
        assert done.get("status") == "completed", ET.tostring(answer)
    assert state(service) is MemberState.LOGGED_OFF


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
