"""The HTTP client below aioari's operations, in place of aioswagger11's own.

It differs where that one does harm: credentials travel in a header and never in a URL, a request
takes seconds at most, booleans are allowed, every failure is an `AriError`, and the origin in the
API description (always http, even over TLS) is replaced by the configured one.
"""

import asyncio
import ssl
from base64 import b64encode
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit, urlunsplit

import aiohttp

from component.telephony.answers import AriResponse, answer
from component.telephony.errors import AriUnreachableError
from component.telephony.event_socket import EventSocket, connect

CONNECTIONS = 40
"""Requests at one time. Asterisk allows 100 connections by default (`sessionlimit`, http.conf)."""

KEEP_ALIVE_SECONDS = 10.0
"""Less than Asterisk's 15 (`session_keep_alive`), or requests meet a connection being closed."""


class AriHttpClient:
    """Requests to one Asterisk. To be made inside a running event loop, and closed.

    `url` is the root of Asterisk's HTTP server, `timeout` is in seconds and for one request. `tls`
    says how to check its certificate; without it, by the authorities that the system knows.
    """

    def __init__(
        self,
        url: str,
        username: str,
        password: str,
        *,
        timeout: float,
        connections: int = CONNECTIONS,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        root = urlsplit(url)
        if root.username is not None or root.password is not None:
            raise ValueError("asterisk.url must not hold a user name or password")
        self._origin = url
        self.timeout = timeout
        self._turn = asyncio.Semaphore(connections)
        self._tls = tls
        token = b64encode(f"{username}:{password}".encode()).decode("ascii")
        self._headers = {"Authorization": f"Basic {token}"}
        self._session = aiohttp.ClientSession(
            headers=self._headers,
            timeout=aiohttp.ClientTimeout(total=timeout),
            connector=aiohttp.TCPConnector(
                limit=connections,
                keepalive_timeout=KEEP_ALIVE_SECONDS,
                ssl=tls or True,
            ),
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()

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
        async with self._turn:
            try:
                async with self._session.request(
                    method,
                    rebase(url, self._origin),
                    params=as_query(params),
                    data=data,
                    headers=headers,
                    allow_redirects=False,
                ) as reply:
                    status, reason = reply.status, reply.reason
                    content = await reply.text(errors="replace")
            except TimeoutError:
                raise AriUnreachableError(f"no answer within {self.timeout:g} s") from None
            except (aiohttp.ClientError, OSError) as error:
                raise AriUnreachableError(str(error) or type(error).__name__) from None
        return answer(status, reason, content)

    async def ws_connect(self, url: str, params: Mapping[str, object] | None = None) -> EventSocket:
        """Open a WebSocket. Raises as `component.telephony.event_socket.connect`."""
        address = rebase(url, self._origin).replace("http", "ws", 1)
        query = urlencode(as_query(params))
        return await connect(f"{address}?{query}", self._headers, self._tls, self.timeout)


def rebase(url: str, origin: str) -> str:
    """Return a URL of the API description with the scheme, host and port of `origin`."""
    own, described = urlsplit(origin), urlsplit(url)
    return urlunsplit((own.scheme, own.netloc, described.path, described.query, ""))


def as_query(params: Mapping[str, object] | None) -> dict[str, str]:
    """Return parameters in a form that aiohttp takes and Asterisk understands."""
    return {name: _as_text(value) for name, value in (params or {}).items()}


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
