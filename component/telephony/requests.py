"""What aioari's operations ride on: the event socket as far as that will do, or else HTTP.

Asterisk's API description says whether it takes requests on the event socket. By HTTP go those that
are made while there is no socket, those whose answers may be long, and, once one on the socket got
no answer in time, all: there each waits for the one before.
"""

from collections.abc import Mapping
from typing import Any

from component.telephony.answers import AriResponse
from component.telephony.event_socket import EventSocket
from component.telephony.http_client import AriHttpClient
from component.telephony.socket_requests import SocketRequests

LONG = frozenset({("GET", "channels"), ("GET", "bridges")})
"""What is answered by a list: a message of megabytes would hold up the events."""


class AriRequests:
    """Requests to one Asterisk, by HTTP until `use` was called."""

    def __init__(self, http: AriHttpClient) -> None:
        self._http = http
        self._base = ""
        self._socket: SocketRequests | None = None
        self.may_use_socket = False
        """Whether Asterisk takes requests on the event socket, as far as it says so."""

    def learn(self, declaration: Mapping[str, Any]) -> None:
        """Take in the API declaration of ARI's events. Raises `LookupError` or `TypeError`."""
        self._base = f"{declaration['basePath']}/"
        self.may_use_socket = "RESTRequest" in declaration["models"]

    async def use(self, socket: EventSocket) -> bool:
        """Make requests on this socket from now on, if they are answered there; tell whether.

        Their answers are to be handed to `hear`.
        """
        self._socket = SocketRequests(socket, self._http.timeout)
        return await self._socket.open()

    def hear(self, message: Mapping[str, object]) -> None:
        """Take in an answer that came on the event socket."""
        if self._socket is not None:
            self._socket.hear(message)

    @property
    def is_waiting(self) -> bool:
        """Whether there are answers to come on the socket."""
        return self._socket is not None and self._socket.is_waiting

    def retire(self) -> None:
        """Make no more requests on the socket; answers to those that were made may come."""
        if self._socket is not None:
            self._socket.retire()

    def leave(self) -> None:
        """Use the socket no more: what was not answered there is in doubt."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    async def request(
        self,
        method: str,
        url: str,
        params: Mapping[str, object] | None = None,
        data: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> AriResponse:
        """Make one request; waiting for its turn does not count for the timeout.

        Raises `AriError` for any status but 2xx, `AriUnreachableError` if there is no answer.
        """
        path = url.removeprefix(self._base)
        if self._socket is not None and (method, path) not in LONG:
            response = await self._socket.request(method, path, params, data)
            if response is not None:
                return response
        return await self._http.request(method, url, params, data, headers)

    async def ws_connect(self, url: str, params: Mapping[str, object] | None = None) -> EventSocket:
        """Open a WebSocket, as `AriHttpClient` does."""
        return await self._http.ws_connect(url, params)
