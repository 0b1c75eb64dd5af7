"""Agents who call a queue to ask there, as any caller does, before they pass a caller on."""

from collections import defaultdict
from itertools import count
from random import Random
from typing import TYPE_CHECKING

from tests.simulation.channels import Channel, extension_at
from tests.simulation.history import History
from tests.simulation.loop import VirtualTimeLoop
from tests.simulation.scenario import Scenario

if TYPE_CHECKING:
    from tests.simulation.asterisk import Asterisk

DIALLED = {"exten": "s", "context": "ivr-queue"}
"""Where the dialplan has the agent's second call; no caller could be sent there."""

PRIORITIES = (0, 9)
"""The dialplan may have colleagues be served first."""

Said = dict[str, object]


class Enquiries:
    """The second calls of agents that are callers in a queue."""

    def __init__(
        self,
        asterisk: "Asterisk",
        loop: VirtualTimeLoop,
        dice: Random,
        scenario: Scenario,
        history: History,
    ) -> None:
        self._asterisk = asterisk
        self._loop = loop
        self._dice = dice
        self._queues = [queue.name for queue in scenario.queues]
        self._history = history
        self._asking: defaultdict[str, dict[str, None]] = defaultdict(dict)
        """The channels on which an agent asks, by that of his leg."""
        self._numbers = count(1)

    def ask(self, leg: Channel) -> None:
        """Have an agent who talks call a queue."""
        channel_id, queue = f"enquiry{next(self._numbers)}", self._dice.choice(self._queues)
        arguments = f"{queue},,{self._dice.choice(PRIORITIES)},"
        if self._asterisk.enter(channel_id, extension_at(leg.device), arguments):
            self._history.note("agent asks a queue", leg.id, channel_id, queue)
            self._asterisk.hold(leg)
            self._asterisk.channels[channel_id].comes_again = False
            self._asking[leg.id][channel_id] = None
            self._go_on_later(leg, channel_id)

    def hung_up(self, leg: Channel) -> None:
        """Take note that an agent's leg is gone: soon the phone ends its second call, too."""
        for channel_id in self._asking.pop(leg.id, ()):
            self._loop.call_later(self._dice.uniform(0.05, 0.5), self._end, channel_id)

    def _go_on_later(self, leg: Channel, channel_id: str) -> None:
        self._loop.call_later(self._dice.uniform(0.2, 4), self._go_on, leg, channel_id)

    def _go_on(self, leg: Channel, channel_id: str) -> None:
        """Come back to the caller, pass him on to where the second call is, or go on asking."""
        asked = self._asterisk.channels.get(channel_id)
        if asked is None or not asked.in_stasis or channel_id not in self._asking.get(leg.id, ()):
            return
        what = self._dice.random()
        if what < 0.1:
            self._end(channel_id)
            return
        if what < (0.3 if asked.bridge is None else 0.7):
            self._history.note("agent passes call on to a queue", leg.id, channel_id)
            self._asterisk.agents.refer(leg, self._where(asked))
        self._go_on_later(leg, channel_id)

    def _where(self, asked: Channel) -> Said:
        """Return how Asterisk names a second call, and who has answered it, if anybody has."""
        together = () if asked.bridge is None else self._asterisk.bridges[asked.bridge]
        for channel_id in together:
            other = self._asterisk.channels[channel_id]
            if other.device:
                name = f"{other.device}-{next(self._numbers):08x}"
                connected: Said = {"id": other.id, "name": name}
                return {"destination_channel": {"id": asked.id}, "connected_channel": connected}
        return {"destination_channel": {"id": asked.id, "dialplan": DIALLED}}

    def _end(self, channel_id: str) -> None:
        channel = self._asterisk.channels.get(channel_id)
        if channel is not None:
            self._asterisk.destroy(channel, 16)
