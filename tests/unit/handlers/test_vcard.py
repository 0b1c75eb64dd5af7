"""Business cards."""

from xml.etree import ElementTree as ET

import pytest

from component.pubsub.presence import OFFLINE, ONLINE, Presence, PresenceNotice
from tests.unit.handlers.dialogue import Dialogue, Refusal
from tests.unit.pubsub.provisioned import AGENT, DOMAIN, EXTENSION

pytestmark = pytest.mark.unit

TEMP = "<vCard xmlns='vcard-temp'/>"
VERSION_4 = "<vcard xmlns='urn:ietf:params:xml:ns:vcard-4.0'/>"


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
          <FN>Extension 1000</FN>
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
          <FN>ivr-pubsub</FN>
          <ORG><ORGNAME>ivr.example.com</ORGNAME></ORG>
          <ROLE>Call queue</ROLE>
          <JABBERID>ivr.example.com</JABBERID>
        </vCard>
        """,
    )


async def test_the_card_of_today_says_the_same(dialogue: Dialogue) -> None:
    await card(
        dialogue,
        VERSION_4,
        EXTENSION,
        """
        <vcard xmlns='urn:ietf:params:xml:ns:vcard-4.0'>
          <fn><text>Extension 1000</text></fn>
          <org><text>ivr.example.com</text></org>
          <role><text>Call agent</text></role>
          <tel>
            <parameters><type><text>work</text><text>voice</text></type></parameters>
            <text>1000</text>
          </tel>
          <impp><uri>xmpp:ext1000@ivr.example.com</uri></impp>
        </vcard>
        """,
    )


@pytest.mark.parametrize("content", [TEMP, VERSION_4])
async def test_nobody_may_change_a_card(dialogue: Dialogue, content: str) -> None:
    assert await dialogue.ask("set", content, EXTENSION) == Refusal("auth", "forbidden")


@pytest.mark.parametrize("type_", ["get", "set"])
@pytest.mark.parametrize("content", [TEMP, VERSION_4])
async def test_what_does_not_exist_has_none(dialogue: Dialogue, type_: str, content: str) -> None:
    found = await dialogue.ask(type_, content, f"ext9@{DOMAIN}")
    assert found == Refusal("cancel", "service-unavailable")


@pytest.mark.parametrize(("shown", "photos"), [(ONLINE, 1), (OFFLINE, 0)])
def test_presence_says_that_there_is_no_photo(
    dialogue: Dialogue, shown: Presence, photos: int
) -> None:
    (stanza,) = dialogue.dispatcher.presence(PresenceNotice(EXTENSION, (AGENT,), shown))
    found = ET.fromstring(stanza).findall("{vcard-temp:x:update}x/{vcard-temp:x:update}photo")
    assert [(photo.text, len(photo)) for photo in found] == [(None, 0)] * photos
