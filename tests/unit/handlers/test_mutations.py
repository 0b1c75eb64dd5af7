"""Requests that would be right, with a few things wrong: a right answer to each, and no harm.

`test_fuzz.py` sends what is mostly nonsense; this is what comes near to being understood.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from component.handlers import namespaces
from component.handlers.namespaces import STANZAS
from component.handlers.pending import GET_PENDING
from component.markup import MAX_STANZA, flaw
from component.pubsub.configuration import Configuration
from component.pubsub.policy import Creators, Policy
from component.pubsub.service import Request
from tests.unit.handlers.dialogue import Dialogue, parse
from tests.unit.handlers.requests import NODE_CONFIG, OWNER, PUBSUB, SUBSCRIBE_OPTIONS, form
from tests.unit.pubsub.provisioned import ADMIN, AGENT, DOMAIN, EXTENSION, STRANGER

pytestmark = pytest.mark.unit

RSM = f"<set xmlns='{namespaces.RSM}'><max>2</max><after>a</after></set>"
OPTIONS = form(SUBSCRIBE_OPTIONS, deliver="1", digest="1", digest_frequency="2000")
CONFIG = form(NODE_CONFIG, title="News", max_items="7", access_model="authorize")
MAM_FORM = (
    f"<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>{namespaces.MAM}"
    "</value></field><field var='start'><value>2026-01-01T00:00:00Z</value></field></x>"
)
BOTH = "<item id='a'><x xmlns='urn:x'/></item><item><y xmlns='urn:x'/></item>"


def everybody(content: str) -> str:
    return f"<pubsub xmlns='{PUBSUB}'>{content}</pubsub>"


def owner(content: str) -> str:
    return f"<pubsub xmlns='{OWNER}'>{content}</pubsub>"


REQUESTS = [
    ("set", everybody(f"<subscribe node='news' jid='{AGENT}'/><options>{OPTIONS}</options>")),
    ("set", everybody(f"<unsubscribe node='ext1000' jid='{AGENT}' subid='sub-1'/>")),
    ("get", everybody(f"<options node='ext1000' jid='{AGENT}'/>")),
    ("set", everybody(f"<options node='ext1000' jid='{AGENT}'>{OPTIONS}</options>")),
    ("get", everybody("<default node='news'/>")),
    ("get", everybody("<subscriptions/>")),
    ("get", everybody("<affiliations node='news'/>")),
    ("get", everybody("<items node='ext1000' max_items='2'/>")),
    ("get", everybody(f"<items node='ext1000'><item id='a'/><item id='b'/></items>{RSM}")),
    ("set", everybody(f"<publish node='news'>{BOTH}</publish>")),
    ("set", everybody(f"<publish node='new'>{BOTH}</publish><publish-options/>")),
    ("set", everybody("<retract node='news' notify='1'><item id='n'/></retract>")),
    ("set", everybody(f"<create node='newer'/><configure>{CONFIG}</configure>")),
    ("get", owner("<configure node='news'/>")),
    ("set", owner(f"<configure node='news'>{CONFIG}</configure>")),
    ("get", owner("<default/>")),
    ("set", owner("<delete node='news'><redirect uri='xmpp:x?;node=y'/></delete>")),
    ("set", owner("<purge node='news'/>")),
    ("get", owner("<subscriptions node='news'/>")),
    (
        "set",
        owner(
            "<subscriptions node='news'>"
            f"<subscription jid='{AGENT}' subscription='subscribed'/></subscriptions>"
        ),
    ),
    (
        "set",
        owner(
            "<affiliations node='news'>"
            f"<affiliation jid='{AGENT}' affiliation='publisher'/></affiliations>"
        ),
    ),
    ("get", f"<query xmlns='{namespaces.DISCO_INFO}' node='news'/>"),
    ("get", f"<query xmlns='{namespaces.DISCO_ITEMS}'>{RSM}</query>"),
    ("get", f"<query xmlns='{namespaces.MAM}' node='news'/>"),
    ("set", f"<query xmlns='{namespaces.MAM}' node='ext1000' queryid='q'>{MAM_FORM}{RSM}</query>"),
    ("get", f"<metadata xmlns='{namespaces.MAM}' node='news'/>"),
    ("set", f"<command xmlns='{namespaces.COMMANDS}' node='{GET_PENDING}' action='execute'/>"),
    ("set", f"<command xmlns='{namespaces.COMMANDS}' node='urn:ivr-pubsub:command:1:pause'/>"),
    ("get", f"<vCard xmlns='{namespaces.VCARD_TEMP}'/>"),
    ("get", f"<ping xmlns='{namespaces.PING}'/>"),
]
SENDERS = [AGENT, f"{STRANGER}/r", "example.com", DOMAIN, EXTENSION]
ADDRESSES = [DOMAIN, EXTENSION, f"{DOMAIN}/x", f"{EXTENSION}/x", f"nobody@{DOMAIN}", "example.org"]

texts = st.sampled_from(
    [
        "", "-1", "0", "1", "99999999999", "true", "maybe", "news", "ext1000", "a", "n" * 3000,
        "\u202enews", "\u0378", "n\u0435ws", "\n", "\U0010fffd", "@", "a@b@c", "/", AGENT, STRANGER,
    ]
)  # fmt: skip
names = st.sampled_from(
    ["node", "jid", "id", "subid", "type", "var", "action", "max_items", "notify", "affiliation"]
)


@dataclass
class Spot:
    """Where something is made wrong, and what with."""

    parent: ET.Element
    element: ET.Element
    name: str
    text: str


def drop(at: Spot) -> None:
    at.parent.remove(at.element)


def double(at: Spot) -> None:
    at.parent.append(deepcopy(at.element))


def nest(at: Spot) -> None:
    at.element.append(deepcopy(at.element))


def deepen(at: Spot) -> None:
    innermost = at.element
    for _ in range(300):  # `deepcopy` takes no more
        innermost = ET.SubElement(innermost, at.element.tag)


def rename(at: Spot) -> None:
    namespace, brace, _ = at.element.tag.rpartition("}")
    at.element.tag = namespace + brace + at.name


def move(at: Spot) -> None:
    at.element.tag = "{urn:nobody}" + at.element.tag.rpartition("}")[2]


def write(at: Spot) -> None:
    at.element.text = at.text


def tell(at: Spot) -> None:
    at.element.set(at.name, at.text)


def forget(at: Spot) -> None:
    at.element.attrib.pop(at.name, None)


Mutation = Callable[[Spot], None]
MUTATIONS: list[Mutation] = [
    drop, double, nest, deepen, rename, move, write, tell, tell, tell, forget, forget,
]  # fmt: skip
mutations = st.lists(
    st.tuples(st.sampled_from(MUTATIONS), st.integers(0, 50), names, texts), min_size=1, max_size=4
)


def mutated(content: str, wrong: list[tuple[Mutation, int, str, str]]) -> ET.Element:
    """Return the request with what is wrong, each at some element of it."""
    stanza = parse(f"<iq>{content}</iq>")
    for mutate, place, name, text in wrong:
        pairs = [(parent, child) for parent in stanza.iter() for child in parent]
        if pairs:
            mutate(Spot(*pairs[place % len(pairs)], name, text))
    return stanza


def arranged(policy: Policy) -> Dialogue:
    """Return a dialogue at a service with the administrator's node, and a subscriber."""
    made = Dialogue(policy)
    made.service.do(lambda pubsub: pubsub.create(Request(ADMIN, DOMAIN), "news", Configuration()))
    made.service.publish("n", node="news")
    made.service.subscribe(AGENT)
    for item_id in ("a", "b"):
        made.service.publish(item_id)
    return made


def check_error(reply: ET.Element) -> None:
    """See that an error is one as RFC 6120 §8.3 has it."""
    (error,) = reply.findall("error")
    assert error.get("type") in ("auth", "cancel", "modify", "wait")
    tags = [child.tag for child in error]
    assert tags[0].startswith(f"{{{STANZAS}}}")
    assert all(not tag.startswith(f"{{{STANZAS}}}") or tag.endswith("}text") for tag in tags[1:])


@settings(max_examples=200)
@given(
    asked=st.sampled_from(REQUESTS),
    wrong=mutations,
    type_=st.sampled_from(["", "", "", "get", "set", "GET"]),
    sender=st.sampled_from([*[f"{ADMIN}/r", f"{AGENT}/r"] * 3, *SENDERS]),
    to=st.sampled_from([DOMAIN, DOMAIN, DOMAIN, *ADDRESSES]),
    policy=st.sampled_from([Policy(), Policy(create=Creators.EVERYONE, auto_create=True)]),
)
async def test_each_gets_one_answer_and_a_refusal_changes_nothing(
    asked: tuple[str, str],
    wrong: list[tuple[Mutation, int, str, str]],
    type_: str,
    sender: str,
    to: str,
    policy: Policy,
) -> None:
    dialogue = arranged(policy)
    stanza = mutated(asked[1], wrong)
    stanza.attrib.update({"type": type_ or asked[0], "id": "1", "from": sender, "to": to})
    before = dialogue.service.contents()
    with capture_logs() as logs:
        answer = await dialogue.dispatcher.answer(stanza)
    assert all(entry["log_level"] == "info" for entry in logs)
    assert answer is not None
    assert flaw(answer) is None
    assert len(answer.encode()) <= MAX_STANZA
    *messages, reply = ET.fromstring(f"<all>{answer}</all>")
    assert all(message.tag == "message" for message in messages)
    assert reply.tag == "iq"
    assert [reply.get(name) for name in ("id", "from", "to")] == ["1", to, sender]
    if reply.get("type") == "error":
        check_error(reply)
        assert dialogue.service.contents() == before
    else:
        assert reply.get("type") == "result"
        assert reply.find("error") is None
    assert await dialogue.dispatcher.answer(reply) is None, "errors must not go round"
