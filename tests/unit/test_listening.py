"""Which key of the configuration is at fault if it is impossible to listen somewhere."""

import errno
import socket

import pytest

from component.listening import ListenError, listening

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("host", "error", "said"),
    [
        (
            "127.0.0.1",
            OSError(errno.EADDRINUSE, "error while attempting to bind on address"),
            "[http] port: cannot listen on 127.0.0.1:8080: Address already in use",
        ),
        (
            "::1",
            PermissionError(errno.EACCES, "permission denied"),
            "[http] port: cannot listen on [::1]:8080: Permission denied",
        ),
        (
            "192.0.2.1",
            OSError(errno.EADDRNOTAVAIL, "cannot assign requested address"),
            "[http] host: cannot listen on 192.0.2.1:8080: Cannot assign requested address",
        ),
        (
            "no.such.host",
            socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
            "[http] host: cannot listen on no.such.host:8080: Name or service not known",
        ),
        ("a", OSError("nowhere"), "[http] host: cannot listen on a:8080: nowhere"),
    ],
)
def test_the_key_at_fault_is_named_with_address_and_reason(
    host: str, error: OSError, said: str
) -> None:
    with pytest.raises(ListenError) as raised, listening("http", host, 8080):
        raise error
    assert str(raised.value) == said
