"""What becomes of offers: made, taken, taken back. Looked at, and entered in the books."""

from datetime import datetime

from component.domain.asterisk_ids import leg_channel
from component.domain.commands import Command, HangUpLeg, HideCall
from component.domain.events import Event, LegEnded, RingTimedOut
from component.domain.model import Leg
from component.domain.queue import AutoPause
from component.domain.routing import AUTOPAUSE_REASON
from component.domain.words import LegEnd, OfferEnd
from tests.simulation.books import Books
from tests.simulation.entries import Caller
from tests.simulation.expectations import Expectations


class Offers:
    """Of all calls."""

    def __init__(self, books: Books, expectations: Expectations) -> None:
        self._books = books
        self._expectations = expectations

    # Made. --------------------------------------------------------------------------------------

    def make(self, call_id: str, chosen: dict[str, Leg], *, put_aside: bool) -> None:
        """Look at the offers of a call, all that are made at once, before they are entered.

        Of `chosen`, the legs by extension, one who is `put_aside` was so in time.
        """
        books = self._books
        books.history.counts["offers"] += len(chosen)
        caller = books.callers[call_id]
        if caller.offered_to:
            books.history.fail(f"{call_id} is offered to {chosen} and to {caller.offered_to}")
        if caller.passed_to is not None:
            books.history.counts["calls passed on"] += 1
            expected = {frozenset({caller.passed_to})}
        else:
            expected = {frozenset(chosen)} if put_aside else self._expectations.rung(caller)
        if frozenset(chosen) not in expected:
            books.history.fail(f"{call_id} is offered to {chosen}, not to {expected}")
        for extension, leg in chosen.items():
            if caller.passed_to is None and not put_aside:
                self.nobody_is_skipped(caller, extension)
                books.note_rung(caller.queue, extension)
            books.take_up(extension, leg, caller.queue)
        timeout = books.queues[books.callers[call_id].queue].timeout
        books.caller(
            call_id, offered_to=frozenset(chosen), rung_at=books.now, rings_for=timeout,
            rings_at_most=timeout, retry_at=None,
        )  # fmt: skip

    def nobody_is_skipped(self, caller: Caller, extension: str) -> None:
        """Look whether somebody else should have been offered to this agent."""
        for call_id in self._expectations.skipped(caller, extension):
            self._books.history.fail(f"{extension} is offered {caller} before {call_id}")

    def put_off(self, call_id: str, until: datetime) -> None:
        """Note when those may be tried again who were; it is to be after the queue's `retry`."""
        books, caller = self._books, self._books.callers[call_id]
        due = books.now + books.queues[caller.queue].retry
        if until != due or caller.retry_at is not None or not caller.waits:
            books.history.fail(f"{caller} is tried again at {until}, not at {due}")
        books.caller(call_id, retry_at=until)

    # Taken. -------------------------------------------------------------------------------------

    def answer(self, leg: Leg, extension: str) -> None:
        """Note that caller and agent talk from now on, if they do not already."""
        books, caller = self._books, self._books.callers[leg.call_id]
        if caller.answered and caller.taken is not None and caller.taken[2] == leg:
            return  # something else is shown of the call
        if caller.answered or leg != books.people[extension].leg:
            books.history.fail(f"{leg} is answered by {extension}, and by somebody else")
        books.log.connected(caller, leg)
        books.caller(leg.call_id, answered=True, heard_at=books.now)
        books.person(extension, on_call=True)

    # Taken back. --------------------------------------------------------------------------------

    def take_back(self, extension: str, call_id: str, reason: OfferEnd, event: Event) -> None:
        """Note that an agent has a call no more."""
        caller = self._books.callers[call_id]
        left = caller.offered_to - {extension}
        match reason:
            case OfferEnd.TRANSFERRED:
                tried = frozenset({extension})
                self._books.caller(
                    call_id, offered_to=left, answered=False, tried=tried, taken=None, heard_at=None
                )
            case OfferEnd.ANSWERED_ELSEWHERE:
                self._books.caller(call_id, offered_to=left)
            case OfferEnd.CALLER_LEFT | OfferEnd.TIMEOUT:
                pass
            case _:
                self._not_taken(extension, call_id, event)

    def _not_taken(self, extension: str, call_id: str, event: Event) -> None:
        """Note that a call waits again, if it rings nowhere else."""
        books, caller = self._books, self._books.callers[call_id]
        if caller.answered:  # Asterisk could not connect the two
            books.caller(call_id, answered=False)
            self._did_not_talk(extension, call_id)
        came_as = self._log_not_taken(caller, extension)
        left = caller.offered_to - {extension}
        tried, rung_at = caller.tried | {extension}, caller.rung_at if left else None
        books.caller(
            call_id, offered_to=left, tried=tried, passed_to=None, came_as=came_as,
            rung_at=rung_at, taken=None, heard_at=None,
        )  # fmt: skip
        leg = _declined_on(event)
        if leg is not None and caller.passed_to is None and caller.taken is None:
            self._look_whose_fault(caller, leg)
            self._autopause(caller.queue, extension)

    def _log_not_taken(self, caller: Caller, extension: str) -> int:
        """Have logged that an agent did not take a call; return as which one it came."""
        if caller.passed_to is None:
            self._books.log.not_taken(caller, extension)
            return caller.came_as
        came_as = self._books.registers.place(caller)
        self._books.log.entered(caller.changed(came_as=came_as))
        return came_as

    def _did_not_talk(self, extension: str, call_id: str) -> None:
        """Note that a call that an agent was believed to be on was none."""
        person = self._books.people[extension]
        if person.on_call and person.leg is not None and person.leg.call_id == call_id:
            self._books.person(extension, on_call=False)
        else:
            others = tuple(talk for talk in person.others if talk[0].call_id != call_id)
            self._books.person(extension, others=others)

    def _look_whose_fault(self, caller: Caller, leg: Leg) -> None:
        """Look whether an agent is to blame who is said not to have taken a call."""
        books = self._books
        since, timeout = books.blameless.get(leg_channel(leg)), books.queues[caller.queue].timeout
        rings_for = min(timeout, caller.rings_for or timeout)
        if since and caller.rung_at and since < caller.rung_at + rings_for:
            books.history.fail(f"who is not to blame for {leg} has not taken {caller}")

    def _autopause(self, queue: str, extension: str) -> None:
        books = self._books
        autopause, seats = books.queues[queue].autopause, books.seats_of(extension)
        ready = any(seat.since is not None and not seat.paused for _, seat in seats)
        if autopause is AutoPause.ALL and ready:
            books.log.in_all_queues(extension, "PAUSEALL", AUTOPAUSE_REASON)
        for name, seat in books.seats_of(extension):
            concerned = autopause is AutoPause.ALL or (autopause is AutoPause.YES and name == queue)
            if concerned and seat.since is not None and not seat.paused:
                books.seat(name, extension, paused=True, reason=AUTOPAUSE_REASON)

    def legs_are_let_go(self, event: Event, commands: list[Command]) -> None:
        """Look whether no phone rings on for a call that was taken back from it."""
        books = self._books
        gone = {command.leg for command in commands if isinstance(command, HangUpLeg)}
        if isinstance(event, LegEnded):
            gone.add(event.leg)
        for command in commands:
            # Who passes a call on is let go of when it is answered.
            if isinstance(command, HideCall) and command.reason is not OfferEnd.TRANSFERRED:
                person = books.people.get(command.extension)
                leg = None if person is None else person.leg
                if leg is not None and leg.call_id == command.call.id and leg not in gone:
                    books.history.fail(f"{leg} is not let go of by {commands}")


def _declined_on(event: Event) -> Leg | None:
    """Return the leg on which an agent, whose phone rang, did not take a call."""
    if isinstance(event, RingTimedOut):
        return event.leg
    declined = (LegEnd.NO_ANSWER, LegEnd.BUSY, LegEnd.REJECTED)
    return event.leg if isinstance(event, LegEnded) and event.reason in declined else None
