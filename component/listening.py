"""Where we listen and cannot: which key of the configuration says so."""

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

_AT_THE_PORT = (errno.EADDRINUSE, errno.EACCES)
"""What is wrong with a port; anything else is with the address."""


class ListenError(OSError):
    """The service cannot listen where it is told to."""


@contextmanager
def listening(section: str, host: str, port: int) -> Iterator[None]:
    """Name the key at fault if it is impossible to listen there. Raises `ListenError`."""
    try:
        yield
    except OSError as error:
        key = "port" if error.errno in _AT_THE_PORT else "host"
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        raise ListenError(f"[{section}] {key}: cannot listen on {place}: {_why(error)}") from error


def _why(error: OSError) -> str:
    if error.errno is None or isinstance(error, socket.gaierror):  # which has numbers of its own
        return str(error.strerror or error)
    return os.strerror(error.errno)
