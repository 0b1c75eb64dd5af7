"""What the operator lets entities do with the service as a whole."""

from dataclasses import dataclass
from enum import StrEnum


class Creators(StrEnum):
    """Who may create nodes."""

    ADMINS = "admins"
    EVERYONE = "everyone"


@dataclass(frozen=True, slots=True)
class Policy:
    """The operator's choices."""

    create: Creators = Creators.ADMINS
    auto_create: bool = False
    """Whether publishing to a node that does not exist creates it (§7.1.4)."""


DEFAULT_POLICY = Policy()

MAX_NODES = 100
"""How many nodes an account may own that is no administrator's."""
