"""Service discovery (XEP-0030): what there is at the component's addresses."""

from collections.abc import Iterable

from component.handlers.namespaces import DISCO_INFO, DISCO_ITEMS
from component.handlers.node_form import meta_data_markup
from component.handlers.rsm import page_markup, page_of
from component.handlers.stanza import Engine, IqRequest, Routes, qualified
from component.handlers.version import NAME
from component.markup import NOTHING, Markup, element
from component.pubsub.paging import Page, paged
from component.pubsub.retrieving import Retrieved
from component.pubsub.service import PubSub, Request

FEATURES = (DISCO_INFO, DISCO_ITEMS)


class DiscoHandlers:
    """Describes the service, the extensions' addresses, and the nodes.

    `features` is everything that the other handlers implement.
    """

    def __init__(self, engine: Engine, domain: str, features: Iterable[str]) -> None:
        self._engine = engine
        self._domain = domain
        self._features = [
            element("feature", {"var": name}) for name in sorted({*features, *FEATURES})
        ]
        self.routes: Routes = {
            ("get", qualified(DISCO_INFO, "query")): self._info,
            ("get", qualified(DISCO_ITEMS, "query")): self._items,
        }

    async def _info(self, iq: IqRequest) -> Markup:
        request, described = _request(iq), NOTHING
        if request.node is not None:
            node = await self._engine.pubsub(lambda pubsub, _: pubsub.hosted(request))
            identity = _identity("leaf", node.title)
            described = meta_data_markup(node)
        elif request.service == self._domain:
            identity = _identity("service", NAME)
        else:
            node = await self._engine.pubsub(lambda pubsub, _: pubsub.hosted(request))
            identity = _identity("pep", node.title)
        query = {"xmlns": DISCO_INFO, "node": request.node}
        return element("query", query, identity, *self._features, described)

    async def _items(self, iq: IqRequest) -> Markup:
        request, page = _request(iq), page_of(iq.child)
        if request.node is not None:
            found = await self._engine.pubsub(lambda pubsub, _: _items_at(pubsub, request, page))
            items = [
                element("item", {"jid": request.service, "name": item.id}) for item in found.items
            ]
            described = page_markup(found.page)
        else:
            nodes = await self._engine.pubsub(lambda pubsub, _: pubsub.visible(request))
            part = None if page is None else paged(nodes, page, lambda node: node.name)
            items = [
                element("item", {"jid": request.service, "node": node.name, "name": node.title})
                for node in (nodes if part is None else part.entries)
            ]
            described = page_markup(part)
        return element("query", {"xmlns": DISCO_ITEMS, "node": request.node}, *items, described)


def _items_at(pubsub: PubSub, request: Request, page: Page | None) -> Retrieved:
    """Return what a node has; one that keeps no items has none."""
    node = pubsub.readable(request)
    if not node.config.persist_items:
        return Retrieved(node.name, ())
    return pubsub.retrieve(request, page=page)


def _request(iq: IqRequest) -> Request:
    return Request(iq.sender, iq.address, iq.child.get("node") or None)


def _identity(type_: str, name: str) -> Markup:
    return element("identity", {"category": "pubsub", "type": type_, "name": name})
