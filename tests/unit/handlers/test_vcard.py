"""Business cards."""

from xml.etree import ElementTree as ET

import pytest

from component.handlers.vcard import number_markup
from component.pubsub.policy import Policy
from component.pubsub.presence import OFFLINE, ONLINE, Presence, PresenceNotice
from tests.unit.handlers.dialogue import Dialogue, Refusal, refusal
from tests.unit.pubsub.provisioned import ADMIN, AGENT, DOMAIN, EXTENSION

pytestmark = pytest.mark.unit

TEMP = "<vCard xmlns='vcard-temp'/>"
VERSION_4 = "<vcard xmlns='urn:ietf:params:xml:ns:vcard-4.0'/>"


PUBSUB = "http://jabber.org/protocol/pubsub"
NODE = f"<pubsub xmlns='{PUBSUB}'><items node='urn:xmpp:vcard4'>{{}}</items></pubsub>"


async def card(dialogue: Dialogue, request: str, address: str, expected: str) -> None:
    await dialogue.expect(
        f"<iq type='get' id='1' from='eve@example.com/r' to='{address}'>{request}</iq>",
        f"<iq type='result' id='1' from='{address}' to='eve@example.com/r'>{expected}</iq>",
    )


async def test_an_extension_has_a_card(dialogue: Dialogue) -> None:
    await card(
        dialogue,
        TEMP,
        EXTENSION,
        """
        <vCard xmlns='vcard-temp'>
          <FN>Extension 1000</FN><N/>
          <ORG><ORGNAME>ivr.example.com</ORGNAME></ORG>
          <ROLE>Call agent</ROLE>
          <TEL><WORK/><VOICE/><NUMBER>1000</NUMBER></TEL>
          <JABBERID>ext1000@ivr.example.com</JABBERID>
        </vCard>
        """,
    )


async def test_so_has_the_service(dialogue: Dialogue) -> None:
    await card(
        dialogue,
        TEMP,
        DOMAIN,
        """
        <vCard xmlns='vcard-temp'>
          <FN>ivr-pubsub</FN><N/>
          <ORG><ORGNAME>ivr.example.com</ORGNAME></ORG>
          <ROLE>Call queue</ROLE>
          <JABBERID>ivr.example.com</JABBERID>
        </vCard>
        """,
    )


CARD = """
<vcard xmlns='urn:ietf:params:xml:ns:vcard-4.0'>
  <kind><text>application</text></kind>
  <fn><text>Extension 1000</text></fn>
  <org><text>ivr.example.com</text></org>
  <role><text>Call agent</text></role>
  <tel>
    <parameters><type><text>work</text><text>voice</text></type></parameters>
    <uri>tel:1000;phone-context=ivr.example.com</uri>
  </tel>
  <impp><uri>xmpp:ext1000@ivr.example.com</uri></impp>
</vcard>
"""


async def test_the_card_of_today_says_the_same(dialogue: Dialogue) -> None:
    await card(dialogue, VERSION_4, EXTENSION, CARD)


@pytest.mark.parametrize("ids", ["", "<item id='current'/>", "<item id='a'/><item id='current'/>"])
async def test_it_is_what_a_node_has_at_every_address(dialogue: Dialogue, ids: str) -> None:
    """XEP-0292 version 0.12 §4.1.1."""
    item = f"<item id='current'>{CARD}</item>"
    await card(dialogue, NODE.format(ids), EXTENSION, NODE.format(item))


async def test_the_node_has_nothing_else(dialogue: Dialogue) -> None:
    await card(dialogue, NODE.format("<item id='other'/>"), EXTENSION, NODE.format(""))
    subscribe = f"<subscribe node='urn:xmpp:vcard4' jid='{AGENT}'/>"
    for content in (subscribe, "<publish node='urn:xmpp:vcard4'><item/></publish>"):
        asked = f"<pubsub xmlns='{PUBSUB}'>{content}</pubsub>"
        assert await dialogue.ask("set", asked, EXTENSION) == Refusal("cancel", "item-not-found")


@pytest.mark.parametrize("auto_create", [True, False])
async def test_nobody_creates_a_node_of_that_name(auto_create: bool) -> None:
    dialogue = Dialogue(Policy(auto_create=auto_create))
    create = "<pubsub xmlns='{}'><create node='urn:xmpp:vcard4'/></pubsub>"
    reply = await dialogue.say(
        f"<iq type='set' id='1' from='{ADMIN}/r' to='{DOMAIN}'>{create.format(PUBSUB)}</iq>"
    )
    assert reply is not None
    assert refusal(reply) == Refusal("cancel", "not-allowed")


@pytest.mark.parametrize(
    ("number", "domain", "written"),
    [
        ("1000", "ivr.example.com", "<uri>tel:1000;phone-context=ivr.example.com</uri>"),
        ("10-00", "ivr", "<uri>tel:10-00;phone-context=ivr</uri>"),
        ("front.desk", "ivr.example.com", "<text>front.desk</text>"),
        ("1000", "bücher.example", "<text>1000</text>"),
        ("1000", "192.0.2.1", "<text>1000</text>"),
    ],
)
def test_a_number_is_a_uri_where_it_can_be_one(number: str, domain: str, written: str) -> None:
    """XEP-0292 §10.3.5, RFC 3966 §3: a number that is not global names its domain."""
    assert number_markup(number, domain) == written


@pytest.mark.parametrize("content", [TEMP, VERSION_4])
async def test_nobody_may_change_a_card(dialogue: Dialogue, content: str) -> None:
    assert await dialogue.ask("set", content, EXTENSION) == Refusal("auth", "forbidden")


@pytest.mark.parametrize("type_", ["get", "set"])
@pytest.mark.parametrize("content", [TEMP, VERSION_4])
async def test_what_does_not_exist_has_none(dialogue: Dialogue, type_: str, content: str) -> None:
    for address in (f"ext9@{DOMAIN}", f"{EXTENSION}/phone", f"{DOMAIN}/desk"):
        found = await dialogue.ask(type_, content, address)
        assert found == Refusal("cancel", "service-unavailable")


async def test_nor_as_a_node(dialogue: Dialogue) -> None:
    found = await dialogue.ask("get", NODE.format(""), f"ext9@{DOMAIN}")
    assert found == Refusal("cancel", "service-unavailable")


@pytest.mark.parametrize(("shown", "photos"), [(ONLINE, 1), (OFFLINE, 0)])
def test_presence_says_that_there_is_no_photo(
    dialogue: Dialogue, shown: Presence, photos: int
) -> None:
    (stanza,) = dialogue.dispatcher.presence(PresenceNotice(EXTENSION, (AGENT,), shown))
    found = ET.fromstring(stanza).findall("{vcard-temp:x:update}x/{vcard-temp:x:update}photo")
    assert [(photo.text, len(photo)) for photo in found] == [(None, 0)] * photos
