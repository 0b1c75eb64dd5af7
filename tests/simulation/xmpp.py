"""A model of the XMPP server, and of the software that is subscribed to the extensions' nodes."""

import asyncio
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Protocol

from component.markup import Markup
from component.ports import Outgoing
from component.pubsub.model import (
    ItemPublished,
    ItemRetracted,
    NodeDeleted,
    Notification,
    SubscriptionEnded,
)
from tests.simulation.history import History
from tests.simulation.loop import VirtualTimeLoop

LATENCY = 0.02

CALL = re.compile("<call [^>]* revision='(?P<revision>[0-9]+)' state='(?P<state>[a-z]+)'")
"""An item, as far as a subscriber reads it here."""

SLOWNESS = (1,) * 30 + (20,) * 9 + (400,)
"""How many times longer than others a confirmation takes."""


def render(notification: Notification) -> str:
    """Return what a subscriber reads out of a notification."""
    event = notification.event
    if isinstance(event, ItemPublished):
        call = CALL.match(event.item.xml)
        assert call is not None, "an item is a call"
        return f"published {notification.node} {event.item.id} {call['revision']} {call['state']}"
    if isinstance(event, ItemRetracted):
        return f"retracted {notification.node} {event.item_id}"
    if isinstance(event, NodeDeleted):
        return f"deleted {notification.node} all"
    if isinstance(event, SubscriptionEnded):
        return f"ended {notification.node} all"
    return f"other {notification.node} {type(event).__name__}"


def node_shown_in(body: str) -> str | None:
    """Return the node whose items a notification tells of, None if it is about something else."""
    kind, node, *_ = f"{body} ".split(" ")
    return node if kind in ("published", "retracted") else None


@dataclass(slots=True)
class Seen:
    """An item as a subscriber knows it."""

    revision: int
    state: str


@dataclass(slots=True)
class Subscriber:
    """The software of one user: newer revisions replace older ones, a retraction takes away.

    A retraction has no revision, so messages that come again are told by their ids.
    """

    received: set[int] = field(default_factory=set)
    items: dict[str, Seen] = field(default_factory=dict)
    """By node and item."""

    def take(self, message_id: int, body: str) -> Iterable[str]:
        """Apply a notification. Return what items it is about."""
        kind, node, call_id, *rest = body.split(" ")
        if kind in ("deleted", "ended"):
            return self._forget(message_id, node)
        item = f"{node} {call_id}"
        if message_id in self.received:
            return [item]
        self.received.add(message_id)
        known = self.items.get(item)
        if kind == "retracted":
            if known is not None and known.state in ("offered", "answered"):
                known.state = "withdrawn"
        elif kind == "published":
            revision, state = rest
            seen = Seen(int(revision), state)
            if known is None or seen.revision > known.revision:
                self.items[item] = seen
        return [item]

    def _forget(self, message_id: int, node: str) -> Iterable[str]:
        """Apply the end of a node, or of the subscription: nothing in it is seen any more."""
        items = [item for item in self.items if item.startswith(f"{node} ")]
        if message_id not in self.received:
            self.received.add(message_id)
            for item in items:
                del self.items[item]
        return items


class Debtor(Protocol):
    """The engine, as far as the connection needs it."""

    def owed(self) -> list[Outgoing]: ...
    def confirm(self, seqs: Sequence[int]) -> None: ...


class XmppServer:
    """Takes messages in order and hands them to the subscribers."""

    def __init__(self, history: History) -> None:
        self._history = history
        self.subscribed_at: dict[tuple[str, str | None], datetime] = {}
        """When somebody subscribed to a node who was not subscribed from the beginning."""
        self.arrived: set[int] = set()
        self._newest = 0
        self.subscribers: defaultdict[str, Subscriber] = defaultdict(Subscriber)
        self._told: defaultdict[str, Subscriber] = defaultdict(Subscriber)
        """What they would know if nothing were ever repeated."""
        self._in_doubt: defaultdict[str, set[str]] = defaultdict(set)
        """Items of which they were told since the two were compared."""

    def take(self, message: Outgoing) -> None:
        """Take a message; what is new is to be newer than all before."""
        is_new = message.seq not in self.arrived
        if not is_new:
            self._history.note("message repeated", message.seq)
        elif message.seq < self._newest:
            self._history.fail(f"message {message.seq} came after {self._newest}")
        else:
            self.arrived.add(message.seq)
            self._newest = message.seq
        if message.type == "headline" or message.body.startswith("ended "):
            for recipient in message.recipients:
                self._tell(recipient, message, is_new=is_new)

    def misled(self) -> Iterator[str]:
        """Yield who knows something else than if nothing were ever repeated."""
        for recipient, told in self._told.items():
            if self.subscribers[recipient].items != told.items:
                yield recipient

    def _tell(self, recipient: str, message: Outgoing, *, is_new: bool) -> None:
        knows, told = self.subscribers[recipient], self._told[recipient]
        if is_new:
            told.take(message.seq, message.body)
        in_doubt = self._in_doubt[recipient]
        in_doubt.update(knows.take(message.seq, message.body))
        if message.seq == self._newest:
            if any(knows.items.get(item) != told.items.get(item) for item in in_doubt):
                self._history.fail(f"repetition has misled {recipient}: {message.body}")
            in_doubt.clear()


class Link:
    """`component.ports.Publisher`: a connection that breaks and is made again."""

    def __init__(
        self, server: XmppServer, loop: VirtualTimeLoop, dice: Random, history: History
    ) -> None:
        self._server = server
        self._loop = loop
        self._dice = dice
        self._history = history
        self._session = 0
        self._free_at = 0.0
        self._debtor: Debtor | None = None
        self._unconfirmed: dict[int, asyncio.Event] = {}
        self.up = False

    def connect(self, debtor: Debtor) -> None:
        """Begin a session: all that is owed is sent again."""
        self._debtor = debtor
        self.up = True
        self.send(debtor.owed())

    def drop(self) -> None:
        """End the session; what is under way is lost, and so are the confirmations."""
        self._session += 1
        self._unconfirmed.clear()
        self.up = False

    async def settled(self) -> None:
        """Wait for the confirmation of what was sent last; for ever, if the session ends."""
        if self._unconfirmed:
            await list(self._unconfirmed.values())[-1].wait()

    def send(self, messages: Sequence[Outgoing]) -> None:
        if not self.up or not messages:
            return
        self._unconfirmed |= {message.seq: asyncio.Event() for message in messages}
        cut = self._dice.randint(0, len(messages))
        for part in (messages[:cut], messages[cut:]):
            at = self._loop.time() + self._dice.uniform(0, LATENCY)
            self._free_at = at = max(at, self._free_at + 1e-6)
            self._loop.call_at(at, self._arrive, self._session, part)

    def announce(self, presences: Sequence[Markup]) -> None:
        """Nobody here has contacts."""
        if presences:
            self._history.fail(f"presence for nobody: {presences[0]}")

    def _arrive(self, session: int, messages: Sequence[Outgoing]) -> None:
        if session != self._session:
            return
        for message in messages:
            self._server.take(message)
        late = self._dice.uniform(0, LATENCY) * self._dice.choice(SLOWNESS)
        self._loop.call_later(late, self._confirm, session, [m.seq for m in messages])

    def _confirm(self, session: int, seqs: Sequence[int]) -> None:
        if session == self._session and self._debtor is not None:
            self._debtor.confirm(seqs)
            for seq in seqs:
                self._unconfirmed.pop(seq).set()
