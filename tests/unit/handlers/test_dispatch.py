import pytest
from structlog.testing import capture_logs

from component.handlers import errors
from component.handlers.errors import CONDITIONS
from component.ports import StoreRefusedError, StoreUnavailableError
from component.pubsub import errors as pubsub_errors
from component.pubsub.errors import PubSubError
from tests.unit.handlers.dialogue import Dialogue, Refusal, parse, refusal
from tests.unit.pubsub.provisioned import AGENT, DOMAIN

pytestmark = pytest.mark.unit

PING = "<ping xmlns='urn:xmpp:ping'/>"
ITEMS = "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='ext1000'/></pubsub>"


@pytest.mark.parametrize("address", ["ivr.example.com", "ext1000@ivr.example.com"])
async def test_a_ping_is_answered(dialogue: Dialogue, address: str) -> None:
    await dialogue.expect(
        f"<iq type='get' id='p1' from='user1@example.com/r' to='{address}'>{PING}</iq>",
        f"<iq type='result' id='p1' from='{address}' to='user1@example.com/r'/>",
    )


async def test_the_version_is_told(dialogue: Dialogue) -> None:
    await dialogue.expect(
        """
        <iq type='get' id='v1' from='user1@example.com/r' to='ivr.example.com'>
          <query xmlns='jabber:iq:version'/>
        </iq>
        """,
        """
        <iq type='result' id='v1' from='ivr.example.com' to='user1@example.com/r'>
          <query xmlns='jabber:iq:version'><name>ivr-pubsub</name><version>1.2.3</version></query>
        </iq>
        """,
    )


@pytest.mark.parametrize("content", [PING, "<query xmlns='jabber:iq:version'/>"])
async def test_nobody_answers_at_an_address_that_does_not_exist(
    dialogue: Dialogue, content: str
) -> None:
    found = await dialogue.ask("get", content, "ext9999@ivr.example.com")
    assert found == Refusal("cancel", "service-unavailable")


async def test_the_domain_answers_pings_while_the_database_is_away(dialogue: Dialogue) -> None:
    dialogue.engine.failure = StoreUnavailableError("away")
    assert await dialogue.ask("get", PING) is None


@pytest.mark.parametrize(
    ("type_", "content"),
    [
        ("get", "<query xmlns='jabber:iq:last'/>"),
        ("set", PING),
        ("get", "<ping/>"),
        ("set", "<query xmlns='http://jabber.org/protocol/disco#info'/>"),
    ],
)
async def test_what_is_not_offered_is_unavailable(
    dialogue: Dialogue, type_: str, content: str
) -> None:
    assert await dialogue.ask(type_, content) == Refusal("cancel", "service-unavailable")


@pytest.mark.parametrize("content", ["", "text", PING + PING, ITEMS + PING])
async def test_a_request_has_one_child(dialogue: Dialogue, content: str) -> None:
    assert await dialogue.ask("get", content) == Refusal("modify", "bad-request")


async def test_a_request_has_an_id(dialogue: Dialogue) -> None:
    """RFC 6120 §8.2.3: the answer has an empty one then."""
    await dialogue.expect(
        f"<iq type='get' from='{AGENT}/r' to='{DOMAIN}'>{PING}</iq>",
        f"""
        <iq type='error' id='' from='{DOMAIN}' to='{AGENT}/r'>
          <error type='modify'>
            <bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>
            <text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'
              >A request has an id.</text>
          </error>
        </iq>
        """,
    )


@pytest.mark.parametrize("type_", ["", "GET", "subscribe"])
async def test_there_is_no_other_type_of_request(dialogue: Dialogue, type_: str) -> None:
    assert await dialogue.ask(type_, PING) == Refusal("modify", "bad-request")


@pytest.mark.parametrize("type_", ["result", "error"])
@pytest.mark.parametrize("content", ["", ITEMS, "<error type='cancel'/>"])
async def test_results_and_errors_are_not_answered(
    dialogue: Dialogue, type_: str, content: str
) -> None:
    sent = f"<iq type='{type_}' id='1' from='user1@example.com/r' to='ivr.example.com'>"
    assert await dialogue.say(f"{sent}{content}</iq>") is None


@pytest.mark.parametrize("type_", ["", "type='normal'", "type='chat'", "type='unheard-of'"])
async def test_a_strangers_message_is_sent_back(dialogue: Dialogue, type_: str) -> None:
    sent = f"<message {type_} id='m1' from='eve@example.com/r' to='ext1000@ivr.example.com'>"
    found = await dialogue.refused(f"{sent}<body>Hello</body></message>")
    assert found == Refusal("cancel", "service-unavailable")


@pytest.mark.parametrize("address", ["ivr.example.com", "ext1000@ivr.example.com"])
async def test_there_are_no_rooms(dialogue: Dialogue, address: str) -> None:
    """RFC 6121 §8.5.2, table 1."""
    sent = f"<message type='groupchat' id='m1' from='user1@example.com/r' to='{address}'>"
    found = await dialogue.refused(f"{sent}<body>Hello</body></message>")
    assert found == Refusal("cancel", "service-unavailable")


@pytest.mark.parametrize("type_", ["error", "headline"])
async def test_such_messages_are_never_answered(dialogue: Dialogue, type_: str) -> None:
    sent = f"<message type='{type_}' from='user1@example.com/r' to='ivr.example.com'/>"
    assert await dialogue.say(sent) is None


async def test_nobody_is_answered_who_has_no_address(dialogue: Dialogue) -> None:
    assert await dialogue.say(f"<iq type='get' id='1' to='ivr.example.com'>{PING}</iq>") is None


async def test_an_unknown_kind_of_stanza_is_ignored(dialogue: Dialogue) -> None:
    assert await dialogue.say("<surprise from='user1@example.com' to='ivr.example.com'/>") is None


async def test_while_the_database_is_away_one_is_asked_to_wait(dialogue: Dialogue) -> None:
    dialogue.engine.failure = StoreUnavailableError("connection refused by 10.0.0.1")
    assert await dialogue.ask("get", ITEMS) == Refusal("wait", "resource-constraint")


async def test_what_the_database_cannot_hold_is_not_acceptable(dialogue: Dialogue) -> None:
    dialogue.engine.failure = StoreRefusedError("index row size 3000 exceeds maximum")
    assert await dialogue.ask("get", ITEMS) == Refusal("modify", "not-acceptable")


async def test_an_unforeseen_error_is_logged_and_not_shown(dialogue: Dialogue) -> None:
    dialogue.engine.failure = KeyError("a secret of ours")
    with capture_logs() as logs:
        reply = await dialogue.say(
            f"<iq type='get' id='1' from='user1@example.com/r' to='ivr.example.com'>{ITEMS}</iq>"
        )
    assert reply is not None
    assert refusal(reply) == Refusal("cancel", "internal-server-error")
    assert "secret" not in reply
    (entry,) = logs
    assert entry["log_level"] == "error"
    assert entry["exc_info"]


async def test_an_answer_that_no_stanza_can_carry_is_refused(dialogue: Dialogue) -> None:
    dialogue.service.subscribe(AGENT)
    dialogue.service.publish("call-1", f"<call>{'x' * 490_000}</call>")
    assert await dialogue.ask("get", ITEMS) is None
    dialogue.service.publish("call-1", f"<call>{'x' * 500_000}</call>")
    assert await dialogue.ask("get", ITEMS) == Refusal("modify", "policy-violation")


@pytest.mark.parametrize("payload", ["<call>", "<call>\x01</call>", "<!-- -->", "</item></items>"])
async def test_a_payload_that_is_not_xml_never_reaches_the_stream(
    dialogue: Dialogue, payload: str
) -> None:
    dialogue.service.subscribe(AGENT)
    dialogue.service.publish("call-1", payload)
    with capture_logs() as logs:
        assert await dialogue.ask("get", ITEMS) == Refusal("cancel", "internal-server-error")
    assert logs[0]["event"] == "reply is not XML"


@pytest.mark.parametrize(
    "stanza",
    ["iq", "message", "presence type='subscribe'", "presence type='probe'", "presence type='?'"],
)
def test_who_is_declined_is_asked_to_come_again(dialogue: Dialogue, stanza: str) -> None:
    name = stanza.partition(" ")[0]
    stanza = f"<{stanza} id='1' from='user1@example.com/r' to='ivr.example.com'>{PING}</{name}>"
    reply = dialogue.dispatcher.decline(parse(stanza))
    assert reply is not None
    assert refusal(reply) == Refusal("wait", "resource-constraint")


@pytest.mark.parametrize(
    "stanza",
    ["iq type='result'", "message type='error'", "presence", "presence type='unavailable'"],
)
def test_what_is_never_answered_is_not_declined_either(dialogue: Dialogue, stanza: str) -> None:
    sent = f"<{stanza} from='user1@example.com/r' to='ivr.example.com'/>"
    assert dialogue.dispatcher.decline(parse(sent)) is None


def test_every_error_of_the_rules_has_a_condition() -> None:
    kinds = {kind for kind in vars(pubsub_errors).values() if isinstance(kind, type)}
    assert kinds - {PubSubError} <= set(CONDITIONS)


def test_types_of_errors_are_those_that_xmpp_knows() -> None:
    known = {"auth", "cancel", "continue", "modify", "wait"}
    assert {condition.type for condition in CONDITIONS.values()} <= known
    assert errors.known_error_markup(ValueError()) is None
