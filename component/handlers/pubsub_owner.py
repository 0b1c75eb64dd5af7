"""Owners' requests, and the creation of nodes (XEP-0060 §8)."""

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

from component.handlers.forms import form_in
from component.handlers.namespaces import PUBSUB, PUBSUB_OWNER
from component.handlers.node_form import NODE_CONFIG, attributes_of, config_markup
from component.handlers.operations import Asked, Operation, Operations, jid_of, pubsub_markup
from component.handlers.rsm import listed
from component.handlers.stanza import BadRequestError, Engine, RefusedChangesError, qualified
from component.markup import NOTHING, Markup, element
from component.pubsub.addresses import bare
from component.pubsub.configuration import DEFAULT
from component.pubsub.errors import (
    FullError,
    InvalidSubidError,
    LastOwnerError,
    NotAcceptableError,
    NotAllowedError,
    TooManyAffiliationsError,
    TooManySubscriptionsError,
    TransitionError,
    UnsupportedError,
)
from component.pubsub.managing import Wish
from component.pubsub.model import Role, Subscription, SubscriptionState
from component.pubsub.rules import Request

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"]+")
"""An absolute URI or IRI, as far as one can tell of any scheme (RFC 3986 §3)."""

REFUSED_SUBSCRIPTIONS = (
    NotAcceptableError,
    InvalidSubidError,
    TooManySubscriptionsError,
    FullError,
)
REFUSED_AFFILIATIONS = (
    LastOwnerError,
    NotAllowedError,
    TransitionError,
    TooManyAffiliationsError,
)
"""With these goes how things are (§8.8.2.4, §8.9.2.4)."""

_STATES = {"none": None} | {state.value: state for state in SubscriptionState}


class OwnerHandlers:
    """What owners do. `new_id` makes the names of instant nodes, and subscription identifiers."""

    def __init__(self, engine: Engine, new_id: Callable[[], str]) -> None:
        self._engine = engine
        self._new_id = new_id
        self.operations: Operations = {
            (PUBSUB, "set", "create"): Operation(
                "create-nodes", self._create, {"configure": "create-and-configure"}
            ),
            (PUBSUB_OWNER, "get", "configure"): Operation("config-node", self._configuration),
            (PUBSUB_OWNER, "set", "configure"): Operation("config-node", self._configure),
            (PUBSUB_OWNER, "get", "default"): Operation("retrieve-default", self._default),
            (PUBSUB_OWNER, "set", "collection"): Operation("collections"),
            (PUBSUB_OWNER, "set", "delete"): Operation("delete-nodes", self._delete),
            (PUBSUB_OWNER, "set", "purge"): Operation("purge-nodes", self._purge),
            (PUBSUB_OWNER, "get", "subscriptions"): Operation(
                "manage-subscriptions", self._subscriptions
            ),
            (PUBSUB_OWNER, "set", "subscriptions"): Operation(
                "manage-subscriptions", self._set_subscriptions
            ),
            (PUBSUB_OWNER, "get", "affiliations"): Operation(
                "modify-affiliations", self._affiliations
            ),
            (PUBSUB_OWNER, "set", "affiliations"): Operation(
                "modify-affiliations", self._set_affiliations
            ),
        }

    async def _create(self, asked: Asked) -> Markup:
        request = asked.request
        name = request.node or self._new_id()
        beside = asked.beside.get("configure")
        if beside is not None and "node" in beside.attrib:
            raise BadRequestError("A configuration beside a creation names no node.")
        if asked.element.get("type") == "collection":  # as before version 1.10
            raise UnsupportedError("collections")
        config = replace(DEFAULT, **(_changes(beside) or {}))
        await self._engine.pubsub(lambda pubsub, _: pubsub.create(request, name, config))
        return NOTHING if request.node else pubsub_markup(element("create", {"node": name}))

    async def _configuration(self, asked: Asked) -> Markup:
        request = asked.request
        node = await self._engine.pubsub(lambda pubsub, _: pubsub.owned(request))
        return _owner(element("configure", {"node": node.name}, config_markup(node.config)))

    async def _configure(self, asked: Asked) -> Markup:
        request = asked.request
        await self._engine.pubsub(lambda pubsub, _: pubsub.owned(request))
        changes = _changes(asked.element)
        if changes is not None:
            # What is not said stays as it is then: another owner may just have changed it.
            await self._engine.pubsub(
                lambda pubsub, _: pubsub.configure(
                    request, replace(pubsub.owned(request).config, **changes)
                )
            )
        return NOTHING

    async def _default(self, asked: Asked) -> Markup:
        address = asked.iq.address
        config = await self._engine.pubsub(lambda pubsub, _: pubsub.defaults(address))
        _changes(asked.element)  # may ask for the default of collections
        type_ = asked.element.get("type")
        if type_ not in (None, "leaf"):
            raise UnsupportedError("collections")
        return _owner(element("default", {"type": type_}, config_markup(config)))

    async def _delete(self, asked: Asked) -> Markup:
        request = asked.request
        redirect = asked.element.find(qualified(PUBSUB_OWNER, "redirect"))
        uri = None if redirect is None else redirect.get("uri")
        if redirect is not None and not _URI.fullmatch(uri or ""):
            raise BadRequestError("The redirection names no URI.")
        await self._engine.pubsub(lambda pubsub, now: pubsub.delete(request, uri, now))
        return NOTHING

    async def _purge(self, asked: Asked) -> Markup:
        request = asked.request
        await self._engine.pubsub(lambda pubsub, _: pubsub.purge(request))
        return NOTHING

    async def _subscriptions(self, asked: Asked) -> Markup:
        request = asked.request
        held = await self._engine.pubsub(lambda pubsub, _: pubsub.subscriptions_at(request))
        entries, page = listed(asked.iq.child, held, lambda s: s.subid, _entry)
        return _subscription_list(request, entries, page)

    async def _set_subscriptions(self, asked: Asked) -> Markup:
        request = asked.request
        entries = _listed(asked.element, "subscription")
        wishes = [_wish(entry) for entry in entries if "subscription" in entry.attrib]
        _check_once((wish.jid, wish.subid) for wish in wishes)
        try:
            await self._engine.pubsub(
                lambda pubsub, now: pubsub.set_subscriptions(request, wishes, self._new_id, now)
            )
        except REFUSED_SUBSCRIPTIONS as error:
            concerned = await self._engine.pubsub(
                lambda pubsub, _: pubsub.concerned(request, wishes)
            )
            unchanged = (entry for wish, held in concerned for entry in _unchanged(wish, held))
            raise RefusedChangesError(error, _subscription_list(request, unchanged)) from error
        return NOTHING

    async def _affiliations(self, asked: Asked) -> Markup:
        request = asked.request
        roles = await self._engine.pubsub(lambda pubsub, _: pubsub.affiliations_at(request))
        held = list(roles.items())
        entries, page = listed(asked.iq.child, held, lambda entry: entry[0], _affiliation)
        return _affiliation_list(request, entries, page)

    async def _set_affiliations(self, asked: Asked) -> Markup:
        request = asked.request
        entries = _listed(asked.element, "affiliation")
        wanted = [(bare(jid_of(e)), _role(e)) for e in entries if "affiliation" in e.attrib]
        _check_once(account for account, _ in wanted)
        try:
            await self._engine.pubsub(lambda pubsub, _: pubsub.set_affiliations(request, wanted))
        except REFUSED_AFFILIATIONS as error:
            roles = await self._engine.pubsub(lambda pubsub, _: pubsub.affiliations_at(request))
            unchanged = (_affiliation((jid, roles.get(jid, Role.NONE))) for jid, _ in wanted)
            raise RefusedChangesError(error, _affiliation_list(request, unchanged)) from error
        return NOTHING


def _owner(*content: Markup) -> Markup:
    return pubsub_markup(*content, namespace=PUBSUB_OWNER)


def _subscription_list(
    request: Request, entries: Iterable[Markup], page: Markup = NOTHING
) -> Markup:
    return _owner(element("subscriptions", {"node": request.node}, *entries), page)


def _entry(held: Subscription) -> Markup:
    attributes = {"jid": held.jid, "subscription": held.state.value, "subid": held.subid}
    return element("subscription", attributes)


def _unchanged(wish: Wish, held: Sequence[Subscription]) -> Iterable[Markup]:
    """Return how what a refused entry is about is: what is not returned counts as changed."""
    if held:
        return map(_entry, held)
    return [element("subscription", {"jid": wish.jid, "subscription": "none", "subid": wish.subid})]


def _affiliation(held: tuple[str, Role]) -> Markup:
    account, role = held
    return element("affiliation", {"jid": account, "affiliation": role.value})


def _affiliation_list(
    request: Request, entries: Iterable[Markup], page: Markup = NOTHING
) -> Markup:
    return _owner(element("affiliations", {"node": request.node}, *entries), page)


def _changes(parent: ET.Element | None) -> dict[str, Any] | None:
    """Return the attributes of a configuration that a form sets, None if it was cancelled."""
    values = {} if parent is None else form_in(parent, NODE_CONFIG)
    return None if values is None else attributes_of(values)


def _listed(asked: ET.Element, name: str) -> list[ET.Element]:
    return asked.findall(qualified(PUBSUB_OWNER, name))


def _check_once(entries: Iterable[Hashable]) -> None:
    """Raise `BadRequestError` if a list names somebody, or a subscription, twice."""
    if max(Counter(entries).values(), default=0) > 1:
        raise BadRequestError("The list names the same twice.")


def _role(entry: ET.Element) -> Role:
    try:
        return Role(entry.get("affiliation", ""))
    except ValueError as error:
        raise BadRequestError("There is no such affiliation.") from error


def _wish(entry: ET.Element) -> Wish:
    state = entry.get("subscription", "")
    if state not in _STATES:
        raise BadRequestError("There is no such state of a subscription.")
    return Wish(jid_of(entry), _STATES[state], entry.get("subid"))
