"""What operations change in the configuration, which is rows of the database (see `storage`).

The running service takes them over as it does whatever else is changed there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from component.domain.settings_by_name import Value


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
class ChangeExtension:
    """An extension has another device, account or skills."""

    extension: str
    device: str
    jid: str
    skills: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ChangeCustomer:
    """A customer has another name, or other attributes."""

    code: str
    name: str
    """Empty: as it was."""
    attributes: Mapping[str, str]
    """Those that are other now; an empty one is taken away. All others stay."""


@dataclass(frozen=True, slots=True)
class ChangeQueue:
    """A queue has one other setting (`component.domain.settings_by_name`)."""

    queue: str
    setting: str
    value: Value


@dataclass(frozen=True, slots=True)
class ChangeMember:
    """A member of a queue has another penalty."""

    queue: str
    extension: str
    penalty: int


@dataclass(frozen=True, slots=True)
class RemoveExtension:
    """An extension is no more, nor are its memberships."""

    extension: str


@dataclass(frozen=True, slots=True)
class RemoveCustomer:
    """A customer is no more."""

    code: str


@dataclass(frozen=True, slots=True)
class RemoveQueue:
    """A queue is no more, nor are its memberships."""

    queue: str


@dataclass(frozen=True, slots=True)
class RemoveMember:
    """An extension may log on to a queue no more."""

    queue: str
    extension: str


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


Addition = AddExtension | AddCustomer | AddQueue | AddMember
Alteration = ChangeExtension | ChangeCustomer | ChangeQueue | ChangeMember | CloseQueue | OpenQueue
Removal = RemoveExtension | RemoveCustomer | RemoveQueue | RemoveMember

Change = Addition | Alteration | Removal | Reload
