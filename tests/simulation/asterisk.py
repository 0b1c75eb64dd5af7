"""A model of Asterisk: channels, legs, bridges, phones; what ARI shows of them and what it tells.

It keeps the order of the events of one channel, as Asterisk does, and no other.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from types import SimpleNamespace
from typing import Any

import aiohttp

from tests.simulation.history import History
from tests.simulation.loop import VirtualTimeLoop
from tests.simulation.scenario import NO_FAULTS, Scenario

APP = "ivr"
DIALPLAN_TIMEOUT = 10.0
"""`TIMEOUT(absolute)` as the dialplan sets it before `Stasis()`."""

ALONE_SECONDS = 40.0
"""An agent who hears nobody hangs up after this at the latest."""


INSTANT = 1e-6
"""Between events that keep their order: timers of the same moment have none."""


class Socket:
    """An event socket, as `component.telephony.connection` reads it."""

    close_code = 1006

    def __init__(self) -> None:
        self.closed = False
        self.deaf = False
        self._waiting: asyncio.Queue[str | None] = asyncio.Queue()

    def put(self, data: str | None) -> None:
        """Bring something; None is the end."""
        self._waiting.put_nowait(data)

    def __aiter__(self) -> "Socket":
        return self

    async def __anext__(self) -> SimpleNamespace:
        data = await self._waiting.get()
        if data is None:
            raise StopAsyncIteration
        return SimpleNamespace(type=aiohttp.WSMsgType.TEXT, data=data)

    async def close(self) -> None:
        """Hang up from our end."""
        self.closed = True


@dataclass(eq=False, slots=True)
class Channel:
    """A caller's channel, or our leg to an agent's phone."""

    id: str
    created: float
    device: str = ""
    """Of a leg: the phone."""
    to_customer: bool = False
    """A customer is called back on it."""
    arguments: str = ""
    state: str = "Up"
    in_stasis: bool = False
    entered: float = 0.0
    """When it came into Stasis."""
    status: str = ""
    """QUEUESTATUS"""
    bridge: str | None = None
    music: bool = False
    timers: dict[str, asyncio.TimerHandle] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class Phone:
    """An agent's phone."""

    device: str
    registered: bool = True
    busy: bool = False
    """With a call that is none of ours."""
    legs: dict[str, Channel] = field(default_factory=dict)
    told: str = "NOT_INUSE"
    """The state that was told last."""

    @property
    def state(self) -> str:
        """Return the device state, by ARI's name."""
        if not self.registered:
            return "UNAVAILABLE"
        if self.busy or any(leg.state == "Up" for leg in self.legs.values()):
            return "INUSE"
        return "RINGING" if self.legs else "NOT_INUSE"


class Asterisk:
    """One Asterisk, all phones and all callers.

    `on_gone` is told of each caller whose channel left us: the channel, and how it ended.
    """

    def __init__(
        self,
        loop: VirtualTimeLoop,
        dice: Random,
        scenario: Scenario,
        history: History,
        devices: list[str],
        on_gone: Callable[[Channel, str], None],
    ) -> None:
        self._loop = loop
        self._dice = dice
        self._scenario = scenario
        self._history = history
        self._on_gone = on_gone
        self.faults = scenario.faults
        self.up = True
        self.starts = 0
        """How often it was restarted."""
        self.channels: dict[str, Channel] = {}
        self.bridges: dict[str, dict[str, None]] = {}
        self.playbacks: dict[str, Channel] = {}
        self.phones = {device: Phone(device) for device in devices}
        self.socket: Socket | None = None
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
            if not channel.device and channel.in_stasis:
                self._on_gone(channel, "cut off")
        self.bridges.clear()
        self.playbacks.clear()
        for phone in self.phones.values():
            phone.told = phone.state
        self._loop.call_later(seconds, self._start)

    def _start(self) -> None:
        self._history.note("asterisk is back")
        self.up = True

    def drop_socket(self) -> None:
        """Close the event socket; what was under way on it is lost."""
        if self.socket is not None:
            self.socket.closed = True
            self.socket.put(None)
            self.socket = None

    def later(self, act: Callable[[], None]) -> None:
        """Do something after a while, unless there is a restart before."""
        self._loop.call_later(self._dice.uniform(0, 5), self._unless_restarted, self.starts, act)

    def _unless_restarted(self, starts: int, act: Callable[[], None]) -> None:
        if self.up and starts == self.starts:
            act()

    # The callers. -------------------------------------------------------------------------------

    def enter(self, channel_id: str, arguments: str) -> bool:
        """Let a caller come to `Stasis()`; False if nobody serves the application."""
        if not self.up or self.socket is None:
            return False
        channel = Channel(channel_id, self._loop.time(), arguments=arguments, in_stasis=True)
        channel.entered = self._loop.time()
        self.channels[channel_id] = channel
        self._set_timer(channel, "absolute", DIALPLAN_TIMEOUT, self._time_out)
        self._tell(channel_id, "StasisStart", channel=shown(channel), args=arguments.split(","))
        patience = self._dice.expovariate(1 / self._scenario.patience_seconds)
        self._set_timer(channel, "patience", patience, self._hang_up_caller)
        return True

    def _hang_up_caller(self, channel: Channel) -> None:
        self._history.note("caller hangs up", channel.id)
        self.destroy(channel, 16)

    def _time_out(self, channel: Channel) -> None:
        """The dialplan has its own idea of how long this may take."""
        self._history.note("timeout in dialplan", channel.id)
        self.leave_stasis(channel, "fallback")

    def leave_stasis(self, channel: Channel, how: str) -> None:
        """Give a caller back to the dialplan, which soon ends the call."""
        self._silence(channel)
        channel.in_stasis = False
        self._cancel(channel, "absolute")
        self._unbridge(channel)
        self._tell(channel.id, "StasisEnd", channel=shown(channel))
        self._on_gone(channel, how)
        self._set_timer(channel, "patience", self._dice.uniform(0.1, 5), self._hang_up_caller)

    def destroy(self, channel: Channel, cause: int) -> None:
        """End a channel."""
        if self.channels.get(channel.id) is not channel:
            return
        was_ours = channel.in_stasis
        self._silence(channel)
        self._forget(channel)
        self._unbridge(channel)
        if was_ours:
            self._tell(channel.id, "StasisEnd", channel=shown(channel))
        if was_ours or channel.device or channel.to_customer:
            self._tell(channel.id, "ChannelDestroyed", channel=shown(channel), cause=cause)
        if channel.device:
            self.show_state(self.phones[channel.device])
        elif was_ours:
            self._on_gone(channel, "hung up")

    def _forget(self, channel: Channel) -> None:
        del self.channels[channel.id]
        for name in list(channel.timers):
            self._cancel(channel, name)
        if channel.device:
            del self.phones[channel.device].legs[channel.id]

    def press(self, channel: Channel, digit: str) -> None:
        """Let a caller press a key."""
        self._history.note("key", channel.id, digit)
        self._tell(channel.id, "ChannelDtmfReceived", channel=shown(channel), digit=digit)

    def play(self, channel: Channel, playback: str) -> None:
        """Play something for a while; who talks hears nothing of it."""
        if channel.bridge is not None and not self.faults.request_lost:  # else it may come late
            self._history.fail(f"{channel.id} is spoken to while talking")
        self.playbacks[playback] = channel
        seconds = self._dice.uniform(1, 8)
        self._set_timer(channel, f"play {playback}", seconds, lambda _: self.finish(playback))

    def finish(self, playback: str) -> None:
        """Be done with playing, or cut it off."""
        channel = self.playbacks.pop(playback)
        self._cancel(channel, f"play {playback}")
        self._tell(channel.id, "PlaybackFinished", playback={"id": playback})

    def _silence(self, channel: Channel) -> None:
        for playback in [p for p, at in self.playbacks.items() if at is channel]:
            self.finish(playback)

    def call_customer(self, channel_id: str, ring_seconds: float) -> None:
        """Ring a customer, who reacts when the time has come, or never."""
        channel = Channel(channel_id, self._loop.time(), state="Ringing", to_customer=True)
        self.channels[channel_id] = channel
        self._set_timer(channel, "ring", ring_seconds, lambda channel: self.destroy(channel, 19))
        dice = self._dice
        if dice.random() < self._scenario.reached:
            self._set_timer(channel, "react", dice.uniform(0.05, 6), self._customer_answers)
        elif cause := dice.choice((17, 19, 21, 0)):
            react = dice.uniform(0.05, 3)
            self._set_timer(channel, "react", react, lambda channel: self.destroy(channel, cause))

    def _customer_answers(self, channel: Channel) -> None:
        """Be there; then press a key, hang up, or be an answering machine."""
        self._cancel(channel, "ring")
        channel.state, channel.in_stasis, channel.entered = "Up", True, self._loop.time()
        self._history.note("customer answers", channel.id)
        self._tell(channel.id, "StasisStart", channel=shown(channel), args=["customer"])
        dice = self._dice
        if digit := dice.choice(("1", "1", "1", "2", "")):
            after = dice.uniform(0.05, 8)
            self._set_timer(channel, "react", after, lambda channel: self.press(channel, digit))
        patience = dice.expovariate(1 / self._scenario.patience_seconds)
        self._set_timer(channel, "patience", patience, self._hang_up_caller)

    # The agents' phones. ------------------------------------------------------------------------

    def ring(self, channel_id: str, device: str, ring_seconds: float) -> None:
        """Make a leg; the phone reacts when its time has come."""
        phone = self.phones[device]
        leg = Channel(channel_id, self._loop.time(), device=device, state="Ringing")
        self.channels[channel_id] = phone.legs[channel_id] = leg
        if len(phone.legs) > 1:
            self._history.note("two legs at a phone", *phone.legs)
        self.show_state(phone)
        self._set_timer(leg, "ring", ring_seconds, lambda leg: self.destroy(leg, 19))
        dice = self._dice
        if phone.busy or len(phone.legs) > 1:
            self._set_timer(leg, "react", 0.05, lambda leg: self.destroy(leg, 17))
        elif dice.random() < self._scenario.answers:
            self._set_timer(leg, "react", dice.uniform(0.05, 6), self._answer)
        else:
            cause = dice.choice((17, 19, 21, 21, 0))
            if cause:
                react = dice.uniform(0.05, 3)
                self._set_timer(leg, "react", react, lambda leg: self.destroy(leg, cause))

    def _answer(self, leg: Channel) -> None:
        self._cancel(leg, "ring")
        leg.state, leg.in_stasis = "Up", True
        self._history.note("agent answers", leg.id)
        self._tell(leg.id, "StasisStart", channel=shown(leg), args=["leg"])
        self.show_state(self.phones[leg.device])
        alone = ALONE_SECONDS
        if self._scenario.hang_ups and self._dice.random() < self._scenario.hang_ups:
            alone = self._dice.uniform(0, 2)
        self._set_timer(leg, "react", alone, lambda leg: self.destroy(leg, 16))

    def show_state(self, phone: Phone) -> None:
        """Tell the state of a phone, if it is another one than before."""
        if phone.state != phone.told:
            phone.told = phone.state
            named = {"name": phone.device, "state": phone.state}
            self._tell(phone.device, "DeviceStateChanged", device_state=named)

    # Bridges. -----------------------------------------------------------------------------------

    def bridge(self, bridge: str, channels: list[Channel]) -> None:
        """Put channels together; once there are two, they talk for a while."""
        for channel in channels:
            if channel in self.playbacks.values():
                self._history.note("announcement not cut off", channel.id)
                if self.faults == NO_FAULTS:
                    self._history.fail(f"an announcement delays {channel.id}")
            self._unbridge(channel)
            self.bridges[bridge][channel.id] = None
            channel.bridge = bridge
        if len(self.bridges[bridge]) > 1:
            talk = self._dice.expovariate(1 / self._scenario.talk_seconds)
            ends = self._dice.choice(channels)
            self._history.note("talk", bridge)
            [leg] = [channel for channel in channels if channel.device]
            if self._dice.random() < self._scenario.transfers:
                after = self._dice.uniform(0, talk)
                self._set_timer(leg, "transfer", after, self._ask_for_transfer)
            for channel in channels:
                name = "react" if channel.device else "patience"
                after = talk if channel is ends else talk + ALONE_SECONDS
                self._set_timer(channel, name, after, lambda channel: self.destroy(channel, 16))

    def _ask_for_transfer(self, leg: Channel) -> None:
        """An agent passes the call on: to any agent, to somebody else, or to nobody (5000)."""
        numbers = [device.removeprefix("PJSIP/") for device in self.phones]
        number = self._dice.choice((*numbers, "4000", "5000"))
        self._history.note("agent passes call on", leg.id, number)
        self._tell(
            leg.id,
            "ChannelTransfer",
            refer_to={"requested_destination": {"destination": number}},
            referred_by={"source_channel": shown(leg)},
        )

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
        self._cancel(channel, "absolute")
        if seconds:
            self._set_timer(channel, "absolute", seconds, self._time_out)

    def _set_timer(
        self, channel: Channel, name: str, seconds: float, act: Callable[[Channel], None]
    ) -> None:
        self._cancel(channel, name)
        channel.timers[name] = self._loop.call_later(seconds, act, channel)

    def _cancel(self, channel: Channel, name: str) -> None:
        timer = channel.timers.pop(name, None)
        if timer is not None:
            timer.cancel()

    def _tell(self, key: str, kind: str, **event: object) -> None:
        """Send an event, late, but after those of the same channel."""
        socket = self.socket
        if socket is None:
            self._history.note("event lost", kind, key)
            return
        now = self._loop.time()
        at = now + self._dice.uniform(0, self._scenario.event_delay)
        at = max(at, self._last.get(key, 0.0) + INSTANT)
        data = json.dumps({"type": kind, **event})
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
        if socket is not None and not socket.deaf:
            socket.put(json.dumps({"type": "ChannelUserevent", "eventname": name}))


def shown(channel: Channel) -> dict[str, Any]:
    """Return a channel as ARI describes it."""
    return {
        "id": channel.id,
        "state": channel.state,
        "caller": {"number": "5550100", "name": ""},
        "creationtime": "2026-01-01T09:00:00.000+0000",
        "dialplan": {
            "context": "from-phones",
            "app_name": "Stasis" if channel.in_stasis else "VoiceMail",
            "app_data": f"{APP},{channel.arguments}",
        },
    }
