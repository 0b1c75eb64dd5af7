"""What an ordinary client library makes of nodes, through a real server."""

from collections.abc import AsyncIterator
from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest
from slixmpp.exceptions import IqError

from lab.xmpp_server import XmppServerSettings
from tests.contract.xmpp.client import Client
from tests.contract.xmpp.service import Service

pytestmark = pytest.mark.contract

DOMAIN = "ivr.example.com"
EVENT = "{http://jabber.org/protocol/pubsub#event}"
PUBSUB = "http://jabber.org/protocol/pubsub"
MAM = "urn:xmpp:mam:2"
SHIM = "{http://jabber.org/protocol/shim}"
AUTHORIZATION = f"{PUBSUB}#subscribe_authorization"
PAYLOAD = ET.fromstring("<x xmlns='urn:x'/>")


@pytest.fixture
async def admin(service: Service, settings: XmppServerSettings) -> AsyncIterator[Client]:
    async with Client(settings, "user3") as client:
        yield client


def owned(content: str) -> str:
    """Return what an owner asks for."""
    return f"<iq type='set' to='{DOMAIN}'><pubsub xmlns='{PUBSUB}#owner'>{content}</pubsub></iq>"


async def test_a_node_lives_from_its_creation_to_its_deletion(
    admin: Client, client: Client
) -> None:
    await admin.pubsub.create_node(DOMAIN, "news")
    form = (await admin.pubsub.get_node_config(DOMAIN, "news"))["pubsub_owner"]["configure"]["form"]
    assert form.get_fields()["pubsub#access_model"]["value"] == "open"
    form["type"] = "submit"
    form.get_fields()["pubsub#title"]["value"] = "News"
    await admin.pubsub.set_node_config(DOMAIN, "news", form)

    await client.pubsub.subscribe(DOMAIN, "news")
    published = await admin.pubsub.publish(DOMAIN, "news", id="a", payload=form.xml)
    assert published["pubsub"]["publish"]["item"]["id"] == "a"
    await admin.pubsub.retract(DOMAIN, "news", "a", notify=True)
    await admin.pubsub.purge(DOMAIN, "news")
    await admin.pubsub.delete_node(DOMAIN, "news")

    heard = await client.hears(4)
    events = [message.find(f"{EVENT}event") for message in heard]
    assert [event[0].tag.removeprefix(EVENT) for event in events if event is not None] == [
        "items", "items", "purge", "delete",
    ]  # fmt: skip


async def test_an_extensions_node_that_an_administrator_deletes_begins_anew(
    service: Service, admin: Client, client: Client
) -> None:
    await client.pubsub.subscribe(DOMAIN, "ext1000")
    await service.publish("before")
    await admin.pubsub.delete_node(DOMAIN, "ext1000")
    with pytest.raises(IqError) as refused:
        await client.pubsub.get_items(DOMAIN, "ext1000")
    assert refused.value.iq["error"]["condition"] == "not-authorized"
    await client.pubsub.subscribe(DOMAIN, "ext1000")
    await service.publish("after")
    events = [message.find(f"{EVENT}event") for message in await client.hears(3)]
    assert [event[0].tag.removeprefix(EVENT) for event in events if event is not None] == [
        "items", "delete", "items",
    ]  # fmt: skip
    found = await client.pubsub.get_items(DOMAIN, "ext1000")
    assert [item["id"] for item in found["pubsub"]["items"]] == ["after"]


async def test_who_comes_after_a_node_has_moved_is_told_where(
    admin: Client, client: Client
) -> None:
    await admin.pubsub.create_node(DOMAIN, "news")
    uri = "xmpp:example.org?;node=news"
    await admin.ask(owned(f"<delete node='news'><redirect uri='{uri}'/></delete>"))
    with pytest.raises(IqError) as refused:
        await client.pubsub.subscribe(DOMAIN, "news")
    assert refused.value.iq["error"]["condition"] == "gone"
    assert refused.value.iq["error"]["gone"] == uri


async def test_a_subscriber_is_let_in_by_an_owner(
    service: Service, admin: Client, client: Client
) -> None:
    await admin.pubsub.create_node(DOMAIN, "news")
    form = (await admin.pubsub.get_node_config(DOMAIN, "news"))["pubsub_owner"]["configure"]["form"]
    form["type"] = "submit"
    form.get_fields()["pubsub#access_model"]["value"] = "authorize"
    form.get_fields()["pubsub#itemreply"]["value"] = "publisher"
    await admin.pubsub.set_node_config(DOMAIN, "news", form)
    await admin.pubsub.publish(DOMAIN, "news", id="a", payload=PAYLOAD)
    answer = await client.pubsub.subscribe(DOMAIN, "news")
    assert answer["pubsub"]["subscription"]["subscription"] == "pending"
    with pytest.raises(IqError) as refused:
        await client.pubsub.get_items(DOMAIN, "news")
    assert refused.value.iq["error"]["condition"] == "not-authorized"

    (asked,) = await admin.hears(1)
    assert AUTHORIZATION in [value.text for value in asked.iter("{jabber:x:data}value")]
    admin.say(
        f"<message to='{DOMAIN}'><x xmlns='jabber:x:data' type='submit'>"
        f"<field var='FORM_TYPE'><value>{AUTHORIZATION}</value></field>"
        "<field var='pubsub#node'><value>news</value></field>"
        f"<field var='pubsub#subscriber_jid'><value>{client.jid}</value></field>"
        "<field var='pubsub#allow'><value>1</value></field></x></message>"
    )
    told, newest = await client.hears(2)
    subscription = told.find(f"{EVENT}event/{EVENT}subscription")
    assert subscription is not None
    assert subscription.get("subscription") == "subscribed"
    assert (told.get("type", "normal"), newest.get("type")) == ("normal", "headline")
    item = newest.find(f"{EVENT}event/{EVENT}items/{EVENT}item")
    assert item is not None
    assert (item.get("id"), item.get("publisher")) == ("a", admin.jid)


async def test_who_is_offline_is_told_later_what_became_of_them(
    service: Service, admin: Client, settings: XmppServerSettings
) -> None:
    await admin.pubsub.create_node(DOMAIN, "news")
    async with Client(settings, "user2") as client:
        await client.pubsub.subscribe(DOMAIN, "news", bare=True)
    affiliation = f"<affiliation jid='{client.jid}' affiliation='outcast'/>"
    banned = f"<affiliations node='news'>{affiliation}</affiliations>"
    await admin.ask(owned(banned))
    await service.owes_nothing()
    async with Client(settings, "user2") as client:
        ended, outcast = await client.hears(2)
    assert ended.find(f"{EVENT}event/{EVENT}subscription[@subscription='none']") is not None
    assert outcast.find(".//{*}affiliation[@affiliation='outcast']") is not None


async def test_a_full_node_does_as_it_says(admin: Client, client: Client) -> None:
    async def configure(full: str) -> None:
        fields = "".join(
            f"<field var='{var}'><value>{value}</value></field>"
            for var, value in {
                "FORM_TYPE": f"{PUBSUB}#node_config",
                "pubsub#max_items": "1",
                "pubsub#publish_node_full": full,
            }.items()
        )
        filled = f"<x xmlns='jabber:x:data' type='submit'>{fields}</x>"
        answer = await admin.ask(owned(f"<configure node='news'>{filled}</configure>"))
        assert answer.get("type") == "result"

    await admin.pubsub.create_node(DOMAIN, "news")
    await client.pubsub.subscribe(DOMAIN, "news")
    for item_id, full in (
        ("a", "retract-oldest"),
        ("b", "retract-oldest"),
        ("c", "discard-oldest"),
    ):
        await configure(full)
        await admin.pubsub.publish(DOMAIN, "news", id=item_id, payload=PAYLOAD)
    await configure("reject")
    with pytest.raises(IqError) as refused:
        await admin.pubsub.publish(DOMAIN, "news", id="d", payload=PAYLOAD)
    error = refused.value.iq["error"]
    assert (error["type"], error["condition"]) == ("cancel", "conflict")
    assert error.xml.find(f"{{{PUBSUB}#errors}}node-full") is not None
    await admin.pubsub.publish(DOMAIN, "news", id="c", payload=PAYLOAD)

    told = [event for message in await client.hears(5) for event in message.iter(f"{EVENT}items")]
    assert [(event[0].tag.removeprefix(EVENT), event[0].get("id")) for event in told] == [
        ("item", "a"), ("item", "b"), ("retract", "a"), ("item", "c"), ("item", "c"),
    ]  # fmt: skip


async def test_several_subscriptions_are_told_apart(admin: Client, client: Client) -> None:
    await admin.pubsub.create_node(DOMAIN, "news")
    first = await client.pubsub.subscribe(DOMAIN, "news", bare=True)
    options = (
        "<options><x xmlns='jabber:x:data' type='submit'>"
        f"<field var='FORM_TYPE'><value>{PUBSUB}#subscribe_options</value></field>"
        "<field var='pubsub#include_body'><value>1</value></field></x></options>"
    )
    second = await client.ask(
        f"<iq type='set' to='{DOMAIN}'><pubsub xmlns='{PUBSUB}'>"
        f"<subscribe node='news' jid='{client.jid}'/>{options}</pubsub></iq>"
    )
    made = second.find(f"{{{PUBSUB}}}pubsub/{{{PUBSUB}}}subscription")
    assert made is not None
    subids = [first["pubsub"]["subscription"]["subid"], made.get("subid")]

    with pytest.raises(IqError) as refused:
        await client.pubsub.unsubscribe(DOMAIN, "news", bare=True)
    assert refused.value.iq["error"]["condition"] == "bad-request"
    await admin.pubsub.publish(DOMAIN, "news", id="a", payload=PAYLOAD)
    (told,) = await client.hears(1)
    assert [header.text for header in told.iter(f"{SHIM}header")] == subids
    assert told.findtext("{jabber:client}body") == "New in news: a"
    await client.pubsub.unsubscribe(DOMAIN, "news", subid=subids[0], bare=True)
    await client.pubsub.unsubscribe(DOMAIN, "news", bare=True)


async def test_items_come_together_for_whom_they_are_to(
    service: Service, admin: Client, client: Client
) -> None:
    await admin.pubsub.create_node(DOMAIN, "news")
    options = (
        "<options><x xmlns='jabber:x:data' type='submit'>"
        f"<field var='FORM_TYPE'><value>{PUBSUB}#subscribe_options</value></field>"
        "<field var='pubsub#digest'><value>1</value></field>"
        "<field var='pubsub#digest_frequency'><value>3600000</value></field></x></options>"
    )
    await client.ask(
        f"<iq type='set' to='{DOMAIN}'><pubsub xmlns='{PUBSUB}'>"
        f"<subscribe node='news' jid='{client.jid}'/>{options}</pubsub></iq>"
    )
    for item_id in ("a", "b", "c"):
        await admin.pubsub.publish(DOMAIN, "news", id=item_id, payload=PAYLOAD)
    await client.has_heard_everything()
    assert not client.heard
    await service.pubsub(lambda pubsub, now: pubsub.expire(now + timedelta(hours=1)))
    (told,) = await client.hears(1)
    items = told.findall(f"{EVENT}event/{EVENT}items/{EVENT}item")
    assert [item.get("id") for item in items] == ["a", "b", "c"]
    assert all(item[0].tag == "{urn:x}x" for item in items)


async def test_a_library_reads_the_archive_of_a_node(admin: Client, client: Client) -> None:
    await admin.pubsub.create_node(DOMAIN, "news")
    for item_id in ("a", "b", "c"):
        await admin.pubsub.publish(DOMAIN, "news", id=item_id, payload=PAYLOAD)
    query = (
        f"<iq type='set' to='{DOMAIN}'><query xmlns='{MAM}' node='news' queryid='q'>"
        "<set xmlns='http://jabber.org/protocol/rsm'><max>2</max>{after}</set></query></iq>"
    )
    fin = await client.ask(query.format(after=""))
    results = [message.find(f"{{{MAM}}}result") for message in await client.hears(2)]
    places = [result.get("id") for result in results if result is not None]
    assert fin.find(f"{{{MAM}}}fin[@complete='false']") is not None
    fin = await client.ask(query.format(after=f"<after>{places[1]}</after>"))
    assert fin.find(f"{{{MAM}}}fin[@complete='true']") is not None
    items = [message.find(".//{*}item") for message in await client.hears(3)]
    assert [item.get("id") for item in items if item is not None] == ["a", "b", "c"]
