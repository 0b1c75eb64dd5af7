"""Callers who are passed on to where an agent has asked in a queue, where they take his place.

Looked at, and entered in the books: the call of that phone goes on with the caller, whose own is
over.
"""

from component.domain.asterisk_ids import talk_bridge
from component.domain.commands import (
    AnswerTransfer,
    Command,
    Connect,
    EndCall,
    HangUpLeg,
    Hold,
    Part,
)
from component.domain.events import AttendedTransfer, BlindTransfer, NumberLookedUp
from tests.simulation.books import Books
from tests.simulation.entries import Caller
from tests.simulation.expectations import Expectations


class PlacesTaken:
    """The part of the books that is about them."""

    def __init__(self, books: Books, expectations: Expectations) -> None:
        self._books = books
        self._expectations = expectations

    def pass_on(
        self, event: BlindTransfer | AttendedTransfer, commands: list[Command], asked_id: str
    ) -> None:
        """Note that a caller goes on in the place of a phone that asks, if that is possible."""
        books, leg = self._books, event.leg
        caller, asked = books.callers[leg.call_id], books.callers[asked_id]
        if not self._may_take_place(caller, asked):
            if commands != [AnswerTransfer(leg, accepted=False)]:
                books.history.fail(f"{event} leads to {commands}, and {asked} has no place for it")
            return
        self._take_place(event, caller, asked_id)
        deeds: list[Command] = [AnswerTransfer(leg, accepted=True), HangUpLeg(leg)]
        deeds.append(Part(asked_id, talk_bridge(leg, caller.channel), connected_by=leg.call_id))
        goes_on = any(_goes_on(command, asked_id, asked, caller.channel) for command in commands)
        goes_on = goes_on and any(_ends(command, event.consult) for command in commands)
        if not goes_on or not all(deed in commands for deed in deeds):
            books.history.fail(f"{event} leads to {commands}, and {asked} is not taken over")

    def _may_take_place(self, caller: Caller, asked: Caller) -> bool:
        """Tell whether a place is there, and not one where the agent has the call himself."""
        assert caller.taken is not None, "somebody passes the caller on"
        return (
            asked.kept is None
            and (asked.answered or asked.passed_to is None)
            and caller.taken[0] not in asked.offered_to
            and asked.queue in self._books.queues
        )

    def _take_place(
        self, event: BlindTransfer | AttendedTransfer, caller: Caller, asked_id: str
    ) -> None:
        books, asked = self._books, self._books.callers[asked_id]
        assert caller.taken is not None, "somebody passes the caller on"
        books.history.counts["places taken" if asked.answered else "places in line taken"] += 1
        books.log.completed(caller, *named(event, caller))
        if asked.answered:
            books.log.completed(asked, "COMPLETECALLER")
        else:
            books.log.taken_over(asked, caller)
        books.set(books.callers, event.leg.call_id, None)
        by, talks_with = caller.taken[0], asked.taken[0] if asked.answered and asked.taken else None
        books.caller(
            asked_id,
            channel=caller.channel,
            came_on=caller.channel,
            number=caller.number,
            customer=caller.customer,
            tried=asked.tried | {by},
            passed_by=by,
            passed_at=books.now,
            passed_to=talks_with,
            until=self._expectations.anew_until(asked),
        )
        if not asked.answered:
            books.log.entered(books.callers[asked_id])
            self._expectations.hold_out(asked_id, books.callers[asked_id])


def _goes_on(command: Command, asked_id: str, asked: Caller, channel: str) -> bool:
    """Tell whether a command lets a caller talk with who was asked, or else wait there."""
    if asked.answered and asked.taken is not None:
        return command == Connect(asked.taken[2], channel)
    return isinstance(command, Hold) and (command.call_id, command.channel) == (asked_id, channel)


def _ends(command: Command, channel: str) -> bool:
    return isinstance(command, EndCall) and command.channel == channel


def named(
    event: BlindTransfer | NumberLookedUp | AttendedTransfer, caller: Caller
) -> tuple[str, ...]:
    """Return how the log calls it that a call is passed on, and its first fields."""
    if isinstance(event, AttendedTransfer):
        return "ATTENDEDTRANSFER", "BRIDGE", talk_bridge(event.leg, caller.channel)
    return "BLINDTRANSFER", event.number, event.context
