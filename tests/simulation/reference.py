"""The call centre once more and naively: every fact that the domain steps is entered in books of
our own, and every decision is compared with what follows from these.
"""

from collections import defaultdict
from dataclasses import replace
from datetime import datetime
from itertools import groupby, islice
from random import Random

from component.domain.asterisk_ids import call_bridge
from component.domain.commands import (
    AnswerTransfer,
    CallCustomer,
    Command,
    EndCall,
    HangUpLeg,
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
    ExitFound,
    LegEnded,
    NumberLookedUp,
    QueueRemoved,
    RetryDue,
)
from component.domain.model import Leg, Spoke
from component.domain.queue import AutoPause
from component.domain.routing import AUTOPAUSE_REASON, DECLINED
from component.domain.state import State
from component.domain.step import step
from component.domain.strategies import ROUND_ROBIN
from component.domain.words import CallState, DeviceState, OfferEnd, Outcome, QueueStatus
from component.ports import Stored
from tests.simulation.books import Books
from tests.simulation.callbacks import KeptPlaces
from tests.simulation.entries import Caller, PassedOn
from tests.simulation.expectations import Expectations
from tests.simulation.happenings import Happenings
from tests.simulation.history import History
from tests.simulation.refusals import Refusals
from tests.simulation.registers import Touched
from tests.simulation.store import UnreliableStore

AGREEING = 100
"""After so many facts, all that is in the books is compared with what the engine has; with n times
as many agents as `FEW`, after n times as many."""

FEW = 50

EMPTY = (QueueStatus.LEAVEEMPTY, QueueStatus.LEAVEUNAVAIL)

EXITS = defaultdict(
    str,
    {
        QueueStatus.TIMEOUT: "EXITWITHTIMEOUT",
        QueueStatus.LEAVEEMPTY: "EXITEMPTY",
        QueueStatus.LEAVEUNAVAIL: "EXITEMPTY",
        QueueStatus.WITHDRAW: "WITHDRAW",
    },
)
"""What the log calls it that somebody is sent away."""


class Reference:
    """`step` stands in for the domain's own and looks at what that decides."""

    def __init__(self, history: History, store: UnreliableStore) -> None:
        self._history = history
        self._store = store
        self.books = Books(history)
        self.expectations = Expectations(self.books)
        self._refusals = Refusals(self.books, self.expectations)
        self._places = KeptPlaces(self)
        self._happenings = Happenings(self.books, self.expectations)
        self.state: State | None = None
        """What was stepped last."""

    def load(self, stored: Stored, *, compare: bool) -> None:
        """Begin with what the store has; it should be what the books have already."""
        self.books.load(stored, compare=compare)
        if not compare:
            self.books.logged.begin(self._store.queue_log)
        self._happenings.begin()
        self.expectations.holding_out.clear()
        for call_id, caller in self.books.callers.items():
            self.expectations.hold_out(call_id, caller)
        self._places.load(stored.calls)

    def step(self, state: State, event: Event, now: datetime, rng: Random) -> list[Command]:
        """Let the domain decide, and check that it decided well."""
        self._history.note("step", event)
        self.books.now, self.books.ledger, self.state = now, state.ledger, state
        self.books.log.begin()
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
        self._enter(event, commands)
        self._legs_are_let_go(event, commands)
        self._follow_all(commands, event)
        if isinstance(event, QueueRemoved):
            self._nobody_is_left_in(event.name)
        self._happenings.leave()
        self._compare_log(state, logged, event)
        self._look(state, commands)
        return commands

    def agree(self, state: State) -> None:
        """Compare all that is in the books with what the engine has."""
        self.books.agree(state.agents.values(), state.members.values(), list(state.calls.values()))

    def _compare_log(self, state: State, logged: int, event: Event) -> None:
        """Compare what was logged of a fact with what the books say."""
        numbers = list(islice(state.queue_log, logged, None))
        entries = {number: state.queue_log[number] for number in numbers}
        self.books.log.compare(entries.values(), placed=not isinstance(event, QueueRemoved))
        for number, entry in entries.items():
            self.books.set(self.books.logged, number, entry)

    # What happens. ------------------------------------------------------------------------------

    def _enter(self, event: Event, commands: list[Command]) -> None:
        match event:
            case CallerEntered():
                self._let_in(event, commands)
            case BlindTransfer() | AttendedTransfer():
                self._pass_on(event, commands)
            case QueueRemoved(name):
                self._places.give_up(name)
                self._happenings.enter(event)
            case _ if not self._places.enter(event, commands, self.books.now):
                self._happenings.enter(event)

    def _let_in(self, event: CallerEntered, commands: list[Command]) -> None:
        if event.channel in self.books.registers.channels:
            return  # told twice
        self._store.see_who_enters(event)
        status = self.expectations.turned_away(event.queue, event.terms.need)
        if "draining" in self.books.flags:
            status = QueueStatus.UNAVAILABLE
        released = [c.status for c in commands if isinstance(c, Release)]
        if status is not None:
            if released != [status]:
                self._history.fail(f"{event} gets {commands}, not {status}")
            return
        if len(commands) == 1 and released:
            self._history.fail(f"{event} is turned away: {released}")
        place = (-event.priority, self.books.now, event.call_id)
        customer = None if event.customer is None else event.customer.id
        caller = Caller(
            event.queue, event.channel, place, need=event.terms.need, customer=customer,
            timeout=event.terms.timeout, number=event.caller.number, came_on=event.channel,
        )  # fmt: skip
        call_id = event.call_id
        if (before := self.books.passed_on.get(event.channel)) is not None:
            call_id, caller = before.call_id, _goes_on(before, caller, event)
            self.books.set(self.books.passed_on, event.channel, None)
        caller = replace(caller, came_as=self.books.registers.place(caller))
        self.books.set(self.books.callers, call_id, caller)
        self.books.log.entered(caller)
        self.expectations.hold_out(call_id, caller)

    def _pass_on(self, event: BlindTransfer | AttendedTransfer, commands: list[Command]) -> None:
        """Note to whom a call goes: nobody, unless that one is free."""
        books, leg = self.books, event.leg
        caller = books.callers.get(leg.call_id)
        if caller is None or not caller.answered or books.legs.get(leg) not in caller.offered_to:
            return
        if isinstance(event, BlindTransfer):
            target, asked_before = event.number, False
        else:
            target, asked_before = books.devices.get(event.device, ""), True
        person = books.people.get(target)
        if person is None:
            return  # the caller goes where we have nobody
        device, queue = person.device, books.queues.get(caller.queue)
        may_ring = device.can_ring or device is DeviceState.RINGING
        if queue is None:  # the caller could not come back to it
            may_ring = asked_before = False
        elif target not in caller.offered_to and person.may_have_another:
            may_ring = queue.ringinuse and device.is_there
        elif person.leg is not None:
            may_ring = asked_before = False
        may_ring = may_ring and person.wants_calls
        if queue is not None and (may_ring or asked_before):
            books.log.completed(caller, *_passed_on(event))
            until, by = books.now + queue.max_wait, books.legs[leg]
            books.caller(leg.call_id, passed_to=target, until=until, passed_by=by)
        elif commands != [AnswerTransfer(leg, accepted=False)]:
            self._history.fail(f"{event} to {person} leads to {commands}")

    # What is decided. ---------------------------------------------------------------------------

    def _follow_all(self, commands: list[Command], event: Event) -> None:
        known = (command for command in commands if not _is_about_nobody(command))
        for call_id, some in groupby(known, key=_rung_for):
            if call_id is not None:
                self._offer(call_id, [(c.leg, c.device) for c in some if isinstance(c, Ring)])
                continue
            for command in some:
                self._follow(command, event)

    def _follow(self, command: Command, event: Event) -> None:
        callers = self.books.callers
        match command:
            case HideCall(extension, call, reason) if call.id in callers:
                self._hide(extension, call.id, reason)
            case ShowCall(extension, call):
                if call.state is CallState.ANSWERED:
                    self._answer(call.leg, extension)
                elif call.outcome is Outcome.COMPLETED and call.customer is not None:
                    spoke = Spoke(call.customer.id, extension, self.books.now)
                    self.books.set(self.books.spoke, call.customer.id, spoke)
            case Release(call_id, _, status):
                if call_id in callers:
                    self._release(callers[call_id], status)
                    self._send_away(call_id, EXITS[status])
                self._history.counts[f"released {QueueStatus(status)}"] += 1
            case EndCall(call_id) if call_id in callers:
                self.books.log.completed(callers[call_id], "COMPLETEAGENT")
                self.books.set(callers, call_id, None)
            case Redirect(call_id) | Join(call_id):
                self._send_on(event, call_id)
            case WakeAt(_, RetryDue(call_id)) if call_id in callers:
                self.books.caller(call_id, retrying=True)
            case Say() | CallCustomer():
                self._places.follow(command, self.books.now)

    def _send_away(self, call_id: str, name: str) -> None:
        caller = self.books.callers[call_id]
        if caller.answered:
            self.books.log.completed(caller, "COMPLETEAGENT")
            self.books.set(self.books.callers, call_id, None)
        else:
            self.books.log.left(caller, name)
            self.books.send_away(call_id)

    def _send_on(self, event: Event, call_id: str) -> None:
        """Note that a caller leaves by a key, or goes to somebody who is no agent."""
        caller = self.books.callers[call_id]
        if isinstance(event, ExitFound):
            self.books.log.left(caller, "EXITWITHKEY", first=(event.keys,))
        elif isinstance(event, NumberLookedUp | AttendedTransfer) and caller.taken is not None:
            self.books.log.completed(caller, *_passed_on(event))
            self.books.caller(call_id, passed_by=caller.taken[0])
        self.books.send_away(call_id)

    def _legs_are_let_go(self, event: Event, commands: list[Command]) -> None:
        """Look whether no phone rings on for a call that was taken back from it."""
        gone = {command.leg for command in commands if isinstance(command, HangUpLeg)}
        if isinstance(event, LegEnded):
            gone.add(event.leg)
        for command in commands:
            # Who passes a call on is let go of when it is answered.
            if isinstance(command, HideCall) and command.reason is not OfferEnd.TRANSFERRED:
                leg = self.books.people[command.extension].leg
                if leg is not None and leg.call_id == command.call.id and leg not in gone:
                    self._history.fail(f"{leg} is not let go of by {commands}")

    def _nobody_is_left_in(self, queue: str) -> None:
        """Look whether only those are left in a removed queue who talk."""
        for call_id in self.books.registers.callers[queue]:
            if not self.books.callers[call_id].answered:
                self._history.fail(f"{call_id} is left in {queue}, which is removed")

    def _release(self, caller: Caller, status: QueueStatus) -> None:
        """Look whether a caller is sent away for a reason."""
        if status is QueueStatus.TIMEOUT:
            until = self.expectations.waits_until(caller)
            if self.books.now < until:
                self._history.fail(f"{caller} is sent away, and might wait until {until}")
        if status in EMPTY:
            excuses = self.books.queues[caller.queue].leavewhenempty
            if not self.expectations.is_empty(caller.queue, excuses, caller.need):
                self._history.fail(f"{caller} is sent away: {status}, though somebody is there")

    def _hide(self, extension: str, call_id: str, reason: OfferEnd) -> None:
        caller = self.books.callers[call_id]
        left = caller.offered_to - {extension}
        match reason:
            case OfferEnd.TRANSFERRED:
                tried = frozenset({extension})
                self.books.caller(
                    call_id, offered_to=left, answered=False, tried=tried, taken=None, heard_at=None
                )
            case OfferEnd.ANSWERED_ELSEWHERE:
                self.books.caller(call_id, offered_to=left)
            case OfferEnd.CALLER_LEFT | OfferEnd.TIMEOUT:
                pass
            case _:
                if caller.answered:  # Asterisk could not connect the two
                    self.books.caller(call_id, answered=False)
                    self._did_not_talk(extension, call_id)
                came_as = self._take_back(caller, extension)
                tried, rung_at = caller.tried | {extension}, caller.rung_at if left else None
                self.books.caller(
                    call_id, offered_to=left, tried=tried, passed_to=None, came_as=came_as,
                    rung_at=rung_at, taken=None, heard_at=None,
                )  # fmt: skip
                if reason in DECLINED and caller.passed_to is None:
                    self._autopause(caller.queue, extension)

    def _take_back(self, caller: Caller, extension: str) -> int:
        """Have logged that an agent did not take a call; return as which one it came."""
        if caller.passed_to is None:
            self.books.log.not_taken(caller, extension)
            return caller.came_as
        came_as = self.books.registers.place(caller)
        self.books.log.entered(replace(caller, came_as=came_as))
        return came_as

    def _did_not_talk(self, extension: str, call_id: str) -> None:
        """Note that a call that an agent was believed to be on was none."""
        person = self.books.people[extension]
        if person.on_call and person.leg is not None and person.leg.call_id == call_id:
            self.books.person(extension, on_call=False)
        else:
            others = tuple(talk for talk in person.others if talk[0].call_id != call_id)
            self.books.person(extension, others=others)

    def _autopause(self, queue: str, extension: str) -> None:
        autopause, seats = self.books.queues[queue].autopause, self.books.seats_of(extension)
        ready = any(seat.since is not None and not seat.paused for _, seat in seats)
        if autopause is AutoPause.ALL and ready:
            self.books.log.in_all_queues(extension, "PAUSEALL", AUTOPAUSE_REASON)
        for name, seat in self.books.seats_of(extension):
            concerned = autopause is AutoPause.ALL or (autopause is AutoPause.YES and name == queue)
            if concerned and seat.since is not None and not seat.paused:
                self.books.seat(name, extension, paused=True, reason=AUTOPAUSE_REASON)

    def _answer(self, leg: Leg, extension: str) -> None:
        person = self.books.people[extension]
        if any(talk == leg for talk, _ in person.talks):
            return  # something else is shown of the call
        if self.books.callers[leg.call_id].answered or leg != person.leg:
            self._history.fail(f"{leg} is answered by {extension}, and by somebody else")
        self.books.log.connected(self.books.callers[leg.call_id], leg)
        self.books.caller(leg.call_id, answered=True, heard_at=self.books.now)
        self.books.person(extension, on_call=True)

    def _offer(self, call_id: str, rung: list[tuple[Leg, str]]) -> None:
        """Look at the offers of a call, all that are made at once, before they are entered."""
        self._history.counts["offers"] += len(rung)
        caller = self.books.callers[call_id]
        chosen = {self.books.devices[device]: leg for leg, device in rung}
        if caller.offered_to:
            self._history.fail(f"{call_id} is offered to {chosen} and to {caller.offered_to}")
        put_aside = self._places.is_rung(call_id, chosen)
        if caller.passed_to is not None:
            self._history.counts["calls passed on"] += 1
            expected = {frozenset({caller.passed_to})}
        else:
            expected = {frozenset(chosen)} if put_aside else self.expectations.rung(caller)
        if frozenset(chosen) not in expected:
            self._history.fail(f"{call_id} is offered to {chosen}, not to {expected}")
        for extension, leg in chosen.items():
            if caller.passed_to is None and not put_aside:
                self.nobody_is_skipped(caller, extension)
                self.note_rung(caller.queue, extension)
            self.books.take_up(extension, leg, caller.queue)
        self.books.caller(call_id, offered_to=frozenset(chosen), rung_at=self.books.now)

    def note_rung(self, queue: str, extension: str) -> None:
        """Remember whose turn it was in a queue that goes round."""
        if self.books.queues[queue].strategy in ROUND_ROBIN:
            seat = self.books.seats[queue, extension]
            self.books.set(self.books.rung, queue, (seat.order, extension))

    def nobody_is_skipped(self, caller: Caller, extension: str) -> None:
        """Look whether somebody else should have been offered to this agent."""
        for call_id in self.expectations.skipped(caller, extension):
            self._history.fail(f"{extension} is offered {caller} before {call_id}")

    def _look(self, state: State, commands: list[Command]) -> None:
        """Look at all for whom the fact may have changed something, and at times at everything."""
        steps, seldom = self._history.counts["step"], 1 + len(self.books.people) // FEW
        if whole := steps % (AGREEING * seldom) == 0:
            self.agree(state)
        if not state.asterisk_up:
            return
        callers = self.books.callers if whole else dict.fromkeys(self.expectations.concerned())
        for what in self.expectations.waiting_in_vain(callers):
            self._history.fail(f"{what}, after {commands}")
        for what in self.expectations.staying_in_vain(callers):
            self._history.fail(f"{what}, after {commands}")
        self.books.registers.touched = Touched()


def _goes_on(before: PassedOn, caller: Caller, event: CallerEntered) -> Caller:
    """Return the caller of a call that goes on: who passed it on is asked last.

    Who keyed a code anew is the customer of that code.
    """
    kept = None if event.digits else before.customer
    customer = caller.customer if kept is None else kept
    priority, entered, _ = caller.place
    place = (priority, entered, before.call_id)
    return replace(
        caller, place=place, customer=customer, passed_by=before.by, tried=frozenset({before.by})
    )


def _passed_on(event: BlindTransfer | NumberLookedUp | AttendedTransfer) -> tuple[str, ...]:
    """Return how the log calls it that a call is passed on, and its first fields."""
    if isinstance(event, AttendedTransfer):
        return "ATTENDEDTRANSFER", "BRIDGE", call_bridge(event.leg.call_id)
    return "BLINDTRANSFER", event.number, event.context


def _is_about_nobody(command: Command) -> bool:
    """Tell whether a command changes nothing in the books; that a call is offered, `Ring` says."""
    if isinstance(command, WakeAt):
        return not isinstance(command.event, RetryDue)
    return isinstance(command, ShowCall) and command.call.state is CallState.OFFERED


def _rung_for(command: Command) -> str | None:
    """Return the call that a command rings a phone for."""
    return command.leg.call_id if isinstance(command, Ring) else None
