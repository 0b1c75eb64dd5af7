"""What is said at each kind of address, to strangers too, through a real server."""

from collections.abc import AsyncIterator

import pytest

from component.pubsub.presence import OFFLINE, Presence, Show
from lab.xmpp_server import XmppServerSettings
from tests.contract.xmpp.client import Client
from tests.contract.xmpp.service import Service

pytestmark = pytest.mark.contract

DOMAIN = "ivr.example.com"
EXTENSION = f"ext1000@{DOMAIN}"
NOWHERE = (f"nobody@{DOMAIN}", f"{EXTENSION}/phone", f"{DOMAIN}/desk")

LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
STANZAS = "{urn:ietf:params:xml:ns:xmpp-stanzas}"
VCARD = "{urn:ietf:params:xml:ns:vcard-4.0}"

CARD = "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:xmpp:vcard4'/></pubsub>"
QUESTIONS = (
    "<ping xmlns='urn:xmpp:ping'/>",
    "<query xmlns='jabber:iq:version'/>",
    "<time xmlns='urn:xmpp:time'/>",
    "<vCard xmlns='vcard-temp'/>",
    "<vcard xmlns='urn:ietf:params:xml:ns:vcard-4.0'/>",
    CARD,
)


@pytest.fixture
async def stranger(service: Service, settings: XmppServerSettings) -> AsyncIterator[Client]:
    """user2, whom extension 1000 is no business of."""
    async with Client(settings, "user2") as stranger:
        yield stranger


@pytest.mark.parametrize("address", [DOMAIN, EXTENSION])
async def test_strangers_are_answered(stranger: Client, address: str) -> None:
    for question in QUESTIONS:
        answer = await stranger.ask(f"<iq type='get' to='{address}'>{question}</iq>")
        assert (answer.get("type"), answer.get("from")) == ("result", address), question


async def test_where_there_is_nothing_nobody_is_answered(stranger: Client, client: Client) -> None:
    """XEP-0199 §7, RFC 6121 §8.5."""
    for address in NOWHERE:
        for question in QUESTIONS:
            for asking in (stranger, client):
                answer = await asking.ask(f"<iq type='get' to='{address}'>{question}</iq>")
                assert answer.get("from") == address
                assert answer.find(f"{{*}}error/{STANZAS}service-unavailable") is not None, question


async def test_a_card_is_had_as_a_node(stranger: Client) -> None:
    """XEP-0292."""
    found = await stranger.pubsub.get_items(EXTENSION, "urn:xmpp:vcard4")
    (item,) = found["pubsub"]["items"]
    assert item["id"] == "current"
    assert item["payload"].findtext(f"{VCARD}fn/{VCARD}text") == "Extension 1000"
    assert item["payload"].findtext(f"{VCARD}tel/{VCARD}uri") == f"tel:1000;phone-context={DOMAIN}"


@pytest.mark.parametrize("address", [DOMAIN, EXTENSION])
async def test_there_are_no_rooms(client: Client, address: str) -> None:
    """RFC 6121 §8.5.2."""
    client.say(f"<message to='{address}' id='m1' type='groupchat'><body>log on</body></message>")
    (message,) = await client.hears(1)
    assert (message.get("type"), message.get("id")) == ("error", "m1")
    assert message.find(f"{{*}}error/{STANZAS}service-unavailable") is not None


async def test_presence_says_in_which_language_it_is_and_where_nobody_is(
    service: Service, client: Client
) -> None:
    """RFC 6120 §8.1.5, RFC 6121 §4.3.2."""
    client.say(f"<presence type='subscribe' to='{EXTENSION}'/>")
    await client.sees(EXTENSION, "unavailable")
    await service.show(Presence(True, Show.CHAT, "Free (support)"))
    assert (await client.sees(EXTENSION, "")).get(LANGUAGE) == "en"
    await service.show(OFFLINE)
    await client.sees(EXTENSION, "unavailable")

    for address in (EXTENSION, f"{EXTENSION}/phone"):
        client.say(f"<presence type='probe' id='p1' to='{address}'/>")
        assert (await client.sees(address, "unavailable")).get("id") == "p1"
    client.say(f"<presence type='unsubscribe' to='{EXTENSION}'/>")
    await client.has_heard_everything()
