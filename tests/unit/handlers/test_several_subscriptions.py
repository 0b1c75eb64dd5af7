"""Several subscriptions of one JID, as stanzas."""

from xml.etree import ElementTree as ET

import pytest

from component.handlers.notify import event_markup
from component.pubsub.model import (
    Item,
    ItemPublished,
    ItemRetracted,
    NodeConfigured,
    NodeDeleted,
    NodeEvent,
    NodePurged,
    Notification,
)
from tests.unit.handlers.dialogue import Dialogue, Refusal, canonical, refusal
from tests.unit.handlers.requests import (
    PUBSUB,
    SUBSCRIBE_OPTIONS,
    answer,
    fails,
    filled,
    form,
    succeeds,
    with_news,
)
from tests.unit.pubsub.provisioned import AGENT, DOMAIN, NOW

pytestmark = pytest.mark.unit

SUBSCRIBE = f"<subscribe node='news' jid='{AGENT}'/>"


def with_options(**fields: str) -> str:
    return f"{SUBSCRIBE}<options>{form(SUBSCRIBE_OPTIONS, **fields)}</options>"


@pytest.fixture
async def dialogue() -> Dialogue:
    """user1 has two subscriptions to `news`."""
    made = with_news()
    await succeeds(made, SUBSCRIBE, sender=AGENT)
    await succeeds(made, with_options(include_body="1"), sender=AGENT)
    return made


async def test_who_subscribes_with_options_is_told_which_hold() -> None:
    reply = await answer(with_news(), "set", with_options(include_body="1"), sender=AGENT)
    values = filled(reply)
    assert values["FORM_TYPE"] == SUBSCRIBE_OPTIONS
    assert (values["pubsub#deliver"], values["pubsub#include_body"]) == ("1", "1")
    assert "type='result'" in reply


async def test_both_are_listed(dialogue: Dialogue) -> None:
    reply = await answer(dialogue, "get", "<subscriptions node='news'/>", sender=AGENT)
    listed = ET.fromstring(reply).iter(f"{{{PUBSUB}}}subscription")
    assert [s.get("subid") for s in listed] == ["new-subid", "new-subid-2"]


@pytest.mark.parametrize(
    ("type_", "content"),
    [
        ("set", "<unsubscribe node='news' jid='{jid}'{subid}/>"),
        ("get", "<options node='news' jid='{jid}'{subid}/>"),
        ("set", "<options node='news' jid='{jid}'{subid}/>"),
        ("get", "<items node='news'{subid}/>"),
    ],
)
async def test_one_has_to_be_named(dialogue: Dialogue, type_: str, content: str) -> None:
    async def said(subid: str) -> str:
        return await answer(dialogue, type_, content.format(jid=AGENT, subid=subid), sender=AGENT)

    assert refusal(await said("")) == Refusal("modify", "bad-request", "subid-required")
    wrong = Refusal("modify", "not-acceptable", "invalid-subid")
    assert refusal(await said(" subid='x'")) == wrong
    assert "type='result'" in await said(" subid='new-subid-2'")


async def test_too_many_are_refused(dialogue: Dialogue) -> None:
    for number in range(10, 18):
        expire = f"2027-01-{number}T00:00:00Z"
        await succeeds(dialogue, with_options(expire=expire), sender=AGENT)
    found = await fails(dialogue, with_options(deliver="0"), sender=AGENT)
    assert found == Refusal("wait", "policy-violation", "too-many-subscriptions")


@pytest.mark.parametrize("attribute", ["node='news'", f"jid='{AGENT}'"])
async def test_options_beside_a_subscription_name_nothing(
    dialogue: Dialogue, attribute: str
) -> None:
    options = f"<options {attribute}>{form(SUBSCRIBE_OPTIONS, deliver='0')}</options>"
    found = await fails(dialogue, SUBSCRIBE + options, sender=AGENT)
    assert found == Refusal("modify", "bad-request")


@pytest.mark.parametrize("field", ["subscription_type", "subscription_depth"])
async def test_there_are_no_options_of_collections(dialogue: Dialogue, field: str) -> None:
    found = await fails(dialogue, with_options(**{field: "all"}), sender=AGENT)
    assert found == Refusal("cancel", "feature-not-implemented", "unsupported", "collections")


CALL = (
    "<call xmlns='urn:ivr-pubsub:call:1' state='offered' extension='1000' queue='support'>"
    "<caller number='5550100' name='Ann'/>{}</call>"
)
CUSTOMER = "<customer id='1' code='1111' name='Smith &amp;amp; Co'/>".replace("&amp;amp;", "&amp;")


def told(event: NodeEvent, with_body: bool = False, subids: tuple[str, ...] = ()) -> str:
    return event_markup(
        Notification("news", DOMAIN, (AGENT,), event, subids=subids, with_body=with_body)
    )


def test_the_headers_come_last_and_name_the_subscriptions() -> None:
    assert canonical(f"<m>{told(ItemRetracted('a'), subids=('s1', 's2'))}</m>") == canonical(
        f"""
        <m>
          <event xmlns='{PUBSUB}#event'><items node='news'><retract id='a'/></items></event>
          <headers xmlns='http://jabber.org/protocol/shim'>
            <header name='SubID'>s1</header>
            <header name='SubID'>s2</header>
          </headers>
        </m>
        """
    )


@pytest.mark.parametrize("event", [NodePurged(), NodeConfigured(None), NodeDeleted()])
def test_what_is_told_of_the_node_itself_names_none(event: NodeEvent) -> None:
    """It is the same for all subscriptions (§12.16)."""
    assert "<headers" not in told(event, subids=("s1", "s2"))


@pytest.mark.parametrize(
    ("payload", "with_payload", "words"),
    [
        (
            CALL.format(CUSTOMER),
            True,
            "Call offered at 1000, queue support: Smith &amp; Co (1111), 5550100",
        ),
        (
            CALL.format("").replace("5550100", ""),
            True,
            "Call offered at 1000, queue support: unknown number",
        ),
        (CALL.format(CUSTOMER), False, "New in news: i1"),
        ("<x/>", True, "New in news: i1"),
        ("", True, "New in news: i1"),
        ("<broken", True, "New in news: i1"),
        (
            "<entry xmlns='http://www.w3.org/2005/Atom'><title> Rain </title></entry>",
            True,
            "New in news: i1, Rain",
        ),
        (
            f"<entry xmlns='http://www.w3.org/2005/Atom'><title>{'long' * 100}</title></entry>",
            True,
            f"New in news: i1, {'long' * 50}",
        ),
    ],
)
def test_people_are_told_in_words_if_they_want(
    payload: str, with_payload: bool, words: str
) -> None:
    event = ItemPublished(Item("news", "i1", payload, DOMAIN, NOW, 1), with_payload)
    body = f"<body xml:lang='en'>{words}</body>"
    assert told(event, with_body=True).startswith(f"{body}<event ")
    assert "<body" not in told(event)
    assert "<body" not in told(ItemRetracted("a"), with_body=True)
