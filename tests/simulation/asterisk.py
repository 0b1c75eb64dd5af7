"""A model of Asterisk: what becomes of channels and bridges, and what it tells of that.

It keeps the order of the events of one channel, as Asterisk does, and no other.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random

import orjson

from component.domain.model import dnd_device
from tests.simulation.channels import Channel, Phone, Socket, shown
from tests.simulation.history import History
from tests.simulation.loop import VirtualTimeLoop
from tests.simulation.phones import ALONE_SECONDS, Agents
from tests.simulation.scenario import Scenario

DIALPLAN_TIMEOUT = 10.0
"""`TIMEOUT(absolute)` as the dialplan sets it before `Stasis()`."""


HELD_SECONDS = 20.0
"""So long at an average a caller waits while an agent asks somebody else."""

INSTANT = 1e-6
"""Between events that keep their order: timers of the same moment have none."""


class Asterisk:
    """One Asterisk, all phones and all callers.

    `on_gone` is told of each caller whose channel left us: the channel, and how it ended.
    `on_return` is of one whom the dialplan sends again, and says with what arguments.
    """

    def __init__(
        self,
        loop: VirtualTimeLoop,
        dice: Random,
        scenario: Scenario,
        history: History,
        devices: list[str],
        on_gone: Callable[[Channel, str], None],
        on_return: Callable[[Channel], str],
    ) -> None:
        self._loop = loop
        self._dice = dice
        self._scenario = scenario
        self._history = history
        self._on_gone = on_gone
        self._on_return = on_return
        self.faults = scenario.faults
        self.up = True
        self.frozen_until = 0.0
        """Until then it does nothing that it is asked, and tells nothing."""
        self.starts = 0
        """How often it was restarted."""
        self.channels: dict[str, Channel] = {}
        self.bridges: dict[str, dict[str, None]] = {}
        self.unwanted: set[str] = set()
        """The bridges that it was asked to take down, though perhaps it does so only later."""
        self.playbacks: dict[str, Channel] = {}
        self.numbers: set[str] = set()
        """The playbacks in which a number is to be said yet."""
        self.phones = {device: Phone(device, scenario.max_calls) for device in devices}
        self.undisturbed = {dnd_device(phone.device): phone for phone in self.phones.values()}
        """The phones by the devices that say whether calls are wanted there."""
        self.agents = Agents(self, loop, dice, scenario, history)
        self.stays: Counter[str] = Counter()
        """How often each caller's channel came to us."""
        self.socket: Socket | None = None
        self._is_overloaded = False
        self._last: dict[str, float] = {}
        """When the last event of a channel or device is told."""

    # What befalls it. ---------------------------------------------------------------------------

    def restart(self, seconds: float) -> None:
        """Lose everything; be back after a while."""
        self._history.note("asterisk restarts")
        self.up = False
        self.starts += 1
        self.drop_socket()
        for channel in list(self.channels.values()):
            self._forget(channel)
            if channel.device:
                self.agents.blameless[channel.id] = self._loop.now()
            if not channel.device and channel.in_stasis:
                self._on_gone(channel, "cut off")
        self.bridges.clear()
        self.playbacks.clear()
        self.numbers.clear()
        for phone in self.phones.values():
            phone.told = phone.state
        self._loop.call_later(seconds, self._start)

    def _start(self) -> None:
        self._history.note("asterisk is back")
        self.up = True

    def freeze(self, seconds: float) -> None:
        """Stand still for a while: what is asked meanwhile is done afterwards."""
        self._history.note("asterisk freezes")
        self.frozen_until = self._loop.time() + seconds

    @property
    def is_frozen(self) -> bool:
        """Whether it stands still."""
        return self._loop.time() < self.frozen_until

    def drop_socket(self) -> None:
        """Close the event socket; what was under way on it is lost."""
        if self.socket is not None:
            self.socket.closed = True
            self.socket.put(None)
            self.socket = None

    def later(self, act: Callable[[], None]) -> None:
        """Do something after a while, unless there is a restart before."""
        at = max(self._loop.time(), self.frozen_until) + self._dice.uniform(0, 5)
        self._loop.call_at(at, self._unless_restarted, self.starts, act)

    def _unless_restarted(self, starts: int, act: Callable[[], None]) -> None:
        if self.up and starts == self.starts:
            act()

    # The callers. -------------------------------------------------------------------------------

    def enter(self, channel_id: str, number: str, arguments: str) -> bool:
        """Let a caller come to `Stasis()`; False if nobody serves the application."""
        if not self._is_served:
            return False
        channel = Channel(channel_id, self._loop.time(), number=number)
        self.channels[channel_id] = channel
        self._hand_over(channel, arguments)
        return True

    @property
    def _is_served(self) -> bool:
        return self.up and not self.is_frozen and self.socket is not None

    def _hand_over(self, channel: Channel, arguments: str) -> None:
        """Come to `Stasis()`."""
        channel.in_stasis, channel.entered = True, self._loop.time()
        channel.arguments = arguments
        self.stays[channel.id] += 1
        self.set_timer(channel, "absolute", DIALPLAN_TIMEOUT, self._time_out)
        self.tell(channel.id, "StasisStart", channel=shown(channel), args=arguments.split(","))
        patience = self._dice.expovariate(1 / self._scenario.patience_seconds)
        self.set_timer(channel, "patience", patience, self._hang_up_caller)

    def send_again(self, channel: Channel) -> None:
        """Have the dialplan send somebody to a queue whom it was given back."""
        if not channel.comes_again:
            return
        self.set_timer(channel, "again", self._dice.uniform(0.01, 0.5), self._come_again)

    def _come_again(self, channel: Channel) -> None:
        if self._is_served:
            self._hand_over(channel, self._on_return(channel))

    def _hang_up_caller(self, channel: Channel) -> None:
        self._history.note("caller hangs up", channel.id)
        self.destroy(channel, 16)

    def _time_out(self, channel: Channel) -> None:
        """The dialplan has its own idea of how long this may take."""
        self._history.note("timeout in dialplan", channel.id)
        talks = channel.bridge is not None and len(self.bridges[channel.bridge]) > 1
        self.leave_stasis(channel, "fallback in mid-talk" if talks else "fallback")

    def leave_stasis(self, channel: Channel, how: str) -> None:
        """Give a caller back to the dialplan, which soon ends the call."""
        self._silence(channel)
        channel.in_stasis = False
        self.cancel(channel, "absolute")
        self._unbridge(channel)
        self.tell(channel.id, "StasisEnd", channel=shown(channel))
        self._on_gone(channel, how)
        self.set_timer(channel, "patience", self._dice.uniform(0.1, 5), self._hang_up_caller)
        returns = self._scenario.returns
        if returns and not channel.to_customer and self._dice.random() < returns:
            self.send_again(channel)

    def destroy(self, channel: Channel, cause: int) -> None:
        """End a channel."""
        if self.channels.get(channel.id) is not channel:
            return
        was_ours = channel.in_stasis
        self._silence(channel)
        self._forget(channel)
        self._unbridge(channel)
        if was_ours:
            self.tell(channel.id, "StasisEnd", channel=shown(channel))
        if was_ours or channel.device or channel.to_customer:
            self.tell(channel.id, "ChannelDestroyed", channel=shown(channel), cause=cause)
        if channel.device:
            self.agents.show_state(self.phones[channel.device])
        elif was_ours:
            self._on_gone(channel, "hung up")

    def _forget(self, channel: Channel) -> None:
        del self.channels[channel.id]
        for name in list(channel.timers):
            self.cancel(channel, name)
        if channel.device:
            del self.phones[channel.device].legs[channel.id]
            self.agents.hung_up(channel)

    def replace(self, old: Channel, new: Channel) -> None:
        """Put a channel in the place of a caller's."""
        self._silence(old)
        self.channels[new.id] = new
        self.stays[new.id] += 1
        seconds = self._scenario.talk_seconds if old.bridge else self._scenario.patience_seconds
        patience = self._dice.expovariate(1 / seconds)
        self.set_timer(new, "patience", patience, self._hang_up_caller)
        if old.bridge is not None:
            self.bridges[old.bridge][new.id] = None
            new.bridge = old.bridge
        self._forget(old)
        self._unbridge(old)
        self.tell(old.id, "StasisStart", channel=shown(new), args=[], replace_channel=shown(old))
        self.tell(old.id, "StasisEnd", channel=shown(old))
        self._last[new.id] = self._last.get(old.id, 0.0)
        self._on_gone(old, "replaced")

    def press(self, channel: Channel, digit: str) -> None:
        """Let a caller press a key."""
        self._history.note("key", channel.id, digit)
        self.tell(channel.id, "ChannelDtmfReceived", channel=shown(channel), digit=digit)

    def play(self, channel: Channel, playback: str, media: str) -> None:
        """Play something for a while; who talks hears nothing of it."""
        if channel.bridge is not None and not self.faults.request_lost:  # else it may come late
            self._history.fail(f"{channel.id} is spoken to while talking")
        self.playbacks[playback] = channel
        channel.playbacks[playback] = None
        if "number:" in media:
            self.numbers.add(playback)
        seconds = self._dice.uniform(1, 8)
        self.set_timer(channel, f"play {playback}", seconds, lambda _: self.finish(playback))

    def cut_off(self, playback: str) -> None:
        """Play no more, unless a number is being said: that, and what follows, is to be heard."""
        if playback in self.numbers:
            self.numbers.remove(playback)
        else:
            self.finish(playback)

    def delays(self, channel: Channel) -> None:
        """See that nothing is asked for which Asterisk does only when nothing is played any more.

        What is asked on the event socket after that has to wait, too, for whomever it is.
        """
        if channel.playbacks:
            self._history.note("announcement not cut off", channel.id)
            # Requests that were lost may let go of a stay when the caller has come again.
            if not (self._scenario.acts_late or self._is_overloaded):
                self._history.fail(f"an announcement delays {channel.id}")

    @contextmanager
    def overloaded(self) -> Iterator[None]:
        """Do what was asked for a while ago: much may have been asked since."""
        self._is_overloaded = True
        try:
            yield
        finally:
            self._is_overloaded = False

    def finish(self, playback: str) -> None:
        """Be done with playing, or cut it off."""
        channel = self.playbacks.pop(playback)
        self.numbers.discard(playback)
        del channel.playbacks[playback]
        self.cancel(channel, f"play {playback}")
        self.tell(channel.id, "PlaybackFinished", playback={"id": playback})

    def _silence(self, channel: Channel) -> None:
        for playback in list(channel.playbacks):
            self.finish(playback)

    def call_customer(self, channel_id: str, ring_seconds: float) -> None:
        """Ring a customer, who reacts when the time has come, or never."""
        channel = Channel(channel_id, self._loop.time(), state="Ringing", to_customer=True)
        self.channels[channel_id] = channel
        self.set_timer(channel, "ring", ring_seconds, lambda channel: self.destroy(channel, 19))
        dice = self._dice
        if dice.random() < self._scenario.reached:
            self.set_timer(channel, "react", dice.uniform(0.05, 6), self._customer_answers)
        elif cause := dice.choice((17, 19, 21, 0)):
            react = dice.uniform(0.05, 3)
            self.set_timer(channel, "react", react, lambda channel: self.destroy(channel, cause))

    def _customer_answers(self, channel: Channel) -> None:
        """Be there; then press a key, hang up, or be an answering machine."""
        self.cancel(channel, "ring")
        channel.state, channel.in_stasis, channel.entered = "Up", True, self._loop.time()
        self._history.note("customer answers", channel.id)
        channel.arguments = "customer"
        self.tell(channel.id, "StasisStart", channel=shown(channel), args=[channel.arguments])
        dice = self._dice
        if digit := dice.choice(("1", "1", "1", "2", "")):
            after = dice.uniform(0.05, 8)
            self.set_timer(channel, "react", after, lambda channel: self.press(channel, digit))
        patience = dice.expovariate(1 / self._scenario.patience_seconds)
        self.set_timer(channel, "patience", patience, self._hang_up_caller)

    # Bridges. -----------------------------------------------------------------------------------

    def bridge(self, bridge: str, channels: list[Channel]) -> None:
        """Put channels together; once there are two, they talk for a while."""
        for channel in channels:
            self.delays(channel)
            self._unbridge(channel)
            self.bridges[bridge][channel.id] = None
            channel.bridge = bridge
        if len(self.bridges[bridge]) > 1:
            talk = self._dice.expovariate(1 / self._scenario.talk_seconds)
            self._history.note("talk", bridge)
            [leg] = [channel for channel in channels if channel.device]
            self.agents.talk(leg, talk)
            self._end_talk(channels, talk)

    def _end_talk(self, channels: list[Channel], seconds: float) -> None:
        """Have one of those who talk hang up after a while; the other one then hears nobody."""
        ends = self._dice.choice(channels)
        for channel in channels:
            name = "react" if channel.device else "patience"
            after = seconds if channel is ends else seconds + ALONE_SECONDS
            self.set_timer(channel, name, after, lambda channel: self.destroy(channel, 16))

    def hold(self, leg: Channel) -> None:
        """Have the caller of an agent who calls somebody else wait for a while, and the agent."""
        if leg.bridge is not None:
            channels = [self.channels[channel] for channel in self.bridges[leg.bridge]]
            self._end_talk(channels, self._dice.expovariate(1 / HELD_SECONDS))

    def destroy_bridge(self, bridge: str) -> None:
        """Take a bridge down; who was in it stays."""
        for channel in self.bridges.pop(bridge):
            self.channels[channel].bridge = None

    def _unbridge(self, channel: Channel) -> None:
        if channel.bridge is not None:
            self.bridges[channel.bridge].pop(channel.id, None)
            channel.bridge = None

    # Below. -------------------------------------------------------------------------------------

    def set_absolute_timeout(self, channel: Channel, seconds: float) -> None:
        """`TIMEOUT(absolute)`; 0 is for ever."""
        self.cancel(channel, "absolute")
        if seconds:
            self.set_timer(channel, "absolute", seconds, self._time_out)

    def set_timer(
        self, channel: Channel, name: str, seconds: float, act: Callable[[Channel], None]
    ) -> None:
        self.cancel(channel, name)
        channel.timers[name] = self._loop.call_later(seconds, act, channel)

    def cancel(self, channel: Channel, name: str) -> None:
        timer = channel.timers.pop(name, None)
        if timer is not None:
            timer.cancel()

    def tell(self, key: str, kind: str, **event: object) -> None:
        """Send an event, late, but after those of the same channel."""
        socket = self.socket
        if socket is None:
            self._history.note("event lost", kind, key)
            return
        now = max(self._loop.time(), self.frozen_until)
        at = now + self._dice.uniform(0, self._scenario.event_delay)
        at = max(at, self._last.get(key, 0.0) + INSTANT)
        data = orjson.dumps({"type": kind, **event}).decode()
        times = 1
        # Asterisk tells of an entry once; that the list of channels has it as well is its double.
        if kind != "StasisStart" and self._dice.random() < self.faults.event_doubled:
            self._history.note("event doubled", kind, key)
            times = 2
        for again in range(times):
            at += again * INSTANT
            self._loop.call_at(at, self._deliver, socket, kind, key, data)
        self._last[key] = at

    def _deliver(self, socket: Socket, kind: str, key: str, data: str) -> None:
        if socket.closed or socket.deaf:
            self._history.note("event lost", kind, key)
        else:
            self._history.note("event", kind, key)
            socket.put(data)

    def pulse(self, name: str) -> None:
        """Send the application an event of its own."""
        socket = self.socket
        if socket is not None and not socket.deaf and not self.is_frozen:
            socket.put(orjson.dumps({"type": "ChannelUserevent", "eventname": name}).decode())
