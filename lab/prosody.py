"""A Prosody with the project's configuration."""

import asyncio
import json
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from lab.paths import PROSODY_CONFIG
from lab.ports import require_free
from lab.process import Process
from lab.template import install, write_private

HOST = "example.com"
"""Of the users."""
COMPONENT = "ivr.example.com"
"""Of the service."""
USERS = ("user1", "user2", "user3")
START_PATIENCE = 10.0


class ProsodyError(Exception):
    """Prosody is missing, or was not started."""


@dataclass(frozen=True, slots=True)
class ProsodySettings:
    """What the configuration leaves open."""

    c2s_port: int
    """For clients."""
    component_port: int
    component_secret: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    passwords: Mapping[str, str] = field(
        default_factory=lambda: {user: secrets.token_urlsafe(12) for user in USERS}
    )
    """Of the users: their names without `HOST`."""


class Prosody:
    """One Prosody in a directory of its own, which keeps rosters and the like over restarts.

    `async with Prosody(...)` starts and stops it.
    """

    def __init__(self, directory: Path, settings: ProsodySettings) -> None:
        self.settings = settings
        self._directory = directory.resolve()
        self._running: Process | None = None

    @property
    def process(self) -> Process:
        """The process, to stop, kill, freeze and thaw. Raises `ProsodyError` before `start`."""
        if self._running is None:
            raise ProsodyError("Prosody was not started")
        return self._running

    @property
    def log(self) -> Path:
        """Prosody's own log file."""
        return self._directory / "prosody.log"

    async def start(self) -> None:
        """Start it and wait until clients and the component can connect.

        Raises `ProsodyError`, `NoFreePortError`, `ProcessEndedError` or `NotReadyError`.
        """
        prosody = shutil.which("prosody")
        if prosody is None:
            raise ProsodyError("prosody is not installed; run `make setup`")
        require_free(*self._ports)
        self._install()
        self._running = Process(
            [prosody, "-F", "--config", self._directory / "prosody.cfg.lua"],
            log=self._directory / "output",
        )
        await self._running.wait_until(self._is_listening, START_PATIENCE)

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

    @property
    def _ports(self) -> tuple[int, int]:
        return self.settings.c2s_port, self.settings.component_port

    def _install(self) -> None:
        values = {
            "RUN": self._directory,
            "C2S_PORT": self.settings.c2s_port,
            "COMPONENT_PORT": self.settings.component_port,
            "COMPONENT_SECRET": self.settings.component_secret,
        }
        install(PROSODY_CONFIG.glob("**/*.cfg.lua"), self._directory, values)
        # What `prosodyctl register` would write, without a process for each user.
        accounts = self._directory / "data" / HOST.replace(".", "%2e") / "accounts"
        for user, password in self.settings.passwords.items():
            # A JSON string is a Lua string as well.
            text = f"return {{ password = {json.dumps(password)} }};\n"
            write_private(accounts / f"{user}.dat", text)

    async def _is_listening(self) -> bool:
        for port in self._ports:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                await writer.wait_closed()
            except ConnectionError:
                return False
        return True
