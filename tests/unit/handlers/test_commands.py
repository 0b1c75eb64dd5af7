"""The ad-hoc command to see who waits for approval (XEP-0050, XEP-0060 §8.7)."""

import asyncio
from xml.etree import ElementTree as ET

import pytest

from component.handlers.commands import SESSIONS
from component.pubsub.configuration import AccessModel, Configuration
from component.pubsub.model import Role
from component.pubsub.service import Request
from tests.unit.handlers.dialogue import Dialogue, Refusal, canonical, refusal
from tests.unit.handlers.requests import PUBSUB, form, with_news
from tests.unit.pubsub.provisioned import ADMIN, AGENT, DOMAIN, SUPERVISOR

pytestmark = pytest.mark.unit

COMMANDS = "http://jabber.org/protocol/commands"
GET_PENDING = f"{PUBSUB}#get-pending"
AUTHORIZATION = f"{PUBSUB}#subscribe_authorization"


@pytest.fixture
def dialogue() -> Dialogue:
    """user1 waits to be let in at `news`."""
    made = with_news()
    config = Configuration("News", access_model=AccessModel.AUTHORIZE)
    request = Request(ADMIN, DOMAIN, "news")
    made.service.do(lambda pubsub: pubsub.configure(request, config))
    made.service.subscribe(AGENT, "news")
    made.service.told.clear()
    return made


async def command(
    dialogue: Dialogue, attributes: str = "", inner: str = "", sender: str = f"{ADMIN}/r"
) -> str:
    reply = await dialogue.say(
        f"<iq type='set' id='1' from='{sender}' to='{DOMAIN}'>"
        f"<command xmlns='{COMMANDS}' node='{GET_PENDING}' {attributes}>{inner}</command></iq>"
    )
    assert reply is not None
    return reply


def choice(node: str = "news", type_: str = "submit") -> str:
    return form(AUTHORIZATION, type_, node=node)


def specific(reply: str) -> tuple[Refusal, str]:
    """Return what an error says, and the condition that XEP-0050 adds."""
    (condition,) = ET.fromstring(reply).iterfind(f"error/{{{COMMANDS}}}*")
    return refusal(reply), condition.tag.removeprefix(f"{{{COMMANDS}}}")


IN_SESSION = "sessionid='new-subid'"
OVER = (Refusal("cancel", "not-allowed"), "session-expired")


async def test_an_owner_chooses_a_node_and_gets_the_forms(dialogue: Dialogue) -> None:
    begun = await command(dialogue)
    assert canonical(begun) == canonical(
        f"""
        <iq type='result' id='1' from='{DOMAIN}' to='{ADMIN}/r'>
          <command xmlns='{COMMANDS}' node='{GET_PENDING}' sessionid='new-subid'
                   status='executing' xml:lang='en'>
            <actions execute='complete'><complete/></actions>
            <x xmlns='jabber:x:data' type='form'>
              <field var='FORM_TYPE' type='hidden'><value>{AUTHORIZATION}</value></field>
              <field var='pubsub#node' type='list-single' label='Node'>
                <required/>
                <option><value>news</value></option>
              </field>
            </x>
          </command>
        </iq>
        """
    )
    chosen = await command(dialogue, IN_SESSION, choice())
    assert canonical(chosen) == canonical(
        f"""
        <iq type='result' id='1' from='{DOMAIN}' to='{ADMIN}/r'>
          <command xmlns='{COMMANDS}' node='{GET_PENDING}' sessionid='new-subid'
                   status='completed' xml:lang='en'/>
        </iq>
        """
    )
    assert [n.recipients for n in dialogue.service.told] == [(ADMIN,)]
    assert specific(await command(dialogue, IN_SESSION, choice())) == OVER


async def test_it_is_over_at_once_if_nobody_waits(dialogue: Dialogue) -> None:
    dialogue.service.unsubscribe(AGENT, "news")
    reply = await command(dialogue)
    assert "status='completed'" in reply
    assert "<note type='info'>" in reply
    assert specific(await command(dialogue, IN_SESSION)) == OVER


@pytest.mark.parametrize(
    ("attributes", "inner"),
    [(f"{IN_SESSION} action='cancel'", ""), (IN_SESSION, choice(type_="cancel"))],
)
async def test_it_can_be_cancelled(dialogue: Dialogue, attributes: str, inner: str) -> None:
    await command(dialogue)
    assert "status='canceled'" in await command(dialogue, attributes, inner)
    assert specific(await command(dialogue, IN_SESSION, choice())) == OVER
    assert not dialogue.service.told


@pytest.mark.parametrize(
    ("attributes", "inner", "condition"),
    [
        ("action='dance'", "", "malformed-action"),
        ("action='cancel'", "", "bad-sessionid"),
        ("sessionid='other'", choice(), "bad-sessionid"),
        ("sessionid=''", choice(), "bad-sessionid"),
        (f"{IN_SESSION} action='prev'", choice(), "bad-action"),
        (f"{IN_SESSION} action='next'", choice(), "bad-action"),
        (IN_SESSION, "", "bad-payload"),
        (IN_SESSION, choice("a</value><value>b"), "bad-payload"),
    ],
)
async def test_what_is_no_step_of_it_is_refused(
    dialogue: Dialogue, attributes: str, inner: str, condition: str
) -> None:
    await command(dialogue)
    found = specific(await command(dialogue, attributes, inner))
    assert found == (Refusal("modify", "bad-request"), condition)
    assert "status='completed'" in await command(
        dialogue, f"{IN_SESSION} action='complete'", choice()
    )


async def test_a_session_is_its_owners(dialogue: Dialogue) -> None:
    await command(dialogue)
    other = await command(dialogue, IN_SESSION, choice(), sender=f"{ADMIN}/other")
    assert specific(other)[1] == "bad-sessionid"


async def test_a_step_that_is_sent_twice_at_once_is_taken_once(
    dialogue: Dialogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    await command(dialogue)
    dialogue.take_turns(monkeypatch)
    steps = (command(dialogue, IN_SESSION, choice()) for _ in range(2))
    first, second = await asyncio.gather(*steps)
    assert "status='completed'" in first
    assert specific(second) == OVER


async def test_old_sessions_are_forgotten(dialogue: Dialogue) -> None:
    for _ in range(SESSIONS + 1):
        await command(dialogue)
    assert specific(await command(dialogue, IN_SESSION, choice())) == OVER
    assert "completed" in await command(dialogue, "sessionid='new-subid-2'", choice())
    for _ in range(SESSIONS):
        await command(dialogue)
    forgotten = specific(await command(dialogue, IN_SESSION, choice()))
    assert forgotten == (Refusal("modify", "bad-request"), "bad-sessionid")


async def test_who_begins_without_end_ends_nobody_elses(dialogue: Dialogue) -> None:
    owner = Request(ADMIN, DOMAIN, "news")
    dialogue.service.do(lambda pubsub: pubsub.set_affiliations(owner, [(SUPERVISOR, Role.OWNER)]))
    await command(dialogue, sender=f"{SUPERVISOR}/r")
    for _ in range(SESSIONS):
        await command(dialogue)
    assert "completed" in await command(dialogue, IN_SESSION, choice(), sender=f"{SUPERVISOR}/r")


async def test_only_owners_have_it(dialogue: Dialogue) -> None:
    reply = await command(dialogue, sender=f"{AGENT}/r")
    assert refusal(reply) == Refusal("cancel", "forbidden")
    await command(dialogue)
    gone = await command(dialogue, IN_SESSION, choice("gone"))
    assert refusal(gone) == Refusal("cancel", "item-not-found")


async def test_there_is_no_other_command(dialogue: Dialogue) -> None:
    content = f"<command xmlns='{COMMANDS}' node='x'/>"
    assert await dialogue.ask("set", content) == Refusal("cancel", "item-not-found")


async def test_commands_are_discovered(dialogue: Dialogue) -> None:
    async def discover(what: str, node: str) -> ET.Element:
        reply = await dialogue.say(
            f"<iq type='get' id='1' from='{AGENT}/r' to='{DOMAIN}'>"
            f"<query xmlns='http://jabber.org/protocol/disco#{what}' node='{node}'/></iq>"
        )
        assert reply is not None
        return ET.fromstring(reply)[0]

    item, *_ = await discover("items", COMMANDS)
    assert item.attrib == {
        "jid": DOMAIN, "node": GET_PENDING, "name": "See who waits for approval",
    }  # fmt: skip
    identity, *features = await discover("info", COMMANDS)
    assert (identity.get("category"), identity.get("type")) == ("automation", "command-list")
    disco = "http://jabber.org/protocol/disco#"
    assert [feature.get("var") for feature in features] == [f"{disco}info", f"{disco}items"]
    identity, *features = await discover("info", GET_PENDING)
    assert (identity.get("category"), identity.get("type")) == ("automation", "command-node")
    assert [feature.get("var") for feature in features] == [COMMANDS, "jabber:x:data"]
