"""Presence, in the words of RFC 6121: what is shown of an address, and to whom.

Presence is state, not owed: what cannot be sent now is sent anew, as it is then, when the
connection is back.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Show(StrEnum):
    """How available somebody is (RFC 6121 §4.7.2.1); none of these is mere availability."""

    CHAT = "chat"
    """Glad to be spoken to."""
    AWAY = "away"
    XA = "xa"
    """Away for longer."""
    DND = "dnd"
    """Not to be disturbed."""


class PresenceType(StrEnum):
    """What presence stanzas say besides presence itself (RFC 6121 §4.7.1)."""

    SUBSCRIBE = "subscribe"
    """I want to see yours."""
    SUBSCRIBED = "subscribed"
    """You may see mine."""
    UNSUBSCRIBE = "unsubscribe"
    """I no longer want to see yours."""
    UNSUBSCRIBED = "unsubscribed"
    """You may not see mine, or no longer."""
    PROBE = "probe"
    """What is yours now?"""


@dataclass(frozen=True, slots=True)
class Presence:
    """What contacts are shown."""

    available: bool
    show: Show | None = None
    status: str = ""
    """In words, for people."""


OFFLINE = Presence(available=False)
ONLINE = Presence(available=True)


@dataclass(frozen=True, slots=True)
class Contact:
    """An account that is subscribed to the presence of one of our addresses."""

    service: str
    """The address."""
    jid: str
    """The account, a bare JID."""
    since: datetime


@dataclass(frozen=True, slots=True)
class PresenceNotice:
    """What an address of ours has to say, to each of the recipients."""

    service: str
    recipients: tuple[str, ...]
    said: Presence | PresenceType
    probe: str | None = None
    """The id of the probe that this answers, where the answer repeats it (RFC 6121 §4.3.2.1)."""
