"""ARI without Asterisk: remembers what it is asked, answers what it is told to."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from component.telephony.client import AriClient
from component.telephony.errors import AriError, AriUnreachableError
from component.telephony.event_socket import EventSocket
from component.telephony.http_client import AriHttpClient

Request = tuple[str, dict[str, object]]


class FakeAri(AriClient):
    """Everything succeeds, unless `refuse` or `lose` said otherwise."""

    def __init__(self) -> None:
        super().__init__(cast(AriHttpClient, None), "http://pbx.example.com")
        self.requests: list[Request] = []
        self.results: dict[str, Any] = {}
        self.absent: set[str] = set()
        """The channels that do not exist, when that is asked."""
        self.gates: dict[str, asyncio.Event] = {}
        self.sockets: Callable[[], object] = object
        """Makes event sockets."""
        self.heard: list[Mapping[str, object]] = []
        """Answers that came on the event socket."""
        self.awaits = 0
        """How many of them there are to be."""
        self.numbers = 0
        """How often what is played cannot be cut off, as a number is being said."""
        self._failures: dict[str, list[AriError]] = {}
        self._stopped: set[object] = set()

    @property
    def operations(self) -> list[str]:
        """What was asked, by aioari's names of the operations."""
        return [operation for operation, _ in self.requests]

    def arguments(self, operation: str) -> dict[str, object]:
        """Return the arguments with which an operation was called last."""
        return next(given for name, given in reversed(self.requests) if name == operation)

    def refuse(self, operation: str, status: int, times: int = 1) -> None:
        """Let the next calls of an operation be refused."""
        self._failures.setdefault(operation, []).extend([AriError(status, "refused")] * times)

    def lose(self, operation: str, times: int = 1) -> None:
        """Let the next calls of an operation get no answer."""
        self._failures.setdefault(operation, []).extend([AriUnreachableError("silence")] * times)

    def hold_back(self, operation: str) -> asyncio.Event:
        """Let an operation wait until the event that is returned is set."""
        return self.gates.setdefault(operation, asyncio.Event())

    async def close(self) -> None:
        """There is nothing to be closed."""

    async def load(self) -> None:
        await self._call("resources", "load")

    async def events(self, app: str) -> EventSocket:
        await self._call("events", "eventWebsocket", app=app)
        return cast(EventSocket, self.sockets())

    async def use_socket(self, socket: EventSocket) -> bool:
        await self._call("asterisk", "use socket")
        return True

    @property
    def is_waiting(self) -> bool:
        return len(self.heard) < self.awaits

    def hear(self, message: Mapping[str, object]) -> None:
        self.heard.append(message)

    def retire_socket(self) -> None:
        self.requests.append(("retire socket", {}))

    def leave_socket(self) -> None:
        self.requests.append(("leave socket", {}))

    async def allow_events(self, app: str, types: Iterable[str]) -> None:
        await self._call("applications", "filter", applicationName=app, types=tuple(types))

    async def _call(self, resource: str, operation: str, /, **arguments: object) -> object:
        self.requests.append((operation, arguments))
        if operation in self.gates:
            await self.gates[operation].wait()
        if failures := self._failures.get(operation):
            raise failures.pop(0)
        if operation == "get" and arguments.get("channelId") in self.absent:
            raise AriError(404, "Channel not found")
        if operation == "stop":
            self._stop(arguments["playbackId"])
        return self.results.get(operation)

    def _stop(self, playback: object) -> None:
        if playback in self._stopped:
            raise AriError(404, "Playback not found")
        if self.numbers:
            self.numbers -= 1
        else:
            self._stopped.add(playback)
