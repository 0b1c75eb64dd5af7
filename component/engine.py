"""The engine: one writer through which every fact passes, in one order.

Facts that wait together are stepped one after another and committed in one transaction; only then
is anything done about them. If the commit fails, all is as if they had not been stepped: those who
wait for an answer get the error, callers who just came go back to the dialplan, and every other
fact is kept and tried again. A commit may have succeeded though its answer was lost: the next one
also writes again, as it is then, all that the failed one would have changed.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, TypeVar

import structlog

from component import recovery
from component.alarm import Alarm
from component.decisions import Decider, Decisions, Errand, StepNow
from component.domain.commands import (
    Again,
    CallCommand,
    Release,
    WakeAt,
    WatchDevice,
)
from component.domain.errors import DomainError
from component.domain.events import CallerEntered, Event
from component.domain.moot import is_moot, may_wait
from component.domain.state import State
from component.domain.words import QueueStatus
from component.inbox import Entry, Inbox
from component.journal import subject
from component.markup import Markup
from component.outbox import Outbox
from component.ports import (
    CallControl,
    Changes,
    Clock,
    Committed,
    Observer,
    Outgoing,
    Publisher,
    Snapshot,
    Store,
    StoreRefusedError,
    StoreUnavailableError,
    WaitingChannel,
)
from component.pubsub.errors import PubSubError
from component.pubsub.model import Item, Notification
from component.pubsub.presence import PresenceNotice
from component.pubsub.service import PubSub
from component.records import Ledger
from component.stored_items import StoredItems
from component.strays import Strays
from component.timers import Timers

log = structlog.get_logger(__name__)

T = TypeVar("T")

RETRY_SECONDS = 1.0
"""Between attempts to commit while the database is away."""

TIDY_SECONDS = 0.5
"""How long messages that were delivered stay in the database, unless something else is committed.

A transaction for their sake alone would hold up whatever is stepped next. As long a crash may send
them once more."""


@dataclass(slots=True)
class _Batch:
    """What became of the facts that share a transaction."""

    decisions: Decisions
    answers: list[tuple[asyncio.Future[Any], object]] = field(default_factory=list)
    refusals: list[tuple[asyncio.Future[Any], Exception]] = field(default_factory=list)


class Engine:
    """Takes facts, decides, commits, acts."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        state: State,
        pubsub: PubSub,
        outbox: Outbox,
        store: Store,
        control: CallControl,
        publisher: Publisher,
        clock: Clock,
        rng: Random,
        observer: Observer,
        render: Callable[[Notification], str],
        shown_in: Callable[[str], str | None],
        render_presence: Callable[[PresenceNotice], Iterable[Markup]],
        address: str,
    ) -> None:
        self._ledger = ledger
        self._state = state
        self._pubsub = pubsub
        self._outbox = outbox
        self._store = store
        self._stored_items = StoredItems(pubsub, store)
        self._control = control
        self._publisher = publisher
        self._clock = clock
        self._observer = observer
        self._shown_in = shown_in
        self._render_presence = render_presence
        self._decider = Decider(
            ledger=ledger,
            state=state,
            pubsub=pubsub,
            outbox=outbox,
            rng=rng,
            render=render,
            address=address,
        )
        self._inbox = Inbox(lambda fact: is_moot(state, fact), lambda fact: may_wait(state, fact))
        self._alarm = Alarm(lambda: self._inbox.put(None))
        self._timers = Timers(self.submit, clock)
        self._strays = Strays(store, control, self.submit)
        self._deciding_since: datetime | None = None

    # What the adapters call. ------------------------------------------------------------------

    def submit(self, event: Event) -> None:
        """Take in a fact."""
        self._inbox.put(event)

    async def step(self, event: Event) -> None:
        """Take in a fact and wait until it is committed.

        Raises the `DomainError` that refuses it, or `StoreUnavailableError`.
        """
        await self._inbox.ask(event)

    async def pubsub(
        self, operation: Callable[[PubSub, datetime], T], *, patient: bool = False
    ) -> T:
        """Run an operation on the publish-subscribe service; return its result once committed.

        Notifications that the operation leaves in the service are sent then. What has happened in
        any case is taken in by a `patient` operation, however long the database is away. Raises
        the operation's `PubSubError`, or `StoreUnavailableError`.
        """
        result: T = await self._inbox.ask(operation, is_patient=patient)
        return result

    async def errand(self, run: Callable[[State, StepNow, datetime], T]) -> T:
        """Do what somebody asks for (see `Errand`); return what came of it once committed.

        Raises what `run` raises, or `StoreUnavailableError`.
        """
        result: T = await self._inbox.ask(Errand(run))
        return result

    async def whole(self, items: Sequence[Item]) -> list[Item]:
        """Return items with their payloads, without those that are not as they were any more.

        Raises `StoreUnavailableError`.
        """
        return await self._stored_items.whole(items)

    async def reconcile(self, snapshot: Snapshot) -> tuple[WaitingChannel, ...]:
        """Compare what is believed with what Asterisk has, after the connection to it was away.

        Returns the callers of whom nothing is known here. Those whose call is over were to leave,
        and do. Raises `StoreUnavailableError`.
        """
        found: recovery.Unknown = await self._inbox.ask(snapshot)
        return await self._strays.sort_out(found, snapshot)

    def confirm(self, seqs: Iterable[int]) -> None:
        """Take note that the XMPP server has these messages: they are to be deleted soon."""
        self._outbox.confirm(seqs)
        self._alarm.set(TIDY_SECONDS)

    def owed(self) -> list[Outgoing]:
        """Return the messages that the XMPP server has not confirmed, oldest first.

        Nobody is sent items to which the right has been lost since.
        """
        self._outbox.withhold(self._entitled)
        self._alarm.set(TIDY_SECONDS)  # what is not owed any more is to be deleted soon
        return self._outbox.owed(self._clock.now())

    @property
    def acted_until(self) -> datetime:
        """Until when all that was decided is begun: now, unless some of it is being committed."""
        return self._deciding_since or self._clock.now()

    @property
    def backlog(self) -> int:
        """How many facts wait to be stepped."""
        return len(self._inbox)

    def presences(self) -> list[Markup]:
        """Return what contacts are to know now that the connection is back."""
        self._pubsub.forget_audience(self._clock.now())
        return self._stanzas(self._pubsub.shown())

    def farewell(self) -> list[Markup]:
        """Return what contacts are to know before the connection ends."""
        return self._stanzas(self._pubsub.farewell())

    # The loop. ----------------------------------------------------------------------------------

    async def run(self) -> None:
        """Process facts for ever."""
        self._timers.set(recovery.timers(self._state, self._clock.now()))
        self._decider.load()
        self._await_due()
        while True:
            await self._process(await self._inbox.take())

    async def _process(self, entries: list[Entry]) -> None:
        try:
            await self._attempt(entries)
        except StoreUnavailableError as error:
            await self._postpone(entries, error)
        except StoreRefusedError as error:
            await self._isolate(entries, error)

    async def _attempt(self, entries: list[Entry]) -> None:
        """Step facts, commit what they lead to, and do it.

        Raises `StoreUnavailableError` or `StoreRefusedError`: all is then as it was before.
        """
        await self._stored_items.settle()
        self._deciding_since = self._clock.now()
        try:
            batch = _Batch(self._decider.begin(self._deciding_since))
            for entry in entries:
                self._decide(entry, batch)
            changes, duration = await self._commit(batch)
            self._act(batch)
        finally:
            self._deciding_since = None
        await asyncio.sleep(0)  # what was begun leaves before it is counted and logged
        decided = batch.decisions
        self._observer.committed(
            Committed(
                len(entries),
                decided.commands,
                decided.notifications,
                changes,
                duration,
                self._pubsub.take_refusals(),
            )
        )
        self._timers.drop(self._state.forget_ended(changes.calls))
        self._state.forget_logged()
        self._pubsub.forget_payloads()
        self._await_due()
        self._answer(batch)

    async def _commit(self, batch: _Batch) -> tuple[Changes, timedelta]:
        """Write what was decided, or undo it; return what was written, and how long that took."""
        try:
            await self._stored_items.complete(batch.decisions.notifications)
        except StoreUnavailableError:
            self._ledger.rollback()
            raise
        changes = self._changes(batch)
        started = self._clock.now()
        try:
            if changes:
                await self._store.commit(changes)
        except StoreUnavailableError:
            self._ledger.rollback_in_doubt()
            self._outbox.disown(changes)
            raise
        except StoreRefusedError:
            self._ledger.rollback()
            raise
        self._ledger.committed()
        self._outbox.committed(changes)
        return changes, self._clock.now() - started

    def _changes(self, batch: _Batch) -> Changes:
        try:
            return self._decider.changes(batch.decisions, self._clock.now())
        except Exception as error:  # as in one fact: the writer must outlive it
            self._ledger.rollback()
            log.exception("decisions could not be written down")
            raise StoreRefusedError(type(error).__name__) from error

    def _decide(self, entry: Entry, batch: _Batch) -> None:
        mark = self._ledger.mark()
        decided = Decisions()
        try:
            answer = self._decider.take_in(entry.fact, decided, self._clock.now())
        except (DomainError, PubSubError) as refusal:
            self._ledger.rollback(mark)
            if entry.reply is None:
                about = subject(entry.fact)
                log.warning("fact refused", fact=_kind(entry), reason=str(refusal), **about)
            self._refuse(entry, refusal, batch)
        except Exception as error:  # the writer must outlive a bug in one fact
            self._ledger.rollback(mark)
            log.exception("fact could not be stepped", fact=_kind(entry), **subject(entry.fact))
            self._refuse(entry, error, batch)
        else:
            batch.decisions.add(decided)
            if entry.reply is not None:
                batch.answers.append((entry.reply, answer))

    def _refuse(self, entry: Entry, error: Exception, batch: _Batch) -> None:
        """Tell who asked; a caller who cannot be taken goes back to the dialplan."""
        if entry.reply is not None:
            batch.refusals.append((entry.reply, error))
        elif isinstance(entry.fact, CallerEntered):
            self._turn_away(entry.fact)

    def _act(self, batch: _Batch) -> None:
        """Do what was decided, now that it is committed: show first, then ring."""
        decisions = batch.decisions
        if decisions.messages:
            self._publisher.send(decisions.messages)
        if decisions.presences:
            self._publisher.announce(self._stanzas(decisions.presences))
        commands = (c.command if isinstance(c, Again) else c for c in decisions.commands)
        deeds = [command for command in commands if isinstance(command, CallCommand)]
        self._control.perform(deeds)
        if not self._state.asterisk_up:
            self._strays.note(deeds)
        self._timers.set(c for c in decisions.commands if isinstance(c, WakeAt))
        devices = [c.device for c in decisions.commands if isinstance(c, WatchDevice)]
        if devices:
            self._control.watch_devices(devices)
        for bridge in decisions.stray_bridges:
            self._control.discard_bridge(bridge)

    def _answer(self, batch: _Batch) -> None:
        """Tell those who wait for it what came of their facts."""
        for reply, answer in batch.answers:
            if not reply.done():
                reply.set_result(answer)
        for reply, refusal in batch.refusals:
            if not reply.done():
                reply.set_exception(refusal)

    async def _postpone(self, entries: list[Entry], error: StoreUnavailableError) -> None:
        """Keep what can wait for the database, answer what cannot."""
        log.error("database away", error=str(error), facts=len(entries))
        # The answer may be all that failed: what the store has now is set right, and soon. It is
        # the first thing to be tried, so that no fact pays for it if it is rejected.
        kept = [Entry(None)]
        for entry in entries:
            if entry.reply is not None and not entry.is_patient:
                if not entry.reply.done():
                    entry.reply.set_exception(error)
            elif isinstance(entry.fact, CallerEntered):
                self._turn_away(entry.fact)
            elif entry.fact is not None:
                kept.append(entry)
        self._inbox.put_back(kept)
        await asyncio.sleep(RETRY_SECONDS)

    async def _isolate(self, entries: list[Entry], error: StoreRefusedError) -> None:
        """Let one fact that the database rejects not spoil the others of its batch."""
        if len(entries) == 1:
            self._reject(entries[0], error)
            return
        for place, entry in enumerate(entries):
            try:
                await self._attempt([entry])
            except StoreUnavailableError as away:
                await self._postpone(entries[place:], away)
                return
            except StoreRefusedError as refusal:
                self._reject(entry, refusal)

    def _reject(self, entry: Entry, error: StoreRefusedError) -> None:
        """Drop a fact that the database rejects."""
        self._ledger.trust()  # or what is written again might have the next facts rejected, too
        log.error("fact rejected by the database", error=str(error), **subject(entry.fact))
        if entry.reply is not None:
            if not entry.reply.done():
                entry.reply.set_exception(error)
        elif isinstance(entry.fact, CallerEntered):
            self._turn_away(entry.fact)

    # Small things. ------------------------------------------------------------------------------

    def _turn_away(self, entered: CallerEntered) -> None:
        """Give a caller back to the dialplan who cannot be held now."""
        released = Release(entered.call_id, entered.channel, QueueStatus.UNAVAILABLE)
        self._control.perform([released])
        self._observer.turned_away(entered.queue)

    def _entitled(self, message: Outgoing) -> tuple[str, ...]:
        node, recipients = self._shown_in(message.body), message.recipients
        return recipients if node is None else self._pubsub.entitled(node, recipients)

    def _stanzas(self, notices: Iterable[PresenceNotice]) -> list[Markup]:
        return [stanza for notice in notices for stanza in self._render_presence(notice)]

    def _await_due(self) -> None:
        """Have a transaction run when publish-subscribe has something to do by itself."""
        due = self._pubsub.due()
        if due is not None:
            self._alarm.set(max(TIDY_SECONDS, (due - self._clock.now()).total_seconds()))


def _kind(entry: Entry) -> str:
    return type(entry.fact).__name__
