"""Callers who enter a queue, are passed on, and leave: looked at, and entered in the books."""

from collections import defaultdict

from component.domain.asterisk_ids import CUSTOMER_PREFIX
from component.domain.commands import AnswerTransfer, Command, Release
from component.domain.events import (
    AttendedTransfer,
    BlindTransfer,
    CallerEntered,
    Event,
    ExitFound,
    NumberLookedUp,
)
from component.domain.words import DeviceState, QueueStatus
from tests.simulation.books import Books
from tests.simulation.entries import Caller, PassedOn
from tests.simulation.expectations import Expectations
from tests.simulation.places_taken import PlacesTaken, named
from tests.simulation.store import UnreliableStore

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


class Movements:
    """Of callers, into queues and out of them."""

    def __init__(self, books: Books, expectations: Expectations, store: UnreliableStore) -> None:
        self._books = books
        self._expectations = expectations
        self._emptiness = expectations.emptiness
        self._store = store
        self._enquired = PlacesTaken(books, expectations)

    # In. ----------------------------------------------------------------------------------------

    def let_in(self, event: CallerEntered, commands: list[Command]) -> None:
        """Note that somebody enters, who is to be let in; or is turned away for a reason."""
        books = self._books
        if event.channel in books.registers.channels:
            return  # told twice
        self._store.see_who_enters(event)
        status = self._expectations.turned_away(event.queue, event.terms.need)
        if "draining" in books.flags and event.channel not in books.passed_on:
            status = QueueStatus.UNAVAILABLE
        released = [c.status for c in commands if isinstance(c, Release)]
        if status is not None:  # maybe told twice, if late: it is no harm
            if released != [status]:
                books.history.fail(f"{event} gets {commands}, not {status}")
            return
        self._was_sent(event.channel)
        if len(commands) == 1 and released:
            books.history.fail(f"{event} is turned away: {released}")
        call_id, caller = self._come(event)
        caller = caller.changed(came_as=books.registers.place(caller))
        books.set(books.callers, call_id, caller)
        books.log.entered(caller)
        self._expectations.hold_out(call_id, caller)

    def _was_sent(self, channel: str) -> None:
        """Look whether nobody enters anew whom the dialplan was to have back."""
        books = self._books
        entries = books.entries.get(channel, 0)
        if entries == books.stays[channel]:
            books.history.fail(f"{channel} enters anew, whom the dialplan has not sent again")
        books.set(books.entries, channel, entries + 1)

    def _come(self, event: CallerEntered) -> tuple[str, Caller]:
        """Return who comes, by call; who was passed on before comes with that call."""
        books = self._books
        place = (-event.priority, books.now, event.call_id)
        customer = None if event.customer is None else event.customer.id
        caller = Caller(
            event.queue, event.channel, place, need=event.terms.need, customer=customer,
            timeout=event.terms.timeout, number=event.caller.number, came_on=event.channel,
        )  # fmt: skip
        before = books.passed_on.get(event.channel)
        if before is None:
            return event.call_id, caller
        books.set(books.passed_on, event.channel, None)
        return before.call_id, _goes_on(before, caller, event)

    # On. ----------------------------------------------------------------------------------------

    def pass_on(self, event: BlindTransfer | AttendedTransfer, commands: list[Command]) -> None:
        """Note to whom a call goes: nobody, unless that one is free."""
        books, leg = self._books, event.leg
        caller = books.callers.get(leg.call_id)
        if caller is None or not caller.answered or caller.taken is None or caller.taken[2] != leg:
            return
        asked = books.registers.channels.get(event.consult) if event.consult else None
        if asked:
            self._enquired.pass_on(event, commands, *asked)
            return
        if isinstance(event, BlindTransfer):
            target, asked_before = event.number, False
        else:
            target, asked_before = books.registers.phones.get(event.device, ""), True
        person = books.people.get(target)
        if person is None:
            return  # the caller goes where we have nobody
        device, queue = person.device, books.queues.get(caller.queue)
        may_ring = device.can_ring or device is DeviceState.RINGING
        if queue is None or target in caller.offered_to:  # no way back, or no way at all
            may_ring = asked_before = False
        elif person.may_have_another:
            may_ring = may_ring or (queue.ringinuse and device.is_there)
        elif person.leg is not None:
            may_ring = asked_before = False
        may_ring = may_ring and person.wants_calls
        if queue is not None and (may_ring or asked_before):
            books.log.completed(caller, *named(event, caller))
            until, by = self._expectations.anew_until(caller), caller.taken[0]
            books.caller(
                leg.call_id, passed_to=target, until=until, passed_by=by, passed_at=books.now
            )
        elif commands != [AnswerTransfer(leg, accepted=False)]:
            books.history.fail(f"{event} to {person} leads to {commands}")

    def send_on(self, event: Event, call_id: str) -> None:
        """Note that a caller leaves by a key, or goes to somebody who is no agent."""
        books = self._books
        caller = books.callers[call_id]
        if isinstance(event, ExitFound):
            books.log.left(caller, "EXITWITHKEY", first=(event.keys,))
        elif isinstance(event, NumberLookedUp | AttendedTransfer) and caller.taken is not None:
            books.log.completed(caller, *named(event, caller))
            books.caller(call_id, passed_by=caller.taken[0], passed_at=books.now)
        books.send_away(call_id)

    # Out. ---------------------------------------------------------------------------------------

    def release(self, call_id: str, status: QueueStatus) -> None:
        """Note that a caller goes back to the dialplan, which is to be for a reason."""
        books, caller = self._books, self._books.callers[call_id]
        self._look_why(caller, status)
        if caller.answered:
            books.log.completed(caller, "COMPLETEAGENT")
            books.set(books.callers, call_id, None)
        else:
            books.log.left(caller, EXITS[status])
            books.send_away(call_id)

    def _look_why(self, caller: Caller, status: QueueStatus) -> None:
        books = self._books
        if status is QueueStatus.TIMEOUT:
            until = self._expectations.waits_until(caller)
            if books.now < until:
                books.history.fail(f"{caller} is sent away, and might wait until {until}")
        if status in EMPTY:
            excuses, emptiness = books.queues[caller.queue].leavewhenempty, self._emptiness
            if not emptiness.is_empty(caller.queue, excuses, caller.need):
                books.history.fail(f"{caller} is sent away: {status}, though somebody is there")

    def end(self, call_id: str) -> None:
        """Note that a talk is over, by the agent."""
        books = self._books
        books.log.completed(books.callers[call_id], "COMPLETEAGENT")
        books.set(books.callers, call_id, None)

    def nobody_is_left_in(self, queue: str) -> None:
        """Look whether only those are left in a removed queue who talk."""
        for call_id in self._books.registers.callers[queue]:
            if not self._books.callers[call_id].answered:
                self._books.history.fail(f"{call_id} is left in {queue}, which is removed")


def _goes_on(before: PassedOn, caller: Caller, event: CallerEntered) -> Caller:
    """Return the caller of a call that goes on: who passed it on is asked last.

    Who keyed a code anew is the customer of that code; who was called back is known by the number
    from which that one called first.
    """
    kept = None if event.digits else before.customer
    customer = caller.customer if kept is None else kept
    priority, entered, _ = caller.place
    place = (priority, entered, before.call_id)
    was_called = caller.channel.startswith(CUSTOMER_PREFIX)
    return caller.changed(
        place=place,
        customer=customer,
        number=before.number if was_called else caller.number,
        passed_by=before.by,
        passed_at=before.at,
        tried=frozenset({before.by}),
    )
