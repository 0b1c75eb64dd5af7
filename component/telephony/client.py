"""The ARI operations that this service uses, as typed methods over aioari's.

aioari reads the API description that Asterisk itself serves. Its operations are called below its
object models, whose listeners are never removed; events are routed by `connection`.
"""

import json
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import TypeVar
from urllib.parse import quote, urljoin

import aioari
import structlog
from aioswagger11.processors import SwaggerError

from component.telephony.errors import AriError, AriUnreachableError
from component.telephony.event_socket import EventSocket
from component.telephony.http_client import AriHttpClient
from component.telephony.operations import Operation, operations
from component.telephony.requests import AriRequests

log = structlog.get_logger(__name__)

T = TypeVar("T")

ANSWER = "RESTResponse"
"""The type of the answers on the event socket."""

PULSE = "ivr-pulse"
"""The name of an event that we send ourselves, to see that events reach us."""

DEVICES_AT_ONCE = 50
"""In one request, whose line may have 4,096 bytes in Asterisk."""

NO_SUCH_SOURCE = (400, 422)
"""The statuses of a refusal to subscribe to something."""

NOT_LOADED = "the description of ARI was not read yet"

ALREADY_THERE = 409
"""The status of a refusal to create what exists under the same id."""


Asked = Callable[[str, float, AriError | None], None]
"""Who is told of a request."""

ANSWERED_ELSEWHERE = "26"
"""The Q.850 cause; a phone that is cancelled with it does not list the call as missed."""


class AriClient:
    """One Asterisk's ARI. `load` is to succeed before any other method is called.

    Every method raises `AriError`; the numbers below are statuses that it may carry. `asked` is
    told of each request: the operation, how many seconds it took, the error that it ended in.
    `over_socket` allows requests on the event socket, once `use_socket` was called.
    """

    def __init__(
        self,
        http: AriHttpClient,
        url: str,
        asked: Asked = lambda *_: None,
        *,
        over_socket: bool = True,
    ) -> None:
        self._http = http
        self._requests = AriRequests(http)
        self._over_socket = over_socket
        self._asked = asked
        self._root = url.rstrip("/") + "/"
        self._open_socket: Callable[..., Awaitable[EventSocket]] | None = None
        self._operations: dict[tuple[str, str], Operation] = {}

    async def load(self) -> None:
        """Read the API description. Needs a good password, and ARI to be up (401, 404)."""
        client = aioari.Client(self._root, self._requests)
        try:
            await self._timed("load", client.init())
            resources = client.swagger.resources
            self._requests.learn(resources["events"].json["api_declaration"])
            self._operations = {
                (name, nickname): operation
                for name, resource in resources.items()
                for nickname, operation in operations(resource.json["api_declaration"])
            }
            self._open_socket = resources["events"].eventWebsocket
        except (SwaggerError, LookupError, TypeError, AttributeError) as error:
            raise AriError(200, f"what {self._root} serves does not describe ARI") from error

    async def close(self) -> None:
        """Close all connections."""
        await self._http.close()

    async def version(self) -> str:
        """Return Asterisk's version, as in `core show version`."""
        info = await self._call("asterisk", "getInfo", only="system")
        return str(_field(_field(info, "system"), "version"))

    async def modules(self) -> set[str]:
        """Return the names of Asterisk's modules that run, as in `module show`."""
        found = _listed(await self._call("asterisk", "listModules"))
        return {str(_field(m, "name")) for m in found if _field(m, "status") == "Running"}

    # The application. ---------------------------------------------------------------------------

    async def events(self, app: str) -> EventSocket:
        """Open the event socket; Asterisk takes that for the application's presence."""
        if self._open_socket is None:
            raise AriUnreachableError(NOT_LOADED)
        return await self._timed("events.eventWebsocket", self._open_socket(app=app))

    async def use_socket(self, socket: EventSocket) -> bool:
        """Make requests on the event socket, if Asterisk takes them there; tell whether it does.

        Its `ANSWER`s have to be let through by the filter, and are to be handed to `hear`.
        """
        if not (self._over_socket and self._requests.may_use_socket):
            return False
        return await self._requests.use(socket)

    def hear(self, message: Mapping[str, object]) -> None:
        """Take in an answer that came on the event socket."""
        self._requests.hear(message)

    @property
    def is_waiting(self) -> bool:
        """Whether there are answers to come on the event socket."""
        return self._requests.is_waiting

    def retire_socket(self) -> None:
        """Make no more requests on the event socket; answers to those that were made may come."""
        self._requests.retire()

    def leave_socket(self) -> None:
        """Give the event socket up: what was not answered there is in doubt."""
        self._requests.leave()

    async def allow_events(self, app: str, types: Iterable[str]) -> None:
        """Have only events of these types sent.

        Not by aioari's operation, which wraps the body once more: Asterisk accepts that and
        filters nothing. Nor on the event socket: answers may be filtered out there until now.
        """
        body = json.dumps({"allowed": [{"type": type_} for type_ in types]})
        request = self._http.request(
            "PUT",
            urljoin(self._root, f"ari/applications/{quote(app, safe='')}/eventFilter"),
            data=body,
            headers={"Content-Type": "application/json"},
        )
        await self._timed("applications.filter", request)

    async def subscribe_device_states(self, app: str, devices: Iterable[str]) -> None:
        """Have changes of these devices' states sent.

        One by one, never all by a source without a name: Asterisk 22.10 then deadlocks if such a
        change comes just when the event socket closes, and nobody can connect as this application
        any more (the socket's session unsubscribes, waiting for the delivery of the change, which
        waits for the session's lock).
        """
        for some in batched(devices, DEVICES_AT_ONCE):
            try:
                await self._watch_devices(app, some)
            except AriError as error:
                if error.status not in NO_SUCH_SOURCE:
                    raise
                await self._subscribe_one_by_one(app, some)

    async def _subscribe_one_by_one(self, app: str, devices: Iterable[str]) -> None:
        """Let a device that Asterisk does not understand not spoil the others."""
        for device in devices:
            try:
                await self._watch_devices(app, [device])
            except AriError as error:
                if error.status not in NO_SUCH_SOURCE:
                    raise
                log.error("device cannot be watched", device=device, error=str(error))

    async def _watch_devices(self, app: str, devices: Iterable[str]) -> None:
        sources = [f"deviceState:{device}" for device in devices]
        await self._call("applications", "subscribe", applicationName=app, eventSource=sources)

    async def send_pulse(self, app: str) -> None:
        """Have Asterisk send the application a user event named `PULSE` (404 no such app)."""
        await self._call("events", "userEvent", eventName=PULSE, application=app)

    async def application_exists(self, app: str) -> bool:
        """Tell whether Asterisk knows the application: a client serves it, or callers are in it."""
        try:
            await self._call("applications", "get", applicationName=app)
        except AriError as error:
            if error.status == 404:
                return False
            raise
        return True

    # What there is. -----------------------------------------------------------------------------

    async def channels(self) -> list[object]:
        """Return all channels, as ARI describes them."""
        return _listed(await self._call("channels", "list"))

    async def bridges(self) -> list[object]:
        """Return all bridges, as ARI describes them."""
        return _listed(await self._call("bridges", "list"))

    async def device_state(self, device: str) -> str:
        """Return the state of a device; that of one that does not exist is INVALID."""
        found = await self._call("deviceStates", "get", deviceName=device)
        return str(_field(found, "state"))

    async def is_offline(self, device: str) -> bool:
        """Tell whether a phone is known not to be there: not registered, or it does not answer.

        Of a device that is no endpoint (404), such as `Local/1000@phones`, it never is known.
        """
        technology, _, resource = device.partition("/")
        try:
            found = await self._call("endpoints", "get", tech=technology, resource=resource)
        except AriError as error:
            if error.status == 404:
                return False
            raise
        return _field(found, "state") == "offline"

    # Channels. ----------------------------------------------------------------------------------

    async def originate(
        self,
        *,
        channel: str,
        endpoint: str,
        app: str,
        app_args: str,
        originator: str | None,
        caller_id: str,
        ring_seconds: int,
        variables: Mapping[str, str],
    ) -> None:
        """Ring an endpoint; once answered, its channel enters the application.

        400: the originator is gone. 500: there is no such endpoint, or it is not registered.
        409: the id is taken. Or not: an endpoint that cannot be rung gets 409, too, on a connection
        on which an id was found taken before (seen with Asterisk 22.10).
        """
        await self._call(
            "channels",
            "originate",
            channelId=channel,
            endpoint=endpoint,
            app=app,
            appArgs=app_args,
            originator=originator,
            callerId=caller_id or None,
            timeout=ring_seconds,
            variables=dict(variables),
        )

    async def channel_exists(self, channel: str) -> bool:
        """Tell whether there is such a channel."""
        try:
            await self._call("channels", "get", channelId=channel)
        except AriError as error:
            if error.status == 404:
                return False
            raise
        return True

    async def talks_with(self, channel: str) -> str:
        """Return the name of the other channel of a talk; empty if there is none (404)."""
        found = await self._call("channels", "get", channelId=channel)
        if _field(found, "state") != "Up":
            return ""
        for bridge in await self.bridges():
            members = _listed(_field(bridge, "channels"))
            if channel in members and len(members) == 2:
                [other] = (str(member) for member in members if member != channel)
                return str(_field(await self._call("channels", "get", channelId=other), "name"))
        return ""

    async def watch_channel(self, app: str, channel: str) -> None:
        """Have the events of a channel sent that is not in the application (404, 422)."""
        source = [f"channel:{channel}"]
        await self._call("applications", "subscribe", applicationName=app, eventSource=source)

    async def hang_up(self, channel: str, *, answered_elsewhere: bool = False) -> None:
        """Hang up a channel in any state (404); a phone that rings may be told why."""
        cause = ANSWERED_ELSEWHERE if answered_elsewhere else None
        await self._call("channels", "hangup", channelId=channel, reason_code=cause)

    async def set_variable(self, channel: str, variable: str, value: str) -> None:
        """Set a channel variable or dialplan function (404, 409 not in the application).

        There is no answer, and on the event socket none to later requests, before the end of what
        is played to the channel.
        """
        await self._call(
            "channels", "setChannelVar", channelId=channel, variable=variable, value=value
        )

    async def variable(self, channel: str, name: str) -> str:
        """Return a channel variable or dialplan function (404, 409 not in the application)."""
        found = await self._call("channels", "getChannelVar", channelId=channel, variable=name)
        return str(_field(found, "value"))

    async def start_music(self, channel: str, musicclass: str = "") -> None:
        """Play music on hold, until it is stopped: not even leaving Stasis does (404, 409, 412).

        What is being played to the channel is played to its end before.
        """
        await self._call("channels", "startMoh", channelId=channel, mohClass=musicclass or None)

    async def stop_music(self, channel: str) -> None:
        """Stop music on hold; there need not be any (404, 409, 412)."""
        await self._call("channels", "stopMoh", channelId=channel)

    async def play(self, channel: str, media: Iterable[str], playback: str) -> None:
        """Play one thing after another, `playback` by name; music ends then (404, 409, 412)."""
        await self._call(
            "channels",
            "playWithId",
            channelId=channel,
            playbackId=playback,
            media=",".join(media),
        )

    async def stop_playback(self, playback: str) -> None:
        """Cut off what is played, or is to be played (404 it is over).

        That does not end a number, nor what comes after it (500 if the number comes first).
        """
        await self._call("playbacks", "stop", playbackId=playback)

    async def continue_in_dialplan(
        self, channel: str, context: str | None = None, number: str | None = None
    ) -> None:
        """Let a channel leave the application (404, 409, 412).

        It goes on where it came from, or at the beginning of a number in a context.
        """
        await self._call(
            "channels",
            "continueInDialplan",
            channelId=channel,
            context=context,
            extension=number,
            priority=None if number is None else 1,
        )

    async def answer_transfer(self, channel: str, *, accepted: bool) -> None:
        """Tell the phone that asked for a transfer what became of it (404, 409).

        Whoever has asked for none is told nothing. Asterisk before 22.3 does not know this (404).
        """
        state = "channel_answered" if accepted else "channel_unavailable"
        await self._call("channels", "transfer_progress", channelId=channel, states=state)

    # Bridges. -----------------------------------------------------------------------------------

    async def create_bridge(self, bridge: str) -> None:
        """Create a mixing bridge (409 there is one; Asterisk before 22 does not mind).

        Without `dtmf_events` Asterisk would let the media bypass it, with the keys in it.
        """
        await self._call("bridges", "createWithId", bridgeId=bridge, type="mixing,dtmf_events")

    async def add_to_bridge(self, bridge: str, channels: Iterable[str]) -> None:
        """Put channels into a bridge; none, if one of them is gone (400, 404, 409, 422)."""
        await self._call("bridges", "addChannel", bridgeId=bridge, channel=list(channels))

    async def destroy_bridge(self, bridge: str) -> None:
        """Take a bridge down; channels in it stay in the application (404)."""
        await self._call("bridges", "destroy", bridgeId=bridge)

    # Below. -------------------------------------------------------------------------------------

    async def _call(self, resource: str, operation: str, /, **arguments: object) -> object:
        if not self._operations:
            raise AriUnreachableError(NOT_LOADED)
        given = {name: value for name, value in arguments.items() if value is not None}
        known = self._operations.get((resource, operation))
        if known is None:
            raise AriError(404, f"this Asterisk does not know {resource}.{operation}")
        request = known.request(given)
        response = await self._timed(f"{resource}.{operation}", self._requests.request(*request))
        return response.body

    async def _timed(self, operation: str, request: Awaitable[T]) -> T:
        started, failure = time.monotonic(), None
        try:
            return await request
        except AriError as error:
            failure = error
            raise
        finally:
            self._asked(operation, time.monotonic() - started, failure)


def _listed(body: object) -> list[object]:
    if not isinstance(body, list):
        raise AriError(200, "ARI answered with something else than a list")
    return body


def _field(body: object, name: str) -> object:
    if not isinstance(body, dict) or name not in body:
        raise AriError(200, f"ARI answered without {name}")
    return body[name]


def batched(items: Iterable[str], size: int) -> Iterator[list[str]]:
    """Yield the items in lists of `size`, the last one shorter."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
