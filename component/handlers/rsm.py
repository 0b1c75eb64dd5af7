"""Result set management (XEP-0059): asking for a page, and saying which one it is."""

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from xml.etree import ElementTree as ET

from component.handlers.namespaces import RSM
from component.handlers.stanza import BadRequestError, qualified
from component.markup import NOTHING, Markup, element, text
from component.pubsub.paging import Budget, Page, Paged, paged

V = TypeVar("V")

FEATURES = (RSM,)

LISTED = 400_000
"""Bytes of a list that fit into one stanza, with what is around them."""

_NUMBER = re.compile("0|[1-9][0-9]{0,9}")


def page_of(parent: ET.Element) -> Page | None:
    """Return the page that a `<set/>` among the children asks for, None if there is none.

    Raises `BadRequestError` for what contradicts itself or is no number.
    """
    asked = parent.findall(qualified(RSM, "set"))
    if not asked:
        return None
    if len(asked) > 1:
        raise BadRequestError("Several pages are asked for.")
    after, before, index, limit = (
        _only(asked[0], name) for name in ("after", "before", "index", "max")
    )
    if sum(where is not None for where in (after, before, index)) > 1:
        raise BadRequestError("The page is given in several ways.")
    if after == "":
        raise BadRequestError("The page begins after nothing.")
    return Page(_number("max", limit), after, before, _number("index", index))


def page_markup(paged: Paged[Any] | None) -> Markup:
    """Return the `<set/>` that describes a page; nothing if the whole was asked for, or is empty.

    Of what is empty no more is said than if there were no pages (§2.2).
    """
    return NOTHING if paged is None or paged.count == 0 else set_markup(paged)


def set_markup(paged: Paged[Any]) -> Markup:
    """Return the `<set/>` that describes a page, be there something or nothing."""
    count = element("count", None, text(str(paged.count)))
    if paged.first is None or paged.last is None:
        return element("set", {"xmlns": RSM}, count)
    return element(
        "set",
        {"xmlns": RSM},
        element("first", {"index": str(paged.index)}, text(paged.first)),
        element("last", None, text(paged.last)),
        count,
    )


def listed(
    parent: ET.Element,
    whole: Sequence[V],
    id_of: Callable[[V], str],
    markup_of: Callable[[V], Markup],
) -> tuple[list[Markup], Markup]:
    """Return the page of a list that a `<set/>` among the children asks for, and which one it is.

    Who asks for no page relies on all of it.

    Raises `BadRequestError`, `PageNotFoundError`.
    """
    page = page_of(parent)
    if page is None:
        return [*map(markup_of, whole)], NOTHING
    part = paged(whole, page, id_of, budget=Budget(lambda v: len(markup_of(v).encode()), LISTED))
    return [*map(markup_of, part.entries)], page_markup(part)


def _only(asked: ET.Element, name: str) -> str | None:
    found = asked.findall(qualified(RSM, name))
    if len(found) > 1:
        raise BadRequestError(f"There are several <{name}/>.")
    return None if not found else found[0].text or ""


def _number(name: str, written: str | None) -> int | None:
    if written is None:
        return None
    if _NUMBER.fullmatch(written) is None:
        raise BadRequestError(f"<{name}/> is not a number from 0 to 9999999999.")
    return int(written)
