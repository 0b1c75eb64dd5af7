"""Extended stanza addressing (XEP-0033): one message to many, if the server can do it."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from component.handlers.namespaces import ADDRESS, DISCO_INFO, DISCO_ITEMS, FORM
from component.markup import Markup, element
from component.pubsub.addresses import home_of

LEAST_LIMIT = 20
"""Addresses that a service takes in a stanza if it does not say how many (XEP-0033 §9)."""

MOST_SERVICES = 50
"""Services of a server that are asked what they are."""

_FIELD = f"{{{FORM}}}field"
_VALUE = f"{{{FORM}}}value"
_NUMBER = re.compile("[0-9]{1,9}")

Ask = Callable[[str, Markup], Awaitable[ET.Element | None]]
"""Sends a request of type get to an address; returns the result, None if there was none."""


@dataclass(frozen=True, slots=True)
class Multicast:
    """A service that passes a message on to the addresses in it."""

    address: str
    limit: int
    """The most addresses in one stanza."""


async def find(ask: Ask, domain: str) -> Multicast | None:
    """Look for a multicast service at the server of a component (XEP-0033 §2.2).

    The server is known by the domain above the component's. It may list services of other servers,
    too: what we send is not their business.
    """
    server = home_of(domain)
    if not server:
        return None
    if (found := await _examine(ask, server)) is not None:
        return found
    items = await ask(server, element("query", {"xmlns": DISCO_ITEMS}))
    listed = [] if items is None else items.iter(f"{{{DISCO_ITEMS}}}item")
    addresses = [item.get("jid", "") for item in listed if not item.get("node")]
    # §3: a multicast service is addressed without a user name and a resource.
    own = [a for a in addresses if a.endswith(f".{server}") and {"@", "/"}.isdisjoint(a)]
    services = [address for address in own if address != domain]
    for service in services[:MOST_SERVICES]:
        if (found := await _examine(ask, service)) is not None:
            return found
    return None


async def _examine(ask: Ask, address: str) -> Multicast | None:
    """Return what is at an address if it passes messages on."""
    info = await ask(address, element("query", {"xmlns": DISCO_INFO}))
    if info is None:
        return None
    features = {feature.get("var") for feature in info.iter(f"{{{DISCO_INFO}}}feature")}
    limit = _limit(info) if ADDRESS in features else 0
    return Multicast(address, limit) if limit > 0 else None


def _limit(info: ET.Element) -> int:
    """Return how many addresses a message may have, as ejabberd tells it in a form (XEP-0128)."""
    for form in info.iter(f"{{{FORM}}}x"):
        said = {field.get("var"): field.findtext(_VALUE, "") for field in form.iter(_FIELD)}
        value = said.get("message", "")
        if said.get("FORM_TYPE") == ADDRESS and _NUMBER.fullmatch(value):
            return int(value)
    return LEAST_LIMIT
