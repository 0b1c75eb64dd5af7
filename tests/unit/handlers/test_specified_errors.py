"""Every error that XEP-0060 specifies for what there is here, by its section.

Left out is what cannot happen: features that the service lacks as a whole but has, payment,
registration, anonymous users, rosters. Errors by access model are in `test_pubsub.py` too, those
of collections in `test_collections.py`.
"""

from typing import Any

import pytest

from component.pubsub.configuration import AccessModel, Configuration, NodeFull
from component.pubsub.model import Role
from component.pubsub.policy import Limits, Policy
from component.pubsub.service import PubSub, Request
from component.pubsub.subscribing import Options
from tests.unit.handlers.dialogue import Dialogue, Refusal, refusal
from tests.unit.handlers.requests import (
    NODE_CONFIG,
    OWNER,
    PUBSUB,
    SUBSCRIBE_OPTIONS,
    answer,
    form,
)
from tests.unit.pubsub.provisioned import ADMIN, AGENT, DOMAIN, NOW, STRANGER

pytestmark = pytest.mark.unit

PUBLISH_OPTIONS = f"{PUBSUB}#publish-options"

NODES: dict[str, dict[str, Any]] = {
    "open": {},
    "closed": {"access_model": AccessModel.WHITELIST},
    "moderated": {"access_model": AccessModel.AUTHORIZE},
    "silent": {"subscribe": False},
    "transient": {"persist_items": False},
    "bare": {"persist_items": False, "deliver_payloads": False},
    "typed": {"type": "urn:typed"},
    "single": {"max_items": 1},
    "full": {"max_items": 1, "publish_node_full": NodeFull.REJECT},
}
"""All of them the administrator's."""


@pytest.fixture
def dialogue() -> Dialogue:
    """The stranger is an outcast of `open`; user1 waits at `moderated`, and has two at `open`.

    There is an item in `full`.
    """
    made = Dialogue()
    made.service.do(arrange)
    return made


def arrange(pubsub: PubSub) -> None:
    for name, config in NODES.items():
        pubsub.create(Request(ADMIN, DOMAIN, name), name, Configuration(**config))
    pubsub.set_affiliations(Request(ADMIN, DOMAIN, "open"), [(STRANGER, Role.OUTCAST)])
    pubsub.publish("full", "first", "<x/>", ADMIN, NOW)
    pubsub.subscribe(Request(AGENT, DOMAIN, "moderated"), AGENT, "s0", NOW)
    for subid, wanted in (("s1", Options()), ("s2", Options(include_body=True))):
        pubsub.subscribe(Request(AGENT, DOMAIN, "open"), AGENT, subid, NOW, wanted)


def subscribe(node: str, jid: str = AGENT) -> str:
    return f"<subscribe node='{node}' jid='{jid}'/>"


def unsubscribe(node: str, jid: str = AGENT, more: str = "") -> str:
    return f"<unsubscribe node='{node}' jid='{jid}' {more}/>"


def options(node: str, jid: str = AGENT, more: str = "", inner: str = "") -> str:
    return f"<options node='{node}' jid='{jid}' {more}>{inner}</options>"


def publish(node: str, inner: str = "<item id='i'><x xmlns='urn:x'/></item>") -> str:
    return f"<publish node='{node}'>{inner}</publish>"


def retract(node: str, inner: str = "<item id='i'/>") -> str:
    return f"<retract node='{node}'>{inner}</retract>"


def configure(node: str, **fields: str) -> str:
    return f"<configure node='{node}'>{form(NODE_CONFIG, **fields)}</configure>"


def affiliate(node: str, *entries: tuple[str, str]) -> str:
    written = (f"<affiliation jid='{jid}' affiliation='{role}'/>" for jid, role in entries)
    return f"<affiliations node='{node}'>{''.join(written)}</affiliations>"


NOT_FOUND = Refusal("cancel", "item-not-found")
FORBIDDEN = Refusal("auth", "forbidden")
NODE_REQUIRED = Refusal("modify", "bad-request", "nodeid-required")
SUBID_REQUIRED = Refusal("modify", "bad-request", "subid-required")
INVALID_SUBID = Refusal("modify", "not-acceptable", "invalid-subid")
NOT_SUBSCRIBED = Refusal("cancel", "unexpected-request", "not-subscribed")


def bad(specific: str | None = None) -> Refusal:
    return Refusal("modify", "bad-request", specific)


def unsupported(feature: str) -> Refusal:
    return Refusal("cancel", "feature-not-implemented", "unsupported", feature)


ERRORS = {
    "6.1.3.1 JIDs do not match": (AGENT, "set", subscribe("open", ADMIN), bad("invalid-jid")),
    "6.1.3.4 not on whitelist": (
        AGENT, "set", subscribe("closed"), Refusal("cancel", "not-allowed", "closed-node"),
    ),
    "6.1.3.7 subscription pending": (
        AGENT,
        "set",
        subscribe("moderated"),
        Refusal("auth", "not-authorized", "pending-subscription"),
    ),
    "6.1.3.8 blocked": (STRANGER, "set", subscribe("open", STRANGER), FORBIDDEN),
    "6.1.3.10 subscriptions not supported": (
        AGENT, "set", subscribe("silent"), unsupported("subscribe"),
    ),
    "6.1.3.12 node does not exist": (AGENT, "set", subscribe("none"), NOT_FOUND),
    "6.2.3.1 no subscription ID": (AGENT, "set", unsubscribe("open"), SUBID_REQUIRED),
    "6.2.3.2 no such subscriber": (ADMIN, "set", unsubscribe("open", ADMIN), NOT_SUBSCRIBED),
    "6.2.3.3 insufficient privileges": (STRANGER, "set", unsubscribe("open"), FORBIDDEN),
    "6.2.3.4 node does not exist": (AGENT, "set", unsubscribe("none"), NOT_FOUND),
    "6.2.3.5 bad subscription ID": (
        AGENT, "set", unsubscribe("open", more="subid='x'"), INVALID_SUBID,
    ),
    "6.3.4.1 insufficient privileges": (STRANGER, "get", options("open"), FORBIDDEN),
    "6.3.4.2 no such subscriber": (ADMIN, "get", options("open", ADMIN), NOT_SUBSCRIBED),
    "6.3.4.3 subscriber JID required": (
        AGENT, "get", "<options node='open'/>", bad("jid-required"),
    ),
    "6.3.4.4 subscription ID required": (AGENT, "get", options("open"), SUBID_REQUIRED),
    "6.3.4.5 invalid subscription ID": (
        AGENT, "get", options("open", more="subid='x'"), INVALID_SUBID,
    ),
    "6.3.4.7 node does not exist": (AGENT, "get", options("none"), NOT_FOUND),
    "6.3.6.2 invalid options": (
        AGENT,
        "set",
        options("open", more="subid='s1'", inner=form(SUBSCRIBE_OPTIONS, deliver="x")),
        bad("invalid-options"),
    ),
    "6.3.7 options before the subscription": (
        AGENT, "set", f"<options/>{subscribe('open')}", bad(),
    ),
    "6.3.7 a node beside a node": (
        AGENT, "set", f"{subscribe('open')}<options node='open'/>", bad(),
    ),
    "6.3.7 a JID beside a JID": (
        AGENT, "set", f"{subscribe('open')}<options jid='{AGENT}'/>", bad(),
    ),
    "6.5.9.1 subscription ID required": (AGENT, "get", "<items node='open'/>", SUBID_REQUIRED),
    "6.5.9.2 invalid subscription ID": (
        AGENT, "get", "<items node='open' subid='x'/>", INVALID_SUBID,
    ),
    "6.5.9.3 not subscribed, as pending is not": (
        AGENT,
        "get",
        "<items node='moderated'/>",
        Refusal("auth", "not-authorized", "not-subscribed"),
    ),
    "6.5.9.4 persistent items not supported": (
        ADMIN, "get", "<items node='transient'/>", unsupported("persistent-items"),
    ),
    "6.5.9.8 not on whitelist": (
        AGENT,
        "get",
        "<items node='closed'/>",
        Refusal("cancel", "not-allowed", "closed-node"),
    ),
    "6.5.9.10 blocked": (STRANGER, "get", "<items node='open'/>", FORBIDDEN),
    "6.5.9.11 node does not exist": (AGENT, "get", "<items node='none'/>", NOT_FOUND),
    "7.1.3.1 insufficient privileges": (AGENT, "set", publish("open"), FORBIDDEN),
    "7.1.3.3 node does not exist": (ADMIN, "set", publish("none"), NOT_FOUND),
    "7.1.3.4 node is full": (
        ADMIN, "set", publish("full"), Refusal("cancel", "conflict", "node-full"),
    ),
    "7.1.3.5 payload too big": (
        ADMIN,
        "set",
        publish("open", f"<item><x>{'x' * 65_536}</x></item>"),
        Refusal("modify", "not-acceptable", "payload-too-big"),
    ),
    "7.1.3.6 several payloads": (
        ADMIN, "set", publish("open", "<item><x/><y/></item>"), bad("invalid-payload"),
    ),
    "7.1.3.6 payload of another namespace": (
        ADMIN, "set", publish("typed"), bad("invalid-payload"),
    ),
    "7.1.3.7 item required": (ADMIN, "set", publish("open", ""), bad("item-required")),
    "7.1.3.7 payload required": (
        ADMIN, "set", publish("open", "<item/>"), bad("payload-required"),
    ),
    "7.1.3.7 payload required where nothing is kept": (
        ADMIN, "set", publish("transient", ""), bad("payload-required"),
    ),
    "7.1.3.7 item forbidden": (ADMIN, "set", publish("bare"), bad("item-forbidden")),
    "7.1.5 precondition not met": (
        ADMIN,
        "set",
        publish("open")
        + f"<publish-options>{form(PUBLISH_OPTIONS, max_items='9')}</publish-options>",
        Refusal("cancel", "conflict", "precondition-not-met"),
    ),
    "7.1.5 options that are not in a form": (
        ADMIN, "set", f"{publish('open')}<publish-options/>", bad(),
    ),
    "7.1.5 options in a form that was cancelled": (
        ADMIN,
        "set",
        publish("open")
        + f"<publish-options>{form(PUBLISH_OPTIONS, 'cancel')}</publish-options>",
        bad(),
    ),
    "7.2.3.1 insufficient privileges": (AGENT, "set", retract("open"), FORBIDDEN),
    "7.2.3.2 node does not exist": (ADMIN, "set", retract("none"), NOT_FOUND),
    "7.2.3.2 item does not exist": (ADMIN, "set", retract("open"), NOT_FOUND),
    "7.2.3.3 NodeID required": (
        ADMIN, "set", "<retract><item id='i'/></retract>", NODE_REQUIRED,
    ),
    "7.2.3.4 item required": (ADMIN, "set", retract("open", ""), bad("item-required")),
    "7.2.3.4 ItemID required": (ADMIN, "set", retract("open", "<item/>"), bad("item-required")),
    "7.2.3.5 persistent items not supported": (
        ADMIN, "set", retract("transient"), unsupported("persistent-items"),
    ),
    "8.1.1 insufficient privileges": (AGENT, "set", "<create node='new'/>", FORBIDDEN),
    "8.1.1 NodeID exists": (
        ADMIN, "set", "<create node='open'/>", Refusal("cancel", "conflict"),
    ),
    "8.1.2 unsupported access model": (
        ADMIN,
        "set",
        f"<create node='new'/><configure>{form(NODE_CONFIG, access_model='roster')}</configure>",
        Refusal("modify", "not-acceptable", "unsupported-access-model"),
    ),
    "8.1.2 presence at a node without an address": (
        ADMIN,
        "set",
        f"<create node='new'/><configure>{form(NODE_CONFIG, access_model='presence')}</configure>",
        Refusal("modify", "not-acceptable", "unsupported-access-model"),
    ),
    "8.1.3 a node beside a node": (
        ADMIN, "set", "<create node='new'/><configure node='new'/>", bad(),
    ),
    "8.1.3 the configuration before the creation": (
        ADMIN, "set", "<configure/><create node='new'/>", bad(),
    ),
    "12.11 more items at once than are kept": (
        ADMIN,
        "set",
        publish("single", "<item id='a'><x/></item><item><x/></item>"),
        Refusal("cancel", "not-allowed", "max-items-exceeded"),
    ),
}  # fmt: skip

ERRORS_OF_OWNERS = {
    "8.2.3.2 insufficient privileges": (AGENT, "get", "<configure node='open'/>", FORBIDDEN),
    "8.2.3.3 NodeID required": (ADMIN, "get", "<configure/>", NODE_REQUIRED),
    "8.2.3.5 node does not exist": (ADMIN, "get", "<configure node='none'/>", NOT_FOUND),
    "8.2.5.2 failure": (
        ADMIN, "set", configure("open", max_items="0"), Refusal("modify", "not-acceptable"),
    ),
    "8.4.3.1 insufficient privileges": (AGENT, "set", "<delete node='open'/>", FORBIDDEN),
    "8.4.3.2 node does not exist": (ADMIN, "set", "<delete node='none'/>", NOT_FOUND),
    "8.5.3.2 insufficient privileges": (AGENT, "set", "<purge node='open'/>", FORBIDDEN),
    "8.5.3.3 node does not persist items": (
        ADMIN, "set", "<purge node='transient'/>", unsupported("persistent-items"),
    ),
    "8.5.3.4 node does not exist": (ADMIN, "set", "<purge node='none'/>", NOT_FOUND),
    "8.8.1.3 insufficient privileges": (AGENT, "get", "<subscriptions node='open'/>", FORBIDDEN),
    "8.8.1.3 node does not exist": (ADMIN, "get", "<subscriptions node='none'/>", NOT_FOUND),
    "8.8.2.3 insufficient privileges": (AGENT, "set", "<subscriptions node='open'/>", FORBIDDEN),
    "8.8.2.3 node does not exist": (ADMIN, "set", "<subscriptions node='none'/>", NOT_FOUND),
    "8.8.2.4 one entry is invalid": (
        ADMIN,
        "set",
        "<subscriptions node='closed'>"
        f"<subscription jid='{ADMIN}' subscription='subscribed'/>"
        f"<subscription jid='{AGENT}' subscription='subscribed'/></subscriptions>",
        Refusal("modify", "not-acceptable"),
    ),
    "8.8.2.4 a subscription is named twice": (
        ADMIN,
        "set",
        "<subscriptions node='open'>"
        f"<subscription jid='{AGENT}' subid='s1' subscription='none'/>"
        f"<subscription jid='{AGENT}' subid='s1' subscription='subscribed'/></subscriptions>",
        bad(),
    ),
    "8.9.1.3 insufficient privileges": (AGENT, "get", "<affiliations node='open'/>", FORBIDDEN),
    "8.9.1.3 node does not exist": (ADMIN, "get", "<affiliations node='none'/>", NOT_FOUND),
    "8.9.2.3 insufficient privileges": (AGENT, "set", "<affiliations node='open'/>", FORBIDDEN),
    "8.9.2.3 node does not exist": (ADMIN, "set", "<affiliations node='none'/>", NOT_FOUND),
    "8.9.2.4 an entity is named twice": (
        ADMIN, "set", affiliate("open", (AGENT, "member"), (f"{AGENT}/r", "owner")), bad(),
    ),
    "8.9.2.4 an owner becomes nothing else at once": (
        ADMIN,
        "set",
        affiliate("open", (AGENT, "member"), (ADMIN, "publisher")),
        Refusal("modify", "not-acceptable"),
    ),
    "8.9.2.4 what the configuration gives": (
        ADMIN,
        "set",
        affiliate("open", (AGENT, "owner"), (ADMIN, "none")),
        Refusal("cancel", "not-allowed"),
    ),
}  # fmt: skip

CASES = [(PUBSUB, *case) for case in ERRORS.values()] + [
    (OWNER, *case) for case in ERRORS_OF_OWNERS.values()
]


@pytest.mark.parametrize(
    ("namespace", "sender", "type_", "content", "expected"), CASES, ids=[*ERRORS, *ERRORS_OF_OWNERS]
)
async def test_the_error_is_the_one_of_the_specification(
    dialogue: Dialogue, namespace: str, sender: str, type_: str, content: str, expected: Refusal
) -> None:
    before = dialogue.service.contents()
    reply = await answer(dialogue, type_, content, namespace, sender)
    assert refusal(reply) == expected
    assert dialogue.service.contents() == before


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        (Limits(account=1), Refusal("wait", "policy-violation", "too-many-subscriptions")),
        (Limits(domain=1), Refusal("wait", "resource-constraint")),
        (Limits(total=1), Refusal("wait", "resource-constraint")),
    ],
)
async def test_6_1_3_9_too_many_subscriptions(limits: Limits, expected: Refusal) -> None:
    dialogue = Dialogue(Policy(limits=limits))
    dialogue.service.do(lambda p: p.create(Request(ADMIN, DOMAIN), "a", Configuration()))
    dialogue.service.do(lambda p: p.create(Request(ADMIN, DOMAIN), "b", Configuration()))
    sender = "bob@example.com"
    await answer(dialogue, "set", subscribe("a", sender), sender=sender)
    reply = await answer(dialogue, "set", subscribe("b", sender), sender=sender)
    assert refusal(reply) == expected
