"""Harm that one user means, through real servers: the others notice nothing.

What the component says to each is in `tests/unit/handlers/test_hostile.py`.
"""

import asyncio
from collections.abc import AsyncIterator
from xml.etree import ElementTree as ET

import pytest

from lab.xmpp_server import XmppServerSettings
from tests.contract.xmpp.client import Client
from tests.contract.xmpp.service import Service, until

pytestmark = pytest.mark.contract

DOMAIN = "ivr.example.com"
PUBSUB = "http://jabber.org/protocol/pubsub"
FORM = (
    "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'>"
    f"<value>{PUBSUB}#node_config</value></field>{{fields}}</x>"
)
PING = "<ping xmlns='urn:xmpp:ping'/>"
PAGE = "<set xmlns='http://jabber.org/protocol/rsm'>{inner}</set>"
WRONG = "<field var='pubsub#max_items'><value>many</value></field>"
QUOTES = "'" * 120_000
ENDLESS_IDS = ["n" * 120_000, QUOTES, '"' * 120_000, "&" * 24_000, "<" * 30_000, ">" * 120_000]
"""Half of what a user's stanza may have, as servers may have to read as much again."""
ENDLESS_FIELD = (
    "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'>"
    f"<value>{PUBSUB}#subscribe_authorization</value></field>"
    f"<field var='{'>' * 200_000}'><value>1</value><value>2</value></field></x>"
)
DEEP = "<a xmlns='urn:x'>" + "<a>" * 500 + "</a>" * 501

HARM = {
    "nothing asked for": ("set", "", "bad-request"),
    "doubled requests": (
        "set",
        "<subscribe node='ext1000' jid='user2@example.com'/>" * 2,
        "bad-request",
    ),
    "a request that there is not": ("set", "<explode/>", "bad-request"),
    "another's JID": ("set", "<subscribe node='ext1000' jid='user1@example.com'/>", "bad-request"),
    "another's node": (
        "set",
        "<subscribe node='ext1000' jid='user2@example.com'/>",
        "not-allowed",
    ),
    "a node without end": (
        "set",
        f"<subscribe node='{'n' * 50_000}' jid='user2@example.com'/>",
        "item-not-found",
    ),
    "an item without end": (
        "set",
        f"<publish node='ext1000'><item id='{'i' * 50_000}'><x/></item></publish>",
        "forbidden",
    ),
    "a deep payload": (
        "set",
        f"<publish node='ext1000'><item>{DEEP}</item></publish>",
        "forbidden",
    ),
    "a large payload": (
        "set",
        f"<publish node='ext1000'><item><x>{'x' * 100_000}</x></item></publish>",
        "forbidden",
    ),
    "a namespace that ElementTree does not take": (
        "set",
        "<publish node='ext1000'><item><x xmlns='a}b'/></item></publish>",
        "forbidden",
    ),
    "the namespace of XML itself": (
        "set",
        "<publish node='ext1000'><item><xml:x/></item></publish>",
        "forbidden",
    ),
    "a namespace of the stream": (
        "set",
        "<publish node='ext1000'><item><p:x p:y='1'/></item></publish>",
        "forbidden",
    ),
    "a form of wrong types": (
        "set",
        f"<create node='n'/><configure>{FORM.format(fields=WRONG)}</configure>",
        "not-acceptable",
    ),
    "pages of nonsense": (
        "get",
        f"<items node='ext1000'/>{PAGE.format(inner='<max>x</max>')}",
        "bad-request",
    ),
}


@pytest.fixture
async def attacker(service: Service, settings: XmppServerSettings) -> AsyncIterator[Client]:
    async with Client(settings, "user2", declaration="xmlns:p='urn:p'") as client:
        yield client


@pytest.fixture
async def subscriber(service: Service, client: Client) -> Client:
    await client.pubsub.subscribe(DOMAIN, "ext1000")
    return client


async def is_served(service: Service, subscriber: Client, item_id: str) -> None:
    """See that a subscriber is notified and answered, on the same connection as ever."""
    before = len(subscriber.heard)
    await service.publish(item_id)
    await subscriber.hears(before + 1)
    answer = await subscriber.ask(f"<iq type='get' to='{DOMAIN}'>{PING}</iq>")
    assert answer.get("type") == "result"


def request(type_: str, content: str) -> str:
    return f"<iq type='{type_}' to='{DOMAIN}'><pubsub xmlns='{PUBSUB}'>{content}</pubsub></iq>"


def condition(answer: ET.Element) -> str:
    error = answer.find("{jabber:client}error")
    assert error is not None
    return error[0].tag.rpartition("}")[2]


async def test_each_gets_its_error_and_nobody_else_notices(
    service: Service, attacker: Client, subscriber: Client
) -> None:
    went_down = asyncio.create_task(service.is_down())
    for type_, content, expected in HARM.values():
        assert condition(await attacker.ask(request(type_, content))) == expected
    for stanza in (
        f"<iq type='get' to='{DOMAIN}'>{DEEP}</iq>",
        f"<message to='{DOMAIN}'><x xmlns='jabber:x:data' type='submit'/>{DEEP}</message>",
        f"<message type='error' to='{DOMAIN}'><error type='cancel'/></message>",
        f"<presence type='subscribe' to='nobody@{DOMAIN}'/>",
        # What an answer would repeat, and what grows by it beyond what the stream bears.
        f"<iq type='get' to='{DOMAIN}' id=\"{QUOTES}\">{PING}</iq>",
        f"<message to='{DOMAIN}' id=\"{QUOTES}\"><body>Hello</body></message>",
        f"<message to='{DOMAIN}'>{ENDLESS_FIELD}</message>",
    ):
        attacker.say(stanza)
    await attacker.has_heard_everything()
    await is_served(service, subscriber, "after harm")
    assert not went_down.done()
    went_down.cancel()


async def test_an_endless_id_is_repeated_and_holds_up_nobody(
    service: Service, attacker: Client, subscriber: Client
) -> None:
    went_down = asyncio.create_task(service.is_down())
    for number, endless in enumerate(ENDLESS_IDS):
        answer = await attacker.ask(request("set", "<explode/>"), endless)
        assert condition(answer) == "bad-request"
        await is_served(service, subscriber, f"after {number}")
    assert not went_down.done()
    went_down.cancel()


async def test_a_stanza_larger_than_servers_take_costs_its_sender_only(
    service: Service, attacker: Client, subscriber: Client
) -> None:
    payload = f"<x xmlns='urn:x'>{'x' * 1_000_000}</x>"
    attacker.say(request("set", f"<publish node='ext1000'><item>{payload}</item></publish>"))
    await is_served(service, subscriber, "after a megabyte")


async def test_a_flood_of_bad_requests_is_answered_and_holds_up_nobody(
    service: Service, attacker: Client, subscriber: Client
) -> None:
    flood = [asyncio.create_task(attacker.ask(request("set", "<explode/>"))) for _ in range(300)]
    await is_served(service, subscriber, "during the flood")
    answers = await asyncio.gather(*flood)
    assert {condition(answer) for answer in answers} == {"bad-request"}
    await until(lambda: not service.owed())


async def test_what_is_deep_large_and_wide_reaches_subscribers(
    service: Service, subscriber: Client
) -> None:
    await service.publish("deep", DEEP)
    await service.publish("large", f"<x xmlns='urn:x'>{'&lt;' * 60_000}</x>")
    await service.publish("wide", f"<x xmlns='urn:x' y='{'y' * 60_000}'/>")
    heard = await subscriber.hears(3)
    assert len(list(heard[0].iter("{urn:x}a"))) == 501
    assert len(heard[1].findtext(".//{urn:x}x", "")) == 60_000
    assert [len(found.get("y", "")) for found in heard[2].iter("{urn:x}x")] == [60_000]
    await is_served(service, subscriber, "after all")
