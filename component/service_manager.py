"""What the service manager is told of us: sd_notify(3), a datagram per message.

systemd names a socket in the environment of a unit with `Type=notify`, and how often it wants a
sign of life in one with `WatchdogSec=`. Where nobody asks, nobody is told.
"""

import asyncio
import os
import socket
import time
from collections.abc import MutableMapping
from typing import Self

import structlog

log = structlog.get_logger(__name__)

SIGNS = 3
"""Of life, in the time after which we are taken for dead."""


class ServiceManager:
    """Who started us and wants to know how we are.

    `address` is the socket's, empty for nobody; `patience` is after how many seconds without a sign
    of life we are taken for dead, 0 for never.
    """

    def __init__(self, address: str = "", patience: float = 0.0) -> None:
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._patience = patience

    @classmethod
    def from_environment(cls, environment: MutableMapping[str, str] = os.environ) -> Self:
        """Take its address out of the environment: what we start is not to speak for us."""
        address = environment.pop("NOTIFY_SOCKET", "")
        microseconds = environment.pop("WATCHDOG_USEC", "0")
        meant = environment.pop("WATCHDOG_PID", "")
        ours = meant in ("", str(os.getpid()))
        return cls(address, int(microseconds) / 1e6 if ours else 0.0)

    def ready(self, status: str) -> None:
        """Say that we serve: what waits for us may start."""
        self._tell("READY=1", f"STATUS={status}")

    def status(self, text: str) -> None:
        """Say in a few words what we do; `systemctl status` shows it."""
        self._tell(f"STATUS={text}")

    def reloading(self) -> None:
        """Say that the configuration is read anew; `ready` says that it has been."""
        now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._tell("RELOADING=1", f"MONOTONIC_USEC={now}")

    def stopping(self) -> None:
        """Say that we end on purpose."""
        self._tell("STOPPING=1", "STATUS=stopping")

    async def live(self) -> None:
        """Give signs of life as long as the event loop turns, if anybody wants them."""
        while self._patience:
            self._tell("WATCHDOG=1")
            await asyncio.sleep(self._patience / SIGNS)

    def _tell(self, *lines: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
                sender.setblocking(False)
                sender.sendto("\n".join(lines).encode(), self._address)
        except OSError as error:
            log.warning("service manager not told", told=lines, error=str(error))
