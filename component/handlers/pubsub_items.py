"""Requests about items (XEP-0060 §6.5, §7.1, §7.2)."""

import re
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

from component.handlers.forms import FormError, form_in
from component.handlers.namespaces import FORM, PUBSUB, VCARD4_NODE
from component.handlers.node_form import PUBLISH_OPTIONS, attributes_of, is_known
from component.handlers.operations import (
    Asked,
    Operation,
    Operations,
    item_markup,
    pubsub_markup,
)
from component.handlers.rsm import page_markup, page_of
from component.handlers.stanza import (
    BadRequestError,
    Engine,
    qualified,
    read_whole,
    split_name,
)
from component.handlers.vcard import VCardHandlers
from component.markup import NOTHING, Markup, element, serialised
from component.pubsub.errors import PreconditionError
from component.pubsub.publishing import Draft

_COUNT = re.compile("[1-9][0-9]{0,8}")
_YES_OR_NO = {"1": True, "true": True, "0": False, "false": False}


class ItemHandlers:
    """Retrieves, publishes and retracts. `new_id` makes the ids of items that come without.

    What is retrieved from the node of business cards, the `cards` have.
    """

    def __init__(self, engine: Engine, new_id: Callable[[], str], cards: VCardHandlers) -> None:
        self._engine = engine
        self._new_id = new_id
        self._cards = cards
        self.operations: Operations = {
            (PUBSUB, "get", "items"): Operation("retrieve-items", self._items),
            (PUBSUB, "set", "publish"): Operation(
                "publish", self._publish, {"publish-options": "publish-options"}
            ),
            (PUBSUB, "set", "retract"): Operation("retract-items", self._retract),
        }

    async def _items(self, asked: Asked) -> Markup:
        request, ids, max_items = asked.request, _item_ids(asked.element), _max_items(asked.element)
        subid, page = asked.element.get("subid"), page_of(asked.iq.child)
        if request.node == VCARD4_NODE:
            return pubsub_markup(await self._cards.as_items(asked.iq, ids))
        retrieved, items = await read_whole(
            self._engine,
            lambda pubsub, _: pubsub.retrieve(request, ids, max_items, subid, page),
            lambda found: found.items,
        )
        named = retrieved.names_publishers
        inner = (item_markup(item, Markup(item.xml), names_publisher=named) for item in items)
        answer = element("items", {"node": retrieved.node}, *inner)
        return pubsub_markup(answer, page_markup(retrieved.page))

    async def _publish(self, asked: Asked) -> Markup:
        request, drafts = asked.request, [_draft(item) for item in _items_in(asked.element)]
        options = _options(asked.beside.get("publish-options"))
        ids = await self._engine.pubsub(
            lambda pubsub, now: pubsub.publish_for(request, drafts, options, self._new_id, now)
        )
        inner = (element("item", {"id": item_id}) for item_id in ids)
        return pubsub_markup(element("publish", {"node": request.node}, *inner))

    async def _retract(self, asked: Asked) -> Markup:
        request, ids = asked.request, _item_ids(asked.element, "item-required")
        notify = asked.element.get("notify")
        if notify is not None and notify not in _YES_OR_NO:
            raise BadRequestError("notify is true or false.")
        told = None if notify is None else _YES_OR_NO[notify]
        await self._engine.pubsub(lambda pubsub, _: pubsub.retract_for(request, ids, told))
        return NOTHING


def _items_in(asked: ET.Element) -> list[ET.Element]:
    return asked.findall(qualified(PUBSUB, "item"))


def _item_ids(asked: ET.Element, pubsub_condition: str | None = None) -> list[str]:
    ids = [item.get("id") for item in _items_in(asked)]
    named = [item_id for item_id in ids if item_id]
    if len(named) != len(ids):
        raise BadRequestError("An item is asked for without its id.", pubsub_condition)
    return named


def _max_items(asked: ET.Element) -> int | None:
    value = asked.get("max_items")
    if value is None:
        return None
    if _COUNT.fullmatch(value) is None:
        raise BadRequestError("max_items is not a positive number.")
    return int(value)


def _draft(item: ET.Element) -> Draft:
    if len(item) > 1:
        raise BadRequestError("An item has at most one payload.", "invalid-payload")
    item_id = item.get("id") or None
    if not len(item):
        return Draft(item_id)
    return Draft(item_id, serialised(item[0]), split_name(item[0].tag)[0])


def _options(options: ET.Element | None) -> dict[str, Any]:
    """Return what the node must be like. What cannot be, is not (§7.1.5)."""
    if options is None:
        return {}
    has_form = options.find(qualified(FORM, "x")) is not None
    values = form_in(options, PUBLISH_OPTIONS) if has_form else None
    if values is None:
        raise BadRequestError("The options are not in a form that was filled in.")
    if not all(map(is_known, values)):
        raise PreconditionError
    try:
        return attributes_of(values)
    except FormError as error:
        raise PreconditionError from error
