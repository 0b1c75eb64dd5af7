"""What the fields of a node's configuration do, as stanzas."""

from xml.etree import ElementTree as ET

import pytest

from component.handlers.notify import event_markup
from component.pubsub.model import ItemPublished, LastItem
from component.pubsub.policy import Creators, Policy
from tests.unit.handlers.dialogue import Dialogue, Refusal, refusal
from tests.unit.handlers.requests import (
    NODE_CONFIG,
    OWNER,
    answer,
    fails,
    form,
    succeeds,
    with_news,
)
from tests.unit.pubsub.provisioned import ADMIN, AGENT, DOMAIN, STRANGER, SUPERVISOR

pytestmark = pytest.mark.unit

PUBLISH = "<publish node='news'><item id='a'><x xmlns='urn:x'/></item></publish>"


@pytest.fixture
def dialogue() -> Dialogue:
    return with_news()


async def configure(dialogue: Dialogue, **fields: str) -> None:
    config = form(NODE_CONFIG, **fields)
    await succeeds(dialogue, f"<configure node='news'>{config}</configure>", OWNER)


async def test_a_node_may_be_closed_to_new_subscribers(dialogue: Dialogue) -> None:
    dialogue.service.subscribe(AGENT, "news")
    await configure(dialogue, subscribe="0")
    found = await fails(dialogue, f"<subscribe node='news' jid='{ADMIN}'/>")
    assert found == Refusal("cancel", "feature-not-implemented", "unsupported", "subscribe")
    await succeeds(dialogue, PUBLISH)
    assert [n.recipients for n in dialogue.service.told] == [(AGENT,)]


async def test_payloads_are_in_the_namespace_of_the_node(dialogue: Dialogue) -> None:
    await configure(dialogue, type="urn:y")
    found = await fails(dialogue, PUBLISH)
    assert found == Refusal("modify", "bad-request", "invalid-payload")
    await configure(dialogue, type="urn:x")
    await succeeds(dialogue, PUBLISH)


async def test_a_node_that_keeps_nothing_has_nothing_to_retrieve(dialogue: Dialogue) -> None:
    await configure(dialogue, persist_items="0")
    unsupported = Refusal("cancel", "feature-not-implemented", "unsupported", "persistent-items")
    reply = await answer(dialogue, "get", "<items node='news'/>")
    assert refusal(reply) == unsupported
    assert await fails(dialogue, "<purge node='news'/>", OWNER) == unsupported
    retract = "<retract node='news'><item id='a'/></retract>"
    assert await fails(dialogue, retract) == unsupported
    listed = await dialogue.say(
        f"<iq type='get' id='1' from='{ADMIN}/r' to='{DOMAIN}'>"
        "<query xmlns='http://jabber.org/protocol/disco#items' node='news'/></iq>"
    )
    assert listed is not None
    assert "type='result'" in listed


async def test_an_item_is_forbidden_where_there_are_notifications_only(dialogue: Dialogue) -> None:
    await configure(dialogue, persist_items="0", deliver_payloads="0")
    found = await fails(dialogue, PUBLISH)
    assert found == Refusal("modify", "bad-request", "item-forbidden")


@pytest.mark.parametrize(("whom", "jid"), [("owner", ADMIN), ("publisher", AGENT)])
async def test_notifications_say_whom_to_answer(dialogue: Dialogue, whom: str, jid: str) -> None:
    await configure(dialogue, itemreply=whom, publish_model="open")
    dialogue.service.subscribe(ADMIN, "news")
    await succeeds(dialogue, PUBLISH, sender=AGENT)
    dialogue.service.subscribe(SUPERVISOR, "news")
    told = [n for n in dialogue.service.told if isinstance(n.event, ItemPublished | LastItem)]
    assert [type(n.event) for n in told] == [ItemPublished, LastItem]
    addresses = (
        "<addresses xmlns='http://jabber.org/protocol/address'>"
        f"<address type='replyto' jid='{jid}'/></addresses>"
    )
    assert all(event_markup(n).startswith(f"{addresses}<event ") for n in told)


async def test_the_meta_data_say_whom_to_ask(dialogue: Dialogue) -> None:
    several = form(NODE_CONFIG, contact="a@example.com</value><value>B@example.com")
    await succeeds(dialogue, f"<configure node='news'>{several}</configure>", OWNER)
    reply = await dialogue.say(
        f"<iq type='get' id='1' from='{AGENT}/r' to='{DOMAIN}'>"
        "<query xmlns='http://jabber.org/protocol/disco#info' node='news'/></iq>"
    )
    assert reply is not None
    (contact,) = [
        field
        for field in ET.fromstring(reply).iter("{jabber:x:data}field")
        if field.get("var") == "pubsub#contact"
    ]
    assert contact.get("type") == "jid-multi"
    assert [value.text for value in contact] == ["a@example.com", "b@example.com"]


async def test_pending_subscribers_are_told_too_that_a_node_is_gone(dialogue: Dialogue) -> None:
    await configure(dialogue, access_model="authorize")
    dialogue.service.subscribe(AGENT, "news")
    listed = await answer(dialogue, "get", "<subscriptions node='news'/>", OWNER)
    assert AGENT not in listed, "who is pending is asked for with get-pending (§8.8.1.2)"
    dialogue.service.told.clear()
    await succeeds(dialogue, "<delete node='news'/>", OWNER)
    assert [n.recipients for n in dialogue.service.told] == [(AGENT,)]


def change(kind: str, *entries: str) -> str:
    return f"<{kind}s node='news'>{''.join(entries)}</{kind}s>"


async def test_what_a_list_of_changes_does_not_say_stays(dialogue: Dialogue) -> None:
    dialogue.service.subscribe(AGENT, "news")
    before = dialogue.service.contents()
    for kind in ("subscription", "affiliation"):
        await succeeds(dialogue, change(kind, f"<{kind} jid='{AGENT}'/>"), OWNER)
        await succeeds(dialogue, change(kind), OWNER)
    assert dialogue.service.contents() == before


async def test_a_refused_list_of_subscriptions_says_how_things_are(dialogue: Dialogue) -> None:
    await configure(dialogue, access_model="whitelist")
    wanted = change(
        "subscription",
        f"<subscription jid='{ADMIN}' subscription='subscribed'/>",
        f"<subscription jid='{AGENT}' subscription='subscribed'/>",
    )
    dialogue.service.subscribe(ADMIN, "news")
    reply = await answer(dialogue, "set", wanted, OWNER)
    assert refusal(reply) == Refusal("modify", "not-acceptable")
    listed = ET.fromstring(reply).iter(f"{{{OWNER}}}subscription")
    assert [s.attrib for s in listed] == [
        {"jid": ADMIN, "subscription": "subscribed", "subid": "sub-1"},
        {"jid": AGENT, "subscription": "none"},
    ]


@pytest.mark.parametrize("state", ["none", "subscribed"])
async def test_so_it_does_of_a_subscription_that_there_is_not(
    dialogue: Dialogue, state: str
) -> None:
    """What is not returned counts as changed (§8.8.2.4)."""
    await configure(dialogue, access_model="authorize")
    dialogue.service.subscribe(AGENT, "news")
    wanted = change(
        "subscription",
        f"<subscription jid='{AGENT}' subscription='{state}'/>",
        f"<subscription jid='{STRANGER}' subid='x' subscription='{state}'/>",
    )
    reply = await answer(dialogue, "set", wanted, OWNER)
    assert refusal(reply) == Refusal("modify", "not-acceptable", "invalid-subid")
    listed = ET.fromstring(reply).iter(f"{{{OWNER}}}subscription")
    assert [s.attrib for s in listed] == [
        {"jid": AGENT, "subscription": "pending", "subid": "sub-1"},
        {"jid": STRANGER, "subscription": "none", "subid": "x"},
    ]


async def test_the_default_options_of_a_subscription_are_a_result(dialogue: Dialogue) -> None:
    reply = await answer(dialogue, "get", "<default node='news'/>")
    assert "<x xmlns='jabber:x:data' type='result'>" in reply


async def test_the_last_owner_stays_one_and_the_error_says_who_is_what() -> None:
    """An administrator owns every node anyway: so it is without one that this can happen."""
    dialogue = Dialogue(Policy(Creators.EVERYONE), privileged={})
    await succeeds(dialogue, "<create node='news'/>", sender=AGENT)
    entries = "".join(
        f"<affiliation jid='{jid}' affiliation='{role}'/>"
        for jid, role in ((AGENT, "none"), (STRANGER, "publisher"))
    )
    wanted = f"<affiliations node='news'>{entries}</affiliations>"
    before = dialogue.service.contents()
    reply = await answer(dialogue, "set", wanted, OWNER, AGENT)
    assert refusal(reply) == Refusal("modify", "not-acceptable")
    listed = ET.fromstring(reply).iter(f"{{{OWNER}}}affiliation")
    assert [a.attrib for a in listed] == [
        {"jid": AGENT, "affiliation": "owner"},
        {"jid": STRANGER, "affiliation": "none"},
    ]
    assert dialogue.service.contents() == before
