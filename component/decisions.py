"""What facts lead to, in memory: the state is changed, and what is to be shown and done is noted.

Nothing of it is written or done here; the engine commits it first, or undoes it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from datetime import datetime
from operator import attrgetter
from random import Random
from typing import Any

import structlog

from component import recovery
from component.agent_presence import AgentsShown
from component.domain.commands import (
    Again,
    Announce,
    Command,
    DropNode,
    HideCall,
    HostNode,
    ShowCall,
)
from component.domain.errors import DomainError
from component.domain.events import AsteriskFound, Event
from component.domain.model import Agent, Call
from component.domain.state import State
from component.domain.step import step
from component.journal import subject
from component.outbox import Outbox
from component.payloads import announcement_xml, call_xml
from component.ports import Changes, Outgoing, Snapshot
from component.pubsub.addresses import extension_node
from component.pubsub.model import Item, Notification
from component.pubsub.presence import PresenceNotice
from component.pubsub.service import PubSub
from component.records import Ledger

log = structlog.get_logger(__name__)

Operation = Callable[[PubSub, datetime], Any]
"""A pure operation on the publish-subscribe service, run by the writer."""

StepNow = Callable[[Event], None]
"""Takes an event in at once. Raises the `DomainError` that refuses it."""


@dataclass(frozen=True, slots=True)
class Errand:
    """What somebody asks for, who is told what came of it.

    `run` is given the state to read, what steps the events that it decides on, and the time. If it
    raises, nothing of it was done.
    """

    run: Callable[[State, StepNow, datetime], Any]


Fact = Event | Operation | Snapshot | Errand


@dataclass(slots=True)
class Decisions:
    """What one fact, or several that share a transaction, lead to."""

    commands: list[Command] = field(default_factory=list)
    notifications: list[Notification] = field(default_factory=list)
    messages: list[Outgoing] = field(default_factory=list)
    presences: list[PresenceNotice] = field(default_factory=list)
    stray_bridges: list[str] = field(default_factory=list)
    tidies: bool = False
    """Whether it is time to delete the messages that were delivered, if for their sake alone."""

    def add(self, more: "Decisions") -> None:
        """Take over what another fact led to."""
        self.commands += more.commands
        self.notifications += more.notifications
        self.messages += more.messages
        self.presences += more.presences
        self.stray_bridges += more.stray_bridges
        self.tidies |= more.tidies


class Decider:
    """Takes facts in, one after another; the only one who changes the state."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        state: State,
        pubsub: PubSub,
        outbox: Outbox,
        rng: Random,
        render: Callable[[Notification], str],
        address: str,
    ) -> None:
        self._ledger = ledger
        self._state = state
        self._pubsub = pubsub
        self._outbox = outbox
        self._rng = rng
        self._render = render
        self._address = address
        self._agents_shown = AgentsShown(state, pubsub, address)
        pubsub.spare(self._goes_on)

    def load(self) -> None:
        """Take note of how the agents are shown to begin with."""
        self._agents_shown.load()

    def begin(self, now: datetime) -> Decisions:
        """Return what time alone has led to, by now."""
        decisions = Decisions()
        self._pubsub.expire(now)
        self._collect(decisions)
        return decisions

    def take_in(self, fact: Fact | None, decisions: Decisions, now: datetime) -> object:
        """Decide about one fact; return the answer for who waits for it.

        Raises the `DomainError` or `PubSubError` that refuses the fact.
        """
        if fact is None:
            decisions.tidies = True
            return None
        if isinstance(fact, Snapshot):
            return self._reconcile(fact, decisions, now)
        if isinstance(fact, Errand):
            return fact.run(self._state, lambda event: self._step(event, decisions, now), now)
        if callable(fact):
            result = fact(self._pubsub, now)
            self._collect(decisions)
            return result
        self._step(fact, decisions, now)
        return None

    def _step(self, event: Event, decisions: Decisions, now: datetime) -> None:
        for command in step(self._state, event, now, self._rng):
            self._tell(command, decisions, now)
            decisions.commands.append(command)

    def _tell(self, command: Command, decisions: Decisions, now: datetime) -> None:
        """Publish what a command says to publish; it is committed with the decision itself."""
        match command:
            case ShowCall(extension) | HideCall(extension) if not self._has_node(extension):
                pass  # the extension was removed meanwhile
            case ShowCall(extension, call):
                node, payload = extension_node(extension), call_xml(call, extension)
                self._pubsub.publish(node, call.id, payload, self._address, now)
            case HideCall(extension, call):
                self._pubsub.retract(extension_node(extension), call.id)
            case HostNode(extension, jid):
                self._pubsub.host(extension, jid)
            case DropNode(extension):
                self._pubsub.drop(extension)
            case Announce(call, extensions, personal):
                decisions.messages.append(
                    Outgoing(
                        seq=self._outbox.next_seq(now),
                        sender=self._address,
                        recipients=tuple(self._state.accounts(extensions)),
                        type="chat",
                        body=announcement_xml(call, personal=personal),
                        expires_at=now + self._state.max_wait(call),
                    )
                )
        self._collect(decisions)

    def _collect(self, decisions: Decisions) -> None:
        """Take over what subscribers and contacts must be told."""
        decisions.notifications += self._pubsub.take_notifications()
        decisions.presences += self._pubsub.take_presences()

    def _has_node(self, extension: str) -> bool:
        return extension_node(extension) in self._pubsub.nodes

    def _goes_on(self, item: Item) -> bool:
        """Tell whether an item is of a call that rings at its extension, or is talked there."""
        call = self._state.calls.get(item.id)
        if call is None or call.outcome is not None:
            return False
        return item.node in {extension_node(offer.extension) for offer in call.offers}

    def _reconcile(
        self, snapshot: Snapshot, decisions: Decisions, now: datetime
    ) -> recovery.Unknown:
        found = recovery.compare(self._state, snapshot)
        decisions.commands += map(Again, found.commands)
        for event in found.events:
            self._step_found(event, decisions, now)
        decisions.stray_bridges += found.stray_bridges
        self._step(AsteriskFound(), decisions, now)
        return found.unknown

    def _step_found(self, event: Event, decisions: Decisions, now: datetime) -> None:
        """Step one of several facts that were found together; one at fault spoils no other."""
        mark, decided = self._ledger.mark(), Decisions()
        try:
            self._step(event, decided, now)
        except DomainError as refusal:
            self._ledger.rollback(mark)
            log.warning("fact refused", fact=type(event).__name__, reason=str(refusal))
        except Exception:  # the connection to Asterisk must outlive a bug in one fact
            self._ledger.rollback(mark)
            log.exception("fact could not be stepped", fact=type(event).__name__, **subject(event))
        else:
            decisions.add(decided)

    def changes(self, decisions: Decisions, now: datetime) -> Changes:
        """Return all that one transaction is to write, the messages that it owes included."""
        self._agents_shown.update()
        self._collect(decisions)
        for notification in decisions.notifications:
            decisions.messages.append(
                Outgoing(
                    seq=self._outbox.next_seq(now),
                    sender=notification.service,
                    recipients=notification.recipients,
                    type=notification.type.value,
                    body=self._render(notification),
                )
            )
        pubsub = self._pubsub
        agents = [agent for _, agent in self._state.agents.pending() if agent]
        written = {a.extension for a in agents if self._state.agents.is_news(a.extension, _kept)}
        calls, calls_gone = self._calls()
        changes = Changes(
            agents=[agent for agent in agents if agent.extension in written],
            agents_seen=[agent for agent in agents if agent.extension not in written],
            members=[member for _, member in self._state.members.pending() if member],
            calls=calls,
            calls_gone=calls_gone,
            turns=[turn for _, turn in self._state.turns.pending() if turn],
            queue_log=dict(self._state.queue_log.pending()),
            choices=dict(self._state.choices.pending()),
            nodes=dict(pubsub.nodes.pending()),
            affiliations=dict(pubsub.affiliations.pending()),
            subscriptions=dict(pubsub.subscriptions.pending()),
            items=dict(pubsub.items.pending()),
            contacts=dict(pubsub.contacts.pending()),
            redirects=dict(pubsub.redirects.pending()),
            held=dict(pubsub.held.pending()),
            outgoing=decisions.messages,
        )
        if changes or decisions.tidies:
            self._outbox.include_in(changes)
        return changes

    def _calls(self) -> tuple[list[Call], list[str]]:
        """Return the calls to be written, and the ids of those that never were."""
        pending = self._state.calls.pending()
        calls = [call for _, call in pending if call]
        gone = {call_id for call_id, call in pending if not call}
        if gone:  # what was undone may be the return of a caller: the call has ended, as it had
            ended = [call for call in self._state.passed_on.values() if call.id in gone]
            calls += ended
            gone -= {call.id for call in ended}
        return calls, sorted(gone)


_SEEN = frozenset({"device_state", "do_not_disturb"})
"""What of an agent is not written: devices are asked for their states after a restart."""

_kept = attrgetter(*(field.name for field in fields(Agent) if field.name not in _SEEN))
