"""The call centre once more and naively: every fact that the domain steps is entered in books of
our own, and every decision is compared with what follows from these.
"""

from datetime import datetime
from itertools import groupby, islice
from random import Random

from component.domain.commands import (
    CallCustomer,
    Command,
    EndCall,
    HideCall,
    Join,
    Redirect,
    Release,
    Ring,
    Say,
    ShowCall,
    WakeAt,
)
from component.domain.errors import DomainError
from component.domain.events import (
    AttendedTransfer,
    BlindTransfer,
    CallerEntered,
    Event,
    QueueRemoved,
    RetryDue,
)
from component.domain.state import State
from component.domain.step import step
from component.domain.words import CallState, Outcome, QueueStatus
from component.ports import Stored
from tests.simulation.books import Books
from tests.simulation.callbacks import KeptPlaces
from tests.simulation.expectations import Expectations
from tests.simulation.happenings import Happenings
from tests.simulation.history import History
from tests.simulation.movements import Movements
from tests.simulation.offers import Offers
from tests.simulation.overdue import Overdue
from tests.simulation.refusals import Refusals
from tests.simulation.registers import Touched
from tests.simulation.store import UnreliableStore
from tests.simulation.tally import Tally

HAVING_TALKED = (Outcome.COMPLETED, Outcome.TRANSFERRED)

AGREEING = 100
"""After so many facts, all that is in the books is compared with what the engine has; with n times
as many agents as `FEW`, after n times as many."""

FEW = 50


class Reference:
    """`step` stands in for the domain's own and looks at what that decides.

    `fixed` is that the operator changes no settings.
    """

    def __init__(self, history: History, store: UnreliableStore, *, fixed: bool) -> None:
        self._history = history
        self._store = store
        self.books = Books(history)
        self._tally = Tally(self.books)
        self._expectations = Expectations(self.books)
        self.overdue = Overdue(self.books, self._expectations, fixed=fixed)
        self._refusals = Refusals(self.books, self._expectations)
        self._offers = Offers(self.books, self._expectations)
        self._movements = Movements(self.books, self._expectations, store)
        self._places = KeptPlaces(self.books, self._expectations, self._offers)
        self._happenings = Happenings(self.books, self._expectations)

    def load(self, stored: Stored, *, compare: bool) -> None:
        """Begin with what the store has; it should be what the books have already."""
        self.books.renewed = self._store.renewed
        self.books.load(stored, compare=compare)
        if not compare:
            self.books.logged.begin(self._store.queue_log)
        self._happenings.begin()
        self._expectations.holding_out.clear()
        for call_id, caller in self.books.callers.items():
            self._expectations.hold_out(call_id, caller)
        self._places.load(stored.calls)

    def step(self, state: State, event: Event, now: datetime, rng: Random) -> list[Command]:
        """Let the domain decide, and check that it decided well."""
        self._history.note("step", event)
        self.books.begin(event, state, now)
        logged = len(state.queue_log)
        refused = self._refusals.expected(event)
        try:
            commands = step(state, event, now, rng)
        except DomainError as refusal:
            if type(refusal) is not refused:
                self._history.fail(f"{event} is refused: {refusal!r}, expected {refused}")
            raise
        if refused is not None:
            self._history.fail(f"{event} is granted, expected {refused}")
        self._tally.count(event, commands)
        self._enter(event, commands)
        self._acquaint()
        self._offers.legs_are_let_go(event, commands)
        self._follow_all(commands, event)
        if isinstance(event, QueueRemoved):
            self._movements.nobody_is_left_in(event.name)
        self._happenings.leave()
        self._compare_log(state, logged, event)
        self._look(state, commands)
        return commands

    def agree(self, state: State) -> None:
        """Compare all that is in the books with what the engine has."""
        self.books.agree(state.agents.values(), state.members.values(), list(state.calls.values()))

    def _enter(self, event: Event, commands: list[Command]) -> None:
        match event:
            case CallerEntered():
                self._movements.let_in(event, commands)
            case BlindTransfer() | AttendedTransfer():
                self._movements.pass_on(event, commands)
            case QueueRemoved(name):
                self._places.give_up(name)
                self._happenings.enter(event)
            case _ if not self._places.enter(event, commands, self.books.now):
                self._happenings.enter(event)

    # What is decided. ---------------------------------------------------------------------------

    def _follow_all(self, commands: list[Command], event: Event) -> None:
        known = (command for command in commands if not _is_about_nobody(command))
        for call_id, some in groupby(known, key=_rung_for):
            if call_id is not None:
                self._offer(call_id, [c for c in some if isinstance(c, Ring)])
                continue
            for command in some:
                self._follow(command, event)
                self._acquaint()

    def _offer(self, call_id: str, rings: list[Ring]) -> None:
        chosen = {self.books.registers.phones[ring.device]: ring.leg for ring in rings}
        put_aside = self._places.is_rung(call_id, chosen)
        self._offers.make(call_id, chosen, put_aside=put_aside)

    def _acquaint(self) -> None:
        while self.books.acquainted:
            self._expectations.spoken_with(self.books.acquainted.pop())

    def _follow(self, command: Command, event: Event) -> None:
        callers = self.books.callers
        match command:
            case HideCall(extension, call, reason) if call.id in callers:
                self._offers.take_back(extension, call.id, reason, event)
            case ShowCall(extension, call):
                if call.state is CallState.ANSWERED:
                    self._offers.answer(call.leg, extension)
                elif call.outcome in HAVING_TALKED and call.customer is not None:
                    self.books.spoken(call.customer.id, extension, self.books.now)
            case Release(call_id, _, status):
                if call_id in callers:
                    self._movements.release(call_id, status)
                self._history.counts[f"released {QueueStatus(status)}"] += 1
            case EndCall(call_id) if call_id in callers:
                self._movements.end(call_id)
            case Redirect(call_id) | Join(call_id):
                self._movements.send_on(event, call_id)
            case WakeAt(at, RetryDue(call_id)) if call_id in callers:
                self._offers.put_off(call_id, at)
            case Say() | CallCustomer():
                self._places.follow(command, self.books.now)

    # What comes of it. --------------------------------------------------------------------------

    def _compare_log(self, state: State, logged: int, event: Event) -> None:
        """Compare what was logged of a fact with what the books say."""
        numbers = list(islice(state.queue_log, logged, None))
        entries = {number: state.queue_log[number] for number in numbers}
        self.books.log.compare(tuple(entries.values()), placed=not isinstance(event, QueueRemoved))
        for number, entry in entries.items():
            self.books.set(self.books.logged, number, entry)

    def _look(self, state: State, commands: list[Command]) -> None:
        """Look at all for whom the fact may have changed something, and at times at everything."""
        steps, seldom = self._history.counts["step"], 1 + len(self.books.people) // FEW
        if whole := steps % (AGREEING * seldom) == 0:
            self.agree(state)
        if not state.asterisk_up:
            return
        everybody, emptiness = self.books.callers, self._expectations.emptiness
        callers = everybody if whole else dict.fromkeys(self._expectations.concerned())
        for what in self._expectations.waiting_in_vain(callers):
            self._history.fail(f"{what}, after {commands}")
        callers = everybody if whole else dict.fromkeys(emptiness.concerned())
        for what in emptiness.staying_in_vain(callers):
            self._history.fail(f"{what}, after {commands}")
        self.books.registers.touched = Touched()


def _is_about_nobody(command: Command) -> bool:
    """Tell whether a command changes nothing in the books; that a call is offered, `Ring` says."""
    if isinstance(command, WakeAt):
        return not isinstance(command.event, RetryDue)
    return isinstance(command, ShowCall) and command.call.state is CallState.OFFERED


def _rung_for(command: Command) -> str | None:
    """Return the call that a command rings a phone for."""
    return command.leg.call_id if isinstance(command, Ring) else None
