"""What Asterisk has of ours, read after a connect, when nothing is replayed."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog

from component.domain.events import (
    CallerLeft,
    CallerReplaced,
    DeviceStateChanged,
    LegAnswered,
    LegEnded,
)
from component.domain.model import Leg
from component.domain.words import DeviceState
from component.ports import CalledChannel, Snapshot, WaitingChannel
from component.telephony.client import AriClient
from component.telephony.errors import AriError, MalformedEventError
from component.telephony.names import customer_of, is_of_talk, leg_of
from component.telephony.translate import (
    CUSTOMER_ARGUMENT,
    device_of,
    device_state,
    replacing_channel,
    text,
    waiting_channel,
)

log = structlog.get_logger(__name__)

ORIGINATED = frozenset({"", "AppDial2"})
"""What Asterisk says an originated channel executes before it comes to us."""


@dataclass(slots=True)
class _Heard:
    """What events have told while something is read."""

    states: dict[str, DeviceState] = field(default_factory=dict)
    left: set[str] = field(default_factory=set)
    replaced: dict[str, str] = field(default_factory=dict)
    """Channels, and those that are in their place."""
    quiet: set[Leg] = field(default_factory=set)
    """Legs that do not ring any more."""

    def now(self, channel: str) -> str:
        """Return which channel is where a listed one was."""
        while channel in self.replaced:
            channel = self.replaced[channel]
        return channel


class SnapshotReader:
    """Reads snapshots while events go on arriving."""

    def __init__(self, ari: AriClient, app: str) -> None:
        self._ari = ari
        self._app = app
        self._newer: list[_Heard] = []
        """What was heard since each of the readings under way began."""

    def note(
        self, event: DeviceStateChanged | CallerLeft | CallerReplaced | LegAnswered | LegEnded
    ) -> None:
        """Take note of an event: what is read may be older than it, though it is read later."""
        for heard in self._newer:
            match event:
                case CallerLeft(channel):
                    heard.left.add(channel)
                case CallerReplaced(channel, by):
                    heard.replaced[channel] = by
                case DeviceStateChanged(device, state):
                    heard.states[device] = state
                case LegAnswered(leg) | LegEnded(leg):
                    heard.quiet.add(leg)

    async def read(self, devices: Iterable[str], taken_at: datetime) -> Snapshot:
        """Read what there is, with the states of these devices. Raises `AriError`.

        Until `taken_at`, at least, all is begun that was decided.
        """
        with self._listening() as heard:
            (channels, bridges), states = await asyncio.gather(self._lists(), self._states(devices))
        states.update(heard.states)
        try:
            legs = list(_legs(channels))
            ringing = {leg: device for leg, device, answered in legs if not answered}
            callers = [replace(c, channel=heard.now(c.channel)) for c in self._callers(channels)]
            return Snapshot(
                taken_at=taken_at,
                callers=tuple(c for c in callers if c.channel not in heard.left),
                ringing_legs=frozenset(ringing),
                answered_legs=frozenset(leg for leg, _, answered in legs if answered),
                customers=tuple(self._customers(channels)),
                bridges={of: frozenset(map(heard.now, ids)) for of, ids in _bridges(bridges)},
                device_states=states,
                phones={leg: d for leg, d in ringing.items() if leg not in heard.quiet},
            )
        except MalformedEventError as error:
            raise AriError(200, f"what ARI listed cannot be understood: {error}") from error

    async def _lists(self) -> tuple[list[object], list[object]]:
        """List the channels, and the bridges as they are by then.

        Who has come in the place of another one, and is listed, is in that one's bridge.
        """
        channels = await self._ari.channels()
        return channels, await self._ari.bridges()

    def _callers(self, channels: Iterable[object]) -> Iterator[WaitingChannel]:
        for channel in channels:
            try:
                if text(channel, "dialplan", "app_name") != "Stasis" or _is_leg(channel):
                    continue
                app, *arguments = text(channel, "dialplan", "app_data").split(",")
                if app == self._app and not arguments:
                    yield replacing_channel(channel)
                elif app == self._app and not _is_called(channel, arguments):
                    yield waiting_channel(channel, arguments)
            except MalformedEventError as error:
                log.error("channel cannot be understood", error=str(error))

    def _customers(self, channels: Iterable[object]) -> Iterator[CalledChannel]:
        for channel in channels:
            id_ = text(channel, "id")
            call_id = customer_of(id_)
            if call_id is not None:
                answered = text(channel, "state") == "Up"
                elsewhere = answered and not self._is_to_be_asked(channel)
                yield CalledChannel(id_, call_id, answered, elsewhere)

    def _is_to_be_asked(self, channel: object) -> bool:
        """Tell whether a customer who was called has not been let go to the dialplan."""
        if text(channel, "dialplan", "app_name") == "Stasis":
            return text(channel, "dialplan", "app_data") == f"{self._app},{CUSTOMER_ARGUMENT}"
        return text(channel, "dialplan", "app_name") in ORIGINATED

    async def states(self, devices: Sequence[str]) -> dict[str, DeviceState]:
        """Read the states of devices. Raises `AriError`."""
        with self._listening() as heard:
            states = await self._states(devices)
        newer = heard.states
        return states | {device: newer[device] for device in newer.keys() & set(devices)}

    @contextmanager
    def _listening(self) -> Iterator[_Heard]:
        """Collect what is heard meanwhile."""
        heard = _Heard()
        self._newer.append(heard)
        try:
            yield heard
        finally:
            self._newer = [other for other in self._newer if other is not heard]

    async def _states(self, devices: Iterable[str]) -> dict[str, DeviceState]:
        names = list(devices)
        states = await asyncio.gather(*map(self._ari.device_state, names))
        found: dict[str, DeviceState] = {}
        for name, state in zip(names, states, strict=True):
            try:
                found[name] = device_state(state)
            except MalformedEventError as error:
                log.error("device state cannot be understood", device=name, error=str(error))
        return found


def _is_leg(channel: object) -> bool:
    return leg_of(text(channel, "id")) is not None


def _is_called(channel: object, arguments: list[str]) -> bool:
    """Tell a customer whom we called from one whom the dialplan has sent to a queue since."""
    return customer_of(text(channel, "id")) is not None and arguments == [CUSTOMER_ARGUMENT]


def _legs(channels: Iterable[object]) -> Iterator[tuple[Leg, str, bool]]:
    """Yield the legs, the device to which each leads, and whether it was answered.

    One that was sent elsewhere since is ours no more.
    """
    for channel in channels:
        leg, answered = leg_of(text(channel, "id")), text(channel, "state") == "Up"
        is_ours = text(channel, "dialplan", "app_name") in {"Stasis", *ORIGINATED}
        if leg is not None and (is_ours or not answered):
            yield leg, device_of(channel), answered


def _bridges(bridges: Iterable[object]) -> Iterator[tuple[str, frozenset[str]]]:
    for bridge in bridges:
        id_ = text(bridge, "id")
        channels = bridge.get("channels") if isinstance(bridge, Mapping) else None
        if is_of_talk(id_) and isinstance(channels, list):
            yield id_, frozenset(map(str, channels))
