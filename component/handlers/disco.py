"""Service discovery (XEP-0030): what there is at the component's addresses."""

from collections.abc import Iterable, Mapping, Sequence

from component.handlers.caps import OwnCapabilities
from component.handlers.commands import CommandHandlers
from component.handlers.forms import Field, form_markup
from component.handlers.namespaces import (
    COMMANDS,
    DISCO_INFO,
    DISCO_ITEMS,
    PUBSUB,
    SERVER_INFO,
    SHIM,
    VCARD4_NODE,
)
from component.handlers.node_form import meta_data_markup
from component.handlers.rsm import page_markup, page_of
from component.handlers.stanza import Engine, IqRequest, Routes, check_address, qualified
from component.handlers.vcard import ITEM as CARD
from component.handlers.version import NAME
from component.markup import NOTHING, Markup, element
from component.pubsub.addresses import bare
from component.pubsub.features import AT_DOMAIN, AT_EXTENSIONS
from component.pubsub.model import Node
from component.pubsub.paging import Budget, Page, paged
from component.pubsub.retrieving import Retrieved
from component.pubsub.service import PubSub, Request

FEATURES = (DISCO_INFO, DISCO_ITEMS)

ON_A_JID = f"{PUBSUB}#pubsub-on-a-jid"
"""That an address, which is a contact like others, is a service too (XEP-0060 §9)."""

NODES = 400_000
"""Bytes of a list of nodes that fit into one stanza, with what is around them."""


class DiscoHandlers:
    """Describes the service, the extensions' addresses, and the nodes.

    `features` is everything that the other handlers implement, `contact` whom strangers may ask:
    URIs, by what they are for.
    """

    def __init__(
        self,
        engine: Engine,
        domain: str,
        features: Iterable[str],
        contact: Mapping[str, Sequence[str]],
        commands: CommandHandlers,
    ) -> None:
        self._commands = commands
        self._engine = engine
        self._domain = domain
        everywhere = {*features, *FEATURES}
        self._at_domain = _features_markup(everywhere - _named(AT_EXTENSIONS))
        self._at_extensions = _features_markup((everywhere | {ON_A_JID}) - _named(AT_DOMAIN))
        service = Markup(_identity("service", NAME) + self._at_domain)
        self._service = OwnCapabilities(Markup(service + _contact_markup(contact)))
        account = element("identity", {"category": "account", "type": "registered", "name": NAME})
        pep = _identity("pep", NAME)
        self._extension = OwnCapabilities(Markup(account + pep + self._at_extensions))
        self.routes: Routes = {
            ("get", qualified(DISCO_INFO, "query")): self._info,
            ("get", qualified(DISCO_ITEMS, "query")): self._items,
        }

    async def _info(self, iq: IqRequest) -> Markup:
        request = _request(iq)
        description = self._said_of(request)
        if description is not None:
            await self._check(iq, request)
        else:
            node, insight = await self._engine.pubsub(lambda pubsub, _: pubsub.insight(request))
            leaf = self._leaf(request, node.title)
            description = Markup(leaf + meta_data_markup(node, insight))
        return element("query", {"xmlns": DISCO_INFO, "node": request.node}, description)

    def own(self, address: str) -> OwnCapabilities:
        """Return what an address says of itself."""
        return self._service if address == self._domain else self._extension

    async def _items(self, iq: IqRequest) -> Markup:
        request, page = _request(iq), page_of(iq.child)
        items: list[Markup] = []
        described = NOTHING
        if request.node is None:
            items, described = await self._nodes(request, page)
        elif self._said_of(request) is None:
            found = await self._engine.pubsub(lambda pubsub, _: _items_at(pubsub, request, page))
            items = [
                element("item", {"jid": request.service, "name": item.id}) for item in found.items
            ]
            described = page_markup(found.page)
        else:
            await self._check(iq, request)
            items = await self._items_of_protocol(iq, request)
        return element("query", {"xmlns": DISCO_ITEMS, "node": request.node}, *items, described)

    async def _items_of_protocol(self, iq: IqRequest, request: Request) -> list[Markup]:
        """Return the items of what is no node; most has none, and says so when asked (§7)."""
        if request.node == VCARD4_NODE:
            return [element("item", {"jid": iq.address, "name": CARD})]
        if request.node != COMMANDS:
            return []
        offered = await self._commands.offered(iq)
        return [
            element("item", {"jid": iq.address, "node": node, "name": name})
            for node, name in offered.items()
        ]

    async def _nodes(self, request: Request, page: Page | None) -> tuple[list[Markup], Markup]:
        """Return what is listed at an address; more than fits into a stanza comes as a page."""
        nodes = await self._engine.pubsub(lambda pubsub, _: pubsub.visible(request))

        def listed(node: Node) -> Markup:
            attributes = {"jid": request.service, "node": node.name, "name": node.title}
            return element("item", attributes)

        def size_of(node: Node) -> int:
            return len(listed(node).encode())

        part = paged(nodes, page or Page(), lambda node: node.name, budget=Budget(size_of, NODES))
        is_whole = page is None and len(part.entries) == len(nodes)
        return [*map(listed, part.entries)], page_markup(None if is_whole else part)

    def _said_of(self, request: Request) -> Markup | None:
        """Return what is said of an address, or of a protocol there; None of nodes that have items.

        An address is meant without a node, and with the one that its capabilities name.
        """
        own = self.own(bare(request.service))
        if request.node in (None, own.name):
            return own.description
        if request.node == SHIM:
            header = element("feature", {"var": f"{SHIM}#SubID"})
            return Markup(_identity("service", NAME) + header)
        if request.node == VCARD4_NODE:
            return self._leaf(request, "Business card")
        return self._commands.described(request.node)

    async def _check(self, iq: IqRequest, request: Request) -> None:
        """Raise an error unless there is this address, and the command if it is one."""
        await check_address(self._engine, self._domain, request.service)
        await self._commands.check_offered(iq, request.node)

    def _leaf(self, request: Request, name: str) -> Markup:
        is_domain = bare(request.service) == self._domain
        features = self._at_domain if is_domain else self._at_extensions
        return Markup(_identity("leaf", name) + features)


def _items_at(pubsub: PubSub, request: Request, page: Page | None) -> Retrieved:
    """Return what a node has; one that keeps no items has none."""
    node = pubsub.readable(request)
    if not node.config.persist_items:
        return Retrieved(node.name, ())
    return pubsub.retrieve(request, page=page)


def _contact_markup(contact: Mapping[str, Sequence[str]]) -> Markup:
    """Return whom to ask, as XEP-0157 tells it; nothing if there is nobody."""
    if not contact:
        return NOTHING
    fields = (
        Field(f"{purpose}-addresses", "list-multi", tuple(uris))
        for purpose, uris in sorted(contact.items())
    )
    return form_markup(SERVER_INFO, "result", fields)


def _request(iq: IqRequest) -> Request:
    return Request(iq.sender, iq.address, iq.child.get("node") or None)


def _named(features: Iterable[str]) -> set[str]:
    return {f"{PUBSUB}#{name}" for name in features}


def _features_markup(names: Iterable[str]) -> Markup:
    return Markup("".join(element("feature", {"var": name}) for name in sorted(names)))


def _identity(type_: str, name: str) -> Markup:
    return element("identity", {"category": "pubsub", "type": type_, "name": name})
