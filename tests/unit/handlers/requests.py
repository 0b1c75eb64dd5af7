"""Requests of the administrator, who owns the node `news`, and of others."""

from xml.etree import ElementTree as ET

from component.pubsub.configuration import Configuration
from component.pubsub.policy import DEFAULT_POLICY, Policy
from component.pubsub.service import Request
from tests.unit.handlers.dialogue import Dialogue, Refusal, refusal
from tests.unit.pubsub.provisioned import ADMIN, DOMAIN

PUBSUB = "http://jabber.org/protocol/pubsub"
OWNER = f"{PUBSUB}#owner"
NODE_CONFIG = f"{PUBSUB}#node_config"
SUBSCRIBE_OPTIONS = f"{PUBSUB}#subscribe_options"


def with_news(policy: Policy = DEFAULT_POLICY) -> Dialogue:
    """Return a dialogue with a service that has the node."""
    made = Dialogue(policy)
    made.service.do(
        lambda pubsub: pubsub.create(Request(ADMIN, DOMAIN), "news", Configuration("News"))
    )
    return made


async def answer(
    dialogue: Dialogue, type_: str, content: str, namespace: str = PUBSUB, sender: str = ADMIN
) -> str:
    reply = await dialogue.say(
        f"<iq type='{type_}' id='1' from='{sender}/r' to='{DOMAIN}'>"
        f"<pubsub xmlns='{namespace}'>{content}</pubsub></iq>"
    )
    assert reply is not None
    return reply


async def succeeds(
    dialogue: Dialogue, content: str, namespace: str = PUBSUB, sender: str = ADMIN
) -> None:
    reply = await answer(dialogue, "set", content, namespace, sender)
    assert ET.fromstring(reply).get("type") == "result", reply


async def fails(
    dialogue: Dialogue, content: str, namespace: str = PUBSUB, sender: str = ADMIN
) -> Refusal:
    """Send a request that is refused and, as it must, changes nothing."""
    before = dialogue.service.contents()
    reply = await answer(dialogue, "set", content, namespace, sender)
    assert dialogue.service.contents() == before
    return refusal(reply)


def form(form_type: str, type_: str = "submit", **fields: str) -> str:
    written = "".join(
        f"<field var='pubsub#{name}'><value>{value}</value></field>"
        for name, value in fields.items()
    )
    return (
        f"<x xmlns='jabber:x:data' type='{type_}'>"
        f"<field var='FORM_TYPE'><value>{form_type}</value></field>{written}</x>"
    )


def filled(reply: str) -> dict[str, str | None]:
    """Return the values of the form in a reply."""
    fields = ET.fromstring(reply).iter("{jabber:x:data}field")
    return {f.get("var", ""): f.findtext("{jabber:x:data}value") for f in fields}
