"""Anything that parses may come in: each request gets an answer, and nothing else happens."""

from collections.abc import Sequence
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from component.handlers import namespaces
from component.handlers.pending import GET_PENDING
from component.markup import MAX_STANZA, flaw
from component.pubsub.addresses import bare
from component.pubsub.presence import PresenceType
from tests.unit.handlers.dialogue import Dialogue
from tests.unit.pubsub.provisioned import ADMIN

pytestmark = pytest.mark.unit

NAMESPACES = ["", "urn:x", *(value for name, value in vars(namespaces).items() if name.isupper())]
NAMES = [
    "pubsub", "subscribe", "unsubscribe", "items", "item", "subscriptions", "affiliations",
    "options", "default", "publish", "retract", "create", "configure", "delete", "purge", "query",
    "ping", "error", "x", "field", "value", "set", "max", "after", "before", "index", "redirect",
    "affiliation", "subscription", "publish-options", "command", "collection", "associate",
    "metadata", "flip-page", "time", "headers", "header", "c", "show", "priority",
]  # fmt: skip

PRESENCE_TYPES = [type_.value for type_ in PresenceType]

words = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"))
jids = st.sampled_from(
    [
        "user1@example.com", "user1@example.com/r", "user2@example.com", "@example.com", "a@b@c",
        "user1@example.com/" + "r" * 2000, "user1@exa mple.com", "user1@-", "ü@exämple.com", "/r",
        "user1@example.com.", "user1@[::1]", "user1@1.2.3.4", "xn--@xn--a", "\u3000@example.com",
    ]
) | words  # fmt: skip
attributes = st.fixed_dictionaries(
    {},
    optional={
        "node": st.sampled_from(["ext1000", "ext2000", "ext9999", "", "n" * 10_000, GET_PENDING])
        | words,
        "action": st.sampled_from(["execute", "cancel", "prev"]) | words,
        "sessionid": words,
        "queryid": words,
        "jid": jids,
        "subid": st.sampled_from(["sub-1", ""]) | words,
        "id": words,
        "ver": st.sampled_from(["", "v" * 2000]) | words,
        "hash": st.sampled_from(["sha-1", "md5", ""]) | words,
        "var": st.sampled_from(["FORM_TYPE", "pubsub#title", "pubsub#node", "pubsub#allow"])
        | words,
        "type": st.sampled_from(["submit", "cancel", "form"]) | words,
        "affiliation": st.sampled_from(["owner", "outcast", "none"]) | words,
        "subscription": st.sampled_from(["subscribed", "pending", "none"]) | words,
        "notify": st.sampled_from(["true", "0"]) | words,
        "max_items": st.sampled_from(["1", "0", "-1", "1_0", "\uff11", "1e3", "9" * 5000]) | words,
    },
)


def written(
    name: str, namespace: str, attrs: dict[str, str], children: Sequence[ET.Element] = ()
) -> ET.Element:
    made = ET.Element(f"{{{namespace}}}{name}" if namespace else name, attrs)
    made.extend(children)
    return made


elements = st.recursive(
    st.builds(written, st.sampled_from(NAMES), st.sampled_from(NAMESPACES), attributes),
    lambda children: st.builds(
        written,
        st.sampled_from(NAMES),
        st.sampled_from(NAMESPACES),
        attributes,
        st.lists(children, max_size=3),
    ),
    max_leaves=5,
)
pubsub_requests = st.builds(
    lambda namespace, name, attrs, more: written(
        "pubsub", namespace, {}, [written(name, namespace, attrs, []), *more]
    ),
    st.sampled_from([namespaces.PUBSUB, namespaces.PUBSUB_OWNER]),
    st.sampled_from(NAMES),
    attributes,
    st.lists(elements, max_size=1),
)
forms = st.builds(
    lambda type_, form_type, fields: ET.fromstring(
        f"<x xmlns='jabber:x:data' type='{type_}'>"
        f"<field var='FORM_TYPE'><value>http://jabber.org/protocol/pubsub#{form_type}</value></field>"
        + "".join(
            f"<field var='pubsub#{var}'><value>{value}</value></field>" for var, value in fields
        )
        + "</x>"
    ),
    st.sampled_from(["submit", "cancel", "form", ""]),
    st.sampled_from(["node_config", "subscribe_options", "subscribe_authorization", "x"]),
    st.lists(
        st.tuples(
            st.sampled_from(
                [
                    "title",
                    "max_items",
                    "node",
                    "subscriber_jid",
                    "allow",
                    "deliver",
                    "expire",
                    "subid",
                ]
            ),
            st.sampled_from(
                ["", "1", "-1", "max", "ext1000", "user1@example.com", "@", "9" * 5000]
            ),
        ),
        max_size=4,
    ),
)
stanzas = st.builds(
    lambda name, attrs, children: written(name, "jabber:component:accept", attrs, children),
    st.sampled_from(["iq", "message", "presence"]),
    st.fixed_dictionaries(
        {"from": st.sampled_from(["user1@example.com/r", "eve@example.com", "example.com", ADMIN])},
        optional={
            "to": st.sampled_from(
                ["ivr.example.com", "ext1000@ivr.example.com", "ext9@ivr.example.com", ""]
            ),
            "type": st.sampled_from(
                ["get", "set", "result", "error", "chat", *PRESENCE_TYPES, "unavailable"]
            )
            | words,
            "id": words,
        },
    ),
    st.lists(pubsub_requests | elements | forms, max_size=2),
)


@settings(max_examples=200, deadline=None)
@given(stanza=stanzas)
async def test_every_request_is_answered_and_nothing_fails(stanza: ET.Element) -> None:
    dialogue = Dialogue()
    dialogue.service.subscribe("user1@example.com")
    dialogue.service.publish("call-1")
    with capture_logs() as logs:
        reply = await dialogue.dispatcher.answer(stanza)
    assert not logs
    if reply is not None:
        assert flaw(reply) is None
        assert len(reply.encode()) <= MAX_STANZA
        root = ET.fromstring(reply)
        if stanza.tag.endswith("presence"):  # a subscription is the account's (RFC 6121 §3.1.1)
            assert bare(root.get("to", "")) == bare(stanza.get("from", ""))
        else:
            assert root.get("to") == stanza.get("from")
            without = "" if stanza.tag.endswith("iq") else None
            assert root.get("id") == stanza.get("id", without)
    if stanza.tag.endswith("iq"):
        is_request = stanza.get("type") not in ("result", "error")
        assert (reply is not None) is is_request


@settings(max_examples=100, deadline=None)
@given(request=pubsub_requests, type_=st.sampled_from(["get", "set"]))
async def test_a_stranger_changes_nothing_and_sees_nothing(request: ET.Element, type_: str) -> None:
    dialogue = Dialogue()
    dialogue.service.subscribe("user1@example.com")
    dialogue.service.publish("call-1", "<call secret='yes'/>")
    before = dialogue.service.contents()
    stanza = ET.Element(
        "{jabber:component:accept}iq",
        {"type": type_, "id": "1", "from": "eve@example.com/r", "to": "ivr.example.com"},
    )
    stanza.append(request)
    reply = await dialogue.dispatcher.answer(stanza)
    assert dialogue.service.contents() == before
    assert reply is not None
    assert "secret" not in reply
