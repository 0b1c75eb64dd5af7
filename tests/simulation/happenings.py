"""Entering in the books what happens to people, phones, queues and callers."""

from datetime import timedelta

from component.domain.asterisk_ids import leg_channel, talk_bridge
from component.domain.events import (
    AgentChanged,
    AgentRemoved,
    CallerLeft,
    CallerReplaced,
    DeviceStateChanged,
    DrainBegun,
    DrainEnded,
    Event,
    ExtendWrapUp,
    LegAnswered,
    LegEnded,
    LogOff,
    LogOn,
    MemberChanged,
    MemberRemoved,
    MoveCaller,
    Pause,
    QueueChanged,
    QueueRemoved,
    RetryDue,
    SkillsWaived,
    StickyOver,
    Unpause,
    Withdraw,
    WrapUpOver,
)
from component.domain.model import Leg
from component.domain.queue import Queue
from component.domain.words import DeviceState
from tests.simulation.books import Books
from tests.simulation.entries import Caller, Person, Seat
from tests.simulation.expectations import Expectations


class Happenings:
    """Writes the books."""

    def __init__(self, books: Books, expectations: Expectations) -> None:
        self._books = books
        self._expectations = expectations
        self._log_ons = 0
        self._dismissed: str | None = None
        """Whose extension is removed by this very fact."""

    def begin(self) -> None:
        """Count on from the last log-on that the books have."""
        turns = (order for order, _ in self._books.rung.values())
        seats = (seat.order for seat in self._books.seats.values())
        self._log_ons = max([*turns, *seats], default=0)

    def enter(self, event: Event) -> None:
        """Note what happened."""
        match event:
            case LogOn() | LogOff() | Pause() | Unpause() | WrapUpOver() | ExtendWrapUp():
                self._enter_deed(event)
            case DeviceStateChanged(device, state):
                self._hear(device, state)
            case LegAnswered(leg):
                self._take(leg)
            case LegEnded(leg):
                self._free(leg)
            case QueueChanged() | MemberChanged() | AgentChanged():
                self._configure(event)
            case QueueRemoved(name):
                self._remove(name)
            case AgentRemoved(extension) if extension in self._books.people:
                self._dismiss(extension)
            case MemberRemoved(name, extension):
                self._books.set(self._books.seats, (name, extension), None)
            case DrainBegun() | DrainEnded():
                begun = isinstance(event, DrainBegun) or None
                self._books.set(self._books.flags, "draining", begun)
            case CallerLeft() | CallerReplaced():
                self._lose(event)
            case RetryDue() | SkillsWaived() | StickyOver() | MoveCaller() | Withdraw():
                if event.call_id in self._books.callers:
                    self._wait_on(event)

    def leave(self) -> None:
        """Let those go who came to another's desk, once they are logged off and have no call."""
        books, stirred = self._books, self._books.registers.stirred
        for extension in [extension for extension in stirred if extension in books.guests]:
            if books.people[extension].leg is None and not books.is_logged_on(extension):
                books.person(extension, number=None)
        for extension in [extension for extension in stirred if extension in books.people]:
            self._go(extension)
        self._dismissed = None
        stirred.clear()

    def _go(self, extension: str) -> None:
        """Let an agent go whose extension is no more; who is on a call is on it to its end."""
        person = self._books.people[extension]
        is_done = extension == self._dismissed and not person.talks
        if person.leaving and (is_done or not person.legs):
            self._books.dismiss(extension)

    def _hear(self, device: str, state: DeviceState) -> None:
        """Note the state of a phone, or of what says whether calls are wanted there."""
        registers = self._books.registers
        if device in registers.phones:
            self._books.person(registers.phones[device], device=state)
        for extension in registers.dnd.get(device, ()):
            self._books.person(extension, wants_calls=not state.is_in_use)

    # Agents. ------------------------------------------------------------------------------------

    def _enter_deed(
        self, event: LogOn | LogOff | Pause | Unpause | WrapUpOver | ExtendWrapUp
    ) -> None:
        books = self._books
        match event:
            case LogOn():
                self._log_on(event)
            case LogOff(device, queue):
                self._sit(device, queue, since=None, paused=False, reason="")
            case Pause(device, queue, reason):
                if queue is None:
                    books.log.in_all_queues(books.registers.phones[device], "PAUSEALL", reason)
                self._sit(device, queue, paused=True, reason=reason)
            case Unpause(device, queue):
                if queue is None:
                    books.log.in_all_queues(books.registers.phones[device], "UNPAUSEALL", "")
                self._sit(device, queue, paused=False, reason="")
            case WrapUpOver(extension):
                person = books.people.get(extension)
                until = None if person is None else person.wrap_up_until
                if until is not None and until <= books.now:
                    books.person(extension, wrap_up_until=None, queue=None)
            case ExtendWrapUp(extension, by):
                until = books.people[extension].wrap_up_until
                assert until is not None, "else it is refused"
                books.person(extension, wrap_up_until=until + by)

    def _log_on(self, event: LogOn) -> None:
        extension = self._books.registers.phones[event.device]
        if event.person is not None:
            self._books.person(extension, number=event.person.number)
        for name, seat in sorted(self._books.seats_of(extension, event.queue)):
            if seat.since is None:
                self._log_ons += 1
                now = self._books.now
                self._books.seat(name, extension, since=now, order=self._log_ons)

    def _sit(self, device: str, queue: str | None, **changes: object) -> None:
        """Change a seat, or all seats in which an agent is (None)."""
        extension = self._books.registers.phones[device]
        for name, seat in self._books.seats_of(extension, queue):
            if seat.since is not None:
                self._books.seat(name, extension, **changes)

    def _take(self, leg: Leg) -> None:
        """Note that an agent's phone is answered, if it still rings for the call."""
        books, extension = self._books, self._books.legs.get(leg)
        caller = books.callers.get(leg.call_id)
        if caller is not None and extension in caller.offered_to and caller.taken is None:
            books.caller(leg.call_id, taken=(extension, books.now, leg))

    def _free(self, leg: Leg) -> None:
        extension = self._books.legs.get(leg)
        if extension is not None:
            self._books.put_down(extension, leg)

    # Queues. ------------------------------------------------------------------------------------

    def _configure(self, event: QueueChanged | MemberChanged | AgentChanged) -> None:
        match event:
            case QueueChanged(queue):
                self._change(queue)
            case MemberChanged(name, extension, penalty, made):
                new = Seat(penalty, None, 0, paused=False, calls=0, made=made)
                known = self._books.seats.get((name, extension))
                seat = new if known is None else known.changed(penalty=penalty, made=made)
                self._books.set(self._books.seats, (name, extension), seat)
            case AgentChanged():
                self._change_agent(event)

    def _change(self, queue: Queue) -> None:
        old = self._books.queues.get(queue.name, queue)
        self._books.set(self._books.queues, queue.name, queue)
        for call_id in list(self._books.registers.callers[queue.name]):
            caller = self._books.callers[call_id]
            waits = caller.kept is None and not caller.answered
            if waits and caller.until is not None and caller.timeout is None:
                until = caller.until + (queue.max_wait - old.max_wait)
                self._books.caller(call_id, until=until)
            if caller.rings_at_most is not None:
                longest = max(caller.rings_at_most, queue.timeout)
                self._books.caller(call_id, rings_at_most=longest)
            self._expectations.hold_out(call_id, self._books.callers[call_id])

    def _change_agent(self, event: AgentChanged) -> None:
        """Note what is new of an agent: of a phone nothing is known before it tells."""
        books, extension = self._books, event.extension
        new = Person(DeviceState.UNKNOWN, phone=event.device)
        person = books.people.get(extension, new)
        if person.phone != event.device:
            unknown, phone = DeviceState.UNKNOWN, event.device
            person = person.changed(device=unknown, wants_calls=True, phone=phone)
        french, max_calls = event.skills.get("french", 0), event.max_calls
        person = person.changed(french=french, max_calls=max_calls, leaving=False)
        books.set(books.people, extension, person)

    def _dismiss(self, extension: str) -> None:
        """Note that there is no such extension any more."""
        books = self._books
        for queue in list(books.registers.desks[extension]):
            books.set(books.seats, (queue, extension), None)
        books.person(extension, leaving=True)
        self._dismissed = extension

    def _remove(self, name: str) -> None:
        """Strike out a queue and its seats; what becomes of its callers will be seen."""
        books = self._books
        for extension in list(books.registers.seats[name]):
            books.set(books.seats, (name, extension), None)
        books.set(books.rung, name, None)
        books.set(books.queues, name, None)

    # Callers. -----------------------------------------------------------------------------------

    def _lose(self, event: CallerLeft | CallerReplaced) -> None:
        if isinstance(event, CallerReplaced):
            self._replace(event)
        else:
            self._leave(event.channel, event.call_id)

    def _leave(self, channel: str, missed_in: str) -> None:
        books = self._books
        for call_id in list(books.registers.channels.get(channel, ())):
            if missed_in not in ("", call_id):
                continue  # the caller has come again
            caller = books.callers[call_id]
            if not missed_in:
                self._is_gone(caller)
            if caller.answered:
                books.log.completed(caller, "COMPLETECALLER")
            else:
                books.log.left(caller, "ABANDON")
            books.strike_out(call_id)

    def _is_gone(self, caller: Caller) -> None:
        """Look whether who is said to have left has, and nobody else has the place in the talk."""
        books, channel = self._books, caller.channel
        there = books.channels_there.get(channel)
        if there is not None and there.in_stasis and books.stays[channel] == 1:
            books.history.fail(f"{channel} is taken to have left, and is there")
        if caller.answered and caller.taken is not None:
            leg = caller.taken[2]
            talking = set(books.bridges.get(talk_bridge(leg, channel), ()))
            if others := talking - {channel, leg_channel(leg)}:
                books.history.fail(f"{channel} has left, and the talk of {others} ends")

    def _replace(self, event: CallerReplaced) -> None:
        """Note that a call is another caller's now, who has its place and its data.

        In the log one leaves the line and the other enters it; a talk goes on there as the other's,
        and what was passed on is over.
        """
        books = self._books
        for call_id in list(books.registers.channels.get(event.channel, ())):
            before = books.callers[call_id]
            if before.kept is not None:
                continue
            books.set(books.entries, event.by, books.stays[event.by])
            number = event.caller.number or before.number
            is_told = not before.answered and before.passed_to is None
            after = before.changed(channel=event.by, came_on=event.by, number=number)
            if is_told:
                books.log.taken_over(before, after)
            books.set(books.callers, call_id, after)
            if is_told:
                books.log.entered(after)

    def _wait_on(self, event: RetryDue | SkillsWaived | StickyOver | MoveCaller | Withdraw) -> None:
        caller = self._books.callers[event.call_id]
        match event:
            case RetryDue(call_id, at) if at == caller.retry_at:
                self._try_again(call_id, caller)
            case SkillsWaived(call_id):
                self._waive_skills(call_id, caller)
            case StickyOver(call_id):
                queue = self._books.queues.get(caller.queue)
                if queue is None or not self._is_early(caller, queue.sticky_wait):
                    self._books.set(self._expectations.holding_out, call_id, None)
            case MoveCaller():
                self._move(event, caller)
            case Withdraw(call_id, info):
                self._books.log.left(caller, "WITHDRAW", last=(info,))
                self._books.send_away(call_id)

    def _is_early(self, caller: Caller, wait: timedelta) -> bool:
        """Tell whether a timer was set before the queue's setting was prolonged."""
        return self._books.now < caller.place[1] + wait

    def _try_again(self, call_id: str, caller: Caller) -> None:
        self._books.caller(call_id, retry_at=None)
        if not self._expectations.free_for(caller):
            self._books.caller(call_id, tried=frozenset())
            queue = self._books.queues.get(caller.queue)
            if queue is not None and self._is_early(caller, queue.sticky_wait):
                # Perhaps for who was tried, and is waited for again.
                self._expectations.hold_out(call_id, self._books.callers[call_id])

    def _waive_skills(self, call_id: str, caller: Caller) -> None:
        queue = self._books.queues.get(caller.queue)
        wait = timedelta(0) if queue is None else queue.skills_timeout
        if not caller.answered and wait and not self._is_early(caller, wait):
            self._books.caller(call_id, need=caller.without_skills())

    def _move(self, event: MoveCaller, caller: Caller) -> None:
        books, call_id = self._books, event.call_id
        queue = event.queue or caller.queue
        priority = self._expectations.priority(call_id, queue, event.place)
        _, entered, _ = caller.place
        if queue != caller.queue:
            books.log.moved(caller, queue)
        books.caller(call_id, place=(-priority, entered, call_id))
        if queue != caller.queue:
            books.caller(call_id, queue=queue, tried=frozenset(), retry_at=None)
            books.caller(call_id, until=self._expectations.anew_until(books.callers[call_id]))
            came_as = books.registers.place(books.callers[call_id])
            books.caller(call_id, came_as=came_as)
            books.log.entered(books.callers[call_id])
            self._expectations.hold_out(call_id, books.callers[call_id])
