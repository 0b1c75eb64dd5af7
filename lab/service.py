"""The service as a process of its own, as an operator would run it."""

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp

from lab.process import Process

COMMAND = Path(sys.executable).with_name("ivr-pubsub")

Settings = Mapping[str, Mapping[str, object]]
"""Sections of the configuration, each with its keys."""


class Service:
    """One ivr-pubsub in a directory of its own, which keeps its log over restarts.

    `async with Service(...)` starts it, waits until it is ready, and stops it in the end.
    """

    command: Sequence[str | Path] = (COMMAND, "run", "--config")
    """What is started; the configuration file comes last."""
    needs: Sequence[str] = ("asterisk", "xmpp", "database")
    """Whom it must have found to be ready."""
    patience = 30.0
    """Seconds that this may take."""

    def __init__(self, directory: Path, settings: Settings) -> None:
        self.config = directory / "ivr-pubsub.toml"
        self.log = directory / "service.log"
        self.settings: Settings = {
            "control": {"socket": str(directory / "control.sock")},
            **settings,
        }
        self._running: Process | None = None
        directory.mkdir(parents=True, exist_ok=True)

    @property
    def process(self) -> Process:
        """The process, to stop, kill, freeze and thaw."""
        assert self._running is not None, "the service was not started"
        return self._running

    @property
    def url(self) -> str:
        """Where it answers HTTP."""
        return f"http://127.0.0.1:{self.settings['http']['port']}"

    async def start(self) -> None:
        """Start it, without waiting."""
        self.config.touch(mode=0o600)
        self.config.write_text(toml(self.settings))
        command = [*self.command, self.config]
        self._running = Process(command, log=self.log, cwd=self.config.parent)

    async def ready(self) -> None:
        """Wait until it has found whom it needs."""
        await self.process.wait_until(self._is_ready, self.patience)

    async def stop(self) -> None:
        """Stop it in good order."""
        await self.process.stop()

    async def status(self) -> dict[str, Any]:
        """Return what /readyz says."""
        async with aiohttp.ClientSession() as session, session.get(f"{self.url}/readyz") as reply:
            status: dict[str, Any] = await reply.json()
            return status

    async def scrape(self) -> str:
        """Return what /metrics says."""
        async with aiohttp.ClientSession() as session, session.get(f"{self.url}/metrics") as reply:
            return await reply.text()

    async def metrics(self) -> dict[str, float]:
        """Return the same, by name and labels as they are written there."""
        text = await self.scrape()
        lines = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
        return {name: float(value) for name, value in lines}

    def logged(self, event: str = "") -> list[dict[str, Any]]:
        """Return the lines of the log, or those that report this event; it logs as JSON."""
        whole, _, _begun = self.log.read_text().rpartition("\n")
        lines = (json.loads(line) for line in whole.splitlines() if line[:1] == "{")
        return [line for line in lines if event in ("", line["event"])]

    async def __aenter__(self) -> Self:
        await self.start()
        try:
            await self.ready()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def _is_ready(self) -> bool:
        try:
            status = await self.status()
        except (aiohttp.ClientError, TimeoutError):
            await asyncio.sleep(0.05)
            return False
        return all(status[peer]["ready"] for peer in self.needs)


def toml(settings: Settings) -> str:
    """Write settings as TOML, whose strings, numbers, booleans and lists are those of JSON."""
    lines = []
    for section, keys in settings.items():
        lines.append(f"[{section}]")
        lines += [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
    return "\n".join([*lines, ""])
