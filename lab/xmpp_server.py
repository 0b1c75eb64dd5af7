"""An XMPP server with the project's configuration: what Prosody and ejabberd have in common."""

import asyncio
import secrets
import shutil
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from lab.ports import require_free
from lab.process import Process

HOST = "example.com"
"""Of the users."""
COMPONENT = "ivr.example.com"
"""Of the service."""
USERS = ("user1", "user2", "user3")


class XmppServerError(Exception):
    """The server is missing, or was not started."""


@dataclass(frozen=True, slots=True)
class XmppServerSettings:
    """What the configuration leaves open."""

    c2s_port: int
    """For clients."""
    component_port: int
    component_secret: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    passwords: Mapping[str, str] = field(
        default_factory=lambda: {user: secrets.token_urlsafe(12) for user in USERS}
    )
    """Of the users: their names without `HOST`."""


class XmppServer(ABC):
    """One server in a directory of its own, which keeps rosters and the like over restarts.

    `async with` starts and stops it.
    """

    name: ClassVar[str]
    program: ClassVar[str]
    """What starts it."""
    patience: ClassVar[float] = 30.0
    """Seconds that it may take to start."""

    def __init__(self, directory: Path, settings: XmppServerSettings) -> None:
        self.settings = settings
        self._directory = directory.resolve()
        self._running: Process | None = None

    @property
    def process(self) -> Process:
        """The process, to stop, kill, freeze and thaw. Raises `XmppServerError` before `start`."""
        if self._running is None:
            raise XmppServerError(f"{self.name} was not started")
        return self._running

    @property
    def log(self) -> Path:
        """The server's own log file."""
        return self._directory / f"{self.name}.log"

    async def start(self) -> None:
        """Start it and wait until clients and the component can connect.

        Raises `XmppServerError`, `NoFreePortError`, `ProcessEndedError` or `NotReadyError`.
        """
        program = shutil.which(self.program)
        if program is None:
            raise XmppServerError(f"{self.name} is not installed; run `make setup`")
        require_free(*self._ports)
        self._install()
        self._running = Process(
            [program, *self._arguments()],
            name=self.name,
            log=self._directory / "output",
            cwd=self._directory,
            env=self._environment(),
        )
        await self._running.wait_until(self._is_ready, self.patience)

    async def stop(self) -> None:
        """Stop it in good order: streams are closed."""
        await self.process.stop()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    @abstractmethod
    def _install(self) -> None:
        """Write the configuration, and what is needed for the users to have accounts."""

    @abstractmethod
    def _arguments(self) -> Sequence[str | Path]:
        """Return what the program is started with."""

    def _environment(self) -> Mapping[str, str] | None:
        """Return the environment that the program gets, None for ours."""
        return None

    async def _is_ready(self) -> bool:
        for port in self._ports:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                await writer.wait_closed()
            except ConnectionError:
                return False
        return True

    @property
    def _ports(self) -> tuple[int, int]:
        return self.settings.c2s_port, self.settings.component_port

    def _values(self) -> dict[str, object]:
        """Return what the placeholders of the configuration stand for."""
        return {
            "RUN": self._directory,
            "C2S_PORT": self.settings.c2s_port,
            "COMPONENT_PORT": self.settings.component_port,
            "COMPONENT_SECRET": self.settings.component_secret,
        }
