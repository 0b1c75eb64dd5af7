"""What the engine is given: each port is one thing of the outside world.

Adapters implement these in `storage/`, `telephony/` and `xmpp.py`; tests and the simulator have
their own. `component.app` plugs them together.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from component.domain.choice import Choice
from component.domain.commands import CallCommand, Command
from component.domain.hold_times import HoldTime
from component.domain.kept_place import Asked
from component.domain.model import Agent, Call, Customer, Leg, Member, Person, Spoke, Turn
from component.domain.queue import Queue
from component.domain.queue_log import LogEntry
from component.domain.terms import USUAL, Terms
from component.domain.words import DeviceState
from component.markup import Markup
from component.pubsub.crowd import Refusal
from component.pubsub.model import (
    Affiliation,
    Held,
    Item,
    Node,
    Notification,
    Redirect,
    Subscription,
)
from component.pubsub.presence import Contact


class StoreUnavailableError(Exception):
    """The database cannot be reached or gives no answer: it may have committed all the same."""


class StoreTakenError(StoreUnavailableError):
    """Another service writes to the database."""

    def __init__(self) -> None:
        super().__init__("another service has the database")


class StoreLostError(Exception):
    """Another service has written to the database since we read it: we must not, any more."""

    def __init__(self) -> None:
        super().__init__(
            "another service has taken over the database, so this one must not write to it any more"
        )


class StoreRefusedError(Exception):
    """The database is there and rejects these very changes: trying again is of no use."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message that is owed to its recipients until the XMPP server has it.

    It is committed with what caused it, and deleted once the server has confirmed it.
    """

    seq: int
    """Order of sending; grows for ever."""
    sender: str
    """The `from` address, one of this component's own."""
    recipients: tuple[str, ...]
    type: str
    """The message's type attribute: headline, chat, normal."""
    body: str
    """The children of the message as serialised XML, the same for each recipient."""
    expires_at: datetime | None = None
    """After this the message is of no use and is dropped."""


@dataclass(slots=True)
class Changes:
    """All that one transaction writes. Absent from a mapping's value (None) means deleted."""

    agents: list[Agent] = field(default_factory=list)
    agents_seen: list[Agent] = field(default_factory=list)
    """Of whom only that has changed which is not written: the state of the device."""
    members: list[Member] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    calls_gone: list[str] = field(default_factory=list)
    """Ids of calls that a failed transaction may have written: nothing came of them."""
    turns: list[Turn] = field(default_factory=list)
    queue_log: dict[int, LogEntry | None] = field(default_factory=dict)
    """By number; None is one that a failed transaction may have written: it never was."""
    choices: dict[tuple[str, int], Choice | None] = field(default_factory=dict)
    """(call id, attempt); None as in `queue_log`"""
    nodes: dict[str, Node | None] = field(default_factory=dict)
    affiliations: dict[tuple[str, str], Affiliation | None] = field(default_factory=dict)
    """(node, bare JID)"""
    subscriptions: dict[tuple[str, str, str, str], Subscription | None] = field(
        default_factory=dict
    )
    """(node, service address, subscriber's JID, subscription identifier)"""
    items: dict[tuple[str, str], Item | None] = field(default_factory=dict)
    """(node, item id)"""
    contacts: dict[tuple[str, str], Contact | None] = field(default_factory=dict)
    """(service address, bare JID)"""
    redirects: dict[str, Redirect | None] = field(default_factory=dict)
    """By the name of a deleted node."""
    held: dict[tuple[str, int], Held | None] = field(default_factory=dict)
    """(node, number) of what waits for digests"""
    outgoing: list[Outgoing] = field(default_factory=list)
    delivered: list[int] = field(default_factory=list)
    """Sequence numbers of messages that are no longer owed."""
    narrowed: list[Outgoing] = field(default_factory=list)
    """Messages that are owed to fewer recipients than were written."""

    def __bool__(self) -> bool:
        return any(
            (
                self.agents, self.members, self.calls, self.calls_gone, self.turns,
                self.queue_log, self.choices, self.nodes, self.affiliations, self.subscriptions,
                self.items, self.contacts, self.redirects, self.held, self.outgoing,
                self.delivered, self.narrowed,
            )
        )  # fmt: skip


@dataclass(slots=True)
class Stored:
    """All that is read when the service starts."""

    queues: list[Queue] = field(default_factory=list)
    agents: list[Agent] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    """Those that have not ended."""
    turns: list[Turn] = field(default_factory=list)
    last_logged: int = 0
    """The greatest number in the queue log."""
    holdtimes: dict[str, tuple[HoldTime, ...]] = field(default_factory=dict)
    """Queue → how long its callers waited who were answered last, the oldest first."""
    spoke: list[Spoke] = field(default_factory=list)
    """Who spoke with a customer last, as far back as any queue remembers."""
    asked: list[Asked] = field(default_factory=list)
    """Who asked to be called back, within a day at least."""
    passed_on: list[Call] = field(default_factory=list)
    """Calls that have ended, of callers whom an agent passed on and who may come into a queue
    again."""
    nodes: list[Node] = field(default_factory=list)
    affiliations: list[Affiliation] = field(default_factory=list)
    subscriptions: list[Subscription] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    """Oldest first within a node; without the payloads, as `InStore`."""
    contacts: list[Contact] = field(default_factory=list)
    redirects: list[Redirect] = field(default_factory=list)
    """Oldest first."""
    held: list[Held] = field(default_factory=list)
    """Oldest first within a node."""
    outgoing: list[Outgoing] = field(default_factory=list)
    """Oldest first."""


class NotAdmittedError(Exception):
    """Somebody may not log on. `status` is what the dialplan is told."""

    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


class Store(Protocol):
    """The database."""

    async def load(self) -> Stored:
        """Read everything. Raises `StoreUnavailableError`."""
        ...

    async def read_items(self, keys: Sequence[tuple[str, str]]) -> list[Item]:
        """Read items by (node, item id), with their payloads; those that are there.

        Raises `StoreUnavailableError`.
        """
        ...

    async def last_ended(self, channels: Collection[str]) -> list[Call]:
        """Return of each of these callers' channels the call that ended last, since yesterday.

        Not of callers who go on in the dialplan then. Raises `StoreUnavailableError`.
        """
        ...

    async def commit(self, changes: Changes) -> None:
        """Write all changes in one transaction.

        Raises `StoreUnavailableError`, `StoreRefusedError` if these changes are at fault, or
        `StoreLostError`.
        """
        ...


class Directory(Protocol):
    """Who is calling."""

    async def customer(self, code: str, number: str = "") -> Customer | None:
        """Return who keyed this code; without one, who calls from this number. None: nobody known.

        Raises `StoreUnavailableError`; the caller of this method sets the deadline.
        """
        ...


class People(Protocol):
    """Who may log on at any extension."""

    async def person(self, number: str) -> tuple[Person, str] | None:
        """Return who has this number, and the PIN as it is stored, empty if there is none.

        None: nobody. Raises `StoreUnavailableError`.
        """
        ...


@dataclass(frozen=True, slots=True)
class WaitingChannel:
    """A caller's channel that Asterisk has handed to us, with the arguments of `Stasis()`."""

    channel: str
    queue: str
    digits: str
    caller_number: str
    caller_name: str
    created_at: datetime
    priority: int = 0
    terms: Terms = USUAL


@dataclass(frozen=True, slots=True)
class CalledChannel:
    """A channel to a customer who is called back."""

    channel: str
    call_id: str
    answered: bool
    elsewhere: bool = False
    """Whether the customer has gone on to what the dialplan says, and may talk to somebody."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What Asterisk has of ours, read after a (re)connect."""

    taken_at: datetime
    """All that was decided before this had been begun when the reading was."""
    callers: tuple[WaitingChannel, ...]
    ringing_legs: frozenset[Leg]
    answered_legs: frozenset[Leg]
    bridges: dict[str, frozenset[str]]
    """The channels in each of our bridges, by its id."""
    device_states: dict[str, DeviceState]
    customers: tuple[CalledChannel, ...] = ()
    newcomers: frozenset[str] = frozenset()
    """The channels of callers of whom events have told, too, and who are about to enter: if there
    is a call on such a channel, that stay is over."""
    phones: Mapping[Leg, str] = field(default_factory=dict)
    """The devices that ring now, as far as events have told, whoever has them; by leg."""


class CallControl(Protocol):
    """Asterisk."""

    def perform(self, commands: Iterable[CallCommand]) -> None:
        """Begin to carry out commands; those of one call in order, calls side by side.

        Never raises: what fails comes back as an event where the domain must know (a leg that
        could not be made has ended), else it is logged.
        """
        ...

    def discard_bridge(self, bridge: str) -> None:
        """Take down the bridge of a talk that is over."""
        ...

    def watch_devices(self, devices: Sequence[str]) -> None:
        """Begin to report the states of these devices, as they are now and whenever they change.

        Never raises: what fails is tried again as long as it takes.
        """
        ...


class Publisher(Protocol):
    """The XMPP stream."""

    def send(self, messages: Sequence[Outgoing]) -> None:
        """Write messages to the stream, or drop them when it is down.

        Those dropped are owed still: they are handed over again when the stream is up. What the
        server has confirmed is reported to the engine.
        """
        ...

    def announce(self, presences: Sequence[Markup]) -> None:
        """Write presence stanzas to the stream, after the messages that were sent before.

        While it is down they are dropped: what holds then is announced when it is up again.
        """
        ...


@dataclass(frozen=True, slots=True)
class Committed:
    """One transaction."""

    facts: int
    """How many shared it."""
    commands: Sequence[Command]
    notifications: Sequence[Notification]
    changes: Changes
    duration: timedelta
    refusals: Mapping[Refusal, int] = field(default_factory=dict)
    """How often limits on strangers have kept somebody out."""


class Observer(Protocol):
    """Who counts and logs what happens."""

    def committed(self, what: Committed) -> None:
        """A transaction has succeeded; what it decided was begun, and nothing is known to be done.

        Phones that are to ring do not wait for this.
        """
        ...

    def turned_away(self, queue: str) -> None:
        """A caller could not be held because of the database."""
        ...


class Clock(Protocol):
    """The time."""

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""
        ...
