"""Connection poolers between us and PostgreSQL: which of them do.

A lock, and what is listened to, belong to a session of PostgreSQL. A pooler may give each client
one for as long as it is connected, or lend the same to another with each transaction.
"""

from collections.abc import Awaitable, Callable

import asyncpg

TRIES = 3
"""How often it is seen whether another is lent our session; most poolers lend the last one used."""

SESSION = "SELECT pg_backend_pid()"


class SharedSessionError(ConnectionError):
    """A pooler lends one session to several clients."""

    def __init__(self) -> None:
        super().__init__("a connection pooler lends our session to others between transactions")


async def require_own_session(connect: Callable[[], Awaitable[asyncpg.Connection]]) -> None:
    """Raise `SharedSessionError` if there is a pooler that lends sessions by the transaction.

    Raises what asyncpg raises, too.
    """
    first = await connect()
    try:
        if await first.fetchval(SESSION) == first.get_server_pid():
            return  # a pooler has numbers of its own
        second = await connect()
        try:
            for _ in range(TRIES):
                await _require_two(first, second)
        finally:
            second.terminate()
    except (asyncpg.DuplicatePreparedStatementError, asyncpg.InvalidSQLStatementNameError):
        raise SharedSessionError from None  # another's statements are in it, or ours are in another
    finally:
        first.terminate()


async def _require_two(first: asyncpg.Connection, second: asyncpg.Connection) -> None:
    ours = await first.fetchval(SESSION)
    async with second.transaction():
        if await second.fetchval(SESSION) == ours:
            raise SharedSessionError
