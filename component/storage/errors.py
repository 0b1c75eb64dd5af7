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
    asyncpg.InvalidTransactionStateError,  # it may only be read now; a transaction took too long
    asyncpg.TransactionRollbackError,  # a deadlock with an import
    asyncpg.LockNotAvailableError,  # somebody holds the table, for longer than lock_timeout
)
"""What says that the database is away, or could do another time what it was asked for."""

NOT_AS_IT_WAS = (
    asyncpg.InsufficientPrivilegeError,
    asyncpg.UndefinedTableError,  # a backup is being read in, or search_path is another
)
"""What is wrong with the database, and with nothing that is to be written to it."""


@contextmanager
def refusals(
    connection: asyncpg.Connection, *passing: type[asyncpg.PostgresError]
) -> Iterator[None]:
    """Tell what the database rejects from what keeps it from answering, and from what is `passing`.

    A connection without an answer is not used again: nobody may be at its other end any more.
    """
    try:
        yield
    except (*UNAVAILABLE, *passing, asyncio.CancelledError):
        connection.terminate()
        raise
    except asyncpg.PostgresError as error:
        raise StoreRefusedError(words(error)) from None  # its DETAIL is not for a log


def words(error: BaseException) -> str:
    """Return what an error says, without DETAIL: that may be a whole row, callers and all."""
    if isinstance(error, asyncpg.PostgresError):
        return f"{type(error).__name__}: {error.args[0]}" if error.args else type(error).__name__
    return f"{type(error).__name__}: {error}".rstrip(": ")
