"""Caller ids in the form that Asterisk parses: `"name" <number>`."""

from component.domain.model import Caller

# Quotes and brackets would end their part early; commas separate arguments in the dialplan.
_FORBIDDEN = frozenset("\"'\\<>,;|`")


def format_caller_id(caller: Caller) -> str:
    """Return a caller id that nothing in name or number can break; empty if there is none.

    Asterisk decodes it as `ast_callerid_parse` does.
    """
    name, number = plain(caller.name), plain(caller.number).replace(" ", "")
    if name and number:
        return f'"{name}" <{number}>'
    if name:
        return f'"{name}" <>'
    return f"<{number}>" if number else ""


def plain(words: str) -> str:
    """Return words without what would end them early."""
    kept = (" " if c in _FORBIDDEN else c for c in words if c.isprintable())
    return " ".join("".join(kept).split())
