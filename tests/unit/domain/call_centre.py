"""A call centre in a test's hand: facts go in, decisions come out, time stands still."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, TypeVar

from component.domain.commands import Command, Ring, WakeAt
from component.domain.events import (
    AsteriskFound,
    CallerEntered,
    CallerLeft,
    DeviceStateChanged,
    Event,
    LegAnswered,
    LegEnded,
    LogOff,
    LogOn,
    Pause,
    Said,
    Unpause,
)
from component.domain.model import Agent, Call, Caller, Customer, Leg, Member
from component.domain.moot import is_moot, may_wait
from component.domain.queue import Queue
from component.domain.state import State
from component.domain.step import step
from component.domain.terms import ANYBODY, USUAL, Terms
from component.domain.words import CallState, DeviceState, LegEnd
from component.records import Ledger

C = TypeVar("C", bound=Command)

SUPPORT = Queue(
    "support",
    timeout=timedelta(seconds=15),
    retry=timedelta(seconds=5),
    max_wait=timedelta(seconds=60),
)

COMPANY_1 = Customer(1, "1111", "Company 1", {"contract": "gold"})


class CallCentre:
    """The domain with a clock that a test sets, and a memory of all that was decided."""

    def __init__(
        self,
        extensions: Iterable[str] = ("1000", "2000", "3000"),
        penalty: Mapping[str, int] | None = None,
        skills: Mapping[str, dict[str, int]] | None = None,
        **settings: Any,
    ) -> None:
        """`settings` are those of the queue, where they are not the default."""
        self.state = State(Ledger())
        self.now = datetime(2026, 1, 1, 9, tzinfo=UTC)
        self.decided: list[Command] = []
        self.rng = Random(0)
        self._calls = 0
        extensions = list(extensions)
        self.state.load(
            queues=[replace(SUPPORT, **settings)],
            agents=[
                Agent(e, f"PJSIP/{e}", f"user{e}@example.com", skills=(skills or {}).get(e, {}))
                for e in extensions
            ],
            members=[Member("support", e, (penalty or {}).get(e, 0)) for e in extensions],
            calls=[],
        )
        self.take(AsteriskFound())

    def take(self, event: Event) -> list[Command]:
        """Step a fact; return what was decided."""
        mark = self.state.ledger.mark()
        moot, calm = is_moot(self.state, event), may_wait(self.state, event)
        free = self._free()
        commands = step(self.state, event, self.now, self.rng)
        assert not moot or self.state.ledger.mark() == mark, f"{event} changed something"
        assert not (commands and (moot or calm)), f"{event} led to something"
        assert not calm or self._free() == free, f"{event} is no fact that may wait for the next"
        self.decided += commands
        return commands

    def after(self, seconds: float) -> None:
        """Let time pass, and the timers that fall due."""
        until = self.now + timedelta(seconds=seconds)
        while due := sorted(
            (c for c in self.decided if isinstance(c, WakeAt) and c.at <= until),
            key=lambda timer: timer.at,
        ):
            self.decided.remove(due[0])
            self.now = max(self.now, due[0].at)
            self.take(due[0].event)
        self.now = until

    def log_on(self, *extensions: str) -> list[Command]:
        commands = []
        for extension in extensions:
            commands += self.take(LogOn(f"PJSIP/{extension}", "support"))
        return commands

    def log_on_to(self, queue: str, extension: str) -> list[Command]:
        return self.take(LogOn(f"PJSIP/{extension}", queue))

    def log_off(self, extension: str) -> list[Command]:
        return self.take(LogOff(f"PJSIP/{extension}", "support"))

    def pause(
        self, extension: str, queue: str | None = "support", reason: str = ""
    ) -> list[Command]:
        return self.take(Pause(f"PJSIP/{extension}", queue, reason))

    def unpause(self, extension: str, queue: str | None = "support") -> list[Command]:
        return self.take(Unpause(f"PJSIP/{extension}", queue))

    def member(self, extension: str, queue: str = "support") -> Member:
        return self.state.members[queue, extension]

    def enter(self, customer: Customer | None = None, terms: Terms = USUAL) -> str:
        """Let a caller enter the queue; return the call's id."""
        self._calls += 1
        call_id = f"call{self._calls}"
        caller = Caller(f"555010{self._calls}", "Caller")
        channel = f"channel{self._calls}"
        self.take(CallerEntered(call_id, "support", channel, caller, "1111", customer, terms=terms))
        return call_id

    def call(self, call_id: str) -> Call:
        return self.state.calls[call_id]

    def agent(self, extension: str) -> Agent:
        return self.state.agents[extension]

    def device(self, extension: str, state: DeviceState) -> list[Command]:
        return self.take(DeviceStateChanged(f"PJSIP/{extension}", state))

    def hang_up(self, call_id: str) -> list[Command]:
        """The caller hangs up."""
        return self.take(CallerLeft(self.call(call_id).channel))

    def said(self, call_id: str) -> list[Command]:
        """Let what is said last be over."""
        return self.take(Said(call_id, self.call(call_id).told.number))

    def answer(self, call_id: str) -> list[Command]:
        return self.take(LegAnswered(self.call(call_id).leg))

    def leg_ends(self, leg: Leg, reason: LegEnd = LegEnd.HUNG_UP) -> list[Command]:
        return self.take(LegEnded(leg, reason))

    def reject(self, call_id: str) -> list[Command]:
        return self.leg_ends(self.call(call_id).leg, LegEnd.REJECTED)

    def talk(self, call_id: str, seconds: float = 10) -> str:
        """Let the offered call be answered, talked and hung up by the agent, who is returned."""
        extension = self.call(call_id).extension
        assert extension is not None, "the call is not offered to anybody"
        leg = self.call(call_id).leg
        others = [offer.leg for offer in self.call(call_id).offers if offer.leg != leg]
        self.answer(call_id)
        for other in others:
            self.leg_ends(other)
        self.after(seconds)
        self.leg_ends(leg)
        return extension

    def logged(self) -> list[tuple[str, str, str, tuple[str, ...]]]:
        """The queue log: call, agent, event, data."""
        entries = self.state.queue_log.values()
        return [(entry.callid, entry.agent, entry.event, entry.data) for entry in entries]

    def _free(self) -> list[list[str]]:
        """Who may be offered the next call, queue by queue."""
        return [list(self.state.candidates.of(queue, ANYBODY)) for queue in self.state.queues]

    def ringing(self) -> list[str]:
        """The extensions that calls are offered to."""
        calls = [c for c in self.state.calls.values() if c.state is CallState.OFFERED]
        return [offer.extension for call in calls for offer in call.offers]

    def rung(self) -> list[str]:
        """The devices that were rung, in order."""
        return [command.device.removeprefix("PJSIP/") for command in self.all(Ring)]

    def all(self, kind: type[C]) -> list[C]:
        """The decisions of one kind, in order."""
        return [command for command in self.decided if isinstance(command, kind)]


def of_kind(commands: Iterable[Command], kind: type[C]) -> list[C]:
    """The commands of one kind."""
    return [command for command in commands if isinstance(command, kind)]
