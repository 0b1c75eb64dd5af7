"""What agents ask for by phone, as the dialplan asks the service, and what is said to them."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import cast

from component.domain.errors import (
    AgentElsewhereError,
    AlreadyLoggedOnError,
    DomainError,
    ExtensionInUseError,
    NotAMemberError,
    NotLoggedOnError,
    UnknownDeviceError,
    UnknownQueueError,
)
from component.domain.events import Event, LogOff, LogOn, Pause, Unpause
from component.gate import Gate
from component.ports import StoreUnavailableError
from component.telephony.agi import AgiRequest, AgiSession
from component.telephony.agi_routes import AgiRoutes
from tests.simulation.history import History
from tests.simulation.loop import VirtualTimeLoop
from tests.simulation.pins import ADMITTED, Slate, has_pin, is_somebody
from tests.simulation.store import LOOKUP_DEADLINE, UnreliableStore

Deed = LogOn | LogOff | Pause | Unpause

SCRIPTS: dict[type[Deed], tuple[str, str]] = {
    LogOn: ("logon", "ADDED"),
    LogOff: ("logoff", "REMOVED"),
    Pause: ("pause", "PAUSED"),
    Unpause: ("unpause", "UNPAUSED"),
}
"""What the dialplan asks for, and what is said if it is granted."""

REFUSALS: dict[type[Exception], str] = {
    ExtensionInUseError: "EXTENSIONINUSE",
    AgentElsewhereError: "AGENTELSEWHERE",
    AlreadyLoggedOnError: "MEMBERALREADY",
    NotLoggedOnError: "NOTINQUEUE",
    UnknownQueueError: "NOSUCHQUEUE",
    UnknownDeviceError: "NOTAMEMBER",
    NotAMemberError: "NOTAMEMBER",
    StoreUnavailableError: "FAILED",
}
"""What is said to who asks in vain; but of a pause that is refused, that is NOTFOUND."""


ORDER = ("WRONGPIN", "LOCKED", ADMITTED, "FAILED")
"""Of what is said at the same time: only after the other wrong ones one is too many; and who is let
in makes all forgotten but what may come later."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What somebody keys: who that is, by number (empty: whose desk it is), and the PIN."""

    deed: Deed
    number: str
    pin: str
    times: int
    """So often at once, as impatient people do."""

    def arguments(self) -> tuple[str, ...]:
        """Return what the dialplan hands over."""
        deed = self.deed
        match deed:
            case LogOn():
                return deed.device, deed.queue or "", self.number, self.pin
            case Pause():
                return deed.device, deed.queue or "", deed.reason
        return deed.device, deed.queue or ""


class Conversation:
    """One call of a script: what it asks of the engine, and what it says."""

    def __init__(self, step: Callable[[Event], Awaitable[None]]) -> None:
        self._step = step
        self.stepped: Event | None = None
        self.outcome: type[Exception] | None = TimeoutError
        """By what the engine refused it; None if it did not."""
        self.said = ""

    async def step(self, event: Event) -> None:
        """Hand a fact to the engine."""
        self.stepped = event
        try:
            await self._step(event)
        except (DomainError, StoreUnavailableError) as error:
            self.outcome = type(error)
            raise
        self.outcome = None

    async def set_variable(self, _name: str, value: str) -> None:
        """Take an answer."""
        self.said = value


class PhoneCodes:
    """The real scripts and the real gate, and what they should say. It dies with the service."""

    def __init__(
        self,
        store: UnreliableStore,
        step: Callable[[Event], Awaitable[None]],
        loop: VirtualTimeLoop,
        history: History,
    ) -> None:
        self._store = store
        self._step = step
        self._loop = loop
        self._history = history
        self._gate = Gate(store, loop)
        self._slates: defaultdict[str, Slate] = defaultdict(Slate)
        self._keying: set[str] = set()

    async def key(self, attempt: Attempt) -> bool:
        """Ask for something; tell whether it was granted. Nobody keys at two phones at once."""
        if attempt.number in self._keying:
            return False
        if attempt.number:
            self._keying.add(attempt.number)
        begun, refused = self._loop.time(), self._store.people_refused
        talks = [Conversation(self._step) for _ in range(attempt.times)]
        try:
            await asyncio.gather(*(self._talk(attempt, talk) for talk in talks))
        finally:
            self._keying.discard(attempt.number)
        is_late = self._loop.time() >= begun + LOOKUP_DEADLINE
        may_fail = is_late or self._store.people_refused > refused
        for talk in talks:
            self._look(attempt, talk, begun, may_fail=may_fail)
        if has_pin(attempt.number) and attempt.pin:
            for said in sorted(map(_admittance, talks), key=ORDER.index):
                self._slates[attempt.number].note(attempt.pin, said, begun, self._loop.time())
        return SCRIPTS[type(attempt.deed)][1] in [talk.said for talk in talks]

    async def _talk(self, attempt: Attempt, talk: Conversation) -> None:
        script, _ = SCRIPTS[type(attempt.deed)]
        routes = AgiRoutes(
            self._store, talk.step, lambda *_: None, self._gate.admit, deadline=LOOKUP_DEADLINE
        )
        request = AgiRequest(script, "code1", attempt.arguments())
        await routes.scripts()[script](cast(AgiSession, talk), request)
        self._history.counts[f"{script} {talk.said}"] += 1

    # What is to be said. ------------------------------------------------------------------------

    def _look(self, attempt: Attempt, talk: Conversation, begun: float, *, may_fail: bool) -> None:
        """Look whether the right thing was said, and whether whoever was let in may be so."""
        allowed = self._allowed(attempt, begun)
        if talk.stepped is None:
            allowed |= {"FAILED"} if may_fail else set()
        elif ADMITTED not in allowed:
            self._history.fail(f"{attempt} leads to {talk.stepped}")
        else:
            allowed = {_word(attempt.deed, talk.outcome)}
        if talk.said not in allowed:
            self._history.fail(f"{attempt} is answered {talk.said}, not {sorted(allowed)}")

    def _allowed(self, attempt: Attempt, begun: float) -> set[str]:
        number, pin = attempt.number, attempt.pin
        if number and not is_somebody(number):
            return {"NOSUCHAGENT"}
        if not has_pin(number):
            return {ADMITTED}
        if not pin:
            return {"PINREQUIRED"}
        now, times = self._loop.time(), attempt.times
        return self._slates[number].answers(pin, begun, now, at_once=times)


def _word(deed: Deed, outcome: type[Exception] | None) -> str:
    if outcome is None:
        return SCRIPTS[type(deed)][1]
    word = REFUSALS.get(outcome, "FAILED")
    is_refused = isinstance(deed, Pause | Unpause) and word != "FAILED"
    return "NOTFOUND" if is_refused else word


def _admittance(talk: Conversation) -> str:
    """Return what the gate has said, as the slate has it."""
    return talk.said if talk.stepped is None else ADMITTED
