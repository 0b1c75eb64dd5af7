"""What is written after long tags, so that a server reads them at once."""

import re

LONG = 1000
"""Bytes. A shorter tag comes in one piece, or with something before it."""

_MOST_OF_A_CHARACTER = 4
"""Bytes."""

_TAG = re.compile(r"""<(?:[^<>'"]+|'[^']*'|"[^"]*")*>""")


def blanks_after(stanza: str) -> str:
    """Return as many blanks as the longest tag of a stanza has bytes; none if that is not long.

    Where a tag came in pieces, expat 2.6 (and 2.5 as Debian 12 mends it), which both servers read
    with, puts off the tag and all that follows until there is as much again. How long a tag is,
    users may decide: by the id that an answer repeats, or by an attribute of what they publish.
    """
    if max(map(len, stanza.split("<"))) * _MOST_OF_A_CHARACTER < LONG:
        return ""  # as nearly always
    longest = max((len(tag.encode()) for tag in _TAG.findall(stanza)), default=0)
    return " " * longest if longest >= LONG else ""
