"""Entity capabilities: ours, and what users' software says of itself."""

import base64
import hashlib
from xml.etree import ElementTree as ET

import pytest

from component.handlers.caps import (
    HASHES,
    MAX_KNOWN,
    OWN_NODE,
    Advertised,
    Capabilities,
    Question,
    verification,
)
from component.handlers.namespaces import CAPS, DISCO_INFO
from component.pubsub.audience import CALLS
from component.pubsub.presence import ONLINE, PresenceNotice
from tests.unit.handlers.dialogue import Dialogue, canonical, parse
from tests.unit.pubsub.provisioned import AGENT, DOMAIN, EXTENSION, SUPERVISOR

pytestmark = pytest.mark.unit

DESK = f"{AGENT}/desk"
CLIENT = "https://client.example.org"


def info(*features: str, more: str = "") -> str:
    """What software says of itself."""
    listed = "".join(f"<feature var='{feature}'/>" for feature in features)
    return f"<identity category='client' type='pc' name='Client'/>{listed}{more}"


def query(content: str) -> ET.Element:
    return ET.fromstring(f"<query xmlns='{DISCO_INFO}'>{content}</query>")


def ver(content: str, hash_: str = "sha-1") -> str:
    found = verification(query(content), hash_)
    assert found is not None
    return found


FORM_TYPE = f"<field var='FORM_TYPE' type='hidden'><value>{CALLS}+notify</value></field>"
"""Hashed like the feature, after all features."""

WANTS_CALLS = info(f"{CALLS}+notify", DISCO_INFO)


async def arrive(
    dialogue: Dialogue,
    version: str,
    sender: str = DESK,
    hash_: str | None = "sha-1",
    to: str = EXTENSION,
) -> ET.Element | None:
    """Send presence that advertises capabilities; return what is asked in return."""
    written = f"hash='{hash_}'" if hash_ is not None else ""
    reply = await dialogue.say(
        f"<presence from='{sender}' to='{to}'>"
        f"<c xmlns='{CAPS}' node='{CLIENT}' ver='{version}' {written}/></presence>"
    )
    return None if reply is None else ET.fromstring(reply)


async def answer(
    dialogue: Dialogue, asked: ET.Element | None, content: str, sender: str | None = None
) -> None:
    assert asked is not None
    addresses = f"from='{sender or asked.get('to')}' to='{asked.get('from')}'"
    stanza = (
        f"<iq type='result' id='{asked.get('id')}' {addresses}>"
        f"<query xmlns='{DISCO_INFO}'>{content}</query></iq>"
    )
    assert await dialogue.say(stanza) is None


def notified(dialogue: Dialogue, item: str = "call-1") -> list[str]:
    dialogue.service.told.clear()
    dialogue.service.publish(item)
    return [jid for notification in dialogue.service.told for jid in notification.recipients]


async def test_unknown_capabilities_are_asked_for_and_count(dialogue: Dialogue) -> None:
    asked = await arrive(dialogue, ver(WANTS_CALLS))
    assert asked is not None
    assert (asked.get("type"), asked.get("from"), asked.get("to")) == ("get", EXTENSION, DESK)
    assert asked[0].attrib == {"node": f"{CLIENT}#{ver(WANTS_CALLS)}"}
    assert notified(dialogue) == []
    await answer(dialogue, asked, WANTS_CALLS)
    assert notified(dialogue, "call-2") == [DESK]


@pytest.mark.parametrize("hash_", HASHES)
async def test_known_capabilities_are_not_asked_for_again(dialogue: Dialogue, hash_: str) -> None:
    version = ver(WANTS_CALLS, hash_)
    await answer(dialogue, await arrive(dialogue, version, hash_=hash_), WANTS_CALLS)
    assert await arrive(dialogue, version, f"{AGENT}/other", hash_) is None
    assert sorted(notified(dialogue)) == [DESK, f"{AGENT}/other"]


async def test_an_answer_that_does_not_fit_the_hash_counts_for_nothing(dialogue: Dialogue) -> None:
    innocent = ver(info(DISCO_INFO))
    await answer(dialogue, await arrive(dialogue, innocent), WANTS_CALLS)
    assert notified(dialogue) == []
    assert await arrive(dialogue, innocent, f"{AGENT}/other") is not None


@pytest.mark.parametrize(
    "content",
    [
        info(DISCO_INFO, more=f"<x xmlns='jabber:x:data'>{FORM_TYPE}</x>"),
        info(f"{DISCO_INFO}&lt;{CALLS}+notify"),
        f"<identity category='client' type='pc' name='Client&lt;{DISCO_INFO}&lt;{CALLS}+notify'/>",
    ],
)
async def test_an_answer_that_only_has_the_same_hash_takes_nobodys_calls_away(
    dialogue: Dialogue, content: str
) -> None:
    version = ver(WANTS_CALLS)
    await answer(dialogue, await arrive(dialogue, version, f"{SUPERVISOR}/evil"), content)
    asked = await arrive(dialogue, version)
    if asked is not None:
        await answer(dialogue, asked, WANTS_CALLS)
    assert DESK in notified(dialogue)


@pytest.mark.parametrize("hash_", [None, "md5", "sha3-256"])
async def test_what_cannot_be_verified_counts_for_its_sender_alone(
    dialogue: Dialogue, hash_: str | None
) -> None:
    await answer(dialogue, await arrive(dialogue, "1.0", hash_=hash_), WANTS_CALLS)
    assert notified(dialogue) == [DESK]
    assert await arrive(dialogue, "1.0", f"{AGENT}/other", hash_) is not None


async def test_only_the_one_who_was_asked_can_answer(dialogue: Dialogue) -> None:
    asked = await arrive(dialogue, ver(WANTS_CALLS))
    await answer(dialogue, asked, WANTS_CALLS, sender="eve@example.com/r")
    assert notified(dialogue) == []
    await answer(dialogue, asked, WANTS_CALLS)
    assert notified(dialogue, "call-2") == [DESK]


async def test_an_error_answers_too(dialogue: Dialogue) -> None:
    asked = await arrive(dialogue, ver(WANTS_CALLS))
    assert asked is not None
    error = f"<iq type='error' id='{asked.get('id')}' from='{DESK}' to='{EXTENSION}'/>"
    assert await dialogue.say(error) is None
    await answer(dialogue, asked, WANTS_CALLS)
    assert notified(dialogue) == []


@pytest.mark.parametrize("to", [EXTENSION, DOMAIN, f"ext9@{DOMAIN}"])
async def test_a_stranger_is_not_asked(dialogue: Dialogue, to: str) -> None:
    assert await arrive(dialogue, ver(WANTS_CALLS), "eve@example.com/r", to=to) is None


@pytest.mark.parametrize(
    "content",
    [
        f"<c xmlns='{CAPS}'/>",
        f"<c xmlns='{CAPS}' node='' ver='x' hash='sha-1'/>",
        f"<c xmlns='{CAPS}' node='n' ver='{'x' * 2000}' hash='sha-1'/>",
        f"<c xmlns='{CAPS}' node='n' ver='x'/><c xmlns='{CAPS}' node='n' ver='y'/>",
        "<c node='n' ver='x'/>",
        "<priority>many</priority><show>gone fishing</show><status/>",
        f"<priority>{'9' * 5000}</priority>",
    ],
)
async def test_malformed_capabilities_are_none(dialogue: Dialogue, content: str) -> None:
    assert (
        await dialogue.say(f"<presence from='{DESK}' to='{EXTENSION}'>{content}</presence>") is None
    )


def test_what_is_not_met_for_long_is_forgotten() -> None:
    known = Capabilities(iter(map(str, range(MAX_KNOWN + 1))).__next__)
    kinds = []
    for number in range(MAX_KNOWN + 1):
        content = info(f"urn:{number}")
        about = Advertised(CLIENT, ver(content), "sha-1")
        kinds.append(about)
        asked = ET.fromstring(known.ask(Question(EXTENSION, DESK, about)))
        iq = parse(
            f"<iq type='result' id='{asked.get('id')}' from='{DESK}' to='{EXTENSION}'>"
            f"<query xmlns='{DISCO_INFO}'>{content}</query></iq>"
        )
        assert known.answered(iq) is not None
    assert known.wants(kinds[0]) is None
    assert known.wants(kinds[-1]) == frozenset()


# The verification string. ------------------------------------------------------------------------


def hashed(text: str) -> str:
    return base64.b64encode(hashlib.sha1(text.encode()).digest()).decode()


def test_it_is_the_hash_of_all_in_order() -> None:
    more = (
        "<x xmlns='jabber:x:data' type='result'>"
        "<field var='os'><value>Linux</value></field>"
        "<field var='FORM_TYPE' type='hidden'><value>urn:b</value></field>"
        "<field var='ip'><value>ipv6</value><value>ipv4</value></field></x>"
        "<x xmlns='jabber:x:data' type='result'>"
        "<field var='FORM_TYPE' type='hidden'><value>urn:a</value></field></x>"
        "<x xmlns='jabber:x:data' type='result'><field var='no type'/></x>"
    )
    assert ver(info("urn:z", "urn:y", more=more)) == hashed(
        "client/pc//Client<urn:y<urn:z<urn:a<urn:b<ip<ipv4<ipv6<os<Linux<"
    )


def test_it_is_that_of_the_specification() -> None:
    """§5.3, Complex Generation Example."""
    identities = "".join(
        f"<identity xml:lang='{language}' category='client' type='pc' name='{name} 0.11'/>"
        for language, name in (("en", "Psi"), ("el", "\u03a8"))
    )
    features = "".join(
        f"<feature var='http://jabber.org/protocol/{name}'/>"
        for name in ("caps", "disco#info", "disco#items", "muc")
    )
    said = {
        "ip_version": ("ipv4", "ipv6"), "os": ("Mac",), "os_version": ("10.5.1",),
        "software": ("Psi",), "software_version": ("0.11",),
    }  # fmt: skip
    fields = "".join(
        f"<field var='{var}'>{''.join(f'<value>{value}</value>' for value in values)}</field>"
        for var, values in said.items()
    )
    form_type = "<value>urn:xmpp:dataforms:softwareinfo</value>"
    form = f"<field var='FORM_TYPE' type='hidden'>{form_type}</field>{fields}"
    content = f"{identities}{features}<x xmlns='jabber:x:data' type='result'>{form}</x>"
    assert ver(content) == "q07IKJEyjvHSyhy//CH0CxmKi8w="


def test_identities_are_ordered_part_by_part() -> None:
    content = "".join(
        f"<identity category='client' type='{type_}' xml:lang='{language}'/>"
        for type_, language in (("pc-x", "en"), ("pc", "en-GB"), ("pc", "en"))
    )
    assert ver(content) == hashed("client/pc/en/<client/pc/en-GB/<client/pc-x/en/<")


@pytest.mark.parametrize(
    "content",
    [
        info("urn:a", "urn:a"),
        info() + info(),
        info(
            more="<x xmlns='jabber:x:data'>"
            "<field var='FORM_TYPE' type='hidden'><value>urn:a</value></field></x>" * 2
        ),
    ],
)
def test_what_is_said_twice_is_ill_formed(content: str) -> None:
    assert verification(query(content), "sha-1") is None


@pytest.mark.parametrize(
    "content",
    [
        info("urn:a&lt;urn:b"),
        info(more="<identity category='a' type='b&lt;'/>"),
        info(
            more="<x xmlns='jabber:x:data'>"
            "<field var='FORM_TYPE' type='hidden'><value>urn:a</value></field>"
            "<field var='os'><value>&lt;</value></field></x>"
        ),
    ],
)
def test_what_contains_the_separator_is_ill_formed(content: str) -> None:
    assert verification(query(content), "sha-1") is None


def test_so_is_a_form_of_two_types() -> None:
    types = "<value>urn:a</value><value>urn:{}</value>"
    form = f"<x xmlns='jabber:x:data'><field var='FORM_TYPE' type='hidden'>{types}</field></x>"
    assert verification(query(info(more=form.format("b"))), "sha-1") is None
    assert ver(info(more=form.format("a"))) == hashed("client/pc//Client<urn:a<")


@pytest.mark.parametrize("type_", ["type='text-single'", ""])
def test_a_form_whose_type_is_not_hidden_is_not_hashed(type_: str) -> None:
    form = f"<field var='FORM_TYPE' {type_}><value>urn:a</value></field>"
    content = info(more=f"<x xmlns='jabber:x:data'>{form}</x>")
    assert ver(content) == hashed("client/pc//Client<")


# Ours. -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", [EXTENSION, DOMAIN])
async def test_our_presence_advertises_what_our_addresses_say(
    dialogue: Dialogue, address: str
) -> None:
    (stanza,) = dialogue.dispatcher.presence(PresenceNotice(address, (AGENT,), ONLINE))
    advertised = ET.fromstring(stanza).find(f"{{{CAPS}}}c")
    assert advertised is not None
    assert (advertised.get("hash"), advertised.get("node")) == ("sha-1", OWN_NODE)
    name = f"{OWN_NODE}#{advertised.get('ver')}"
    answers = []
    for node in (f"node='{name}'", ""):
        reply = await dialogue.say(
            f"<iq type='get' id='1' from='{DESK}' to='{address}'>"
            f"<query xmlns='{DISCO_INFO}' {node}/></iq>"
        )
        assert reply is not None
        answers.append(ET.fromstring(reply)[0])
    assert [described.get("node") for described in answers] == [name, None]
    assert {verification(described, "sha-1") for described in answers} == {advertised.get("ver")}


async def test_the_capabilities_of_what_does_not_exist_are_not_told(dialogue: Dialogue) -> None:
    (stanza,) = dialogue.dispatcher.presence(PresenceNotice(EXTENSION, (AGENT,), ONLINE))
    advertised = ET.fromstring(stanza).find(f"{{{CAPS}}}c")
    assert advertised is not None
    node = f"{OWN_NODE}#{advertised.get('ver')}"
    content = f"<query xmlns='{DISCO_INFO}' node='{node}'/>"
    assert await dialogue.ask("get", content, f"ext9@{DOMAIN}") is not None


def test_unavailable_presence_advertises_nothing(dialogue: Dialogue) -> None:
    notices = dialogue.service.pubsub.farewell()
    assert notices == []
    dialogue.service.add_contact(AGENT, DOMAIN)
    (notice,) = dialogue.service.pubsub.farewell()
    assert canonical("".join(dialogue.dispatcher.presence(notice))) == canonical(
        f"<presence type='unavailable' from='{DOMAIN}' to='{AGENT}'/>"
    )
