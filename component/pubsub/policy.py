"""What the operator lets entities do with the service as a whole."""

from dataclasses import dataclass
from enum import StrEnum


class Creators(StrEnum):
    """Who may create nodes."""

    ADMINS = "admins"
    EVERYONE = "everyone"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much there may be of a kind at what is open to everybody.

    Kinds are subscriptions (pending ones too), presence subscriptions, software known to be online,
    and nodes that somebody owns, of which an account has `MAX_NODES` at most. Those whom the
    configuration names are not counted, and they and those linked to an extension not refused.
    """

    account: int = 1_000
    domain: int = 10_000
    total: int = 100_000


@dataclass(frozen=True, slots=True)
class Policy:
    """The operator's choices."""

    create: Creators = Creators.ADMINS
    auto_create: bool = False
    """Whether publishing to a node that does not exist creates it (§7.1.4)."""
    limits: Limits = Limits()


DEFAULT_POLICY = Policy()

MAX_NODES = 100
"""How many nodes an account may own that is no administrator's."""

MAX_OF_ACCOUNT = 100
"""How many subscriptions the JIDs of an account may have to a node: full JIDs can be made up."""

MAX_AFFILIATIONS = 1_000
"""How many accounts may be affiliated with a node that no administrator looks after."""
