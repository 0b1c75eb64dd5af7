"""Least recent, once more and naively: what is written in the documentation, without any index.

Among the members who may be offered the call, the lowest penalty first; then the one whose last
connected call ended longest ago, one who never had a call counting from log-on; ties by the order
of log-on. Who did not take a call is not offered it again until all other candidates were tried.
Callers are served in the order in which they came.

Every fact that the domain steps is entered in books of our own, and every offer is compared with
what the books say. Entries are undone together with what the engine undoes.
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from random import Random
from typing import TypeVar

from component.domain.commands import Command, Connect, EndCall, HideCall, Release, Ring
from component.domain.events import (
    CallerEntered,
    CallerLeft,
    DeviceStateChanged,
    Event,
    LegEnded,
    LogOff,
    LogOn,
    RetryDue,
)
from component.domain.model import Leg, OfferEnd, QueueStatus
from component.domain.state import State
from component.domain.step import step
from component.ports import Stored
from component.records import Ledger
from tests.simulation.history import History

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

THOROUGH = 50
"""Up to so many agents it is also checked, after each fact, that nobody waits in vain."""


@dataclass(frozen=True, slots=True)
class Person:
    """An agent."""

    able: bool
    """The device can ring."""
    leg: Leg | None
    on_call: bool
    last_call: datetime | None


@dataclass(frozen=True, slots=True)
class Seat:
    """An agent's place in a queue."""

    penalty: int
    since: datetime | None
    order: int


@dataclass(frozen=True, slots=True)
class Caller:
    """A call that has not ended. `offered_to` is set while it rings or talks."""

    queue: str
    channel: str
    came: tuple[datetime, str]
    offered_to: str | None
    tried: frozenset[str]


class Reference:
    """The books. `step` stands in for the domain's own and looks at what that decides."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._ledger = Ledger()
        self._people: dict[str, Person] = {}
        self._seats: dict[str, dict[str, Seat]] = {}
        self._callers: dict[str, Caller] = {}
        self._devices: dict[str, str] = {}
        self._orders = 0

    def load(self, stored: Stored, *, compare: bool) -> None:
        """Begin with what the store has; it should be what the books have already."""
        before = (self._people, self._seats, self._callers)
        self._devices = {agent.device: agent.extension for agent in stored.agents}
        self._people = {
            a.extension: Person(a.device_state.can_ring, a.leg, a.state == "on call", a.last_call)
            for a in stored.agents
        }
        self._seats, self._orders = {}, 0
        for m in stored.members:
            seat = Seat(m.penalty, m.logged_on_at, m.logon_order)
            self._seats.setdefault(m.queue, {})[m.extension] = seat
            self._orders = max(self._orders, m.logon_order)
        self._callers = {
            c.id: Caller(c.queue, c.channel, (c.entered_at, c.id), c.extension, c.tried)
            for c in stored.calls
        }
        after = (self._people, self._seats, self._callers)
        for known, found in zip(before, after, strict=True):
            if compare and known and known != found:
                self._history.fail(f"the store has {found}, expected {known}")

    def step(self, state: State, event: Event, now: datetime, rng: Random) -> list[Command]:
        """Let the domain decide, and check that it decided well."""
        commands = step(state, event, now, rng)
        self._ledger = state.ledger
        self._history.note("step", event)
        self._enter(event, commands, now)
        for command in commands:
            self._follow(command)
        if state.asterisk_up and len(self._people) <= THOROUGH:
            self._nobody_waits_in_vain(commands)
        return commands

    def _enter(self, event: Event, commands: list[Command], now: datetime) -> None:
        match event:
            case CallerEntered(call_id, queue, channel) if len(commands) > 1:
                self._set(
                    self._callers,
                    call_id,
                    Caller(queue, channel, (now, call_id), None, frozenset()),
                )
            case CallerLeft(channel):
                for call_id, caller in list(self._callers.items()):
                    if caller.channel == channel:
                        self._set(self._callers, call_id, None)
            case LogOn(device, queue):
                self._orders += 1
                self._sit(device, queue, now, self._orders)
            case LogOff(device, queue):
                self._sit(device, queue, None, 0)
            case DeviceStateChanged(device, device_state) if device in self._devices:
                extension = self._devices[device]
                person = replace(self._people[extension], able=device_state.can_ring)
                self._set(self._people, extension, person)
            case LegEnded(leg):
                self._free(leg, now)
            case RetryDue(call_id) if call_id in self._callers:
                caller = self._callers[call_id]
                if caller.offered_to is None and self._expected(caller) is None:
                    self._set(self._callers, call_id, replace(caller, tried=frozenset()))

    def _follow(self, command: Command) -> None:
        match command:
            case HideCall(extension, call, reason):
                caller = self._callers.get(call.id)
                if caller is not None and reason not in (OfferEnd.CALLER_LEFT, OfferEnd.TIMEOUT):
                    tried = caller.tried | {extension}
                    self._set(self._callers, call.id, replace(caller, offered_to=None, tried=tried))
            case Ring(leg, device):
                self._offer(leg, self._devices[device])
            case Connect(leg):
                for extension, person in self._people.items():
                    if person.leg == leg:
                        self._set(self._people, extension, replace(person, on_call=True))
                        break
            case Release(call_id, _, status):
                self._set(self._callers, call_id, None)
                self._history.counts[f"released {QueueStatus(status)}"] += 1
            case EndCall(call_id):
                self._set(self._callers, call_id, None)

    def _offer(self, leg: Leg, extension: str) -> None:
        """Look at an offer before it is entered."""
        self._history.counts["offers"] += 1
        caller, person = self._callers[leg.call_id], self._people[extension]
        if person.leg is not None:
            self._history.fail(f"{extension} is offered {leg} and has {person.leg}")
        if caller.offered_to is not None:
            self._history.fail(f"{leg} is offered to {extension} and to {caller.offered_to}")
        expected = self._expected(caller)
        if expected != extension:
            self._history.fail(f"{leg} is offered to {extension}, not to {expected}")
        for call_id, other in self._callers.items():
            if (
                other.queue == caller.queue
                and other.offered_to is None
                and other.came < caller.came
                and extension not in other.tried
            ):
                self._history.fail(f"{leg} is offered to {extension} before {call_id}")
        self._set(self._people, extension, replace(person, leg=leg))
        self._set(self._callers, leg.call_id, replace(caller, offered_to=extension))

    def _expected(self, caller: Caller) -> str | None:
        candidates = [
            (seat.penalty, self._people[extension].last_call or seat.since, seat.order, extension)
            for extension, seat in self._seats[caller.queue].items()
            if seat.since is not None
            and extension not in caller.tried
            and self._people[extension].able
            and self._people[extension].leg is None
        ]
        return min(candidates)[3] if candidates else None

    def _nobody_waits_in_vain(self, commands: Iterable[Command]) -> None:
        for call_id, caller in self._callers.items():
            if caller.offered_to is None and (free := self._expected(caller)) is not None:
                self._history.fail(f"{call_id} waits though {free} is free, after {commands}")

    def _free(self, leg: Leg, now: datetime) -> None:
        for extension, person in self._people.items():
            if person.leg == leg:
                last_call = now if person.on_call else person.last_call
                freed = Person(person.able, None, on_call=False, last_call=last_call)
                self._set(self._people, extension, freed)
                return

    def _sit(self, device: str, queue: str, since: datetime | None, order: int) -> None:
        extension = self._devices[device]
        seat = self._seats[queue][extension]
        changed = replace(seat, since=since, order=order or seat.order)
        self._set(self._seats[queue], extension, changed)

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
