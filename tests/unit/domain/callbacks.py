"""Callers who are to be called back, in a test's hand."""

from datetime import timedelta
from typing import Any

from component.domain.commands import CallCustomer, Command
from component.domain.events import (
    CallerEntered,
    CallerLeft,
    CustomerAnswered,
    DigitPressed,
)
from component.domain.model import Caller
from component.domain.queue import CallingBack
from component.domain.words import LegEnd
from tests.unit.domain.call_centre import CallCentre

TERMS = CallingBack(
    key="2",
    dial="PJSIP/{number}@trunk",
    callerid="5550199",
    timeout=timedelta(seconds=20),
    tries=2,
    retry=timedelta(seconds=60),
    max_age=timedelta(hours=1),
)


class CallbackCentre(CallCentre):
    """A queue that calls back. Its one agent talks to begin with."""

    def __init__(self, extensions: tuple[str, ...] = ("1000",), **settings: Any) -> None:
        super().__init__(extensions, **{"callback": TERMS, **settings})
        self.log_on(*extensions)
        for extension in extensions:
            call_id = self.enter()
            self.answer(call_id)
            assert self.call(call_id).extension == extension

    def waiting(self, number: str = "") -> str:
        """A caller who waits; one whose number is withheld if it is '-'."""
        if not number:
            return self.enter()
        self._calls += 1
        call_id = f"call{self._calls}"
        caller = Caller(number.removeprefix("-"))
        self.take(CallerEntered(call_id, "support", f"channel{self._calls}", caller))
        return call_id

    def keys(self, call_id: str, digits: str) -> list[Command]:
        """Let the caller, or the customer, press keys."""
        return [
            command
            for digit in digits
            for command in self.take(DigitPressed(self.call(call_id).channel, digit))
        ]

    def kept(self, number: str = "") -> str:
        """A caller who asked to be called back, and has hung up."""
        call_id = self.waiting(number)
        self.keys(call_id, "2#1")
        self.hang_up(call_id)
        return call_id

    def called(self, number: str = "") -> str:
        """A customer whose phone rings; the first agent is kept free."""
        call_id = self.kept(number)
        self.free("call1")
        return call_id

    def free(self, call_id: str) -> list[Command]:
        """Let a talk be over."""
        return self.leg_ends(self.call(call_id).leg)

    def customer_answers(self, call_id: str) -> list[Command]:
        return self.take(CustomerAnswered(call_id, self.call(call_id).channel))

    def customer_hangs_up(self, call_id: str, reason: LegEnd = LegEnd.BUSY) -> list[Command]:
        return self.take(CallerLeft(self.call(call_id).channel, reason))

    def called_numbers(self) -> list[str]:
        """Whom we called, in order."""
        return [command.endpoint for command in self.all(CallCustomer)]
