"""ARI of the modelled Asterisk: what the real adapter talks to, in place of HTTP."""

import asyncio
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from random import Random
from typing import Any, cast

from component.telephony.callers_side import ABSOLUTE_TIMEOUT, HELD
from component.telephony.client import AriClient
from component.telephony.dialler import FETCH, PEER
from component.telephony.errors import AriError, AriUnreachableError
from component.telephony.event_socket import EventSocket
from component.telephony.http_client import AriHttpClient
from tests.simulation.asterisk import Asterisk
from tests.simulation.channels import Channel, Socket, shown
from tests.simulation.history import History
from tests.simulation.scenario import EXIT_KEY, EXITS, GOES_ON, NUMBER, QUEUE_NUMBER

LATENCY = 0.02
"""Seconds that a request takes at most, unless it is lost."""

REQUEST_TIMEOUT = 2.0

NUMBERS = (
    f"DIALPLAN_EXISTS({EXITS},{EXIT_KEY},1)",
    f"DIALPLAN_EXISTS(from-phones,{NUMBER},1)",
    f"DIALPLAN_EXISTS(from-phones,{QUEUE_NUMBER},1)",
)
"""All that the dialplan has."""

SEEN_AT_ONCE = ("deviceStates", "endpoints")
"""What is asked of a thousand phones, one after another."""

NEVER_LATE = ("load", "createWithId", "playWithId")
"""A bridge made after nobody wants it any more is found by the next reconnect, and not before; an
announcement, if the caller has been connected meanwhile, is heard by both and soon over."""


class SimulatedAri(AriClient):
    """One client's connection to Asterisk. Requests take a while, and may be lost.

    An operation of ARI's is the method of its name with an underscore in front.
    """

    def __init__(
        self,
        asterisk: Asterisk,
        dice: Random,
        history: History,
        on_fault: Callable[[str], None],
        on_dying: Callable[[], None],
        on_connecting: Callable[[], None],
    ) -> None:
        super().__init__(cast(AriHttpClient, None), "http://pbx.example.com")
        self._asterisk = asterisk
        self._dice = dice
        self._history = history
        self._on_fault = on_fault
        self._on_dying = on_dying
        self._on_connecting = on_connecting

    async def load(self) -> None:
        await self._call("resources", "load")

    async def events(self, app: str) -> EventSocket:
        await self._call("events", "load")
        self._asterisk.drop_socket()
        self._asterisk.socket = Socket()
        self._history.note("socket open")
        self._on_connecting()
        return cast(EventSocket, self._asterisk.socket)

    async def allow_events(self, app: str, types: Iterable[str]) -> None:
        await self._call("applications", "load")

    async def _call(self, resource: str, operation: str, /, **arguments: Any) -> object:
        if resource not in SEEN_AT_ONCE:
            await asyncio.sleep(self._dice.uniform(0, LATENCY))
        if operation == "destroy":
            self._asterisk.unwanted.add(arguments["bridgeId"])
        await self._break_off(operation, arguments)
        if self._asterisk.is_frozen:
            self._perform_later(operation, arguments)
            await self._silence(f"{operation} while frozen")
        fate = self._dice.random() / (self._asterisk.faults.request_lost or 1e-9)
        if not self._asterisk.up or fate < 0.5:
            if fate < 0.25:
                self._perform_later(operation, arguments)
            await self._silence(f"{operation} lost")
        result = getattr(self, f"_{operation}")(**arguments)
        if 0.5 <= fate < 1:
            await self._silence(f"answer to {operation} lost")
        return result

    async def _break_off(self, operation: str, arguments: dict[str, Any]) -> None:
        """Perhaps let something happen in mid-request, before or after it is carried out."""
        faults, dice = self._asterisk.faults, self._dice
        fate = dice.random()
        dies, closes = fate < faults.crash_at_request, fate > 1 - faults.socket_closes
        if not (dies or closes) or not self._asterisk.up or self._asterisk.is_frozen:
            return
        self._on_fault("crash in mid-request" if dies else "socket closes in mid-request")
        if dice.random() < 0.5:
            self._history.note("request done, not answered", operation)
            with suppress(AriError):
                getattr(self, f"_{operation}")(**arguments)
        self._asterisk.drop_socket()
        if dies:
            self._on_dying()
            await asyncio.get_running_loop().create_future()
        raise AriUnreachableError("the socket was closed")

    def _perform_later(self, operation: str, arguments: dict[str, Any]) -> None:
        if self._asterisk.up and operation not in NEVER_LATE:
            self._asterisk.later(lambda: self._perform_late(operation, arguments))

    def _perform_late(self, operation: str, arguments: dict[str, Any]) -> None:
        """Do what nobody waits for any more, as a server does that was overloaded."""
        self._history.note("request late", operation)
        with suppress(AriError), self._asterisk.overloaded():
            getattr(self, f"_{operation}")(**arguments)

    async def _silence(self, what: str) -> None:
        if self._asterisk.up:
            self._history.note("request lost", what)
            await asyncio.sleep(REQUEST_TIMEOUT)
        raise AriUnreachableError("no answer")

    # Operations. --------------------------------------------------------------------------------

    def _load(self) -> None:
        pass

    def _getInfo(self, only: str) -> object:  # noqa: N802 - ARI's name
        return {"system": {"version": "22.10.0"}}

    def _subscribe(self, applicationName: str, eventSource: list[str]) -> None:  # noqa: N803
        pass

    def _userEvent(self, eventName: str, application: str) -> None:  # noqa: N802, N803
        self._asterisk.pulse(eventName)

    def _list(self) -> object:
        raise NotImplementedError("channels and bridges are told apart in channels(), bridges()")

    async def channels(self) -> list[object]:
        await self._call("channels", "load")
        return [shown(channel) for channel in self._asterisk.channels.values()]

    async def bridges(self) -> list[object]:
        await self._call("bridges", "load")
        return [
            {"id": bridge, "channels": list(channels)}
            for bridge, channels in self._asterisk.bridges.items()
        ]

    async def device_state(self, device: str) -> str:
        if not self._asterisk.up or self._asterisk.is_frozen:
            raise AriUnreachableError("no answer")
        if device in self._asterisk.phones:
            return self._asterisk.phones[device].state
        return self._asterisk.undisturbed[device].do_not_disturb

    def _originate(
        self,
        channelId: str,  # noqa: N803
        endpoint: str,
        originator: str | None,
        timeout: int,
        variables: dict[str, str],
        **_: object,
    ) -> None:
        if channelId in self._asterisk.channels:
            raise AriError(409, "Channel with given unique ID already exists")
        if originator is None:
            self._history.note("call customer", channelId, endpoint)
            self._asterisk.call_customer(channelId, timeout)
            return
        if originator not in self._asterisk.channels:
            raise AriError(400, "Provided originator channel was not found")
        if endpoint == FETCH:
            self._history.note("fetch", channelId, variables[PEER])
            self._asterisk.agents.fetch(channelId, variables[PEER])
            return
        if not endpoint:  # that of an agent of whom nothing but the call is known
            raise AriError(400, "Endpoint must be specified")
        if not self._asterisk.phones[endpoint].can_be_rung:
            raise AriError(500, "Allocation failed")
        self._history.note("ring", channelId, endpoint)
        self._asterisk.agents.ring(channelId, endpoint, timeout)

    def _get(self, channelId: str = "", tech: str = "", resource: str = "") -> object:  # noqa: N803
        if not resource:
            self._channel(channelId)
            return None
        phone = self._asterisk.phones[f"{tech}/{resource}"]
        if not phone.known:
            raise AriError(404, "Endpoint not found")
        return {"state": "online" if phone.is_there else "offline"}

    def _hangup(self, channelId: str, **_: object) -> None:  # noqa: N803
        if self._asterisk.agents.stop_asking(channelId):
            return
        channel = self._channel(channelId)
        if channel.device:
            self._asterisk.agents.take_down(channel)
        elif channel.in_stasis and channel.comes_again and GOES_ON in channel.arguments:
            self._history.fail(f"{channelId} is hung up, who wished to go on")
        else:
            self._asterisk.destroy(channel, 16)

    def _setChannelVar(self, channelId: str, variable: str, value: str) -> None:  # noqa: N802, N803
        channel = self._channel(channelId, inside=True)
        self._asterisk.delays(channel)
        if variable == "QUEUESTATUS":
            channel.status = value
        elif variable == HELD:
            self._asterisk.set_absolute_timeout(channel, float(value.partition(",")[0]))
        elif variable == ABSOLUTE_TIMEOUT:
            self._asterisk.set_absolute_timeout(channel, float(value))

    def _playWithId(  # noqa: N802
        self,
        channelId: str,  # noqa: N803
        playbackId: str,  # noqa: N803
        media: str,
    ) -> None:
        channel = self._channel(channelId, inside=True)
        self._history.note("say", channelId, media)
        self._asterisk.play(channel, playbackId, media)

    def _stop(self, playbackId: str) -> None:  # noqa: N803
        if playbackId not in self._asterisk.playbacks:
            raise AriError(404, "Playback not found")
        self._asterisk.cut_off(playbackId)

    def _startMoh(self, channelId: str, **_: object) -> None:  # noqa: N802, N803
        self._channel(channelId, inside=True).music = True

    def _stopMoh(self, channelId: str) -> None:  # noqa: N802, N803
        self._channel(channelId, inside=True).music = False

    def _getChannelVar(self, channelId: str, variable: str) -> object:  # noqa: N802, N803
        self._channel(channelId)
        asked = re.findall(r"DIALPLAN_EXISTS\(.*?\)", variable)
        return {"value": "".join(str(int(number in NUMBERS)) for number in asked)}

    def _continueInDialplan(  # noqa: N802
        self,
        channelId: str,  # noqa: N803
        context: str | None,
        extension: str | None,
        **_: object,
    ) -> None:
        channel = self._channel(channelId, inside=True)
        if context is not None:
            self._history.note("caller goes on", channelId, extension)
            self._asterisk.leave_stasis(channel, "passed on")
            if extension == QUEUE_NUMBER:
                self._asterisk.send_again(channel)
            return
        self._history.note("caller goes back", channelId, channel.status)
        self._asterisk.leave_stasis(channel, f"returned {channel.status}")

    def _transfer_progress(self, channelId: str, states: str) -> None:  # noqa: N803
        self._asterisk.agents.answer(self._channel(channelId), states)

    def _createWithId(self, bridgeId: str, type: str) -> None:  # noqa: A002, N802, N803
        if bridgeId in self._asterisk.bridges:
            raise AriError(409, "Bridge with given unique ID already exists")
        self._asterisk.bridges[bridgeId] = {}

    def _addChannel(self, bridgeId: str, channel: list[str]) -> None:  # noqa: N802, N803
        if bridgeId not in self._asterisk.bridges:
            raise AriError(404, "Bridge not found")
        found = [self._asterisk.channels.get(id_) for id_ in channel]
        if not all(one is not None and one.in_stasis for one in found):
            raise AriError(400, "Channel not found")
        if self._dice.random() < self._asterisk.faults.talk_refused:
            self._on_fault("talk refused")
            raise AriError(422, "Channel not eligible")
        if bridgeId in self._asterisk.unwanted:
            self._history.fail(f"a talk begins in {bridgeId}, which is to be taken down")
        self._asterisk.bridge(bridgeId, [one for one in found if one is not None])

    def _destroy(self, bridgeId: str) -> None:  # noqa: N803
        if bridgeId not in self._asterisk.bridges:
            raise AriError(404, "Bridge not found")
        self._asterisk.destroy_bridge(bridgeId)

    def _channel(self, channel_id: str, *, inside: bool = False) -> Channel:
        channel = self._asterisk.channels.get(channel_id)
        if channel is None:
            raise AriError(404, "Channel not found")
        if inside and not channel.in_stasis:
            raise AriError(409, "Channel not in Stasis application")
        return channel
