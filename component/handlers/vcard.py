"""Business cards of the service and of each extension (XEP-0054, XEP-0292), for all who ask.

The newer one is had by a request of its own, as XEP-0292 had it until version 0.11, and as what a
node of publish-subscribe keeps, as it has had it since: software knows the one or the other. Cards
never change, so there is nothing to subscribe to.

They tell nothing that the address does not: who sits at an extension is not everybody's business.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from component.handlers.namespaces import VCARD4, VCARD4_NODE, VCARD_TEMP, VCARD_UPDATE
from component.handlers.stanza import Engine, IqRequest, Routes, check_address, qualified
from component.handlers.version import NAME
from component.markup import NOTHING, Markup, element, text
from component.pubsub.addresses import PREFIX, bare
from component.pubsub.errors import ForbiddenError

FEATURES = (VCARD_TEMP, VCARD4)

ITEM = "current"
"""The item of the node that is the card (XEP-0292 §4.2.3)."""

PHOTO_HASH = element("x", {"xmlns": VCARD_UPDATE}, element("photo"))
"""Says in presence that there is no photo (XEP-0153 §4.2), so that nobody has to ask for one."""


_DIGITS = re.compile(r"[0-9][0-9.-]*")
_HOST = re.compile(r"([0-9a-z]([0-9a-z-]*[0-9a-z])?\.)*[a-z]([0-9a-z-]*[0-9a-z])?")


@dataclass(frozen=True, slots=True)
class Card:
    """What is written on a card."""

    name: str
    organisation: str
    role: str
    address: str
    telephone: str = ""


class VCardHandlers:
    """Shows the cards. Nobody may change them."""

    def __init__(self, engine: Engine, domain: str) -> None:
        self._engine = engine
        self._domain = domain
        temp, version_4 = qualified(VCARD_TEMP, "vCard"), qualified(VCARD4, "vcard")
        self.routes: Routes = {
            ("get", temp): self._temp,
            ("get", version_4): self._version_4,
            ("set", temp): self._refuse,
            ("set", version_4): self._refuse,
        }

    async def as_items(self, iq: IqRequest, ids: Sequence[str]) -> Markup:
        """Return what the node keeps, or what of it has one of these ids."""
        card = element("item", {"id": ITEM}, await self._version_4(iq))
        return element("items", {"node": VCARD4_NODE}, card if not ids or ITEM in ids else NOTHING)

    async def _temp(self, iq: IqRequest) -> Markup:
        return _temp_markup(await self._card(iq))

    async def _version_4(self, iq: IqRequest) -> Markup:
        return _version_4_markup(await self._card(iq))

    async def _refuse(self, iq: IqRequest) -> Markup:
        await check_address(self._engine, self._domain, iq.address)
        raise ForbiddenError

    async def _card(self, iq: IqRequest) -> Card:
        await check_address(self._engine, self._domain, iq.address)
        address = bare(iq.address)
        if address == self._domain:
            return Card(NAME, self._domain, "Call queue", address)
        extension = address.partition("@")[0].removeprefix(PREFIX)
        return Card(f"Extension {extension}", self._domain, "Call agent", address, extension)


def _temp_markup(card: Card) -> Markup:
    """Return the card as XEP-0054 writes it."""
    number = element("NUMBER", None, text(card.telephone))
    return element(
        "vCard",
        {"xmlns": VCARD_TEMP},
        element("FN", None, text(card.name)),
        element("N"),  # the DTD demands it; there is no person to name
        element("ORG", None, element("ORGNAME", None, text(card.organisation))),
        element("ROLE", None, text(card.role)),
        element("TEL", None, element("WORK"), element("VOICE"), number)
        if card.telephone
        else NOTHING,
        element("JABBERID", None, text(card.address)),
    )


def _version_4_markup(card: Card) -> Markup:
    """Return the card as XEP-0292 writes it (RFC 6351)."""
    kinds = element("type", None, *(element("text", None, text(k)) for k in ("work", "voice")))
    parameters = element("parameters", None, kinds)
    telephone = element("tel", None, parameters, number_markup(card.telephone, card.organisation))
    return element(
        "vcard",
        {"xmlns": VCARD4},
        _text("kind", "application"),
        _text("fn", card.name),
        _text("org", card.organisation),
        _text("role", card.role),
        telephone if card.telephone else NOTHING,
        element("impp", None, element("uri", None, text(f"xmpp:{card.address}"))),
    )


def number_markup(number: str, domain: str) -> Markup:
    """Return a telephone number that is one of a domain's own, as a URI if it can be (RFC 3966)."""
    if _DIGITS.fullmatch(number) and _HOST.fullmatch(domain):
        return element("uri", None, text(f"tel:{number};phone-context={domain}"))
    return element("text", None, text(number))


def _text(name: str, value: str) -> Markup:
    return element(name, None, element("text", None, text(value)))
