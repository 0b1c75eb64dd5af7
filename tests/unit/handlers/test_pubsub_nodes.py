from xml.etree import ElementTree as ET

import pytest

from component.pubsub.configuration import AccessModel, Configuration
from tests.unit.handlers.dialogue import STANZAS, Dialogue, Refusal
from tests.unit.handlers.requests import (
    NODE_CONFIG,
    OWNER,
    PUBSUB,
    SUBSCRIBE_OPTIONS,
    answer,
    fails,
    filled,
    form,
    succeeds,
    with_news,
)
from tests.unit.pubsub.provisioned import ADMIN, AGENT, EXTENSION

pytestmark = pytest.mark.unit

FORM = "{jabber:x:data}"


@pytest.fixture
def dialogue() -> Dialogue:
    return with_news()


async def test_creating_a_node_by_name(dialogue: Dialogue) -> None:
    await succeeds(dialogue, "<create node='blog'/>")
    assert dialogue.service.pubsub.nodes["blog"].config == Configuration()


async def test_an_instant_node_is_named_by_the_service(dialogue: Dialogue) -> None:
    reply = await answer(dialogue, "set", "<create/>")
    created = ET.fromstring(reply).find(f"{{{PUBSUB}}}pubsub/{{{PUBSUB}}}create")
    assert created is not None
    assert created.get("node") == "new-subid"
    assert "new-subid" in dialogue.service.pubsub.nodes


async def test_creating_and_configuring_at_once(dialogue: Dialogue) -> None:
    config = form(NODE_CONFIG, title="Blog", access_model="whitelist", max_items="max")
    await succeeds(dialogue, f"<create node='blog'/><configure>{config}</configure>")
    made = dialogue.service.pubsub.nodes["blog"].config
    assert (made.title, made.access_model, made.max_items) == ("Blog", AccessModel.WHITELIST, 1000)


@pytest.mark.parametrize(
    ("content", "sender", "expected"),
    [
        ("<create node='news'/>", ADMIN, Refusal("cancel", "conflict")),
        ("<create node='ext5000'/>", ADMIN, Refusal("cancel", "not-allowed")),
        ("<create node='blog'/>", AGENT, Refusal("auth", "forbidden")),
        (
            f"<create node='blog'/><configure>{form(NODE_CONFIG, collection='x')}</configure>",
            ADMIN,
            Refusal("cancel", "feature-not-implemented", "unsupported", "collections"),
        ),
        (
            "<create node='blog'/><configure node='blog'/>",
            ADMIN,
            Refusal("modify", "bad-request"),
        ),
        (f"<create node='{'n' * 256}'/>", ADMIN, Refusal("modify", "not-acceptable")),
    ],
)
async def test_a_node_is_not_created_if(
    dialogue: Dialogue, content: str, sender: str, expected: Refusal
) -> None:
    assert await fails(dialogue, content, sender=sender) == expected


async def test_the_form_shows_the_configuration(dialogue: Dialogue) -> None:
    values = filled(await answer(dialogue, "get", "<configure node='news'/>", OWNER))
    assert values["FORM_TYPE"] == NODE_CONFIG
    assert values["pubsub#title"] == "News"
    assert values["pubsub#access_model"] == "open"
    assert values["pubsub#persist_items"] == "1"
    assert values["pubsub#item_expire"] == "max"


async def test_the_form_can_be_sent_back_as_it_is(dialogue: Dialogue) -> None:
    shown = filled(await answer(dialogue, "get", "<configure node='news'/>", OWNER))
    before = dialogue.service.contents()
    back = form(
        NODE_CONFIG, **{k.removeprefix("pubsub#"): v or "" for k, v in shown.items() if "#" in k}
    )
    await succeeds(dialogue, f"<configure node='news'>{back}</configure>", OWNER)
    assert dialogue.service.contents() == before


async def test_the_default_configuration(dialogue: Dialogue) -> None:
    reply = await answer(dialogue, "get", "<default/>", OWNER)
    values = filled(reply)
    assert (values["FORM_TYPE"], values["pubsub#max_items"]) == (NODE_CONFIG, "20")
    last = reply.partition("pubsub#send_last_published_item")[2].partition("</field>")[0]
    assert last.endswith("</option><value>on_sub_and_presence</value>")


async def test_at_an_extensions_address_the_default_is_that_of_its_node(
    dialogue: Dialogue,
) -> None:
    reply = await dialogue.say(
        f"<iq type='get' id='1' from='{ADMIN}/r' to='{EXTENSION}'>"
        f"<pubsub xmlns='{OWNER}'><default/></pubsub></iq>"
    )
    assert reply is not None
    values = filled(reply)
    assert (values["pubsub#access_model"], values["pubsub#max_items"]) == ("whitelist", "3")
    begun = await answer(dialogue, "get", "<configure node='ext1000'/>", OWNER)
    assert values == filled(begun)


async def test_configuring(dialogue: Dialogue) -> None:
    config = form(NODE_CONFIG, item_expire="60", notify_retract="false")
    await succeeds(dialogue, f"<configure node='news'>{config}</configure>", OWNER)
    made = dialogue.service.pubsub.nodes["news"].config
    assert (made.title, made.item_expire, made.notify_retract) == ("News", 60, False)


@pytest.mark.parametrize("tag", ["de", "pt-BR", ""])
async def test_a_language_is_one_of_a_list_or_another(dialogue: Dialogue, tag: str) -> None:
    shown = ET.fromstring(await answer(dialogue, "get", "<configure node='news'/>", OWNER))
    (field,) = shown.findall(f".//{FORM}field[@var='pubsub#language']")
    labels = {o.findtext(f"{FORM}value"): o.get("label") for o in field.iter(f"{FORM}option")}
    assert (field.get("type"), labels["de"]) == ("list-single", "Deutsch")
    assert field.find("{http://jabber.org/protocol/xdata-validate}validate/{*}open") is not None
    config = form(NODE_CONFIG, language=tag)
    await succeeds(dialogue, f"<configure node='news'>{config}</configure>", OWNER)
    assert dialogue.service.pubsub.nodes["news"].config.language == tag


async def test_only_who_fills_in_a_form_is_shown_what_to_choose_from(dialogue: Dialogue) -> None:
    asked = await answer(dialogue, "get", "<configure node='news'/>", OWNER)
    assert "<option>" in asked
    assert "<option" not in await answer(dialogue, "get", "<default node='news'/>")


async def test_a_cancelled_form_changes_nothing(dialogue: Dialogue) -> None:
    cancel = form(NODE_CONFIG, "cancel", title="X")
    await succeeds(dialogue, f"<configure node='news'>{cancel}</configure>", OWNER)
    assert dialogue.service.pubsub.nodes["news"].title == "News"


async def test_an_access_model_that_there_is_not_is_named_as_the_reason(
    dialogue: Dialogue,
) -> None:
    config = form(NODE_CONFIG, access_model="roster")
    expected = Refusal("modify", "not-acceptable", "unsupported-access-model")
    assert await fails(dialogue, f"<configure node='news'>{config}</configure>", OWNER) == expected
    create = f"<create node='blog'/><configure>{config}</configure>"
    assert await fails(dialogue, create) == expected


BAD_FORMS = {
    "field not offered": (form(NODE_CONFIG, body_xslt="urn:x"), "not-acceptable"),
    "unknown choice": (form(NODE_CONFIG, publish_model="roster"), "not-acceptable"),
    "no JID": (form(NODE_CONFIG, contact="a@b@c"), "not-acceptable"),
    "no boolean": (form(NODE_CONFIG, persist_items="maybe"), "not-acceptable"),
    "no number": (form(NODE_CONFIG, max_items="-1"), "not-acceptable"),
    "no language": (form(NODE_CONFIG, language="as it comes"), "not-acceptable"),
    "an endless language": (form(NODE_CONFIG, language="en" + "-x" * 500), "not-acceptable"),
    "foreign digits": (form(NODE_CONFIG, max_items="\uff11"), "not-acceptable"),
    "too large": (form(NODE_CONFIG, max_items="999999999"), "not-acceptable"),
    "other form": (form(SUBSCRIBE_OPTIONS, title="X"), "bad-request"),
    "other type": (form(NODE_CONFIG, "form", title="X"), "bad-request"),
    "two forms": (form(NODE_CONFIG) * 2, "bad-request"),
    "two values": (
        form(NODE_CONFIG, title="X").replace(
            "</value></field></x>", "</value><value/></field></x>"
        ),
        "not-acceptable",
    ),
}


@pytest.mark.parametrize(("bad", "condition"), BAD_FORMS.values(), ids=BAD_FORMS)
async def test_a_form_is_refused_if_it_has(dialogue: Dialogue, bad: str, condition: str) -> None:
    found = await fails(dialogue, f"<configure node='news'>{bad}</configure>", OWNER)
    assert found == Refusal("modify", condition)


async def test_fields_that_there_are_not_are_ignored(dialogue: Dialogue) -> None:
    """XEP-0004 §3.1; nor has what is written between the fields a name."""
    words = "<field type='fixed' {}><value>Which items?</value></field>"
    words = words.format("") * 2 + words.format("var='heading'") * 2
    config = form(NODE_CONFIG, explode="1", item_expire="60").replace("</x>", f"{words}</x>")
    await succeeds(dialogue, f"<configure node='news'>{config}</configure>", OWNER)
    assert dialogue.service.pubsub.nodes["news"].config.item_expire == 60


async def test_a_form_type_that_is_shown_is_none(dialogue: Dialogue) -> None:
    """XEP-0068 §4.3: it is a field like others then, and one that there is not."""
    shown = form(SUBSCRIBE_OPTIONS, item_expire="60").replace(
        "var='FORM_TYPE'", "var='FORM_TYPE' type='text-single'"
    )
    await succeeds(dialogue, f"<configure node='news'>{shown}</configure>", OWNER)
    assert dialogue.service.pubsub.nodes["news"].config.item_expire == 60


async def test_whom_to_ask_is_named_once(dialogue: Dialogue) -> None:
    """XEP-0004 §3.3: two JIDs are the same if they are when prepared."""
    jids = "Help@Example.com</value><value>help@example.com</value><value>b@example.com"
    config = form(NODE_CONFIG, contact=jids)
    await succeeds(dialogue, f"<configure node='news'>{config}</configure>", OWNER)
    made = dialogue.service.pubsub.nodes["news"].config
    assert made.contact == ("help@example.com", "b@example.com")


async def test_purging_and_deleting(dialogue: Dialogue) -> None:
    await succeeds(dialogue, "<publish node='news'><item><x xmlns='urn:x'/></item></publish>")
    await succeeds(dialogue, "<purge node='news'/>", OWNER)
    assert not dialogue.service.pubsub.items
    await succeeds(
        dialogue, "<delete node='news'><redirect uri='xmpp:x@example.com'/></delete>", OWNER
    )
    assert "news" not in dialogue.service.pubsub.nodes
    for content in (f"<subscribe node='news' jid='{AGENT}'/>", "<items node='news'/>"):
        type_ = "get" if "items" in content else "set"
        error = ET.fromstring(await answer(dialogue, type_, content, sender=AGENT)).find("error")
        assert error is not None
        assert error.get("type") == "cancel"
        assert error.findtext(f"{STANZAS}gone") == "xmpp:x@example.com"


@pytest.mark.parametrize(
    "content",
    [
        "<configure node='news'/>",
        "<purge node='news'/>",
        "<delete node='news'/>",
        "<affiliations node='news'><affiliation jid='a@b' affiliation='owner'/></affiliations>",
        "<subscriptions node='news'/>",
    ],
)
async def test_what_only_owners_do(dialogue: Dialogue, content: str) -> None:
    assert await fails(dialogue, content, OWNER, AGENT) == Refusal("auth", "forbidden")


async def test_only_administrators_delete_what_an_extensions_node_has(dialogue: Dialogue) -> None:
    content = "<delete node='ext1000'/>"
    assert await fails(dialogue, content, OWNER, AGENT) == Refusal("auth", "forbidden")
    await succeeds(dialogue, content, OWNER)
    assert "ext1000" in dialogue.service.pubsub.nodes
