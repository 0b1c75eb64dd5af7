"""An Asterisk with the project's configuration."""

import asyncio
import re
import secrets
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from lab.paths import ASTERISK_CONFIG, CACHE, PROMPTS
from lab.ports import require_free
from lab.process import Process
from lab.template import install

ARI_USER = "ivr-pubsub"
PHONES = ("1000", "2000", "3000")
EMPTY_FILES = ("acl", "ccss", "cel", "features", "pjproject", "stasis", "udptl", "websocket_client")
"""Configuration that Asterisk complains about if it is absent."""
START_PATIENCE = 30.0
COMMAND_PATIENCE = 20.0


class AsteriskError(Exception):
    """Asterisk is missing, or does not do as it is told."""


@dataclass(frozen=True, slots=True)
class Installation:
    """Where Asterisk is installed: on this machine, or unpacked into a directory."""

    root: Path

    @classmethod
    def find(cls) -> Self:
        """Return the one that `scripts/get-asterisk` chose. Raises `AsteriskError`."""
        try:
            root = (CACHE / "asterisk-root").read_text().strip()
        except FileNotFoundError:
            raise AsteriskError("no Asterisk is set up here; run `make setup`") from None
        return cls(CACHE / root)

    @property
    def command(self) -> list[str]:
        """What starts the program. An unpacked one brings its own libraries and their loader."""
        binary = str(self.root / "usr/sbin/asterisk")
        if self.root == Path("/"):
            return [binary]
        loader = self._one_of("usr/lib*/ld-linux-*.so.*")
        libraries = self.modules.parent.parent
        return [str(loader), "--inhibit-cache", "--library-path", str(libraries), binary]

    @property
    def modules(self) -> Path:
        """The directory of the loadable modules."""
        return self._one_of("usr/lib*/asterisk/modules", "usr/lib/*/asterisk/modules")

    @property
    def data(self) -> list[Path]:
        """What belongs into the data directory: the descriptions of ARI and of the CLI."""
        return [
            self._one_of(f"usr/share/asterisk/{name}", f"var/lib/asterisk/{name}")
            for name in ("rest-api", "documentation")
        ]

    def _one_of(self, *patterns: str) -> Path:
        for pattern in patterns:
            for path in sorted(self.root.glob(pattern)):
                return path
        raise AsteriskError(f"the Asterisk in {self.root} has no {patterns[0]}")


@dataclass(frozen=True, slots=True)
class AsteriskSettings:
    """What the configuration leaves open."""

    sip_port: int
    http_port: int
    """ARI: http://127.0.0.1:<http_port>/ari, as `ARI_USER`."""
    agi_port: int
    """Where the service listens for FastAGI."""
    rtp_ports: range
    """Two for each leg of a call."""
    ari_password: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    phone_passwords: Mapping[str, str] = field(
        default_factory=lambda: {phone: secrets.token_urlsafe(12) for phone in PHONES}
    )
    additions: Mapping[str, str] = field(default_factory=dict)
    """What is appended to configuration files, by their names."""


class Asterisk:
    """One Asterisk in a directory of its own, which keeps its registrations over restarts.

    `async with Asterisk(...)` starts and stops it.
    """

    def __init__(
        self,
        installation: Installation,
        directory: Path,
        settings: AsteriskSettings,
        prompts: Path = PROMPTS,
    ) -> None:
        self.settings = settings
        self._installation = installation
        self._directory = directory.resolve()
        self._prompts = prompts
        self._running: Process | None = None

    @property
    def process(self) -> Process:
        """The process, to stop, kill, freeze and thaw. Raises `AsteriskError` before `start`."""
        if self._running is None:
            raise AsteriskError("Asterisk was not started")
        return self._running

    @property
    def log(self) -> Path:
        """Asterisk's own log file."""
        return self._directory / "log/messages"

    async def start(self) -> None:
        """Start it and wait until it is fully booted.

        Raises `AsteriskError`, `NoFreePortError`, `ProcessEndedError` or `NotReadyError`.
        """
        require_free(self.settings.sip_port, self.settings.http_port)
        self._install()
        (self._directory / "run/asterisk.ctl").unlink(missing_ok=True)
        self._running = Process(
            self._command("-f"),
            name="asterisk",
            log=self._directory / "log/output",
            cwd=self._directory,
        )
        await self._running.wait_until(self._is_booted, START_PATIENCE)

    async def stop(self) -> None:
        """Stop it in good order: calls are hung up."""
        await self.process.stop()

    async def cli(self, command: str) -> str:
        """Return what the command prints on Asterisk's console. Raises `AsteriskError`."""
        status, output = await self._remote(command)
        if status != 0 or output.startswith("No such command"):
            raise AsteriskError(f"{command!r} failed: {output.strip()}")
        return output

    async def pairs(self, kind: str) -> int:
        """Return how many bridges connect two channels, and not only are said to.

        Of a kind: `basic` are those of the dialplan, `stasis` those of a service on ARI.
        Raises `AsteriskError`.
        """
        return len(re.findall(rf"\s2 +{kind}\s", await self.cli("bridge show all")))

    def console(self) -> str:
        """Return the shell command that opens Asterisk's console, for people."""
        return f"cd {shlex.quote(str(self._directory))} && {shlex.join(self._command('-r'))}"

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

    def _command(self, *arguments: str) -> list[str]:
        return [
            *self._installation.command,
            "-C",
            f"{self._directory}/etc/asterisk.conf",
            *arguments,
        ]

    def _install(self) -> None:
        directory = self._directory
        for name in ("agi", "cache", "data/sounds/en", "lib", "log", "run", "spool"):
            (directory / name).mkdir(parents=True, exist_ok=True)
        links = {"sounds/en/ivr": self._prompts / "ivr", "moh": self._prompts / "moh"}
        links |= {f"sounds/en/{path.name}": path for path in (self._prompts / "core").iterdir()}
        links |= {path.name: path for path in self._installation.data}
        for name, target in links.items():
            link = directory / "data" / name
            link.unlink(missing_ok=True)
            link.symlink_to(target)
        shutil.rmtree(directory / "etc", ignore_errors=True)
        sources = [*ASTERISK_CONFIG.glob("*.conf"), *ASTERISK_CONFIG.glob("lab/*.conf")]
        install(sources, directory / "etc", self._values())
        for name, text in self.settings.additions.items():
            with (directory / "etc" / name).open("a") as file:
                file.write(text)
        for name in EMPTY_FILES:
            (directory / f"etc/{name}.conf").touch()

    def _values(self) -> dict[str, object]:
        settings = self.settings
        return {
            "RUN": self._directory,
            "MODULES": self._installation.modules,
            "SIP_ADDRESS": "127.0.0.1",
            "SIP_PORT": settings.sip_port,
            "HTTP_PORT": settings.http_port,
            "AGI_PORT": settings.agi_port,
            "RTP_START": settings.rtp_ports[0],
            "RTP_END": settings.rtp_ports[-1],
            "ARI_PASSWORD": settings.ari_password,
            **{f"PASSWORD_{phone}": word for phone, word in settings.phone_passwords.items()},
        }

    async def _is_booted(self) -> bool:
        # Asking takes a process: wait for the console's socket first.
        if not (self._directory / "run/asterisk.ctl").exists():
            return False
        status, output = await self._remote("core waitfullybooted")
        return status == 0 and "fully booted" in output

    async def _remote(self, command: str) -> tuple[int, str]:
        try:
            done = await asyncio.to_thread(
                subprocess.run,
                self._command("-rx", command),
                check=False,
                capture_output=True,
                cwd=self._directory,
                stdin=subprocess.DEVNULL,
                timeout=COMMAND_PATIENCE,
            )
        except subprocess.TimeoutExpired:
            raise AsteriskError(f"{command!r} had no answer in {COMMAND_PATIENCE} s") from None
        return done.returncode, (done.stdout + done.stderr).decode(errors="replace")
