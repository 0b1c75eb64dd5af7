"""Ports on loopback that nobody else takes."""

import random
import socket
from types import TracebackType
from typing import Self

FIRST, LAST = 10_000, 31_999
"""Below the ports that the kernel gives to outgoing connections (from 32768), any of which may be
taken between our looking at it and a server's binding it."""
SIZE = 1_000


class NoFreePortError(Exception):
    """A port that is needed is taken."""


def is_free(port: int) -> bool:
    """Tell whether a server could listen on this port of loopback now, over TCP and over UDP."""
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind == socket.SOCK_STREAM:
                # As servers do: connections of a server that has ended do not count.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


def require_free(*ports: int) -> None:
    """Raise `NoFreePortError` if a port is taken.

    Servers log that and go on; whoever connects then talks to somebody else.
    """
    for port in ports:
        if not is_free(port):
            raise NoFreePortError(f"another process listens on port {port} of this machine")


class PortBlock:
    """A block of ports that belongs to one lab, for as long as it is open.

    Labs that run at the same time keep out of each other's way: the first port of a block is held
    to mark it as taken.
    """

    def __init__(self) -> None:
        self._mark = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        blocks = list(range(FIRST, LAST, SIZE))
        random.shuffle(blocks)
        for first in blocks:
            try:
                self._mark.bind(("127.0.0.1", first))
                self._mark.listen()
            except OSError:
                continue
            self._next = first + 1
            self._end = first + SIZE
            return
        self._mark.close()
        raise NoFreePortError(f"all blocks of {SIZE} ports from {FIRST} to {LAST} are taken")

    def take(self) -> int:
        """Return a free port that was not given out before."""
        while self._next < self._end:
            port = self._next
            self._next += 1
            if is_free(port):
                return port
        raise NoFreePortError(f"no port below {self._end} of this block is free")

    def take_range(self, count: int) -> range:
        """Return consecutive ports that were not given out before; some may not be free.

        Meant for RTP: Asterisk skips those that are taken.
        """
        # An RTP port is even (RFC 3550 section 11).
        first = self._next + self._next % 2
        if first + count > self._end:
            raise NoFreePortError(f"{count} ports are more than this block has left")
        self._next = first + count
        return range(first, first + count)

    def close(self) -> None:
        """Give the block back."""
        self._mark.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
