"""Phones that called us for somebody, and pass him on to where they have come.

They are none of our agents', so Asterisk does it by itself: it puts another channel in the place of
the caller's, and tells so before it tells that the caller's has left.
"""

from collections.abc import Iterator
from itertools import count
from typing import TYPE_CHECKING

from tests.simulation.callers import NUMBERS
from tests.simulation.channels import Channel
from tests.simulation.storm import Happening

if TYPE_CHECKING:
    from tests.simulation.world import World

CALLERS = ("caller", "customer")
"""What the ids begin with of those who may be replaced: no agents, and nobody whom we called."""


class Replacements:
    """Who is passed on to us."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._numbers = count(1)
        self.of: dict[str, str] = {}
        """In whose place somebody is, by channels, as only Asterisk knows."""

    def happenings(self) -> Iterator[Happening]:
        """Yield what happens by itself."""
        yield "", self._world.scenario.replacements_per_second, self._pass_on

    def _pass_on(self) -> None:
        world, dice = self._world, self._world.dice
        channels = world.asterisk.channels.values()
        phones = [c for c in channels if c.in_stasis and c.id.startswith(CALLERS)]
        if not phones or world.asterisk.is_frozen:
            return
        phone = dice.choice(phones)
        customer = self._customer(phone)
        world.history.note("customer is passed on", phone.id, customer.id, customer.number)
        self.of[customer.id] = phone.id
        world.store.came_for(customer.id, phone.id, phone.number)
        world.asterisk.replace(phone, customer)

    def _customer(self, phone: Channel) -> Channel:
        """Return the channel to who is passed on, as it is in the place of a phone's.

        In a line it has the arguments of that one, in a talk none.
        """
        now = self._world.loop.time()
        return Channel(
            f"customer{next(self._numbers)}",
            now,
            arguments="" if phone.bridge else phone.arguments,
            in_stasis=True,
            entered=now,
            number=self._world.dice.choice(NUMBERS),
            comes_again=phone.comes_again,
        )
