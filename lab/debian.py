"""A Debian with systemd, made for one test and gone after it: `scripts/boot-debian`."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from lab.paths import CACHE, PROJECT
from lab.process import Process

BOOT_PATIENCE = 60.0
COMMAND_PATIENCE = 120.0

ENVIRONMENT = ("DEBIAN_FRONTEND=noninteractive", "PATH=/usr/sbin:/usr/bin")


class CommandError(Exception):
    """A command failed; the message shows it and what it printed."""


async def succeed(*command: str | Path, patience: float = COMMAND_PATIENCE) -> str:
    """Run a command; return what it printed. Raises `CommandError` or `TimeoutError`."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(patience):
            output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        words = " ".join(map(str, command))
        raise CommandError(f"{words} ended with {process.returncode}:\n{output.decode()}")
    return output.decode()


class Debian:
    """One such machine. It shares the network with this one, and needs root.

    `async with` boots it, and in the end pulls its plug.
    """

    def __init__(self, log: Path) -> None:
        self._log = log
        self._running: Process | None = None

    @property
    def process(self) -> Process:
        """What it runs in."""
        assert self._running is not None, "it was not started"
        return self._running

    async def run(self, *command: str) -> str:
        """Run a command there; return what it printed. Raises `CommandError`."""
        into = ("nsenter", "--target", str(self._init), "--all", "--root", "--wd")
        return await succeed(*into, "--", "env", "-i", *ENVIRONMENT, *command)

    def path(self, path: str) -> Path:
        """Where a file of that machine is on this one."""
        return Path(f"/proc/{self._init}/root", path.removeprefix("/"))

    def write(self, files: Mapping[str, str]) -> None:
        """Write files there, keeping owner and mode of those that exist."""
        for name, text in files.items():
            path = self.path(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    async def __aenter__(self) -> Self:
        await succeed(PROJECT / "scripts" / "get-debian", CACHE, patience=600)
        boot = [PROJECT / "scripts" / "boot-debian", CACHE / "debian"]
        self._running = Process(boot, log=self._log)
        await self._running.wait_until(self._is_up, BOOT_PATIENCE)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.process.kill()

    async def _is_up(self) -> bool:
        try:
            await self.run("systemctl", "is-active", "multi-user.target")
        except (CommandError, IndexError, ValueError):  # or it has not said its number yet
            return False
        return True

    @property
    def _init(self) -> int:
        """Its process 1, as this machine numbers it."""
        return int(self._log.read_text().split()[0])
