"""What people send who mean harm, or whose software is broken: the right error, and no change.

`tests/contract/xmpp/test_hostile.py` sends the same through real servers.
"""

import pytest

from component.handlers.presence import presence_markup
from component.markup import MAX_STANZA
from component.pubsub.presence import PresenceType
from tests.unit.handlers.dialogue import Dialogue, Refusal, parse, refusal
from tests.unit.handlers.requests import (
    NODE_CONFIG,
    OWNER,
    PUBSUB,
    SUBSCRIBE_OPTIONS,
    answer,
    fails,
    form,
    succeeds,
    with_news,
)
from tests.unit.pubsub.provisioned import ADMIN, AGENT, DOMAIN, STRANGER

pytestmark = pytest.mark.unit

BAD_REQUEST = Refusal("modify", "bad-request")
SUBSCRIBE = f"<subscribe node='news' jid='{AGENT}'/>"
ITEM = "<item id='a'><x xmlns='urn:x'/></item>"
PUBLISH = f"<publish node='news'>{ITEM}</publish>"
LONG = "n" * 100_000


@pytest.fixture
def dialogue() -> Dialogue:
    return with_news()


MALFORMED = {
    "nothing asked for": ("", PUBSUB),
    "text instead of elements": ("subscribe", PUBSUB),
    "a request twice": (SUBSCRIBE * 2, PUBSUB),
    "two requests": (SUBSCRIBE + PUBLISH, PUBSUB),
    "companions of something else": (f"{SUBSCRIBE}<configure/>", PUBSUB),
    "a companion twice": (f"{SUBSCRIBE}{'<options/>' * 2}", PUBSUB),
    "a companion before what it belongs to": (f"<options/>{SUBSCRIBE}", PUBSUB),
    "a companion alone": ("<publish-options/>", PUBSUB),
    "a request that there is not": ("<explode node='news'/>", PUBSUB),
    "an owner's request in the wrong namespace": ("<purge node='news'/>", PUBSUB),
    "everybody's request in the wrong namespace": (PUBLISH, OWNER),
    "a request in another namespace": (f"<subscribe xmlns='urn:x' jid='{AGENT}'/>", PUBSUB),
    "an affiliation that there is not": (
        f"<affiliations node='news'><affiliation jid='{AGENT}' affiliation='x'/></affiliations>",
        OWNER,
    ),
    "a state of subscription that there is not": (
        f"<subscriptions node='news'><subscription jid='{AGENT}' subscription='x'/>"
        "</subscriptions>",
        OWNER,
    ),
    "a redirection to nowhere": ("<delete node='news'><redirect/></delete>", OWNER),
    "a redirection to what is no URI": (
        "<delete node='news'><redirect uri='over there'/></delete>",
        OWNER,
    ),
    "a redirection to a name": ("<delete node='news'><redirect uri='ideas'/></delete>", OWNER),
    "a form within a form": (
        f"<configure node='news'>{form(NODE_CONFIG)}{form(NODE_CONFIG)}</configure>",
        OWNER,
    ),
    "a form that is not filled in": (
        f"<configure node='news'>{form(NODE_CONFIG, 'result', title='x')}</configure>",
        OWNER,
    ),
    "a FORM_TYPE twice": (
        f"<configure node='news'>{form(NODE_CONFIG, title='x').replace('</x>', '')}"
        f"<field var='FORM_TYPE'><value>{NODE_CONFIG}</value></field></x></configure>",
        OWNER,
    ),
    "a FORM_TYPE of two values": (
        f"<configure node='news'>{form(f'{NODE_CONFIG}</value><value>x')}</configure>",
        OWNER,
    ),
    "another's FORM_TYPE": (
        f"<configure node='news'>{form(SUBSCRIBE_OPTIONS)}</configure>",
        OWNER,
    ),
    "a FORM_TYPE without a value": (
        f"<configure node='news'>{form('').replace('<value></value>', '')}</configure>",
        OWNER,
    ),
    "a field twice": (
        f"<configure node='news'>{form(NODE_CONFIG, title='x').replace('</x>', '')}"
        "<field var='pubsub#title'/></x></configure>",
        OWNER,
    ),
    "notify that is neither true nor false": (
        "<retract node='news' notify='2'><item id='a'/></retract>",
        PUBSUB,
    ),
}


@pytest.mark.parametrize(("content", "namespace"), MALFORMED.values(), ids=MALFORMED)
async def test_it_is_a_bad_request_to_send(
    dialogue: Dialogue, content: str, namespace: str
) -> None:
    assert await fails(dialogue, content, namespace) == BAD_REQUEST


NONSENSE = {
    "no number of items": (
        f"<configure node='news'>{form(NODE_CONFIG, max_items='1e3')}</configure>"
    ),
    "no number of items at all": (
        f"<configure node='news'>{form(NODE_CONFIG, max_items='')}</configure>"
    ),
    "a number without end": (
        f"<configure node='news'>{form(NODE_CONFIG, item_expire='9' * 100_000)}</configure>"
    ),
    "payloads larger than a stanza": (
        f"<configure node='news'>{form(NODE_CONFIG, max_payload_size='999999999')}</configure>"
    ),
    "no value where one belongs": (
        "<configure node='news'>"
        f"{form(NODE_CONFIG, persist_items='').replace('<value></value>', '')}</configure>"
    ),
    "words where yes or no belongs": (
        f"<configure node='news'>{form(NODE_CONFIG, persist_items='perhaps')}</configure>"
    ),
    "what is not among the options": (
        f"<configure node='news'>{form(NODE_CONFIG, publish_model='me')}</configure>"
    ),
    "no JIDs where JIDs belong": (
        f"<configure node='news'>{form(NODE_CONFIG, contact='a@b@c')}</configure>"
    ),
    "many values where one belongs": (
        f"<configure node='news'>{form(NODE_CONFIG, title='a</value><value>b')}</configure>"
    ),
    "what the service does not do": (
        f"<configure node='news'>{form(NODE_CONFIG, roster_groups_allowed='x')}</configure>"
    ),
}


@pytest.mark.parametrize("content", NONSENSE.values(), ids=NONSENSE)
async def test_it_is_not_acceptable_to_configure(dialogue: Dialogue, content: str) -> None:
    assert await fails(dialogue, content, OWNER) == Refusal("modify", "not-acceptable")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (f"<subscribe node='{LONG}' jid='{AGENT}'/>", Refusal("cancel", "item-not-found")),
        (f"<create node='{LONG}'/>", Refusal("modify", "not-acceptable")),
        (PUBLISH.replace("'a'", f"'{LONG}'"), Refusal("modify", "not-acceptable")),
        (
            f"<subscribe node='news' jid='{LONG}@example.com'/>",
            Refusal("modify", "bad-request", "invalid-jid"),
        ),
        (
            f"<retract node='news'><item id='{LONG}'/></retract>",
            Refusal("cancel", "item-not-found"),
        ),
        (
            f"<subscribe node='news' jid='{AGENT}'/><options>"
            f"{form(SUBSCRIBE_OPTIONS, expire='9' * 100_000)}</options>",
            Refusal("modify", "bad-request", "invalid-options"),
        ),
    ],
    ids=["node", "new node", "item", "jid", "item to retract", "time"],
)
async def test_names_without_end_are_refused(
    dialogue: Dialogue, content: str, expected: Refusal
) -> None:
    sender = ADMIN if "jid=" not in content else AGENT
    assert await fails(dialogue, content, sender=sender) == expected


@pytest.mark.parametrize("name", ["☎", "a b", "../../etc/passwd", "'; DROP TABLE nodes; --"])
async def test_strange_names_are_names(dialogue: Dialogue, name: str) -> None:
    escaped = name.replace("'", "&apos;")
    await succeeds(dialogue, f"<create node='{escaped}'/>")
    await succeeds(
        dialogue, f"<publish node='{escaped}'><item id='{escaped}'><x/></item></publish>"
    )
    assert dialogue.service.item_ids(ADMIN, name) == [name]


async def test_a_payload_of_a_megabyte_is_too_big(dialogue: Dialogue) -> None:
    large = PUBLISH.replace("<x xmlns='urn:x'/>", f"<x>{'x' * 1_000_000}</x>")
    found = await fails(dialogue, large)
    assert found == Refusal("modify", "not-acceptable", "payload-too-big")


@pytest.mark.parametrize("depth", [1000, 5000])
async def test_depth_is_no_harm(dialogue: Dialogue, depth: int) -> None:
    nested = "<a>" * depth + "</a>" * depth
    await succeeds(dialogue, PUBLISH.replace("<x xmlns='urn:x'/>", nested))
    assert "type='result'" in await answer(dialogue, "get", "<items node='news'/>")
    unknown = await dialogue.ask("get", nested)
    assert unknown == Refusal("cancel", "service-unavailable")
    assert await fails(dialogue, nested) == BAD_REQUEST


@pytest.mark.parametrize(
    ("inner", "condition"),
    [
        ("<max>ten</max>", "bad-request"),
        ("<max>-1</max>", "bad-request"),
        (f"<max>{'9' * 5000}</max>", "bad-request"),
        ("<max>1</max><max>2</max>", "bad-request"),
        ("<after/>", "bad-request"),
        ("<after>a</after><before>b</before>", "bad-request"),
        ("<index>0.5</index>", "bad-request"),
        ("<after>never</after>", "item-not-found"),
        ("<before>never</before>", "item-not-found"),
        (f"<after>{LONG}</after>", "item-not-found"),
    ],
)
async def test_pages_that_cannot_be_are_refused(
    dialogue: Dialogue, inner: str, condition: str
) -> None:
    page = f"<set xmlns='http://jabber.org/protocol/rsm'>{inner}</set>"
    for content in (
        f"<pubsub xmlns='{PUBSUB}'><items node='news'/>{page}</pubsub>",
        f"<query xmlns='http://jabber.org/protocol/disco#items' node='news'>{page}</query>",
        f"<query xmlns='http://jabber.org/protocol/disco#items'>{page}</query>",
    ):
        found = await dialogue.ask("get", content)
        assert found is not None
        assert found.condition == condition


async def test_nobody_acts_for_another(dialogue: Dialogue) -> None:
    dialogue.service.subscribe(AGENT, "news")
    for content, expected in (
        (SUBSCRIBE, Refusal("modify", "bad-request", "invalid-jid")),
        (f"<unsubscribe node='news' jid='{AGENT}'/>", Refusal("auth", "forbidden")),
        (
            f"<options node='news' jid='{AGENT}'>{form(SUBSCRIBE_OPTIONS, deliver='0')}</options>",
            Refusal("auth", "forbidden"),
        ),
        (PUBLISH, Refusal("auth", "forbidden")),
    ):
        assert await fails(dialogue, content, sender=STRANGER) == expected
    # The one who owns everything is known by the whole of the JID, not by a part of it.
    for impostor in (f"{ADMIN}.evil.example", f"x{ADMIN}", f"evil.example/{ADMIN}"):
        before = dialogue.service.contents()
        reply = await dialogue.say(
            f"<iq type='set' id='1' from='{impostor}' to='{DOMAIN}'>"
            f"<pubsub xmlns='{OWNER}'><delete node='news'/></pubsub></iq>"
        )
        assert reply is not None
        assert refusal(reply) == Refusal("auth", "forbidden")
        assert dialogue.service.contents() == before


@pytest.mark.parametrize(
    "address",
    [
        f"{DOMAIN}/x",
        f"ext1000@{DOMAIN}/phone",
        f"a@b@{DOMAIN}",
        f"@{DOMAIN}",
        f"x.{DOMAIN}",
        "/",
        "",
    ],
)
async def test_there_is_nothing_at_an_odd_address(dialogue: Dialogue, address: str) -> None:
    nothing = Refusal("cancel", "service-unavailable")
    ping, vcard = "<ping xmlns='urn:xmpp:ping'/>", "<vCard xmlns='vcard-temp'/>"
    subscribe = f"<pubsub xmlns='{PUBSUB}'>{SUBSCRIBE}</pubsub>"
    assert await dialogue.ask("get", ping, address) == nothing
    assert await dialogue.ask("get", vcard, address) == nothing
    assert await dialogue.ask("set", subscribe, address) == nothing


OURS = [
    "<iq type='get' id='1' {}><ping xmlns='urn:xmpp:ping'/></iq>",
    "<iq type='set' id='1' {}><explode xmlns='urn:x'/></iq>",
    "<message id='1' {}><body>status</body></message>",
    "<message type='chat' id='1' {}><body>help</body></message>",
    "<presence {}/>",
    "<presence type='unheard-of' {}/>",
    *(f"<presence type='{type_.value}' {{}}/>" for type_ in PresenceType),
]


@pytest.mark.parametrize("sent", OURS)
@pytest.mark.parametrize("sender", [DOMAIN, f"ext2000@{DOMAIN}"])
async def test_what_comes_from_ourselves_comes_to_an_end(
    dialogue: Dialogue, sent: str, sender: str
) -> None:
    waiting = [sent.format(f"from='{sender}' to='ext1000@{DOMAIN}'")]
    for _ in range(3):
        replies = [await dialogue.say(stanza) for stanza in waiting]
        notices = dialogue.service.pubsub.take_presences()
        shown = [markup for notice in notices for markup in presence_markup(notice)]
        waiting = [*filter(None, replies), *shown]
    assert not waiting


@pytest.mark.parametrize("sender", [DOMAIN, f"ext1000@{DOMAIN}", "example.com"])
async def test_errors_go_round_in_no_circle(dialogue: Dialogue, sender: str) -> None:
    sent = f"<iq type='error' id='1' from='{sender}' to='{DOMAIN}'><x/></iq>"
    assert await dialogue.say(sent) is None
    bounced = (
        f"<message type='error' from='{sender}' to='{DOMAIN}'><error type='cancel'/></message>"
    )
    assert await dialogue.say(bounced) is None


async def test_an_answer_is_never_larger_than_a_stanza_may_be(dialogue: Dialogue) -> None:
    config = form(NODE_CONFIG, max_items="max", max_payload_size="262144")
    await succeeds(dialogue, f"<configure node='news'>{config}</configure>", OWNER)
    for number in range(9):
        large = f"<item id='i{number}'><x>{'&lt;' * 25_000}</x></item>"
        await succeeds(dialogue, f"<publish node='news'>{large}</publish>")
    reply = await answer(dialogue, "get", "<items node='news'/>")
    assert len(reply.encode()) < MAX_STANZA
    assert "<last>i8</last><count>9</count>" in reply


def test_a_stanza_that_there_is_no_time_for_is_declined(dialogue: Dialogue) -> None:
    stanza = f"<iq type='set' id='1' from='{STRANGER}' to='{DOMAIN}'><x/></iq>"
    reply = dialogue.dispatcher.decline(parse(stanza))
    assert reply is not None
    assert refusal(reply) == Refusal("wait", "resource-constraint")
