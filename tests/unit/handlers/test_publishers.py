"""Who has published an item is said with it, if the node is so configured (§7.1.2.3, §12.17)."""

from xml.etree import ElementTree as ET

import pytest

from component.handlers.namespaces import ADDRESS
from component.handlers.notify import event_markup
from component.pubsub.model import Held, ItemsPublished, Notification
from tests.unit.handlers.dialogue import Dialogue, Refusal
from tests.unit.handlers.requests import (
    NODE_CONFIG,
    OWNER,
    answer,
    fails,
    form,
    succeeds,
    with_news,
)
from tests.unit.pubsub.provisioned import ADMIN, AGENT, DOMAIN, SUPERVISOR

pytestmark = pytest.mark.unit

ARCHIVE = "<query xmlns='urn:xmpp:mam:2' node='news'/>"


async def configured(itemreply: str) -> Dialogue:
    """user1 has published an item, pretending to be the administrator."""
    made = with_news()
    config = form(NODE_CONFIG, itemreply=itemreply, publish_model="open")
    await succeeds(made, f"<configure node='news'>{config}</configure>", OWNER)
    made.service.subscribe(ADMIN, "news")
    content = f"<publish node='news'><item id='a' publisher='{ADMIN}'><x/></item></publish>"
    await succeeds(made, content, sender=AGENT)
    made.service.subscribe(SUPERVISOR, "news")
    return made


def publishers(*stanzas: str | None) -> list[str | None]:
    """Return who is named with the items in some stanzas."""
    whole = ET.fromstring(f"<all>{''.join(stanza or '' for stanza in stanzas)}</all>")
    return [found.get("publisher") for found in whole.iter() if found.tag.endswith("}item")]


@pytest.mark.parametrize(
    ("itemreply", "named"), [("publisher", AGENT), ("owner", None), ("none", None)]
)
async def test_the_publisher_is_named_wherever_the_item_is(
    itemreply: str, named: str | None
) -> None:
    dialogue = await configured(itemreply)
    published, newest = dialogue.service.told
    retrieved = await answer(dialogue, "get", "<items node='news'/>")
    archived = await dialogue.say(
        f"<iq type='set' id='1' from='{ADMIN}/r' to='{DOMAIN}'>{ARCHIVE}</iq>"
    )
    shown = (event_markup(published), event_markup(newest), retrieved, archived)
    assert publishers(*shown) == [named] * 4


@pytest.mark.parametrize(("itemreply", "jid"), [("publisher", AGENT), ("owner", ADMIN)])
async def test_an_archive_says_whom_to_answer_as_notifications_do(itemreply: str, jid: str) -> None:
    """XEP-0442 §3."""
    dialogue = await configured(itemreply)
    archived = await dialogue.say(
        f"<iq type='set' id='1' from='{ADMIN}/r' to='{DOMAIN}'>{ARCHIVE}</iq>"
    )
    assert archived is not None
    addresses = ET.fromstring(f"<all>{archived}</all>").iter(f"{{{ADDRESS}}}address")
    assert [address.attrib for address in addresses] == [{"type": "replyto", "jid": jid}]


def test_so_it_is_in_a_digest() -> None:
    held = (Held("news", 1, "a", "<x/>", (AGENT,)), Held("news", 2, "b", "<x/>", (ADMIN,)))
    for named, expected in ((True, [AGENT, ADMIN]), (False, [None, None])):
        told = Notification("news", DOMAIN, (AGENT,), ItemsPublished(held, named))
        assert publishers(event_markup(told)) == expected


async def test_one_of_these_is_to_be_answered() -> None:
    config = form(NODE_CONFIG, itemreply="owner</value><value>publisher")
    found = await fails(with_news(), f"<configure node='news'>{config}</configure>", OWNER)
    assert found == Refusal("modify", "not-acceptable")
