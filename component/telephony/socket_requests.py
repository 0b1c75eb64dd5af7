"""Requests that Asterisk takes, and answers, on the event socket.

Asterisk's "ARI REST over WebSocket" (22.5 and later): a request is a message of the type
`RESTRequest`, the answer one of the type `RESTResponse` with the same `request_id`. Asterisk works
on one request of a socket after another, in the order in which they were sent.
"""

import asyncio
from collections.abc import Mapping
from itertools import count

import orjson
import structlog

from component.telephony.answers import AriResponse, answer
from component.telephony.errors import AriError, AriUnreachableError
from component.telephony.event_socket import EventSocket
from component.telephony.http_client import as_query

log = structlog.get_logger(__name__)

UNDER_WAY = 40
"""Requests at one time: in Asterisk one waits for the other, and their timeouts go on meanwhile."""


class SocketRequests:
    """Makes requests on one event socket. `timeout` is in seconds and for one request.

    Whoever reads the socket hands every `RESTResponse` to `hear`, and says by `close` that none is
    to come any more.
    """

    def __init__(self, socket: EventSocket, timeout: float) -> None:
        self._socket = socket
        self._timeout = timeout
        self._turn = asyncio.Semaphore(UNDER_WAY)
        self._ids = count(1)
        self._waiting: dict[str, asyncio.Future[Mapping[str, object]]] = {}
        self._is_open = False

    async def open(self) -> bool:
        """Try whether requests are answered here; before that none is made."""
        try:
            await self._ask("GET", "asterisk/ping")
        except AriError as error:
            log.warning("no requests over the event socket", error=str(error))
        else:
            self._is_open = True
        return self._is_open

    async def request(
        self,
        method: str,
        path: str,
        params: Mapping[str, object] | None = None,
        data: str | None = None,
    ) -> AriResponse | None:
        """Make one request; waiting for its turn does not count for the timeout.

        `path` is relative to ARI's root, `data` is JSON. Returns None if nothing was sent, as the
        socket is not to be used. Raises `AriError` for any status but 2xx, `AriUnreachableError`
        if there is no answer.
        """
        async with self._turn:
            if not self._is_open or self._socket.closed:
                return None
            return await self._ask(method, path, params, data)

    def hear(self, message: Mapping[str, object]) -> None:
        """Take in a `RESTResponse`."""
        waiting = self._waiting.get(str(message.get("request_id")))
        if waiting is None or waiting.done():
            status = message.get("status_code")
            log.warning("answer that nobody waits for", uri=message.get("uri"), status=status)
        else:
            waiting.set_result(message)

    @property
    def is_waiting(self) -> bool:
        """Whether there are answers to come."""
        return not all(waiting.done() for waiting in self._waiting.values())

    def retire(self) -> None:
        """Make no request any more."""
        self._is_open = False

    def close(self) -> None:
        """Leave what was not answered in doubt, and make no request any more."""
        self.retire()
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(AriUnreachableError("the event socket was lost"))

    async def _ask(
        self,
        method: str,
        path: str,
        params: Mapping[str, object] | None = None,
        data: str | None = None,
    ) -> AriResponse:
        loop, request_id = asyncio.get_running_loop(), str(next(self._ids))
        waiting = self._waiting[request_id] = loop.create_future()
        deadline = loop.call_later(self._timeout, self._give_up, waiting, path)
        try:
            self._socket.send(_message(request_id, method, path, params, data))
            return _understood(await waiting)
        finally:
            deadline.cancel()
            del self._waiting[request_id]

    def _give_up(self, waiting: asyncio.Future[Mapping[str, object]], path: str) -> None:
        """Take a request for unanswered.

        It holds all others up, which had better go another way.
        """
        if waiting.done():
            return
        if self._is_open:
            log.warning("event socket does not answer, requests go over HTTP", uri=path)
        self._is_open = False
        waiting.set_exception(AriUnreachableError(f"no answer within {self._timeout:g} s"))


def _message(
    request_id: str,
    method: str,
    path: str,
    params: Mapping[str, object] | None,
    data: str | None,
) -> bytes:
    message: dict[str, object] = {
        "type": "RESTRequest",
        "request_id": request_id,
        "method": method,
        "uri": path,
    }
    if params:
        query = as_query(params)
        message["query_strings"] = [{"name": name, "value": query[name]} for name in query]
    if data is not None:
        message |= {"content_type": "application/json", "message_body": data}
    return orjson.dumps(message)


def _understood(message: Mapping[str, object]) -> AriResponse:
    status, reason = message.get("status_code"), message.get("reason_phrase")
    content = message.get("message_body", "")
    if not isinstance(status, int) or not isinstance(content, str):
        raise AriError(200, "ARI answered without a status, or with a body that is no text")
    return answer(status, str(reason or ""), content)
