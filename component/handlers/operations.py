"""What the families of publish-subscribe requests have in common."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

from component.handlers.jids import read_jid
from component.handlers.namespaces import PUBSUB
from component.handlers.stanza import BadRequestError, IqRequest
from component.markup import Markup, element
from component.pubsub.model import Item, Subscription
from component.pubsub.rules import Request


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: the child of `<pubsub/>` that says what is wanted, and what stands beside it."""

    iq: IqRequest
    element: ET.Element
    beside: Mapping[str, ET.Element]
    """The companions that are there, by name."""

    @property
    def request(self) -> Request:
        """Who asks where about which node."""
        return Request(self.iq.sender, self.iq.address, self.element.get("node") or None)


@dataclass(frozen=True, slots=True)
class Operation:
    """A request that there is; without a handler it is not implemented."""

    feature: str
    """Its name in XEP-0060 §10."""
    handle: Callable[[Asked], Awaitable[Markup]] | None = None
    companions: Mapping[str, str] = field(default_factory=dict)
    """Elements that may stand beside the child, with the features that they belong to."""


Operations = Mapping[tuple[str, str, str], Operation]
"""By namespace, type of the IQ, and name of the child."""


def jid_of(asked: ET.Element) -> str:
    """Return the JID that an element names. Raises `BadRequestError`."""
    value = asked.get("jid")
    if not value:
        raise BadRequestError("The request names no JID.", "jid-required")
    try:
        return read_jid(value)
    except ValueError as error:
        raise BadRequestError("The JID is malformed.", "invalid-jid") from error


def item_markup(item: Item, payload: Markup, *, names_publisher: bool) -> Markup:
    """Return an item as whoever gets it sees it.

    Who has published it is our word, not the publisher's (§7.1.2.3).
    """
    attributes = {"id": item.id, "publisher": item.publisher if names_publisher else None}
    return element("item", attributes, payload)


def pubsub_markup(*content: Markup, namespace: str = PUBSUB) -> Markup:
    """Return a `<pubsub/>` element."""
    return element("pubsub", {"xmlns": namespace}, *content)


def subscription_markup(subscription: Subscription) -> Markup:
    """Return a subscription as its subscriber sees it."""
    return element(
        "subscription",
        {
            "node": subscription.node,
            "jid": subscription.jid,
            "subid": subscription.subid,
            "subscription": subscription.state.value,
        },
    )
