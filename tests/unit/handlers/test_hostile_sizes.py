"""What is repeated in an answer, and so could make it larger than the stream bears.

A stanza that is too large ends the component's stream, for everybody. What is escaped grows: an
ampersand to five bytes.
"""

import pytest
from structlog.testing import capture_logs

from component.handlers import jids
from component.handlers.dispatch import MAX_ID
from component.markup import MAX_STANZA
from component.pubsub import creating
from tests.unit.handlers.dialogue import Dialogue, Refusal, parse, refusal
from tests.unit.handlers.requests import (
    NODE_CONFIG,
    OWNER,
    PUBSUB,
    fails,
    form,
    succeeds,
    with_news,
)
from tests.unit.pubsub.provisioned import ADMIN, AGENT, DOMAIN, STRANGER

pytestmark = pytest.mark.unit

AUTHORIZATION = f"{PUBSUB}#subscribe_authorization"
OF_A_USER = 262_144
"""Bytes that both servers take in a stanza of a user's."""


@pytest.fixture
def dialogue() -> Dialogue:
    return with_news()


def stanza(name: str, id_: str, content: str = "") -> str:
    type_ = {"iq": "get", "message": "chat", "presence": "probe"}[name]
    quote = "'" if '"' in id_ else '"'
    addresses = f"from='{STRANGER}/r' to='{DOMAIN}'"
    return f"<{name} type='{type_}' id={quote}{id_}{quote} {addresses}>{content}</{name}>"


@pytest.mark.parametrize("part", ["'", '"', "&apos;'", '&quot;"', "&amp;", "&lt;", ">", "&#10;"])
@pytest.mark.parametrize("name", ["iq", "message", "presence"])
async def test_an_id_takes_no_more_than_it_did(dialogue: Dialogue, name: str, part: str) -> None:
    sent = stanza(name, part * (OF_A_USER // len(part)), "<x xmlns='urn:nobody'/>")
    reply = await dialogue.say(sent)
    assert reply is not None
    assert parse(reply).get("id") == parse(sent).get("id")
    assert len(reply.encode()) <= len(sent.encode()) + 500


@pytest.mark.parametrize("name", ["iq", "message", "presence"])
async def test_an_id_that_no_stanza_could_repeat_is_not_answered(
    dialogue: Dialogue, name: str
) -> None:
    """No user sends one: the servers take no stanza as large. Of other servers it may come."""
    endless = stanza(name, "&amp;" * (MAX_ID // 5))
    with capture_logs() as logs:
        assert await dialogue.say(endless) is None
        assert dialogue.dispatcher.decline(parse(endless)) is None
    assert {entry["event"] for entry in logs} == {"stanza not answered, its id is too long"}


@pytest.mark.parametrize("name", ["iq", "message"])
async def test_any_other_id_is_repeated(dialogue: Dialogue, name: str) -> None:
    """Whoever sends it, from addresses of any length."""
    longest = f"{'u' * 1023}@{'d' * 1023}/{'&amp;' * 1023}"
    sent = stanza(name, "&amp;" * (MAX_ID // 5 - 1), "<x xmlns='urn:nobody'/>")
    reply = await dialogue.say(sent.replace(f"{STRANGER}/r", longest))
    assert reply is not None
    assert refusal(reply) == Refusal("cancel", "service-unavailable")
    assert len(reply.encode()) <= MAX_STANZA


async def test_a_request_without_an_id_is_a_bad_one(dialogue: Dialogue) -> None:
    for missing in ("", "id=''"):
        found = await dialogue.refused(
            f"<iq type='get' {missing} from='{STRANGER}/r' to='{DOMAIN}'>"
            "<ping xmlns='urn:xmpp:ping'/></iq>"
        )
        assert found == Refusal("modify", "bad-request")


async def test_an_endless_name_of_a_field_is_not_repeated(dialogue: Dialogue) -> None:
    field = f"<field var='{'>' * 200_000}'><value>1</value><value>2</value></field></x>"
    approval = form(AUTHORIZATION).replace("</x>", field)
    no_jid = Refusal("modify", "bad-request", "jid-required")
    assert await dialogue.refused(stanza("message", "1", approval)) == no_jid
    query = f"<query xmlns='urn:xmpp:mam:2' node='news'>{approval}</query>"
    assert await dialogue.ask("set", query.replace(AUTHORIZATION, "urn:xmpp:mam:2")) == Refusal(
        "cancel", "feature-not-implemented"
    )


async def test_an_endless_conversation_is_not_continued(dialogue: Dialogue) -> None:
    content = f"<body>help</body><thread><![CDATA[{'<' * 200_000}]]></thread>"
    sent = f"<message type='chat' id='1' from='{AGENT}/r' to='{DOMAIN}'>{content}</message>"
    assert await dialogue.refused(sent) == Refusal("modify", "policy-violation")


@pytest.mark.parametrize("name", ["title", "description", "type"])
async def test_what_all_are_shown_of_a_node_is_short(dialogue: Dialogue, name: str) -> None:
    def configured(length: int) -> str:
        filled = form(NODE_CONFIG, **{name: "x" * length})
        return f"<configure node='news'>{filled}</configure>"

    await succeeds(dialogue, configured(1000), OWNER)
    assert await fails(dialogue, configured(1001), OWNER) == Refusal("modify", "not-acceptable")


async def test_those_whom_one_may_ask_about_a_node_are_not_too_many(dialogue: Dialogue) -> None:
    def configured(count: int) -> str:
        jids = "</value><value>".join(f"a{number}@example.com" for number in range(count))
        return f"<configure node='news'>{form(NODE_CONFIG, contact=jids)}</configure>"

    await succeeds(dialogue, configured(100), OWNER)
    assert await fails(dialogue, configured(101), OWNER) == Refusal("modify", "not-acceptable")


async def test_nor_are_their_names_too_long(dialogue: Dialogue) -> None:
    def configured(length: int) -> str:
        jids = "</value><value>".join(f"{'x' * length}{n}@example.com" for n in range(20))
        return f"<configure node='news'>{form(NODE_CONFIG, contact=jids)}</configure>"

    await succeeds(dialogue, configured(950), OWNER)
    assert await fails(dialogue, configured(1000), OWNER) == Refusal("modify", "not-acceptable")


NAMES = {
    "as long as may be": "n" * 255,
    "of 1,020 bytes": "\U0001f4de" * 255,
    "of what is not assigned": "\u0378\U000e0fff",
    "that looks like another": "n\u0435ws",
    "of combining characters": "\u00e9" + "\u0301" * 200,
    "of blanks": "  ",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
async def test_a_name_is_what_it_is(dialogue: Dialogue, name: str) -> None:
    written = name.encode("ascii", "xmlcharrefreplace").decode()
    written = written.replace("\t", "&#9;").replace("\n", "&#10;")
    await succeeds(dialogue, f"<create node='{written}'/>")
    await succeeds(
        dialogue, f"<publish node='{written}'><item id='{written}'><x/></item></publish>"
    )
    assert dialogue.service.item_ids(ADMIN, name) == [name]
    assert dialogue.service.item_ids(ADMIN, "news") == []


@pytest.mark.parametrize("name", ["n" * 256, "n" * 1023, "n" * 1024, "\U0001f4de" * 256])
async def test_a_longer_name_is_none(dialogue: Dialogue, name: str) -> None:
    not_acceptable = Refusal("modify", "not-acceptable")
    assert await fails(dialogue, f"<create node='{name}'/>") == not_acceptable
    item = f"<publish node='news'><item id='{name}'><x/></item></publish>"
    assert await fails(dialogue, item) == not_acceptable


async def test_what_is_too_long_is_compared_with_nothing(
    dialogue: Dialogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To compare takes a second for each of these."""
    monkeypatch.setattr(creating, "looks_like_extension", None)
    monkeypatch.setattr(jids, "JID", None)
    long = "\u00c9" * 100_000
    assert await fails(dialogue, f"<create node='{long}'/>") == Refusal("modify", "not-acceptable")
    subscribe = f"<subscribe node='news' jid='{long}@example.com'/>"
    assert await fails(dialogue, subscribe) == Refusal("modify", "bad-request", "invalid-jid")
    config = form(NODE_CONFIG, contact=f"{long}@example.com")
    configure = f"<configure node='news'>{config}</configure>"
    assert await fails(dialogue, configure, OWNER) == Refusal("modify", "not-acceptable")


async def test_an_empty_name_is_none_at_all(dialogue: Dialogue) -> None:
    await succeeds(dialogue, "<create node=''/>")
    assert "new-subid" in dialogue.service.pubsub.nodes, "as one that the service names"
    await succeeds(dialogue, "<publish node='news'><item id=''><x/></item></publish>")
    assert dialogue.service.item_ids(ADMIN, "news") == ["new-subid-2"]
    required = Refusal("modify", "bad-request", "nodeid-required")
    assert await fails(dialogue, "<publish node=''><item><x/></item></publish>") == required
