"""The other end of the control socket: the command line asks, the running service answers."""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp

from component.operations.model import Answer
from component.operations.wire import from_json

PATIENCE = 30.0
"""Seconds for one answer."""


class ControlError(Exception):
    """The service is not there, or refuses what is asked for. The text is for people."""


class ControlClient:
    """Asks on a socket. Use it as an async context manager."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.UnixConnector(str(self._path)),
            timeout=aiohttp.ClientTimeout(total=PATIENCE),
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._session.close()

    async def ask(self, name: str, given: Mapping[str, str]) -> Answer:
        """Have an operation carried out. Raises `ControlError`."""
        written = await self.ask_plainly(name, given)
        return from_json(written)

    async def ask_plainly(self, name: str, given: Mapping[str, str]) -> dict[str, Any]:
        """Have an operation carried out; return the answer as it is written."""
        try:
            async with self._session.post(f"http://control/{name}", json=dict(given)) as reply:
                written: dict[str, Any] = await reply.json()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise ControlError(self._complaint(error)) from error
        if "error" in written:
            raise ControlError(written["error"])
        return written

    def _complaint(self, error: Exception) -> str:
        cause = getattr(error, "os_error", error)
        if isinstance(cause, PermissionError):
            return f"you may not open {self._path}, run this as the service's user"
        if isinstance(cause, FileNotFoundError | ConnectionRefusedError):
            return f"the service does not run here: nobody listens on {self._path}"
        return f"the service gives no answer on {self._path}: {error or type(error).__name__}"
