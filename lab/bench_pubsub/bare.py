"""A bare socket that writes prepared bytes on a component's stream: the limit for any component."""

import hashlib
import re
import socket
import threading

from lab.bench_pubsub.wire import PATIENCE, LostError


class BareComponent:
    """A component (XEP-0114) that does nothing but write."""

    def __init__(self, port: int, domain: str, secret: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.settimeout(PATIENCE)
        self._socket.sendall(
            f"<stream:stream xmlns='jabber:component:accept' to='{domain}'"
            " xmlns:stream='http://etherx.jabber.org/streams'>".encode()
        )
        header = self._read(rb"id=['\"]([^'\"]+)")
        digest = hashlib.sha1(header + secret.encode()).hexdigest()  # noqa: S324 XEP-0114 says so
        self._socket.sendall(f"<handshake>{digest}</handshake>".encode())
        self._read(rb"(<handshake)")

    def write(self, data: bytes) -> None:
        """Write in the background, as fast as the server reads."""
        threading.Thread(target=self._socket.sendall, args=(data,), daemon=True).start()

    def close(self) -> None:
        """Go without a word."""
        self._socket.close()

    def _read(self, pattern: bytes) -> bytes:
        received = b""
        while (found := re.search(pattern, received)) is None:
            data = self._socket.recv(4096)
            if not data:
                raise LostError(f"the server does not let the component in: {received!r}")
            received += data
        return found[1]
