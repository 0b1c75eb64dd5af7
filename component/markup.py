"""XML as text, built so that it can be written into a stream as it is.

One control character, comment or stray `<` in what is written ends the whole stream, for every
user of the component. So text becomes markup only here, where it is escaped; and what was made
elsewhere is examined by `flaw` before it is written.
"""

import re
from collections.abc import Mapping
from typing import NewType
from xml.parsers import expat

Markup = NewType("Markup", str)
"""Well-formed XML: elements, or escaped text between them."""

NOTHING = Markup("")

MAX_STANZA = 500_000
"""Bytes. Prosody and ejabberd close the stream at 512 KiB; this leaves room for the addresses."""

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 §2.2 does not admit."""

_IN_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_IN_ATTRIBUTE = _IN_TEXT | str.maketrans(
    {'"': "&quot;", "'": "&apos;", "\t": "&#9;", "\n": "&#10;"}
)


def text(value: str) -> Markup:
    """Escape text; characters that XML cannot carry are replaced by U+FFFD."""
    return Markup(_ILLEGAL.sub("\ufffd", value).translate(_IN_TEXT))


def attribute(value: str) -> Markup:
    """Escape the value of an attribute, for either kind of quotes."""
    return Markup(_ILLEGAL.sub("\ufffd", value).translate(_IN_ATTRIBUTE))


def element(
    name: str, attributes: Mapping[str, str | None] | None = None, *content: Markup
) -> Markup:
    """Return an element. Attributes that are None are left out; `xmlns` is one of them."""
    written = "".join(
        f" {key}='{attribute(value)}'"
        for key, value in (attributes or {}).items()
        if value is not None
    )
    inner = "".join(content)
    return Markup(f"<{name}{written}>{inner}</{name}>" if inner else f"<{name}{written}/>")


class _RestrictedXmlError(Exception):
    """XMPP does not allow this though XML does (RFC 6120 §11.1)."""


def _refuse(*_: object) -> None:
    raise _RestrictedXmlError("a comment or processing instruction")


def flaw(markup: str) -> str | None:
    """Return why a stream could not carry this, or None if it can.

    It can if it is well-formed content with all prefixes bound, without comments and processing
    instructions.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.CommentHandler = parser.ProcessingInstructionHandler = _refuse
    try:
        parser.Parse("<content>", False)
        parser.Parse(markup, False)
        parser.Parse("</content>", True)
    except (expat.ExpatError, _RestrictedXmlError, UnicodeEncodeError) as error:
        return str(error)
    return None
