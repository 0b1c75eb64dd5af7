"""Queries of nodes' archives (XEP-0313 as XEP-0442 uses it)."""

from collections.abc import Mapping
from datetime import datetime
from xml.etree import ElementTree as ET

from component.handlers.forms import Field, FormError, form_in, form_markup, single
from component.handlers.namespaces import FORWARD, MAM, MAM_EXTENDED, SID
from component.handlers.notify import event_markup
from component.handlers.operations import jid_of
from component.handlers.rsm import page_of, set_markup
from component.handlers.stanza import (
    Answer,
    BadRequestError,
    Engine,
    IqRequest,
    NotImplementedHereError,
    Routes,
    qualified,
    read_whole,
)
from component.handlers.times import delay, read_time, written_time
from component.markup import Markup, element
from component.pubsub.archive import EVERYTHING, Query, place_of
from component.pubsub.model import Item, ItemPublished, Node, Notification
from component.pubsub.paging import Page, Paged
from component.pubsub.rules import Request
from component.pubsub.service import PubSub

FEATURES = (MAM, MAM_EXTENDED, SID)

Answerable = Mapping[str, tuple[str, ...]]
"""Whom to answer, by who has published."""

MAX_QUERY_ID = 1023
"""Characters."""

_FIELDS = (
    Field("start", "text-single", (), "Published then or later"),
    Field("end", "text-single", (), "Published then or earlier"),
    Field("with", "jid-single", (), "Sent by"),
    Field("after-id", "text-single", (), "After this entry"),
    Field("before-id", "text-single", (), "Before this entry"),
    Field("ids", "list-multi", (), "These entries", is_open=True),
)


class ArchiveHandlers:
    """Finds what was published; each entry comes as a message, as it was notified."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.routes: Routes = {
            ("get", qualified(MAM, "query")): self._form,
            ("set", qualified(MAM, "query")): self._query,
            ("get", qualified(MAM, "metadata")): self._ends,
        }

    async def _form(self, iq: IqRequest) -> Markup:
        request = _request(iq)
        if request.node is None:
            await self._engine.pubsub(lambda pubsub, _: pubsub.check_address(iq.address))
        else:
            await self._engine.pubsub(lambda pubsub, _: pubsub.readable(request))
        query = {"xmlns": MAM, "node": request.node}
        return element("query", query, form_markup(MAM, "form", _FIELDS))

    async def _query(self, iq: IqRequest) -> Answer:
        query_id = iq.child.get("queryid")
        if len(query_id or "") > MAX_QUERY_ID:
            raise BadRequestError("Each entry repeats the queryid: choose a shorter one.")
        request, query, page = _request(iq), _query_in(iq.child), page_of(iq.child) or Page()

        def find(pubsub: PubSub, _now: datetime) -> tuple[Node, Paged[Item], Answerable]:
            node, found = pubsub.archived(request, query, page)
            publishers = {i.publisher for i in found.entries}
            return node, found, pubsub.replies_to(node, publishers)

        (node, found, reply_to), items = await read_whole(
            self._engine, find, lambda all_: all_[1].entries
        )
        results = [_result(iq.address, node, i, reply_to[i.publisher], query_id) for i in items]
        if iq.child.find(qualified(MAM, "flip-page")) is not None:
            results.reverse()
        backwards = page.before is not None
        rest = found.index if backwards else found.count - found.index - len(found.entries)
        complete = "true" if rest == 0 else "false"
        fin = element("fin", {"xmlns": MAM, "complete": complete}, set_markup(found))
        return Answer(fin, tuple(results))

    async def _ends(self, iq: IqRequest) -> Markup:
        """Say where the archive begins and ends."""
        request, pages = _request(iq), {"start": Page(1), "end": Page(1, before="")}
        ends = await self._engine.pubsub(
            lambda pubsub, _: {
                name: pubsub.archived(request, EVERYTHING, page)[1].entries
                for name, page in pages.items()
            }
        )
        inner = (
            element(name, {"id": place_of(i), "timestamp": written_time(i.published_at)})
            for name, entries in ends.items()
            for i in entries
        )
        return element("metadata", {"xmlns": MAM}, *inner)


def _request(iq: IqRequest) -> Request:
    return Request(iq.sender, iq.address, iq.child.get("node") or None)


def _query_in(asked: ET.Element) -> Query:
    values = form_in(asked, MAM)
    if values is None:
        raise BadRequestError("A query that is cancelled asks for nothing.")
    unknown = values.keys() - {field.var for field in _FIELDS}
    if unknown:
        raise NotImplementedHereError("A field of the form is not supported; get the form.")
    try:
        one = {name: single(name, v) or None for name, v in values.items() if name != "ids"}
    except FormError as error:
        raise BadRequestError(str(error)) from error
    sender = one.get("with")
    return Query(
        _time(one.get("start")),
        _time(one.get("end")),
        one.get("after-id"),
        one.get("before-id"),
        tuple(values.get("ids", ())),
        None if sender is None else jid_of(ET.Element("with", {"jid": sender})),
    )


def _time(written: str | None) -> datetime | None:
    try:
        return None if written is None else read_time(written)
    except ValueError as error:
        raise BadRequestError("A time is like 2026-02-28T23:59:59Z.") from error


def _result(
    address: str, node: Node, item: Item, reply_to: tuple[str, ...], query_id: str | None
) -> Markup:
    """Return an entry as its subscribers were told of it."""
    config = node.config
    named = config.names_publishers
    event = ItemPublished(item, config.deliver_payloads, reply_to, names_publisher=named)
    told = event_markup(Notification(node.name, address, (), event))
    attributes = {
        "xmlns": "jabber:client",
        "from": address,
        "type": config.notification_type.value,
    }
    forwarded = element(
        "forwarded",
        {"xmlns": FORWARD},
        delay(address, item.published_at),
        element("message", attributes, told),
    )
    return element("result", {"xmlns": MAM, "queryid": query_id, "id": place_of(item)}, forwarded)
