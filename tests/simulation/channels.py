"""What there is in the modelled Asterisk: channels, phones, the event socket."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from typing import Any

from component.telephony.errors import AriUnreachableError
from tests.simulation.loop import BEGINNING

APP = "ivr"


def desk_phone(extension: str) -> str:
    """Return the phone that an agent has to begin with."""
    return f"PJSIP/{extension}"


def mobile(extension: str) -> str:
    """Return the other phone of an agent."""
    return f"PJSIP/{extension}m"


def extension_at(device: str) -> str:
    """Return the extension whose phone this is, or was."""
    return device.removeprefix("PJSIP/").removesuffix("m")


class Socket:
    """An event socket, as `component.telephony.connection` reads it."""

    def __init__(self) -> None:
        self.closed = False
        self.deaf = False
        self._waiting: asyncio.Queue[str | None] = asyncio.Queue()

    def put(self, data: str | None) -> None:
        """Bring something; None is the end."""
        self._waiting.put_nowait(data)

    async def receive(self) -> bytes:
        """Wait for the next text."""
        data = await self._waiting.get()
        if data is None:
            raise AriUnreachableError("the event socket was closed (code 1006)")
        return data.encode()

    async def close(self, _patience: float) -> None:
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
    number: str = "5550100"
    """From where the call comes."""
    comes_again: bool = True
    """Whether the dialplan may send the caller to a queue again; none who asks to be called back
    does."""
    music: bool = False
    asks: bool = False
    """Of a leg: the phone has asked for a transfer, and is to be told what becomes of it."""
    playbacks: dict[str, None] = field(default_factory=dict)
    """What is played to it."""
    timers: dict[str, asyncio.TimerHandle] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class Phone:
    """An agent's phone."""

    device: str
    lines: int = 1
    """How many calls it takes at once."""
    registered: bool = True
    busy: bool = False
    """With a call that is none of ours."""
    aside: str = ""
    """The state of the call by which a colleague asks whether to pass a caller on."""
    legs: dict[str, Channel] = field(default_factory=dict)
    told: str = "NOT_INUSE"
    """The state that was told last."""
    wants_calls: bool = True
    """Whether the agent does; the dialplan has a device that says so."""
    plugged: bool = True
    """Whether it is there at all: else it cannot be registered."""
    known: bool = True
    """Whether Asterisk's configuration has it."""
    holds: bool = False
    """Whether all calls at it are held."""
    in_use: str = "INUSE"
    """What its state is called while it is used."""

    @property
    def state(self) -> str:
        """Return the device state, by ARI's name."""
        if not self.known:
            return "INVALID"
        legs = [self.aside, *(leg.state for leg in self.legs.values())]
        if self.busy or "Up" in legs:
            return self._in_use(legs)
        if "Ringing" in legs:
            return "RINGING"  # also if the phone is gone: Asterisk has it from the channel
        return "NOT_INUSE" if self.is_there else "UNAVAILABLE"

    def _in_use(self, legs: list[str]) -> str:
        if "Ringing" in legs:
            return "RINGINUSE"
        return "ONHOLD" if self.holds else self.in_use

    @property
    def is_there(self) -> bool:
        """Whether it answers when Asterisk looks for it."""
        return self.registered and self.plugged

    @property
    def ringing(self) -> list[Channel]:
        """Return our legs for which it is to ring."""
        return [leg for leg in self.legs.values() if leg.state == "Ringing"]

    @property
    def can_be_rung(self) -> bool:
        """Whether Asterisk can make a channel to it."""
        return self.is_there and self.known

    @property
    def do_not_disturb(self) -> str:
        """Return the state of the device that is in use while no calls are wanted."""
        return "NOT_INUSE" if self.wants_calls else "INUSE"


@lru_cache(10_000)
def _time_of_day(seconds: float) -> str:
    """Return a time as ARI writes it."""
    return (
        f"{(BEGINNING + timedelta(seconds=seconds)).isoformat(timespec='milliseconds')[:-6]}+0000"
    )


def shown(channel: Channel) -> dict[str, Any]:
    """Return a channel as ARI describes it."""
    return {
        "id": channel.id,
        "name": f"{channel.device}-00000001",
        "state": channel.state,
        "caller": {"number": channel.number, "name": ""},
        "creationtime": _time_of_day(channel.created),
        "dialplan": {
            "context": "from-phones",
            "app_name": "Stasis" if channel.in_stasis else "VoiceMail",
            "app_data": f"{APP},{channel.arguments}" if channel.arguments else APP,
        },
    }
