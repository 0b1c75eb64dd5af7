"""What asyncpg raises: what says that the database is away, and what that it refuses."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from component.ports import StoreRefusedError

UNAVAILABLE = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection that was cut while idle
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # shut down, restarting, query cancelled
    asyncpg.InsufficientResourcesError,  # disk full, out of memory, too many connections
    asyncpg.PostgresSystemError,  # the disk cannot be read or written
    asyncpg.ReadOnlySQLTransactionError,  # another server is the first one now, or is to be
    asyncpg.TransactionRollbackError,  # a deadlock with an import
)
"""What says that the database is away, or could do another time what it was asked for."""


@contextmanager
def refusals(connection: asyncpg.Connection) -> Iterator[None]:
    """Tell what the database rejects from what keeps it from answering.

    A connection without an answer is not used again: nobody may be at its other end any more.
    """
    try:
        yield
    except (*UNAVAILABLE, asyncio.CancelledError):
        connection.terminate()
        raise
    except asyncpg.PostgresError as error:
        raise StoreRefusedError(words(error)) from None  # its DETAIL is not for a log


def words(error: BaseException) -> str:
    """Return what an error says, without DETAIL: that may be a whole row, callers and all."""
    if isinstance(error, asyncpg.PostgresError):
        return f"{type(error).__name__}: {error.args[0]}" if error.args else type(error).__name__
    return f"{type(error).__name__}: {error}".rstrip(": ")
