"""What callers do: come, press keys, ask to be called back."""

from collections.abc import Iterator
from itertools import count
from typing import TYPE_CHECKING

from component.domain.model import Customer
from tests.simulation.channels import Channel
from tests.simulation.scenario import CALLBACK_KEY
from tests.simulation.storm import Happening

if TYPE_CHECKING:
    from tests.simulation.world import World

NUMBERS = ("5550100", "5550100", "5550101", "5550102", "")
"""From where they call."""

CUSTOMERS = (
    Customer(1, "1111", "Company 1", {}),
    Customer(2, "3333", "Company 2", {"phone": "5550101"}),
)


class Callers:
    """All callers, and what became of them."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._numbers = count(1)
        self.fates: dict[str, str] = {}
        """How each caller's stay ended, by channel."""

    def happenings(self) -> Iterator[Happening]:
        """Yield what happens by itself."""
        yield "", self._world.scenario.keys_per_second, self._press_key
        yield "", self._world.scenario.callbacks_per_second, self._ask_to_be_called_back

    def enter(self) -> None:
        """Let somebody call."""
        world, dice = self._world, self._world.dice
        channel = f"caller{next(self._numbers)}"
        digits, number = dice.choice(("", "1111", "1111", "2222")), dice.choice(NUMBERS)
        arguments = self._arguments(digits)
        world.history.note("caller enters", channel, number, arguments)
        if not world.asterisk.enter(channel, number, arguments):
            self.gone(Channel(channel, world.loop.time()), "fallback")

    def come_again(self, channel: Channel) -> str:
        """Take note that the dialplan sends somebody again; return to what queue, and how."""
        del self.fates[channel.id]
        arguments = self._arguments(self._world.dice.choice(("", "1111")))
        self._world.history.note("caller comes again", channel.id, arguments)
        return arguments

    def _arguments(self, digits: str) -> str:
        world, dice = self._world, self._world.dice
        queue = dice.choice(world.queues)
        priority = dice.randrange(world.scenario.priorities)
        wish = dice.choice(world.scenario.wishes)
        return f"{queue},{digits},{priority},{wish}"

    def gone(self, channel: Channel, how: str) -> None:
        """Take note that a caller's channel is ours no more."""
        history = self._world.history
        if channel.id in self.fates:
            history.fail(f"{channel.id}: {self.fates[channel.id]}, and now {how}")
        if how == "fallback in mid-talk" and self._world.is_in_order:
            history.fail(f"{channel.id} is taken away from a talk")
        self.fates[channel.id] = how
        history.note("caller gone", channel.id, how)

    def _press_key(self) -> None:
        callers = self._in_stasis()
        if callers:
            dice = self._world.dice
            self._world.asterisk.press(dice.choice(callers), dice.choice("0123"))

    def _ask_to_be_called_back(self) -> None:
        """Let somebody who waits key what it takes; who is sent away by it hangs up."""
        waiting = [caller for caller in self._in_stasis() if caller.bridge is None]
        if waiting:
            dice, after = self._world.dice, 0.0
            channel = dice.choice(waiting)
            channel.comes_again = False  # the log would name two stays alike
            for digit in (CALLBACK_KEY, "#", "1"):
                self._world.loop.call_later(after, self._press, channel, digit)
                after += dice.uniform(0.1, 2)

    def _press(self, channel: Channel, digit: str) -> None:
        asterisk = self._world.asterisk
        if asterisk.channels.get(channel.id) is channel and channel.in_stasis:
            asterisk.press(channel, digit)

    def _in_stasis(self) -> list[Channel]:
        channels = self._world.asterisk.channels.values()
        return [channel for channel in channels if channel.in_stasis and not channel.device]
