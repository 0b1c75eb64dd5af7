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
from component.handlers.version import NAME
from component.markup import NOTHING, Markup, element
from component.pubsub.addresses import bare
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
        self._features = Markup(
            "".join(element("feature", {"var": name}) for name in sorted({*features, *FEATURES}))
        )
        self._service = self._own("service", _contact_markup(contact))
        self._extension = self._own("pep", element("feature", {"var": ON_A_JID}))
        self.routes: Routes = {
            ("get", qualified(DISCO_INFO, "query")): self._info,
            ("get", qualified(DISCO_ITEMS, "query")): self._items,
        }

    async def _info(self, iq: IqRequest) -> Markup:
        request = _request(iq)
        own, of_protocol = self.own(bare(request.service)), self._of_protocol(request.node)
        if request.node in (None, own.name) or of_protocol is not None:
            await check_address(self._engine, self._domain, request.service)
            await self._commands.check_offered(iq, request.node)
            description = own.description if of_protocol is None else of_protocol
        else:
            node, insight = await self._engine.pubsub(lambda pubsub, _: pubsub.insight(request))
            identity = _identity("leaf", node.title)
            description = Markup(identity + self._features + meta_data_markup(node, insight))
        return element("query", {"xmlns": DISCO_INFO, "node": request.node}, description)

    def own(self, address: str) -> OwnCapabilities:
        """Return what an address says of itself."""
        return self._service if address == self._domain else self._extension

    async def _items(self, iq: IqRequest) -> Markup:
        request, page = _request(iq), page_of(iq.child)
        if request.node == COMMANDS:
            await check_address(self._engine, self._domain, iq.address)
            items = [
                element("item", {"jid": iq.address, "node": node, "name": name})
                for node, name in (await self._commands.offered(iq)).items()
            ]
            described = NOTHING
        elif request.node is not None:
            found = await self._engine.pubsub(lambda pubsub, _: _items_at(pubsub, request, page))
            items = [
                element("item", {"jid": request.service, "name": item.id}) for item in found.items
            ]
            described = page_markup(found.page)
        else:
            items, described = await self._nodes(request, page)
        return element("query", {"xmlns": DISCO_ITEMS, "node": request.node}, *items, described)

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

    def _of_protocol(self, node: str | None) -> Markup | None:
        """Return what is said of a node that stands for a protocol; None of all others."""
        if node == SHIM:
            header = element("feature", {"var": f"{SHIM}#SubID"})
            return Markup(_identity("service", NAME) + header)
        if node == VCARD4_NODE:
            return Markup(_identity("leaf", "Business card") + self._features)
        return self._commands.described(node)

    def _own(self, type_: str, described: Markup = NOTHING) -> OwnCapabilities:
        return OwnCapabilities(Markup(_identity(type_, NAME) + self._features + described))


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


def _identity(type_: str, name: str) -> Markup:
    return element("identity", {"category": "pubsub", "type": type_, "name": name})
