"""XML as text, built so that it can be written into a stream as it is.

One control character, comment or stray `<` in what is written ends the whole stream, for every
user of the component. So text becomes markup only here, where it is escaped; and what was made
elsewhere is examined by `flaw` before it is written.
"""

import re
from collections.abc import Mapping
from typing import NewType
from xml.etree import ElementTree as ET
from xml.parsers import expat

Markup = NewType("Markup", str)
"""Well-formed XML: elements, or escaped text between them."""

NOTHING = Markup("")

MAX_STANZA = 500_000
"""Bytes. Prosody and ejabberd as they come close the stream at 512 KiB; this leaves room for the
addresses."""

_XML = "http://www.w3.org/XML/1998/namespace"

_IN_NO_NAMESPACE = "\1"
"""What XML does not admit anywhere. Namespaces that contain the separator, expat refuses."""

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 §2.2 does not admit."""

_NOT_PLAIN = re.compile("[^ !#-%(-;=-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What has to be escaped or replaced somewhere. Nearly all that is written has nothing of it, and
to look for it takes a fraction of the time."""
_NOT_PLAIN_TEXT = re.compile("[^ -%'-;=?-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""The same outside of attributes: JSON consists of quotes."""

_END_OF_CDATA = re.compile("(?:^|(?<=]))>")
"""What may not stand in text is ]]>; the brackets may be the end of other text before."""
_IN_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", "\r": "&#13;"})
_IN_ATTRIBUTE = _IN_TEXT | str.maketrans({"\t": "&#9;", "\n": "&#10;"})
_ESCAPED = {"'": "&#39;", '"': "&#34;"}
"""Quotes within quotes of the same kind."""


def text(value: str) -> Markup:
    """Escape text; characters that XML cannot carry are replaced by U+FFFD."""
    if _NOT_PLAIN_TEXT.search(value) is None:
        return Markup(value)
    escaped = _ILLEGAL.sub("\ufffd", value).translate(_IN_TEXT)
    return Markup(_END_OF_CDATA.sub("&gt;", escaped))


def attribute(value: str) -> Markup:
    """Escape the value of an attribute that stands in single quotes."""
    return Markup(value if _NOT_PLAIN.search(value) is None else _escaped(value, "'"))


def quoted(value: str) -> Markup:
    """Return the value of an attribute, escaped, in the quotes in which it is shorter.

    So it is as short as XML can have it: what somebody has us repeat takes no more than it did.
    """
    if _NOT_PLAIN.search(value) is None:
        return Markup(f"'{value}'")
    quote = '"' if value.count("'") > value.count('"') else "'"
    return Markup(f"{quote}{_escaped(value, quote)}{quote}")


def element(
    name: str, attributes: Mapping[str, str | None] | None = None, *content: Markup
) -> Markup:
    """Return an element. Attributes that are None are left out; `xmlns` is one of them."""
    given = (attributes or {}).items()
    written = "".join([f" {key}={quoted(v)}" for key, v in given if v is not None])
    inner = "".join(content)
    return Markup(f"<{name}{written}>{inner}</{name}>" if inner else f"<{name}{written}/>")


def _escaped(value: str, quote: str) -> str:
    return _ILLEGAL.sub("\ufffd", value).translate(_IN_ATTRIBUTE).replace(quote, _ESCAPED[quote])


def serialised(root: ET.Element) -> Markup:
    """Write an element that was parsed as it means, with default namespaces instead of prefixes.

    Depth costs no stack: what others send may be nested as deep as they please.
    """
    written: list[str] = []
    waiting: list[ET.Element | str] = [root]
    namespaces = [_IN_NO_NAMESPACE]
    while waiting:
        next_ = waiting.pop()
        if isinstance(next_, str):
            written.append(next_)
            if next_.startswith("</"):
                namespaces.pop()
            continue
        namespace, name = _split(next_.tag)
        if namespace == _XML:  # which is nobody's default
            namespace, name = namespaces[-1], f"xml:{name}"
        declared = f" xmlns={quoted(namespace)}" if namespace != namespaces[-1] else ""
        begin = f"<{name}{declared}{_attributes(next_)}>{text(next_.text) if next_.text else ''}"
        if not len(next_):
            written.append(f"{begin}</{name}>")
            continue
        written.append(begin)
        namespaces.append(namespace)
        waiting.append(f"</{name}>")
        for child in reversed(next_):
            if child.tail:
                waiting.append(text(child.tail))
            waiting.append(child)
    return Markup("".join(written))


def _attributes(parsed: ET.Element) -> str:
    if not parsed.attrib:
        return ""
    names, values = "".join(parsed.attrib), "".join(parsed.attrib.values())
    if "{" not in names and _NOT_PLAIN.search(values) is None:
        return "".join([f" {name}='{value}'" for name, value in parsed.attrib.items()])
    written = []
    for number, (qualified, value) in enumerate(parsed.attrib.items()):
        if not qualified.startswith("{"):
            written.append(f" {qualified}={quoted(value)}")
            continue
        namespace, name = _split(qualified)
        if namespace == _XML:
            name = f"xml:{name}"
        else:
            written.append(f" xmlns:a{number}={quoted(namespace)}")
            name = f"a{number}:{name}"
        written.append(f" {name}={quoted(value)}")
    return "".join(written)


def _split(tag: str) -> tuple[str, str]:
    namespace, brace, name = tag.rpartition("}")
    return (namespace[1:], name) if brace else ("", tag)


class _RestrictedXmlError(Exception):
    """XMPP does not allow this though XML does (RFC 6120 §11.1)."""


def _refuse(*_: object) -> None:
    raise _RestrictedXmlError("a comment or processing instruction")


def flaw(markup: str) -> str | None:
    """Return why a stream could not carry this, or None if it can.

    It can if it is well-formed content with all prefixes bound, without comments and processing
    instructions.
    """
    parser = expat.ParserCreate(namespace_separator=_IN_NO_NAMESPACE)
    parser.CommentHandler = parser.ProcessingInstructionHandler = _refuse
    try:
        parser.Parse(f"<content>{markup}</content>", True)
    except (expat.ExpatError, _RestrictedXmlError, UnicodeEncodeError) as error:
        return str(error)
    return None
