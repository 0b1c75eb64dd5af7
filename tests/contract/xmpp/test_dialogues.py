"""What users get to see, through a real server."""

import asyncio
from collections.abc import AsyncIterator
from xml.etree import ElementTree as ET

import pytest
from slixmpp.exceptions import IqError

from component.xmpp.load import MAX_OF_ACCOUNT
from lab.xmpp_server import XmppServerSettings
from tests.contract.xmpp.client import Client
from tests.contract.xmpp.service import Service, until

pytestmark = pytest.mark.contract

DOMAIN = "ivr.example.com"
OWN_ADDRESS = "ext1000@ivr.example.com"
EVENT = "{http://jabber.org/protocol/pubsub#event}"
PING = "<ping xmlns='urn:xmpp:ping'/>"


@pytest.fixture
async def stranger(service: Service, settings: XmppServerSettings) -> AsyncIterator[Client]:
    """user2, who may not see extension 1000."""
    async with Client(settings, "user2") as client:
        yield client


def condition(answer: ET.Element) -> str:
    error = answer.find("{jabber:client}error")
    assert error is not None
    return error[0].tag.rpartition("}")[2]


@pytest.mark.parametrize("address", [DOMAIN, OWN_ADDRESS])
async def test_a_subscriber_is_notified_from_the_address_that_was_used(
    service: Service, client: Client, address: str
) -> None:
    answer = await client.pubsub.subscribe(address, "ext1000")
    assert answer["pubsub"]["subscription"]["subscription"] == "subscribed"

    await service.publish("call-1", "<call xmlns='urn:x' customer='Ann &amp; Bob'/>")
    (message,) = await client.hears(1)
    assert (message.get("from"), message.get("type")) == (address, "headline")
    items = message.find(f"{EVENT}event/{EVENT}items")
    assert items is not None
    assert (items.get("node"), items[0].get("id")) == ("ext1000", "call-1")
    assert items[0][0].attrib == {"customer": "Ann & Bob"}
    await service.owes_nothing()


async def test_who_subscribed_at_both_addresses_is_notified_from_both(
    service: Service, client: Client
) -> None:
    await client.pubsub.subscribe(DOMAIN, "ext1000")
    await client.ask(
        f"<iq type='set' to='{OWN_ADDRESS}'><pubsub xmlns='http://jabber.org/protocol/pubsub'>"
        f"<subscribe jid='{client.jid}'/></pubsub></iq>"
    )
    await service.publish("call-1")
    heard = await client.hears(2)
    assert {message.get("from") for message in heard} == {DOMAIN, OWN_ADDRESS}


async def test_items_are_retrieved_subscriptions_listed_and_ended(
    service: Service, client: Client
) -> None:
    await client.pubsub.subscribe(DOMAIN, "ext1000")
    await service.publish("call-1")
    await client.hears(1)
    items = await client.pubsub.get_items(DOMAIN, "ext1000")
    assert [item["id"] for item in items["pubsub"]["items"]] == ["call-1"]
    subscriptions = await client.pubsub.get_subscriptions(DOMAIN)
    assert [s["node"] for s in subscriptions["pubsub"]["subscriptions"]] == ["ext1000"]

    await client.pubsub.unsubscribe(DOMAIN, "ext1000")
    await service.publish("call-2")
    with pytest.raises(IqError) as refused:
        await client.pubsub.get_items(DOMAIN, "ext1000")
    assert refused.value.condition == "not-authorized"
    assert len(client.heard) == 1


async def test_a_stranger_may_not_subscribe(service: Service, stranger: Client) -> None:
    with pytest.raises(IqError) as refused:
        await stranger.pubsub.subscribe(DOMAIN, "ext1000")
    assert refused.value.condition == "not-allowed"
    assert refused.value.iq["error"]["pubsub"]["condition"] == "closed-node"


async def test_an_ordinary_client_discovers_the_service_and_the_nodes(client: Client) -> None:
    info = await client.disco.get_info(DOMAIN)
    assert ("pubsub", "service", None, "ivr-pubsub") in info["disco_info"]["identities"]
    items = await client.disco.get_items(DOMAIN)
    assert [node for _, node, _ in items["disco_items"]["items"]] == ["ext1000"]
    info = await client.disco.get_info(DOMAIN, "ext1000")
    assert [kind for _, kind, _, _ in info["disco_info"]["identities"]] == ["leaf"]


HOSTILE = {
    "no child": "<iq type='get' to='{to}'/>",
    "two children": "<iq type='get' to='{to}'><a xmlns='urn:x'/><b xmlns='urn:x'/></iq>",
    "an unknown namespace": "<iq type='get' to='{to}'><query xmlns='urn:nobody'/></iq>",
    "an absurd node": "<iq type='get' to='{to}'><pubsub xmlns='http://jabber.org/protocol/pubsub'>"
    "<items node='" + "n" * 200_000 + "'/></pubsub></iq>",
    "deep nesting": "<iq type='set' to='{to}'>"
    + "<x xmlns='urn:x'>" * 5000
    + "</x>" * 5000
    + "</iq>",
    "a prefix": "<iq type='get' to='{to}'><p:query xmlns:p='urn:nobody' p:node='x'/></iq>",
    "CDATA": "<iq type='get' to='{to}'><query xmlns='urn:nobody'><![CDATA[]]>]]&gt;</query></iq>",
    "a huge request": "<iq type='set' to='{to}'><pubsub xmlns='http://jabber.org/protocol/pubsub'>"
    "<publish node='ext1000'><item><x xmlns='urn:x'>"
    + "y" * 200_000
    + "</x></item></publish></pubsub></iq>",
}


@pytest.mark.parametrize("stanza", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("address", [DOMAIN, OWN_ADDRESS, "nobody@ivr.example.com"])
async def test_hostile_requests_are_refused_and_harm_nobody(
    service: Service, stranger: Client, stanza: str, address: str
) -> None:
    answer = await stranger.ask(stanza.replace("{to}", address))
    assert answer.get("type") == "error"
    assert answer.get("from") == address
    answer = await stranger.ask(f"<iq type='get' to='{DOMAIN}'>{PING}</iq>")
    assert answer.get("type") == "result"
    assert service.link.up


async def test_a_message_is_sent_back_and_its_error_is_not(
    service: Service, stranger: Client
) -> None:
    stranger.say(f"<message to='{OWN_ADDRESS}' id='m1' type='chat'><body>Hello</body></message>")
    (message,) = await stranger.hears(1)
    assert message.get("type") == "error"
    assert condition(message) == "service-unavailable"


async def test_a_flood_of_requests_is_answered_to_the_last_and_holds_up_nobody(
    service: Service, stranger: Client, client: Client
) -> None:
    service.is_working.clear()
    beyond = 20
    flood = [
        asyncio.create_task(stranger.ask(f"<iq type='get' to='{OWN_ADDRESS}'>{PING}</iq>"))
        for _ in range(MAX_OF_ACCOUNT + beyond)
    ]
    await until(lambda: sum(asked.done() for asked in flood) == beyond)
    service.send(service.message("<x/>", client.jid))
    await client.hears(1)
    answer = await client.ask(f"<iq type='get' to='{DOMAIN}'>{PING}</iq>")
    assert answer.get("type") == "result"

    service.is_working.set()
    answers = await asyncio.gather(*flood)
    declined = [condition(answer) for answer in answers if answer.get("type") == "error"]
    assert declined == ["resource-constraint"] * beyond
