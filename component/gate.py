"""Who somebody is who logs on by number, and PIN if there is one."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from component import pins
from component.domain.model import Person
from component.ports import Clock, NotAdmittedError, People

TRIES = 3
"""So many wrong PINs, and a person is refused."""

LOCKED = timedelta(minutes=5)
"""For how long, from the last wrong one on."""


@dataclass(frozen=True, slots=True)
class _Failures:
    count: int
    last: datetime


class Gate:
    """Checks numbers and PINs; remembers the wrong ones, of each person."""

    def __init__(self, people: People, clock: Clock) -> None:
        self._people = people
        self._clock = clock
        self._failures: dict[str, _Failures] = {}

    async def admit(self, number: str, pin: str) -> Person:
        """Return the person. Raises `NotAdmittedError`, or `StoreUnavailableError`."""
        found = await self._people.person(number)
        if found is None:
            raise NotAdmittedError("NOSUCHAGENT")
        person, stored = found
        if not stored:
            return person
        if not pin:
            raise NotAdmittedError("PINREQUIRED")
        tries = self._count(number)  # now, for several may be looked at at the same time
        if not await asyncio.to_thread(pins.matches, pin, stored):
            raise NotAdmittedError("LOCKED" if tries >= TRIES else "WRONGPIN")
        self._failures.pop(number, None)
        return person

    def _count(self, number: str) -> int:
        """Take a PIN for wrong for the time being. Raises `NotAdmittedError`."""
        now = self._clock.now()
        failures = self._failures.get(number)
        if failures is None or now - failures.last >= LOCKED:
            failures = _Failures(0, now)
        if failures.count >= TRIES:
            raise NotAdmittedError("LOCKED")
        self._failures[number] = _Failures(failures.count + 1, now)
        return failures.count + 1
