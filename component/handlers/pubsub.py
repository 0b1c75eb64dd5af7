"""Publish-subscribe requests (XEP-0060).

One table says which requests there are and which feature each belongs to. Those with a handler
are implemented, and their features are announced; the others are answered by naming the feature
that is missing.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

from slixmpp.jid import JID, InvalidJID

from component.handlers.namespaces import PUBSUB, PUBSUB_OWNER
from component.handlers.rsm import page_markup, page_of
from component.handlers.stanza import (
    BadRequestError,
    Engine,
    IqRequest,
    Routes,
    qualified,
    split_name,
)
from component.markup import NOTHING, Markup, element
from component.pubsub.errors import UnsupportedError
from component.pubsub.features import RULES
from component.pubsub.model import Subscription
from component.pubsub.service import Request

_COUNT = re.compile("[1-9][0-9]{0,8}")


@dataclass(frozen=True, slots=True)
class _Operation:
    """A request: what a `<pubsub/>` element asks for by the name of its child."""

    feature: str
    handle: Callable[[IqRequest, ET.Element], Awaitable[Markup]] | None = None
    companions: Mapping[str, str] = field(default_factory=dict)
    """Elements that may stand beside the child, with the features that they belong to."""


class PubSubHandlers:
    """Requests of both namespaces, everybody's and the owners'.

    `new_subid` makes subscription identifiers.
    """

    def __init__(self, engine: Engine, new_subid: Callable[[], str]) -> None:
        self._engine = engine
        self._new_subid = new_subid
        self._operations: Mapping[tuple[str, str, str], _Operation] = {
            (PUBSUB, "set", "subscribe"): _Operation(
                "subscribe", self._subscribe, {"options": "subscription-options"}
            ),
            (PUBSUB, "set", "unsubscribe"): _Operation("subscribe", self._unsubscribe),
            (PUBSUB, "get", "items"): _Operation("retrieve-items", self._items),
            (PUBSUB, "get", "subscriptions"): _Operation(
                "retrieve-subscriptions", self._subscriptions
            ),
            (PUBSUB, "get", "affiliations"): _Operation(
                "retrieve-affiliations", self._affiliations
            ),
            (PUBSUB, "get", "options"): _Operation("subscription-options"),
            (PUBSUB, "set", "options"): _Operation("subscription-options"),
            (PUBSUB, "get", "default"): _Operation("retrieve-default-sub"),
            (PUBSUB, "set", "publish"): _Operation(
                "publish", companions={"publish-options": "publish-options"}
            ),
            (PUBSUB, "set", "retract"): _Operation("delete-items"),
            (PUBSUB, "set", "create"): _Operation(
                "create-nodes", companions={"configure": "create-and-configure"}
            ),
            (PUBSUB_OWNER, "get", "configure"): _Operation("config-node"),
            (PUBSUB_OWNER, "set", "configure"): _Operation("config-node"),
            (PUBSUB_OWNER, "get", "default"): _Operation("retrieve-default"),
            (PUBSUB_OWNER, "set", "delete"): _Operation("delete-nodes"),
            (PUBSUB_OWNER, "set", "purge"): _Operation("purge-nodes"),
            (PUBSUB_OWNER, "get", "subscriptions"): _Operation("manage-subscriptions"),
            (PUBSUB_OWNER, "set", "subscriptions"): _Operation("manage-subscriptions"),
            (PUBSUB_OWNER, "get", "affiliations"): _Operation("modify-affiliations"),
            (PUBSUB_OWNER, "set", "affiliations"): _Operation("modify-affiliations"),
        }
        self.routes: Routes = {
            (type_, qualified(namespace, "pubsub")): self._handle
            for namespace in (PUBSUB, PUBSUB_OWNER)
            for type_ in ("get", "set")
        }

    @property
    def features(self) -> frozenset[str]:
        """What disco announces: what the rules implement, and the requests with a handler."""
        requests = {o.feature for o in self._operations.values() if o.handle is not None}
        return frozenset({PUBSUB} | {f"{PUBSUB}#{name}" for name in RULES | requests})

    async def _handle(self, request: IqRequest) -> Markup:
        namespace, _ = split_name(request.child.tag)
        # What stands there in other namespaces asks for extras: those unknown may be ignored.
        children = [c for c in request.child if split_name(c.tag)[0] == namespace]
        names = [split_name(c.tag)[1] for c in children]
        if not children:
            raise BadRequestError("The request asks for nothing.")
        operation = self._operations.get((namespace, request.type, names[0]))
        if operation is None:
            raise BadRequestError("There is no such request.")
        if any(name not in operation.companions for name in names[1:]):
            raise BadRequestError("The request asks for several things.")
        if operation.handle is None:
            raise UnsupportedError(operation.feature)
        if len(names) > 1:
            raise UnsupportedError(operation.companions[names[1]])
        return await operation.handle(request, children[0])

    async def _subscribe(self, iq: IqRequest, asked: ET.Element) -> Markup:
        request, jid, subid = _request(iq, asked), _jid(asked), self._new_subid()
        subscription = await self._engine.pubsub(
            lambda pubsub, now: pubsub.subscribe(request, jid, subid, now)
        )
        return _pubsub(_subscription(subscription))

    async def _unsubscribe(self, iq: IqRequest, asked: ET.Element) -> Markup:
        request, jid, subid = _request(iq, asked), _jid(asked), asked.get("subid")
        await self._engine.pubsub(lambda pubsub, _: pubsub.unsubscribe(request, jid, subid))
        return NOTHING

    async def _items(self, iq: IqRequest, asked: ET.Element) -> Markup:
        request, ids, max_items = _request(iq, asked), _item_ids(asked), _max_items(asked)
        subid, page = asked.get("subid"), page_of(iq.child)
        retrieved = await self._engine.pubsub(
            lambda pubsub, _: pubsub.retrieve(request, ids, max_items, subid, page)
        )
        items = (element("item", {"id": item.id}, Markup(item.payload)) for item in retrieved.items)
        answer = element("items", {"node": retrieved.node}, *items)
        return _pubsub(answer, page_markup(retrieved.page))

    async def _subscriptions(self, iq: IqRequest, asked: ET.Element) -> Markup:
        request = _request(iq, asked)
        held = await self._engine.pubsub(lambda pubsub, _: pubsub.subscriptions_of(request))
        return _pubsub(
            element("subscriptions", {"node": request.node}, *(_subscription(s) for s in held))
        )

    async def _affiliations(self, iq: IqRequest, asked: ET.Element) -> Markup:
        request = _request(iq, asked)
        held = await self._engine.pubsub(lambda pubsub, _: pubsub.affiliations_of(request))
        affiliations = (
            element("affiliation", {"node": a.node, "affiliation": a.role.value}) for a in held
        )
        return _pubsub(element("affiliations", None, *affiliations))


def _request(iq: IqRequest, asked: ET.Element) -> Request:
    return Request(iq.sender, iq.address, asked.get("node") or None)


def _jid(asked: ET.Element) -> str:
    value = asked.get("jid")
    if not value:
        raise BadRequestError("The request names no JID.", "jid-required")
    try:
        return JID(value).full
    except InvalidJID as error:
        raise BadRequestError("The JID is malformed.", "invalid-jid") from error


def _item_ids(asked: ET.Element) -> list[str]:
    ids = [item.get("id") for item in asked.iterfind(qualified(PUBSUB, "item"))]
    named = [item_id for item_id in ids if item_id]
    if len(named) != len(ids):
        raise BadRequestError("An item is asked for without its id.")
    return named


def _max_items(asked: ET.Element) -> int | None:
    value = asked.get("max_items")
    if value is None:
        return None
    if _COUNT.fullmatch(value) is None:
        raise BadRequestError("max_items is not a positive number.")
    return int(value)


def _pubsub(*content: Markup) -> Markup:
    return element("pubsub", {"xmlns": PUBSUB}, *content)


def _subscription(subscription: Subscription) -> Markup:
    return element(
        "subscription",
        {
            "node": subscription.node,
            "jid": subscription.jid,
            "subid": subscription.subid,
            "subscription": "subscribed",
        },
    )
