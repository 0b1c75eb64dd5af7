"""JIDs as others write them (RFC 7622)."""

from slixmpp.jid import JID, InvalidJID

MAX_CHARACTERS = 3071
"""Of a JID: three parts of 1,023 bytes, and what is between them."""


def read_jid(written: str) -> str:
    """Return a JID in the form in which JIDs are compared. Raises ValueError for what is none."""
    if len(written) > MAX_CHARACTERS:  # to prepare it would hold up everybody
        raise ValueError("this is longer than a JID")
    try:
        return JID(written).full
    except InvalidJID as error:
        raise ValueError("this is no JID") from error
