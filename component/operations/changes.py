"""What operations change in the configuration, which is rows of the database (see `storage`).

The running service takes them over as it does whatever else is changed there.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class AddExtension:
    """There is a new extension."""

    extension: str
    device: str
    jid: str


@dataclass(frozen=True, slots=True)
class AddCustomer:
    """There is a new customer."""

    code: str
    name: str
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AddQueue:
    """There is a new queue, with the settings that queues have by default."""

    name: str
    strategy: str


@dataclass(frozen=True, slots=True)
class AddMember:
    """An extension may log on to a queue."""

    queue: str
    extension: str
    penalty: int


@dataclass(frozen=True, slots=True)
class CloseQueue:
    """A queue takes no new callers for the rest of the day."""

    queue: str


@dataclass(frozen=True, slots=True)
class OpenQueue:
    """A queue that was closed takes callers again."""

    queue: str


@dataclass(frozen=True, slots=True)
class Reload:
    """The whole configuration is to be compared with what the service knows."""


Change = AddExtension | AddCustomer | AddQueue | AddMember | CloseQueue | OpenQueue | Reload
