"""How often what really happens, beyond what is noted: to know that a simulation sees all of it."""

from collections.abc import Iterator

from component.domain.commands import AnswerTransfer, Command, Join, Ring
from component.domain.events import (
    AgentChanged,
    AgentRemoved,
    AttendedTransfer,
    BlindTransfer,
    ConnectDue,
    ConsultOver,
    DrainBegun,
    Event,
    ExtendWrapUp,
    LogOn,
    MemberChanged,
    MemberRemoved,
    MoveCaller,
    NotConnected,
    NumberLookedUp,
    QueueChanged,
    QueueRemoved,
    RetryDue,
    SkillsWaived,
    StickyOver,
    Withdraw,
)
from component.domain.model import Leg
from tests.simulation.books import Books
from tests.simulation.entries import Caller, Person

MANY = 5
"""So many phones that are rung for one caller are many."""

NAMES = {
    ConsultOver: "rings where an agent asked",
    ConnectDue: "connected after memberdelay",
    DrainBegun: "drained",
    ExtendWrapUp: "wrap-up extended",
    MoveCaller: "caller moved",
    NotConnected: "waits again, as the talk is refused",
    Withdraw: "caller taken out",
}
"""What else is counted, if something comes of it."""


GRANTED = (DrainBegun, ExtendWrapUp, MoveCaller, Withdraw)
"""What has come of these though nothing is to be done."""


class Tally:
    """Reads the books, in which a fact is not entered yet, and writes nothing there."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._counts = books.history.counts

    def count(self, event: Event, commands: list[Command]) -> None:
        """Count a fact that was granted."""
        for kind in self._kinds(event, commands):
            self._counts[f"did: {kind}"] += 1

    def _kinds(self, event: Event, commands: list[Command]) -> Iterator[str]:
        yield from _rung(commands)
        match event:
            case BlindTransfer() | AttendedTransfer() | NumberLookedUp():
                yield from self._passed_on(event, commands)
            case QueueChanged() | QueueRemoved() | MemberChanged() | MemberRemoved():
                yield from self._configured(event)
            case AgentChanged(extension) | AgentRemoved(extension):
                person = self._books.people.get(extension)
                if person is not None and person.legs:
                    what = "changed" if isinstance(event, AgentChanged) else "removed"
                    yield f"agent {what} who {_does(person)}"
            case SkillsWaived(call_id) | StickyOver(call_id) | RetryDue(call_id):
                if caller := self._books.callers.get(call_id):
                    yield from self._waited(event, caller)
            case LogOn(device, person=guest) if guest is not None:
                if self._books.people[self._books.registers.phones[device]].number is None:
                    yield "desk taken"
            case _ if type(event) in NAMES and (commands or isinstance(event, GRANTED)):
                yield NAMES[type(event)]

    def _passed_on(
        self, event: BlindTransfer | AttendedTransfer | NumberLookedUp, commands: list[Command]
    ) -> Iterator[str]:
        caller = self._books.callers.get(event.leg.call_id)
        if caller is None or not caller.answered or not commands:
            return
        if commands == [AnswerTransfer(event.leg, accepted=False)]:
            yield f"{_way(event)}: refused"
        elif any(isinstance(command, Join) for command in commands):
            yield f"{_way(event)}: outside"
        elif isinstance(event, NumberLookedUp) or any(isinstance(c, Ring) for c in commands):
            yield _way(event)

    def _configured(
        self, event: QueueChanged | QueueRemoved | MemberChanged | MemberRemoved
    ) -> Iterator[str]:
        what = type(event).__name__
        match event:
            case QueueChanged(queue):
                name = queue.name
            case QueueRemoved(name):
                pass
            case MemberChanged(name) | MemberRemoved(name):
                pass
        callers = self._books.registers.callers.get(name, {})
        if any(self._books.callers[call_id].waits for call_id in callers):
            yield f"{what} while callers wait"

    def _waited(self, event: SkillsWaived | StickyOver | RetryDue, caller: Caller) -> Iterator[str]:
        match event:
            case SkillsWaived() if caller.need.skills and not caller.answered:
                yield "skills waived"
            case StickyOver() if caller.waits:
                yield "waited for one agent"
            case RetryDue(_, at) if caller.retry_at == at:
                yield "tried again"


def _rung(commands: list[Command]) -> Iterator[str]:
    legs: list[Leg] = [command.leg for command in commands if isinstance(command, Ring)]
    for call_id in dict.fromkeys(leg.call_id for leg in legs):
        rung = sum(leg.call_id == call_id for leg in legs)
        if rung > 1:
            yield "many phones rung" if rung >= MANY else "some phones rung"


def _way(event: BlindTransfer | AttendedTransfer | NumberLookedUp) -> str:
    match event:
        case AttendedTransfer():
            return "passed on after asking"
        case NumberLookedUp():
            return "passed on to a number"
    return "passed on while asking" if event.consult else "passed on at once"


def _does(person: Person) -> str:
    return "talks" if person.on_call else "is rung"
