"""Callers who are to be called back, as somebody sees them who keeps the books.

When it is the turn of one, an agent is put aside who might be offered the call; the phone of that
agent and of no other rings once the customer is there, unless the agent has gone away meanwhile.
"""

from collections.abc import Sequence
from datetime import datetime

from component.domain.commands import (
    CallCustomer,
    Command,
    HangUpCustomer,
    Hold,
    Release,
    Ring,
    Say,
)
from component.domain.dialogue import THANKS
from component.domain.events import (
    CallbackDue,
    CallbackExpired,
    CallbackTimedOut,
    CallerLeft,
    CustomerAnswered,
    DigitPressed,
    Event,
    Withdraw,
)
from component.domain.model import Call, Leg
from component.domain.queue import CallingBack
from component.domain.words import CallState, LegEnd, Outcome
from tests.simulation.books import Books
from tests.simulation.entries import Caller, Kept
from tests.simulation.expectations import Expectations
from tests.simulation.logbook import Data
from tests.simulation.offers import Offers
from tests.simulation.registers import Book


class KeptPlaces:
    """The part of the books that is about them."""

    def __init__(self, books: Books, expectations: Expectations, offers: Offers) -> None:
        self._books = books
        self._expectations = expectations
        self._offers = offers
        self.agents: Book[str, str] = Book()
        """Call → the agent who is put aside for its customer."""

    def load(self, calls: Sequence[Call]) -> None:
        """Begin with what the store has."""
        legs = {person.leg: extension for extension, person in self._books.people.items()}
        calling = [call for call in calls if call.state is CallState.CALLING]
        self.agents.begin({call.id: legs[call.leg] for call in calling if call.leg in legs})

    def enter(self, event: Event, commands: list[Command], now: datetime) -> bool:
        """Note what happened; False if it has to do with nobody who keeps a place."""
        match event:
            case CallerLeft(channel, reason, missed_in) if found := self._on(channel):
                return missed_in not in ("", found[0]) or self._left(channel, reason, now)
            case CallbackTimedOut(channel):
                if any(isinstance(c, HangUpCustomer) and c.channel == channel for c in commands):
                    self._left(channel, LegEnd.NO_ANSWER, now)
            case CustomerAnswered(call_id, channel) if kept := self._kept(call_id):
                if kept.calling and channel == self._books.callers[call_id].channel:
                    self._change(call_id, reached=True)
            case DigitPressed(channel, digit):
                self._pressed(channel, digit, commands)
            case CallbackDue(call_id) if (kept := self._kept(call_id)) and kept.again_at:
                if kept.again_at <= now:
                    self._change(call_id, again_at=None)
            case CallbackExpired(call_id) if kept := self._kept(call_id):
                terms = self._terms(call_id)
                if not kept.calling and kept.asked_at + terms.max_age <= now:
                    self._fail(call_id, Outcome.EXPIRED)
            case Withdraw(call_id, info) if self._kept(call_id):
                self._let_go(call_id)
                self._strike_out(call_id, "WITHDRAW", last=(info,))
            case _:
                return False
        return True

    def give_up(self, queue: str) -> None:
        """Note that nobody of a queue is called back any more."""
        for call_id in list(self._books.registers.callers[queue]):
            if self._kept(call_id):
                self._let_go(call_id)
                self._strike_out(call_id, "WITHDRAW")

    def follow(self, command: Say | CallCustomer, now: datetime) -> None:
        """Note what is decided, after having looked at it."""
        if isinstance(command, CallCustomer):
            self._called(command)
        elif command.sounds[0] == THANKS:
            caller = self._books.callers[command.call_id]
            if caller.kept is None:
                self._books.log.kept(caller, self._number(command.call_id))
                self._books.caller(command.call_id, kept=Kept(now))

    def is_rung(self, call_id: str, chosen: dict[str, Leg]) -> bool:
        """Tell whether the phone that rings is that of the agent who was put aside."""
        extension = self._put_aside(call_id)
        if extension is None or set(chosen) != {extension}:
            return False
        self._books.set(self.agents, call_id, None)
        return True

    def _called(self, command: CallCustomer) -> None:
        books, call_id, extension = self._books, command.call_id, command.extension
        books.history.counts["customers called"] += 1
        caller = books.callers[call_id]
        if not caller.waits or "draining" in books.flags:
            books.history.fail(f"{call_id} is called back, and is {caller}")
        if not any(extension in several for several in self._expectations.rung(caller)):
            books.history.fail(f"{call_id} is called back for {extension}")
        self._offers.nobody_is_skipped(caller, extension)
        books.note_rung(caller.queue, extension)
        state = self._books.state
        assert state is not None, "something was stepped"
        leg = state.calls[call_id].leg
        books.take_up(extension, leg, caller.queue)
        books.set(self.agents, call_id, extension)
        kept = self._kept(call_id)
        assert kept is not None, "whoever is called has asked for it"
        books.log.called(caller, kept.calls + 1)
        self._change(call_id, calls=kept.calls + 1, calling=True, called_at=books.now)
        books.caller(call_id, channel=command.channel, retry_at=None)

    def _left(self, channel: str, reason: LegEnd, now: datetime) -> bool:
        found = self._on(channel)
        if found is None:
            return False
        call_id, kept = found
        self._books.caller(call_id, channel="")
        if not kept.calling:
            return True
        self._let_go(call_id)
        terms = self._terms(call_id)
        self._books.log.missed(self._books.callers[call_id], kept, reason)
        again_at = now + terms.retry
        self._change(call_id, calling=False, again_at=again_at, called_at=None, reached=False)
        if kept.calls >= terms.tries:
            self._fail(call_id, Outcome.UNREACHED)
        elif kept.asked_at + terms.max_age <= now:
            self._fail(call_id, Outcome.EXPIRED)
        return True

    def _fail(self, call_id: str, outcome: Outcome) -> None:
        self._books.history.counts[f"did: customer {outcome}"] += 1
        self._strike_out(call_id, "CALLBACKFAILED", first=(outcome,))

    def _strike_out(self, call_id: str, name: str, *, first: Data = (), last: Data = ()) -> None:
        """Note that nobody keeps a place any more, and how the log calls that.

        Who is still on the line, as Asterisk has not let go, is a caller as any other then.
        """
        books, caller = self._books, self._books.callers[call_id]
        books.log.left(caller, name, first=first, last=last)
        books.strike_out(call_id)
        books.set(books.entries, caller.came_on, books.entries.get(caller.came_on, 1) - 1)

    def _pressed(self, channel: str, digit: str, commands: list[Command]) -> None:
        found = self._on(channel)
        if found is None or not found[1].calling:
            return
        call_id = found[0]
        if digit == "2" and HangUpCustomer(call_id, channel) in commands:
            self._let_go(call_id)
            self._fail(call_id, Outcome.DECLINED)
        elif digit == "1" and any(
            isinstance(c, Hold | Release) and c.call_id == call_id for c in commands
        ):
            until = self._expectations.anew_until(self._books.callers[call_id])
            self._books.log.reached(self._books.callers[call_id], found[1])
            self._books.caller(call_id, kept=None, until=until)
            self._books.history.counts["customers reached"] += 1
            extension = self._put_aside(call_id)
            rings = [c.device for c in commands if isinstance(c, Ring) and c.leg.call_id == call_id]
            rung = [self._books.registers.phones[device] for device in rings]
            if extension is not None and rung != [extension]:
                self._let_go(call_id)
                name = self._books.callers[call_id].queue
                if self._expectations.may_be_offered(name, extension):
                    self._books.history.fail(f"{extension} was put aside, and is not rung")

    def _put_aside(self, call_id: str) -> str | None:
        """Return who is put aside for a customer, and has not been removed meanwhile."""
        extension = self.agents.get(call_id, "")
        person = self._books.people.get(extension)
        if person is None or not any(leg.call_id == call_id for leg in person.legs):
            return None
        return extension

    def _let_go(self, call_id: str) -> None:
        extension = self._put_aside(call_id)
        if extension is not None:
            leg = self._books.people[extension].leg
            assert leg is not None, "the agent is put aside"
            self._books.put_down(extension, leg)
            self._books.set(self.agents, call_id, None)

    def _number(self, call_id: str) -> str:
        """Return what was keyed, of which the books know nothing."""
        state = self._books.state
        callback = None if state is None else state.calls[call_id].callback
        assert callback is not None, "whoever is thanked has asked for it"
        return callback.number

    def _on(self, channel: str) -> tuple[str, Kept] | None:
        for call_id in self._books.registers.channels.get(channel, ()):
            if (kept := self._kept(call_id)) is not None:
                return call_id, kept
        return None

    def _kept(self, call_id: str) -> Kept | None:
        caller: Caller | None = self._books.callers.get(call_id)
        return None if caller is None else caller.kept

    def _terms(self, call_id: str) -> CallingBack:
        return self._books.queues[self._books.callers[call_id].queue].callback

    def _change(self, call_id: str, **changes: object) -> None:
        kept = self._kept(call_id)
        assert kept is not None, "somebody keeps the place"
        self._books.caller(call_id, kept=kept.changed(**changes))
