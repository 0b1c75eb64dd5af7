"""Operations as ad-hoc commands, as a client sees them (XEP-0050)."""

from xml.etree import ElementTree as ET

import pytest

from component.domain.words import MemberState
from component.handlers import commands
from component.handlers.operation_commands import NAMESPACE
from component.ports import StoreUnavailableError
from tests.unit.handlers.dialogue import Dialogue, Refusal, canonical, refusal
from tests.unit.pubsub.provisioned import ADMIN, AGENT, DOMAIN, EXTENSION, STRANGER, SUPERVISOR

pytestmark = pytest.mark.unit

COMMANDS = "http://jabber.org/protocol/commands"
IN_SESSION = "sessionid='new-subid'"


@pytest.fixture
def dialogue() -> Dialogue:
    return Dialogue()


async def command(
    dialogue: Dialogue,
    name: str,
    attributes: str = "",
    inner: str = "",
    sender: str = f"{AGENT}/r",
    to: str = DOMAIN,
) -> str:
    reply = await dialogue.say(
        f"<iq type='set' id='1' from='{sender}' to='{to}'>"
        f"<command xmlns='{COMMANDS}' node='{NAMESPACE}:{name}' {attributes}>{inner}</command></iq>"
    )
    assert reply is not None
    return reply


def filled_in(**values: str) -> str:
    fields = "".join(f"<field var='{n}'><value>{v}</value></field>" for n, v in values.items())
    return f"<x xmlns='jabber:x:data' type='submit'>{fields}</x>"


def specific(reply: str) -> tuple[Refusal, str]:
    """Return what an error says, and the condition that XEP-0050 adds."""
    (condition,) = ET.fromstring(reply).iterfind(f"error/{{{COMMANDS}}}*")
    return refusal(reply), condition.tag.removeprefix(f"{{{COMMANDS}}}")


def state(dialogue: Dialogue) -> MemberState:
    return dialogue.engine.state.members["support", "1000"].state


async def listed(dialogue: Dialogue, sender: str, to: str = DOMAIN) -> list[str]:
    reply = await dialogue.say(
        f"<iq type='get' id='1' from='{sender}/r' to='{to}'>"
        f"<query xmlns='http://jabber.org/protocol/disco#items' node='{COMMANDS}'/></iq>"
    )
    assert reply is not None
    nodes = [item.get("node", "") for item in ET.fromstring(reply)[0]]
    return [n.removeprefix(f"{NAMESPACE}:") for n in nodes if n.startswith(NAMESPACE)]


async def test_an_agent_logs_on(dialogue: Dialogue) -> None:
    begun = await command(dialogue, "log-on")
    node = f"{NAMESPACE}:log-on"
    assert canonical(begun) == canonical(
        f"""
        <iq type='result' id='1' from='{DOMAIN}' to='{AGENT}/r'>
          <command xmlns='{COMMANDS}' node='{node}' sessionid='new-subid' status='executing'
                   xml:lang='en'>
            <actions execute='complete'><complete/></actions>
            <x xmlns='jabber:x:data' type='form'>
              <title>Log on</title>
              <field var='FORM_TYPE' type='hidden'><value>{node}</value></field>
              <field var='queue' type='list-single' label='Queue'>
                <option label='all'><value>*</value></option>
                <option label='support'><value>support</value></option>
                <value>*</value>
              </field>
            </x>
          </command>
        </iq>
        """
    )
    done = await command(dialogue, "log-on", IN_SESSION, filled_in(queue="support"))
    assert canonical(done) == canonical(
        f"""
        <iq type='result' id='1' from='{DOMAIN}' to='{AGENT}/r'>
          <command xmlns='{COMMANDS}' node='{node}' sessionid='new-subid' status='completed'
                   xml:lang='en'>
            <note type='info'>1000 is logged on in support.</note>
          </command>
        </iq>
        """
    )
    assert state(dialogue) is MemberState.READY
    again = await command(dialogue, "log-on", IN_SESSION, filled_in(queue="support"))
    assert specific(again)[1] == "session-expired"


@pytest.mark.parametrize("every", ["*", ""])
async def test_an_agent_logs_on_to_every_queue(dialogue: Dialogue, every: str) -> None:
    await command(dialogue, "log-on")
    done = await command(dialogue, "log-on", IN_SESSION, filled_in(queue=every))
    assert "<note type='info'>1000 is logged on.</note>" in done


@pytest.mark.parametrize("name", ["log-off-agent", "pause-agent", "agents"])
async def test_no_option_is_empty_for_some_clients_crash_over_it(
    dialogue: Dialogue, name: str
) -> None:
    begun = await command(dialogue, name, sender=f"{SUPERVISOR}/r")
    options = [option[0].text for option in ET.fromstring(begun).iter("{jabber:x:data}option")]
    assert "*" in options
    assert None not in options


async def test_a_command_without_questions_is_done_at_once(dialogue: Dialogue) -> None:
    reply = await command(dialogue, "my-state")
    (done,) = ET.fromstring(reply)
    assert done.get("status") == "completed"
    data = "{jabber:x:data}"
    reported = [field.get("var") for field in done.iterfind(f"{data}x/{data}reported/{data}field")]
    (item,) = done.iterfind(f"{data}x/{data}item")
    shown = dict(zip(reported, [f.findtext(f"{data}value") for f in item], strict=True))
    assert (shown["extension"], shown["state"]) == ("1000", "logged off")


async def test_what_the_state_does_not_admit_is_told_in_words(dialogue: Dialogue) -> None:
    await command(dialogue, "pause")
    reply = await command(dialogue, "pause", IN_SESSION, filled_in(reason="lunch"))
    assert "status='completed'" in reply
    assert "<note type='error'>That extension is not logged on.</note>" in reply


async def test_a_form_that_is_filled_in_wrongly_is_shown_again(dialogue: Dialogue) -> None:
    await command(dialogue, "log-on")
    again = await command(dialogue, "log-on", IN_SESSION, filled_in(queue="sales"))
    (shown,) = ET.fromstring(again)
    assert shown.get("status") == "executing"
    note = shown.find(f"{{{COMMANDS}}}note")
    assert note is not None
    assert (note.get("type"), note.text) == (
        "error", "Queue: there is no sales; there is support.",
    )  # fmt: skip
    assert shown.findtext("{jabber:x:data}x/{jabber:x:data}field[@var='queue']/{*}value") == "sales"
    assert "completed" in await command(dialogue, "log-on", f"{IN_SESSION} action='complete'")
    assert state(dialogue) is MemberState.READY


async def test_what_is_no_form_of_it_is_refused_and_may_be_sent_again(dialogue: Dialogue) -> None:
    await command(dialogue, "log-on")
    several = "<field var='queue'><value>support</value><value>sales</value></field>"
    wrong = f"<x xmlns='jabber:x:data' type='submit'>{several}</x>"
    found = specific(await command(dialogue, "log-on", IN_SESSION, wrong))
    assert found == (Refusal("modify", "bad-request"), "bad-payload")
    assert "completed" in await command(dialogue, "log-on", IN_SESSION, filled_in())


async def test_what_was_not_asked_is_ignored(dialogue: Dialogue) -> None:
    """XEP-0004 §3.1; and words between the fields may be sent back."""
    await command(dialogue, "log-on")
    words = "<field type='fixed'><value>Log on where?</value></field>"
    form = filled_in(queue="support", colour="red").replace("</x>", f"{words * 2}</x>")
    done = await command(dialogue, "log-on", IN_SESSION, form)
    assert "1000 is logged on in support." in done


async def test_what_is_not_sent_is_left_as_it_was_shown(dialogue: Dialogue) -> None:
    admin = f"{ADMIN}/r"
    await command(dialogue, "change-extension", sender=admin)
    await command(
        dialogue, "change-extension", IN_SESSION, filled_in(extension="1000"), sender=admin
    )
    changed = filled_in(jid="new@example.com")
    done = await command(dialogue, "change-extension", IN_SESSION, changed, sender=admin)
    assert "1000 is PJSIP/1000 of new@example.com." in done


async def test_a_list_of_texts_is_several_lines(dialogue: Dialogue) -> None:
    begun = await command(dialogue, "change-customer", sender=f"{ADMIN}/r")
    assert "type='text-multi'" in begun
    lines = "<value>contract=gold</value><value>phone=</value>"
    fields = f"<field var='code'><value>1111</value></field><field var='attributes'>{lines}</field>"
    form = f"<x xmlns='jabber:x:data' type='submit'>{fields}</x>"
    done = await command(dialogue, "change-customer", IN_SESSION, form, sender=f"{ADMIN}/r")
    assert "Customer 1111 is changed." in done


@pytest.mark.parametrize(
    ("attributes", "condition"),
    [
        ("action='dance'", "malformed-action"),
        ("action='complete'", "bad-sessionid"),
        ("sessionid='other'", "bad-sessionid"),
        (f"{IN_SESSION} action='prev'", "bad-action"),
        (f"{IN_SESSION} action='next'", "bad-action"),
    ],
)
async def test_what_is_no_step_of_it_is_refused(
    dialogue: Dialogue, attributes: str, condition: str
) -> None:
    await command(dialogue, "log-on")
    found = specific(await command(dialogue, "log-on", attributes, filled_in()))
    assert found == (Refusal("modify", "bad-request"), condition)
    assert state(dialogue) is MemberState.LOGGED_OFF


async def test_a_session_is_of_one_command_of_one_client_at_one_address(
    dialogue: Dialogue,
) -> None:
    await command(dialogue, "log-on")
    for found in (
        await command(dialogue, "log-off", IN_SESSION, filled_in()),
        await command(dialogue, "log-on", IN_SESSION, filled_in(), sender=f"{AGENT}/other"),
        await command(dialogue, "log-on", IN_SESSION, filled_in(), to=EXTENSION),
    ):
        assert specific(found)[1] == "bad-sessionid"
    await command(dialogue, "log-on", f"{IN_SESSION} action='cancel'")
    other = await command(dialogue, "log-on", IN_SESSION, sender=f"{AGENT}/other")
    assert specific(other)[1] == "bad-sessionid", "nor is it said to others that it is over"


async def test_a_session_expires(dialogue: Dialogue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "SESSION_SECONDS", -1.0)
    await command(dialogue, "log-on")
    for _ in range(2):
        found = specific(await command(dialogue, "log-on", IN_SESSION, filled_in()))
        assert found == (Refusal("cancel", "not-allowed"), "session-expired")


async def test_rights_are_checked_again_at_each_step(dialogue: Dialogue) -> None:
    await command(dialogue, "log-on")
    agents = dialogue.engine.state.agents
    agents.delete("1000")
    reply = await command(dialogue, "log-on", IN_SESSION, filled_in())
    assert refusal(reply) == Refusal("cancel", "forbidden")


async def test_commands_are_listed_by_role_and_address(dialogue: Dialogue) -> None:
    assert {"log-on", "log-off", "pause", "resume"} < set(await listed(dialogue, AGENT))
    assert "log-on" in await listed(dialogue, AGENT, EXTENSION)
    assert await listed(dialogue, STRANGER) == []
    assert "log-on" not in await listed(dialogue, SUPERVISOR)
    assert "log-on" not in await listed(dialogue, ADMIN)


async def test_a_stranger_may_not_command(dialogue: Dialogue) -> None:
    reply = await command(dialogue, "log-on", sender=f"{STRANGER}/r")
    assert refusal(reply) == Refusal("cancel", "forbidden")


async def test_there_is_nothing_to_command_where_nothing_is(dialogue: Dialogue) -> None:
    reply = await command(dialogue, "log-on", to=f"ext9999@{DOMAIN}")
    assert refusal(reply) == Refusal("cancel", "service-unavailable")
    unknown = await command(dialogue, "dance")
    assert refusal(unknown) == Refusal("cancel", "item-not-found")


async def test_while_the_database_is_away_one_is_asked_to_come_again(dialogue: Dialogue) -> None:
    dialogue.engine.failure = StoreUnavailableError("away")
    assert refusal(await command(dialogue, "log-on")) == Refusal("wait", "resource-constraint")
