"""UDP sockets that open and close at once, from a range of ports."""

import asyncio
import errno
import secrets
import socket
import time
from collections.abc import Callable
from typing import Protocol

Receive = Callable[[bytes, float], None]
"""Takes a datagram, and when it arrived (`time.monotonic()`)."""

_RECEIVE_BUFFER = 1 << 20
_LARGEST_DATAGRAM = 65535


class Wire(Protocol):
    """What datagrams leave and arrive by."""

    host: str
    port: int

    def listen(self, receive: Receive) -> None:
        """Hand over each datagram that comes, and those that have come since the opening."""
        ...

    def send(self, datagram: bytes, address: tuple[str, int]) -> None:
        """Send a datagram; like any other it may be lost."""
        ...

    def catch_up(self) -> None:
        """Hand over now what has come until now."""
        ...

    def close(self) -> None:
        """Send and receive no more, at once. Closing again does nothing."""
        ...


class PortPool:
    """Hands out UDP ports, round and round, so that one just left rests before it is used again.

    A port that the kernel picks (`bind` to 0) may be one that a server is about to listen on, and
    a port used again at once may get what was meant for its last owner.
    """

    def __init__(self, ports: range) -> None:
        self._ports = ports
        # Not always the first: processes that run side by side should not meet.
        self._next = secrets.randbelow(len(ports))

    def open(self, host: str) -> Wire:
        """Open the next free port. Raises `OSError` if none is free."""
        for _ in self._ports:
            port = self._ports[self._next]
            self._next = (self._next + 1) % len(self._ports)
            udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                udp.bind((host, port))
            except OSError as error:
                udp.close()
                if error.errno != errno.EADDRINUSE:
                    raise
            else:
                return UdpSocket(udp)
        raise OSError(errno.EADDRINUSE, f"no free UDP port in {self._ports} on {host}")


PHONE_PORTS = PortPool(range(32_000, 32_768, 2))
"""Above the blocks of `lab.ports`, in which servers listen, and below what the kernel gives away.

Only even ports: the odd one above belongs to RTCP (RFC 3550 section 11).
"""


class UdpSocket:
    """A bound UDP socket as a `Wire` of the running event loop."""

    def __init__(self, udp: socket.socket) -> None:
        udp.setblocking(False)
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        self._socket = udp
        self._loop = asyncio.get_running_loop()
        self._receive: Receive | None = None
        self.host, self.port = udp.getsockname()

    def listen(self, receive: Receive) -> None:
        """Hand over each datagram that comes, and those that have come since the opening."""
        self._receive = receive
        self._loop.add_reader(self._socket, self._read, receive)

    def send(self, datagram: bytes, address: tuple[str, int]) -> None:
        """Send a datagram; like any other it may be lost."""
        try:
            self._socket.sendto(datagram, address)
        except BlockingIOError:
            # The send buffer is full: lost on the way, as UDP may.
            return

    def catch_up(self) -> None:
        """Hand over now what has come until now."""
        if self._receive is not None:
            while self._socket.fileno() != -1 and self._read(self._receive):
                pass

    def close(self) -> None:
        """Send and receive no more, at once. Closing again does nothing."""
        if self._socket.fileno() != -1:
            self._loop.remove_reader(self._socket)
            self._socket.close()

    def _read(self, receive: Receive) -> bool:
        """Hand a datagram over; tell whether there was one."""
        arrived = time.monotonic()
        try:
            datagram = self._socket.recv(_LARGEST_DATAGRAM)
        except BlockingIOError:
            # Readiness is a hint: the kernel drops a datagram whose checksum fails.
            return False
        receive(datagram, arrived)
        return True
