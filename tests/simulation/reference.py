"""The call centre once more and naively: what is written in the documentation, without any index.

Among the members who may be offered a call, the queue's strategy says who is rung. Who did not take
a call is not offered it again until all other candidates were tried. The callers of a queue are
served by priority, then in the order in which they came; of the queues that an agent serves, the
one of greater weight comes first.

Every fact that the domain steps is entered in books of our own, and every offer is compared with
what the books say. Entries are undone together with what the engine undoes.
"""

from collections.abc import Hashable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from random import Random
from typing import TypeVar

from component.domain.commands import (
    CallCustomer,
    Command,
    EndCall,
    HideCall,
    Redirect,
    Release,
    Ring,
    Say,
    ShowCall,
    WakeAt,
)
from component.domain.events import (
    BlindTransfer,
    CallerEntered,
    CallerLeft,
    DeviceStateChanged,
    Event,
    LegEnded,
    LogOff,
    LogOn,
    Pause,
    QueueChanged,
    RetryDue,
    SkillsWaived,
    StickyOver,
    Unpause,
    WrapUpOver,
)
from component.domain.model import Call, CallState, Leg, OfferEnd, Outcome, QueueStatus, Spoke
from component.domain.queue import AutoPause, Queue
from component.domain.state import State
from component.domain.step import step
from component.domain.strategies import ROUND_ROBIN
from component.ports import Stored
from component.records import Ledger
from tests.simulation.books import Caller, Person, Seat
from tests.simulation.callbacks import KeptPlaces
from tests.simulation.history import History
from tests.unit.domain import reference as naive
from tests.unit.domain.reference import admissible

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

THOROUGH = 50
"""Up to so many agents it is also checked, after each fact, that nobody waits in vain."""


class Reference:
    """The books. `step` stands in for the domain's own and looks at what that decides."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._ledger = Ledger()
        self._queues: dict[str, Queue] = {}
        self._people: dict[str, Person] = {}
        self._seats: dict[tuple[str, str], Seat] = {}
        """(queue, extension)"""
        self._callers: dict[str, Caller] = {}
        self._rung: dict[str, tuple[int, str]] = {}
        """Who was rung last by each queue: as which of all log-ons, and the extension."""
        self._devices: dict[str, str] = {}
        self._orders = 0
        self._spoke: dict[int, Spoke] = {}
        self._now = datetime.min.replace(tzinfo=UTC)
        self._places = KeptPlaces(self)
        self.state: State | None = None
        """What was stepped last."""
        self._holding_out: dict[str, bool] = {}
        """Callers who have a timer that ends their waiting for one agent."""

    def load(self, stored: Stored, *, compare: bool) -> None:
        """Begin with what the store has; it should be what the books have already."""
        people, seats, callers = self._people, self._seats, self._callers
        self._queues = {queue.name: queue for queue in stored.queues}
        self._devices = {agent.device: agent.extension for agent in stored.agents}
        self._people = {agent.extension: Person.of(agent) for agent in stored.agents}
        self._seats = {(m.queue, m.extension): Seat.of(m) for m in stored.members}
        self._orders = max(seat.order for seat in self._seats.values())
        self._callers = {call.id: Caller.of(call) for call in stored.calls}
        self._spoke = {spoke.customer: spoke for spoke in stored.spoke}
        self._holding_out.clear()
        for call_id, caller in self._callers.items():
            self._hold_out(call_id, caller)
        self._places.load(stored.calls)
        self._rung = {turn.queue: (turn.logon_order, turn.extension) for turn in stored.turns}
        # What is known of devices is not stored.
        people = {name: replace(p, device=self._people[name].device) for name, p in people.items()}
        before, after = (people, seats, callers), (self._people, self._seats, self._callers)
        for known, found in zip(before, after, strict=True):
            if compare and known and known != found:
                self._history.fail(f"the store has {found}, expected {known}")

    def step(self, state: State, event: Event, now: datetime, rng: Random) -> list[Command]:
        """Let the domain decide, and check that it decided well."""
        commands = step(state, event, now, rng)
        self._ledger, self.state = state.ledger, state
        self._history.note("step", event)
        self._now = now
        if not self._places.enter(event, commands, now):
            self._enter(event, commands, now)
        for call_id, some in groupby(
            (c for c in commands if not _is_about_nobody(c)), key=_rung_for
        ):
            if call_id is not None:
                self._offer(call_id, [(c.leg, c.device) for c in some if isinstance(c, Ring)])
            else:
                for command in some:
                    self._follow(command)
        if state.asterisk_up and len(self._people) <= THOROUGH:
            self._nobody_waits_in_vain(commands)
        return commands

    # What happens. ------------------------------------------------------------------------------

    def _enter(self, event: Event, commands: list[Command], now: datetime) -> None:
        match event:
            case CallerEntered(call_id, queue, channel) if len(commands) > 1:
                place = (-event.priority, now, call_id)
                customer = None if event.customer is None else event.customer.id
                caller = Caller(queue, channel, place, need=event.terms.need, customer=customer)
                self._set(self._callers, call_id, caller)
                self._hold_out(call_id, caller)
            case CallerLeft(channel):
                self._leave(channel)
            case LogOn(device, queue):
                self._orders += 1
                self._sit(device, queue, since=now, order=self._orders)
            case LogOff(device, queue):
                self._sit(device, queue, since=None, paused=False)
            case Pause(device, queue) | Unpause(device, queue):
                self._sit(device, queue, paused=isinstance(event, Pause))
            case DeviceStateChanged(device, device_state) if device in self._devices:
                self._person(self._devices[device], device=device_state)
            case WrapUpOver(extension):
                self._end_wrap_up(extension, now)
            case QueueChanged(queue):
                self._change(queue)
            case LegEnded(leg):
                self._free(leg, now)
            case BlindTransfer(leg, number) if leg.call_id in self._callers:
                self._pass_on(leg, number)
            case RetryDue() | SkillsWaived() | StickyOver() if event.call_id in self._callers:
                self._wait_on(event)

    def _leave(self, channel: str) -> None:
        for call_id, caller in list(self._callers.items()):
            if caller.channel == channel:
                self._set(self._callers, call_id, None)

    def _follow(self, command: Command) -> None:
        match command:
            case HideCall(extension, call, reason) if call.id in self._callers:
                self._hide(extension, call.id, reason)
            case ShowCall(extension, call):
                self._show(call, extension)
            case Release(call_id, _, status):
                self._set(self._callers, call_id, None)
                self._history.counts[f"released {QueueStatus(status)}"] += 1
            case EndCall(call_id) | Redirect(call_id):
                self._set(self._callers, call_id, None)
            case Say() | CallCustomer():
                self._places.follow(command, self._now)

    def _hide(self, extension: str, call_id: str, reason: OfferEnd) -> None:
        caller = self._callers[call_id]
        left = caller.offered_to - {extension}
        match reason:
            case OfferEnd.TRANSFERRED:
                tried = frozenset({extension})
                self._caller(call_id, offered_to=left, answered=False, tried=tried)
            case OfferEnd.ANSWERED_ELSEWHERE:
                self._caller(call_id, offered_to=left)
            case OfferEnd.CALLER_LEFT | OfferEnd.TIMEOUT:
                pass
            case _:
                tried = caller.tried | {extension}
                self._caller(call_id, offered_to=left, tried=tried, passed_to=None)
                if reason is OfferEnd.NO_ANSWER and caller.passed_to is None:
                    self._autopause(caller.queue, extension)

    def _pass_on(self, leg: Leg, number: str) -> None:
        """Note to whom the call goes: nobody, unless that one is free."""
        caller, person = self._callers[leg.call_id], self._people.get(number)
        talks = caller.answered and any(
            p.leg == leg for e, p in self._people.items() if e in caller.offered_to
        )
        if talks and person is not None and person.leg is None and person.device.can_ring:
            self._caller(leg.call_id, passed_to=number)

    def _show(self, call: Call, extension: str) -> None:
        if call.state is CallState.ANSWERED:
            self._answer(call.leg, extension)
        elif call.outcome is Outcome.COMPLETED and call.customer is not None:
            self._set(self._spoke, call.customer.id, Spoke(call.customer.id, extension, self._now))

    def _answer(self, leg: Leg, extension: str) -> None:
        person = self._people[extension]
        if self._callers[leg.call_id].answered and not person.on_call:
            self._history.fail(f"{leg} is answered by {extension}, and by somebody else")
        self._caller(leg.call_id, answered=True)
        self._person(extension, on_call=True)

    def _free(self, leg: Leg, now: datetime) -> None:
        extension = next((e for e, p in self._people.items() if p.leg == leg), None)
        if extension is None:
            return
        person = self._people[extension]
        if not person.on_call:
            self._person(extension, leg=None, queue=None)
            return
        assert person.queue is not None, "whoever talks does so for a queue"
        seat = self._seats[person.queue, extension]
        self._set(self._seats, (person.queue, extension), replace(seat, calls=seat.calls + 1))
        wrapuptime = self._queues[person.queue].wrapuptime
        self._person(
            extension,
            leg=None,
            on_call=False,
            last_call=now,
            queue=person.queue if wrapuptime else None,
            wrap_up_until=now + wrapuptime if wrapuptime else None,
        )

    def _end_wrap_up(self, extension: str, now: datetime) -> None:
        until = self._people[extension].wrap_up_until
        if until is not None and until <= now:
            self._person(extension, wrap_up_until=None, queue=None)

    def _change(self, queue: Queue) -> None:
        self._set(self._queues, queue.name, queue)
        for call_id, caller in self._callers.items():
            if caller.queue == queue.name:
                self._hold_out(call_id, caller)

    def _wait_on(self, event: RetryDue | SkillsWaived | StickyOver) -> None:
        match event:
            case RetryDue(call_id):
                self._try_again(call_id)
            case SkillsWaived(call_id):
                self._waive_skills(call_id)
            case StickyOver(call_id):
                caller = self._callers[call_id]
                if not self._is_early(caller, self._queues[caller.queue].sticky_wait):
                    self._set(self._holding_out, call_id, None)

    def _is_early(self, caller: Caller, wait: timedelta) -> bool:
        """Tell whether a timer was set before the queue's setting was prolonged."""
        return self._now < caller.place[1] + wait

    def _try_again(self, call_id: str) -> None:
        caller = self._callers[call_id]
        is_called = caller.kept is not None and caller.kept.calling
        if not (caller.offered_to or is_called or self._free_for(caller)):
            self._caller(call_id, tried=frozenset())

    def _waive_skills(self, call_id: str) -> None:
        caller = self._callers[call_id]
        skills_timeout = self._queues[caller.queue].skills_timeout
        if not caller.answered and skills_timeout and not self._is_early(caller, skills_timeout):
            self._caller(call_id, need=replace(caller.need, skills=frozenset()))

    def _autopause(self, queue: str, extension: str) -> None:
        autopause = self._queues[queue].autopause
        for (name, who), seat in list(self._seats.items()):
            concerned = autopause is AutoPause.ALL or (autopause is AutoPause.YES and name == queue)
            if who == extension and concerned and seat.since is not None:
                self._set(self._seats, (name, who), replace(seat, paused=True))

    # What is decided. ---------------------------------------------------------------------------

    def _offer(self, call_id: str, rung: list[tuple[Leg, str]]) -> None:
        """Look at the offers of a call, all that are made at once, before they are entered."""
        self._history.counts["offers"] += len(rung)
        caller = self._callers[call_id]
        chosen = {self._devices[device]: leg for leg, device in rung}
        if caller.offered_to:
            self._history.fail(f"{call_id} is offered to {chosen} and to {caller.offered_to}")
        expected = self._expected(caller)
        put_aside = self._places.is_rung(call_id, chosen)
        if put_aside:
            expected = {frozenset(chosen)}
        if caller.passed_to is not None:
            self._history.counts["calls passed on"] += 1
            expected = {frozenset({caller.passed_to})}
        if frozenset(chosen) not in expected:
            self._history.fail(f"{call_id} is offered to {chosen}, not to {expected}")
        for extension, leg in chosen.items():
            if caller.passed_to is None and not put_aside:
                self._nobody_is_skipped(caller, extension)
                self._note_rung(caller.queue, extension)
            self._person(extension, leg=leg, queue=caller.queue, wrap_up_until=None)
        self._caller(call_id, offered_to=frozenset(chosen))

    def _note_rung(self, queue: str, extension: str) -> None:
        if self._queues[queue].strategy in ROUND_ROBIN:
            seat = self._seats[queue, extension]
            self._set(self._rung, queue, (seat.order, extension))

    def _nobody_is_skipped(self, caller: Caller, extension: str) -> None:
        weight = self._queues[caller.queue].weight
        for call_id, other in self._callers.items():
            if not other.waits or extension in other.tried:
                continue
            seat = self._seats.get((other.queue, extension))
            if seat is None or not other.accepts(seat, self._people[extension]):
                continue
            favourite = self._favourite(other)
            if favourite not in (None, extension) and self._is_awaited(other, favourite or ""):
                continue
            earlier = other.queue == caller.queue and other.place < caller.place
            heavier = self._queues[other.queue].weight > weight
            if (earlier or heavier) and self._may_be_offered(other.queue, extension):
                self._history.fail(f"{extension} is offered {caller} before {call_id}")

    def _expected(self, caller: Caller) -> set[frozenset[str]]:
        queue, favourite = self._queues[caller.queue], self._favourite(caller)
        free = self._free_for(caller)
        if favourite is not None:
            if any(person.extension == favourite for person in free):
                return {frozenset({favourite})}
            if self._is_awaited(caller, favourite):
                return set()
        return admissible(queue.strategy, free, self._rung.get(queue.name))

    def _hold_out(self, call_id: str, caller: Caller) -> None:
        if self._favourite(caller) is not None and self._queues[caller.queue].sticky_wait:
            self._set(self._holding_out, call_id, True)

    def _favourite(self, caller: Caller) -> str | None:
        """Return who spoke with the customer last, not long before."""
        spoke = None if caller.customer is None else self._spoke.get(caller.customer)
        if spoke is None or spoke.extension in caller.tried:
            return None
        sticky, ago = self._queues[caller.queue].sticky, caller.place[1] - spoke.at
        return spoke.extension if sticky and timedelta(0) <= ago <= sticky else None

    def _is_awaited(self, caller: Caller, favourite: str) -> bool:
        seat = self._seats[caller.queue, favourite]
        waited = self._now - caller.place[1]
        return (
            seat.since is not None
            and not seat.paused
            and waited < self._queues[caller.queue].sticky_wait
            and caller.accepts(seat, self._people[favourite])
        )

    def _free_for(self, caller: Caller) -> list[naive.Person]:
        queue = self._queues[caller.queue]
        return [
            seat.taken_by(extension, self._people[extension])
            for (name, extension), seat in self._seats.items()
            if name == queue.name
            and extension not in caller.tried
            and caller.accepts(seat, self._people[extension])
            and self._may_be_offered(name, extension)
        ]

    def _may_be_offered(self, queue: str, extension: str) -> bool:
        seat = self._seats[queue, extension]
        there = seat.since is not None and not seat.paused
        return there and self._people[extension].is_free(self._queues[queue])

    def _nobody_waits_in_vain(self, commands: list[Command]) -> None:
        for call_id, caller in self._callers.items():
            if call_id in self._holding_out:
                continue
            if caller.waits and (free := self._expected(caller)):
                self._history.fail(f"{call_id} waits though {free} are free, after {commands}")

    # The books. ---------------------------------------------------------------------------------

    def _person(self, extension: str, **changes: object) -> None:
        self._set(self._people, extension, replace(self._people[extension], **changes))  # type: ignore[arg-type]

    def _caller(self, call_id: str, **changes: object) -> None:
        self._set(self._callers, call_id, replace(self._callers[call_id], **changes))  # type: ignore[arg-type]

    def _sit(self, device: str, queue: str | None, **changes: object) -> None:
        """Change a seat, or all seats in which an agent is (None)."""
        for (name, extension), seat in list(self._seats.items()):
            if extension != self._devices[device] or (queue is not None and name != queue):
                continue
            if queue is not None or seat.since is not None:
                changed = replace(seat, **changes)  # type: ignore[arg-type]
                self._set(self._seats, (name, extension), changed)

    def _set(self, book: dict[K, V], key: K, entry: V | None) -> None:
        """Make an entry that is undone when the engine undoes its own."""
        old = book.get(key)
        self._write(book, key, entry)
        self._ledger.note(lambda: self._write(book, key, old))

    def _write(self, book: dict[K, V], key: K, entry: V | None) -> None:
        if entry is None:
            book.pop(key, None)
        else:
            book[key] = entry


def _is_about_nobody(command: Command) -> bool:
    """Tell whether a command changes nothing in the books; that a call is offered, `Ring` says."""
    offered = isinstance(command, ShowCall) and command.call.state is CallState.OFFERED
    return offered or isinstance(command, WakeAt)


def _rung_for(command: Command) -> str | None:
    """Return the call that a command rings a phone for."""
    return command.leg.call_id if isinstance(command, Ring) else None
