"""Subscribers' requests (XEP-0060 §5.6, §5.7, §6.1 to §6.4)."""

from collections.abc import Callable
from functools import partial
from xml.etree import ElementTree as ET

from component.handlers.forms import FormError, form_in
from component.handlers.namespaces import PUBSUB
from component.handlers.operations import (
    Asked,
    Operation,
    Operations,
    jid_of,
    pubsub_markup,
    subscription_markup,
)
from component.handlers.rsm import listed
from component.handlers.stanza import BadRequestError, Engine
from component.handlers.subscription_form import SUBSCRIBE_OPTIONS, options_markup, options_of
from component.markup import NOTHING, Markup, element
from component.pubsub.model import Affiliation
from component.pubsub.subscribing import DEFAULT_OPTIONS, Options


class SubscriptionHandlers:
    """What entities do with their own subscriptions. `new_id` makes subscription identifiers."""

    def __init__(self, engine: Engine, new_id: Callable[[], str]) -> None:
        self._engine = engine
        self._new_id = new_id
        self.operations: Operations = {
            (PUBSUB, "set", "subscribe"): Operation(
                "subscribe", self._subscribe, {"options": "subscription-options"}
            ),
            (PUBSUB, "set", "unsubscribe"): Operation("subscribe", self._unsubscribe),
            (PUBSUB, "get", "options"): Operation("subscription-options", self._options),
            (PUBSUB, "set", "options"): Operation("subscription-options", self._set_options),
            (PUBSUB, "get", "default"): Operation("retrieve-default-sub", self._default),
            (PUBSUB, "get", "subscriptions"): Operation(
                "retrieve-subscriptions", self._subscriptions
            ),
            (PUBSUB, "get", "affiliations"): Operation("retrieve-affiliations", self._affiliations),
        }

    async def _subscribe(self, asked: Asked) -> Markup:
        request, jid, subid = asked.request, jid_of(asked.element), self._new_id()
        options = _options_beside(asked)
        subscription = await self._engine.pubsub(
            lambda pubsub, now: pubsub.subscribe(request, jid, subid, now, options)
        )
        chosen = NOTHING
        if options is not None:
            chosen = element("options", None, options_markup(Options.of(subscription), "result"))
        return pubsub_markup(subscription_markup(subscription), chosen)

    async def _unsubscribe(self, asked: Asked) -> Markup:
        request, jid, subid = asked.request, jid_of(asked.element), asked.element.get("subid")
        await self._engine.pubsub(lambda pubsub, _: pubsub.unsubscribe(request, jid, subid))
        return NOTHING

    async def _options(self, asked: Asked) -> Markup:
        request, jid, subid = asked.request, jid_of(asked.element), asked.element.get("subid")
        held = await self._engine.pubsub(lambda pubsub, _: pubsub.subscription(request, jid, subid))
        form = options_markup(Options.of(held))
        return pubsub_markup(
            element("options", {"node": held.node, "jid": held.jid, "subid": held.subid}, form)
        )

    async def _set_options(self, asked: Asked) -> Markup:
        request, jid, subid = asked.request, jid_of(asked.element), asked.element.get("subid")
        await self._engine.pubsub(lambda pubsub, _: pubsub.subscription(request, jid, subid))
        changed = _change(asked.element)
        if changed is not None:
            # What is not said stays as it is then: other software may just have changed it.
            await self._engine.pubsub(
                lambda pubsub, now: pubsub.set_options(
                    request,
                    jid,
                    subid,
                    changed(Options.of(pubsub.subscription(request, jid, subid))),
                    now,
                )
            )
        return NOTHING

    async def _default(self, asked: Asked) -> Markup:
        request = asked.request
        if request.node is not None:
            await self._engine.pubsub(lambda pubsub, _: pubsub.hosted(request))
        return pubsub_markup(
            element("default", {"node": request.node}, options_markup(DEFAULT_OPTIONS, "result"))
        )

    async def _subscriptions(self, asked: Asked) -> Markup:
        request = asked.request
        held = await self._engine.pubsub(lambda pubsub, _: pubsub.subscriptions_of(request))
        entries, page = listed(asked.iq.child, held, lambda s: s.subid, subscription_markup)
        return pubsub_markup(element("subscriptions", {"node": request.node}, *entries), page)

    async def _affiliations(self, asked: Asked) -> Markup:
        request = asked.request
        held = await self._engine.pubsub(lambda pubsub, _: pubsub.affiliations_of(request))
        entries, page = listed(asked.iq.child, held, lambda a: a.node, _affiliation)
        return pubsub_markup(element("affiliations", {"node": request.node}, *entries), page)


def _affiliation(held: Affiliation) -> Markup:
    return element("affiliation", {"node": held.node, "affiliation": held.role.value})


def _options_beside(asked: Asked) -> Options | None:
    """Return the options that come with a subscription (§6.3.7), None if there are none."""
    beside = asked.beside.get("options")
    if beside is None:
        return None
    if "node" in beside.attrib or "jid" in beside.attrib:
        raise BadRequestError("Options beside a subscription name no node and no JID.")
    changed = _change(beside)
    return None if changed is None else changed(DEFAULT_OPTIONS)


def _change(parent: ET.Element) -> Callable[[Options], Options] | None:
    """Return what a form makes of options, None if it was cancelled."""
    values = form_in(parent, SUBSCRIBE_OPTIONS)
    if values is None:
        return None
    try:
        options_of(values, DEFAULT_OPTIONS)
    except FormError as error:
        raise BadRequestError(str(error), "invalid-options") from error
    return partial(options_of, values)
