"""The connection that everything is committed by, and the lock that comes with it.

One service writes to a database. Which one, PostgreSQL says: it holds a lock for as long as its
connection lasts, so whatever comes by that connection is the only writer's. See
`docs/decisions/0045-one-service-writes.md`.
"""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg

from component.ports import StoreLostError, StoreTakenError
from component.storage.errors import NOT_AS_IT_WAS, refusals

LOCK = 5604662
"""Migrations have another one."""

LOOK_SECONDS = 0.5
"""How often who stands by looks whether the other is gone. One statement that waits for the lock
would hold a snapshot, and VACUUM up, for as long."""

HEAD_START_SECONDS = 10.0
"""If all have lost their connections, who stood by lets the other be back first."""

SETTINGS = """
SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3;
SET tcp_user_timeout = '20s';
SET default_transaction_isolation = 'read committed'
"""
"""How soon PostgreSQL takes us for dead over a network if our machine is: its default is hours. And
that a commit goes on after an import that changed the same row: with any other isolation it fails.
Not told when connecting: a pooler would refuse it."""

READ_ONLY = "SELECT current_setting('transaction_read_only')::boolean"

SESSION = "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"

END = """
SELECT pg_terminate_backend(pid, $3) FROM pg_stat_activity
WHERE pid = $1 AND backend_start = $2 AND pid <> pg_backend_pid()
"""
"""A pooler may have given us the same one again."""

HOLDER = """
SELECT coalesce(host(client_addr), 'its own machine') || ', PostgreSQL process ' || pid
FROM pg_locks JOIN pg_stat_activity USING (pid) JOIN pg_database ON oid = database
WHERE locktype = 'advisory' AND objid = $1 AND granted AND pg_database.datname = current_database()
"""

BEGIN = """
INSERT INTO writer (term) VALUES ($1) ON CONFLICT (single) DO UPDATE SET term = excluded.term
"""


async def require_writable(connection: asyncpg.Connection) -> None:
    """Raise `asyncpg.ReadOnlySQLTransactionError` if the server may only be read."""
    if await connection.fetchval(READ_ONLY):
        raise asyncpg.ReadOnlySQLTransactionError("the database may only be read")


class Writer:
    """Runs one statement after the other, and none while another service may write.

    `connect` makes a connection, `patience` is how long a session of ours may take to end, in
    seconds.
    """

    def __init__(
        self, connect: Callable[[], Awaitable[asyncpg.Connection]], patience: float
    ) -> None:
        self._connect = connect
        self._patience = patience
        self._connection: asyncpg.Connection | None = None
        self._session: asyncpg.Record | None = None
        """The last one that may have the lock. We may know it to be lost before PostgreSQL does."""
        self._term: uuid.UUID | None = None
        """Since when nobody else can have written unnoticed; None before anything is read."""
        self._stood_by = False
        self._turn = asyncio.Lock()

    @property
    def is_busy(self) -> bool:
        """Whether a statement is under way."""
        return self._turn.locked()

    async def claim(self, stand_by: Callable[[str], None]) -> None:
        """Wait until nobody else writes; `stand_by` is told who does.

        Raises what asyncpg raises when it is not there, or TimeoutError.
        """
        async with self._turn:
            connection = await self._begun()
            try:
                if self._stood_by:
                    await asyncio.sleep(HEAD_START_SECONDS)
                await self._wait_for_lock(connection, stand_by)
            except BaseException:
                connection.terminate()
                raise
            self._connection, self._stood_by = connection, False

    async def begin(self) -> None:
        """Begin a term: if anybody writes from now on but us, we shall not write any more.

        Raises as `run` does.
        """
        self._term = None
        term = uuid.uuid4()
        await self.run(BEGIN, term)
        self._term = term

    async def run(self, text: str, *parameters: object) -> Any:
        """Run a statement, and return its rows.

        Raises what asyncpg raises when it is not there, or TimeoutError; `StoreRefusedError`;
        `StoreTakenError` or, in a term, `StoreLostError` if somebody else writes.
        """
        async with self._turn:
            connection = await self._at_hand()
            with refusals(connection):
                return await connection.fetch(text, *parameters)

    async def write(self, text: str, *parameters: object) -> None:
        """Run a statement that is to be tried again if the database is not as it was when we began.

        Raises as `run` does, and as asyncpg does if the database lacks rights or tables.
        """
        async with self._turn:
            connection = await self._at_hand()
            with refusals(connection, *NOT_AS_IT_WAS):
                await connection.fetch(text, *parameters)

    async def ping(self) -> None:
        """See whether something could be written. Raises as `run` does."""
        async with self._turn:
            connection = await self._at_hand()
            with refusals(connection):
                await require_writable(connection)

    async def close(self) -> None:
        """Let others write."""
        if self._connection is not None:
            await self._connection.close()

    def terminate(self) -> None:
        """The same, without a word to PostgreSQL."""
        if self._connection is not None:
            self._connection.terminate()

    async def _at_hand(self) -> asyncpg.Connection:
        """Return the connection that has the lock: a new one if the last one is lost."""
        if self._connection is None or self._connection.is_closed():
            self._connection = await self._locked()
        return self._connection

    async def _locked(self) -> asyncpg.Connection:
        """Return a new connection that has the lock."""
        connection = await self._begun()
        try:
            if not await _try_lock(connection):
                raise StoreLostError if self._term else StoreTakenError
            if self._term is not None:
                # Who had the lock meanwhile may have given it back already.
                term = await connection.fetchval("SELECT term FROM writer")
                if term != self._term:
                    raise StoreLostError
        except BaseException:
            connection.terminate()
            raise
        return connection

    async def _begun(self) -> asyncpg.Connection:
        """Return a new connection, after the end of the one before."""
        connection = await self._connect()
        try:
            await connection.execute(SETTINGS)
            if self._session is not None:
                ended = await connection.fetchval(END, *self._session, int(self._patience * 1000))
                if ended is False:
                    raise TimeoutError("the session before has not ended yet")
            self._session = await connection.fetchrow(SESSION)
        except BaseException:
            connection.terminate()
            raise
        return connection

    async def _wait_for_lock(
        self, connection: asyncpg.Connection, stand_by: Callable[[str], None]
    ) -> None:
        is_told = False
        while not await _try_lock(connection):
            if not is_told:
                stand_by(await connection.fetchval(HOLDER, LOCK) or "gone already")
            self._stood_by = is_told = True
            await asyncio.sleep(LOOK_SECONDS)


async def _try_lock(connection: asyncpg.Connection) -> bool:
    is_ours: bool = await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK)
    return is_ours
