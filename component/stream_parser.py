"""Reads a stream to its end, whatever users have their servers pass on."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, ParseError, TreeBuilder
from xml.parsers import expat

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

LIFETIME = 4 * 2**20
"""Bytes after which expat begins anew: it never forgets a name that it has read."""

_XML = "http://www.w3.org/XML/1998/namespace"
_AS_GOOD = "http://www.w3.org/%58ML/1998/namespace"


class StreamParser:
    """What slixmpp needs of ElementTree's pull parser, without what ends a stream or stops it.

    Where a tag came in pieces, expat 2.6 (and 2.5 as Debian 12 mends it) puts off all that follows
    until much more has come, which in a stream may be never. So it is given whole tags only.

    Any user can have a server write what the parsers refuse of namespaces: one with a }, which
    ElementTree marks their end with; XML's own as the default one, for `<xml:x/>`; and from
    ejabberd a prefix that only the user's stream had declared. So namespaces are not expat's
    business: URIs are read as ones that mean the same, and an unknown prefix is a namespace itself.
    """

    def __init__(self) -> None:
        self._unfinished = b""
        self._events: list[tuple[str, Element] | ParseError] = []
        self._builder = TreeBuilder()
        self._root = ""
        self._depth = 0
        self._default = ""
        """What stands before names without a prefix, as ElementTree has them."""
        self._bound = {"xml": f"{{{_XML}}}"}
        """What stands before those with one, by prefix; the default too, by none."""
        self._scopes: list[tuple[int, Mapping[str, str | None]]] = []
        """Depths of elements that declare something, and what was bound before."""
        self._begin()

    def feed(self, data: "str | ReadableBuffer") -> None:
        """Take in a piece."""
        unfinished = self._unfinished + (data.encode() if isinstance(data, str) else bytes(data))
        end = unfinished.rfind(b">") + 1
        self._unfinished = unfinished[end:]
        try:
            self._expat.Parse(unfinished[:end])
        except expat.ExpatError as error:
            self._events.append(ParseError(str(error)))
        self._given += end
        is_between = self._depth == 1 and self._expat.CurrentByteIndex == self._given
        if self._given > LIFETIME and is_between:
            self._begin()

    def read_events(self) -> Iterator[tuple[str, Element]]:
        """Yield what has begun (`start`) or is complete (`end`) of the root and its children.

        Raises ElementTree's `ParseError`.
        """
        events, self._events = self._events, []
        for event in events:
            if isinstance(event, ParseError):
                raise event
            yield event

    def _begin(self) -> None:
        """Let a new expat go on, inside of the root if that is open."""
        self._expat = expat.ParserCreate(intern=None)
        self._expat.buffer_text = True
        root = f"<{self._root}>".encode() if self._depth else b""
        self._expat.Parse(root)
        self._given = len(root)
        self._expat.StartElementHandler = self._start
        self._expat.EndElementHandler = self._end
        self._expat.CharacterDataHandler = self._builder.data

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if attributes and ("xmlns" in attributes or ":" in "".join(attributes)):
            attributes = self._declare(attributes)
        tag = self._resolved(name) if ":" in name else self._default + name
        element = self._builder.start(tag, attributes)
        if self._depth < 2:
            self._events.append(("start", element))
            self._root = self._root or name
        self._depth += 1

    def _end(self, name: str) -> None:
        element = self._builder.end(name)
        self._depth -= 1
        if self._scopes and self._scopes[-1][0] == self._depth:
            self._restore()
        if self._depth < 2:
            self._events.append(("end", element))

    def _declare(self, attributes: dict[str, str]) -> dict[str, str]:
        """Bind the prefixes that an element declares; return what else it says."""
        declared = {}
        if (uri := attributes.pop("xmlns", None)) is not None:
            declared[""] = uri
        if ":" in "".join(attributes):
            for key in [key for key in attributes if key.startswith("xmlns:")]:
                declared[key[6:]] = attributes.pop(key)
        if declared:
            self._bind(declared)
        return {self._resolved(k) if ":" in k else k: v for k, v in attributes.items()}

    def _bind(self, declared: Mapping[str, str]) -> None:
        """Let prefixes mean something else until the element that begins is complete."""
        self._scopes.append((self._depth, {prefix: self._bound.get(prefix) for prefix in declared}))
        for prefix, uri in declared.items():
            if prefix != "xml":
                readable = _AS_GOOD if uri == _XML else uri.replace("}", "%7D")
                self._bound[prefix] = f"{{{readable}}}" if uri else ""
        self._default = self._bound.get("", "")

    def _restore(self) -> None:
        """Let prefixes mean again what they meant before an element that is complete."""
        _, before = self._scopes.pop()
        for prefix, namespace in before.items():
            if namespace is None:
                self._bound.pop(prefix)
            else:
                self._bound[prefix] = namespace
        self._default = self._bound.get("", "")

    def _resolved(self, name: str) -> str:
        """Return a name with a prefix as ElementTree has it."""
        prefix, _, local = name.rpartition(":")
        return self._bound.get(prefix, f"{{{prefix}}}") + local
