"""The store, on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

import asyncpg
import orjson

from component.domain.model import Call, Person
from component.ports import Changes, Stored, StoreRefusedError, StoreUnavailableError
from component.pubsub.model import Item
from component.storage import forgetting, reads
from component.storage.errors import UNAVAILABLE, refusals, words
from component.storage.forgetting import STATEMENTS, Record
from component.storage.poolers import require_own_session
from component.storage.writer import Writer
from component.storage.writes import statement

CONNECTIONS = 2
"""For reading, for deleting what is old. The writer has one of its own, to which a lock belongs. To
lend one for each transaction, and to give it back, would also take a third as long again."""


class PostgresStore:
    """The connections to one database. Use it as an async context manager.

    `deadline` is how long any request may take, in seconds. The database need not be there yet.
    """

    def __init__(self, url: str, deadline: float = 5.0) -> None:
        self._url = url
        self._deadline = deadline
        self._settings: Mapping[str, Any] = {
            "timeout": deadline,
            "command_timeout": deadline,
            "server_settings": {"application_name": "ivr-pubsub"},
        }
        self._pool: asyncpg.Pool | None = None
        self._writer = Writer(self._connect, deadline / 2)
        self.detail = "not connected yet"
        """The state of the database in words; empty when all is well."""
        self._uncommitted: StoreUnavailableError | None = None
        """Why the last commit failed, which is going to be tried again."""

    async def __aenter__(self) -> Self:
        self._pool = await asyncpg.create_pool(
            self._url,
            min_size=0,
            max_size=CONNECTIONS,
            reset=as_it_is,
            **self._settings,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for connected in (self._writer, self._pool):
            if connected is None:
                continue
            try:
                await asyncio.wait_for(connected.close(), self._deadline)
            except TimeoutError:
                connected.terminate()

    async def claim(self, stand_by: Callable[[str], None]) -> None:
        """Wait until no other service writes; `stand_by` is told who does.

        Raises `StoreUnavailableError`, also if there is a pooler between that would let two write.
        """
        with self._watched():
            await require_own_session(self._connect)
            await self._writer.claim(stand_by)

    async def load(self) -> Stored:
        """Read everything: from now on nobody else may write without our taking notice.

        Raises `StoreUnavailableError`, or `StoreRefusedError` if it may not.
        """
        with self._watched():
            await self._writer.begin()
        async with self._connection() as connection:
            return await reads.everything(connection)

    async def read_items(self, keys: Sequence[tuple[str, str]]) -> list[Item]:
        """Read items by (node, item id), with their payloads; those that are there.

        Raises `StoreUnavailableError`.
        """
        try:
            async with self._connection() as connection:
                return await reads.items(connection, keys)
        except StoreRefusedError as error:
            raise StoreUnavailableError(str(error)) from error

    async def last_ended(self, channels: Collection[str]) -> list[Call]:
        """Return of each of these callers' channels the call that ended last, since yesterday.

        Raises `StoreUnavailableError`.
        """
        async with self._connection() as connection:
            return await reads.last_ended(connection, channels)

    async def commit(self, changes: Changes) -> None:
        """Write all changes in one transaction; there is one at a time.

        Raises `StoreUnavailableError`, `StoreRefusedError` if these very changes are at fault, or
        `StoreLostError` if another service has written since everything was read.
        """
        try:
            text, parameters = statement(changes)
        except orjson.JSONEncodeError as error:
            raise StoreRefusedError(str(error)) from error
        uncommitted = None
        try:
            with self._watched():
                await self._writer.write(text, *parameters)
        except StoreUnavailableError as error:
            uncommitted = error
            raise
        finally:
            self._uncommitted = uncommitted

    async def person(self, number: str) -> tuple[Person, str] | None:
        """Return who has this number, and the PIN as it is stored, empty if there is none.

        None: nobody. Raises `StoreUnavailableError`.
        """
        async with self._connection() as connection:
            row = await connection.fetchrow("SELECT jid, pin FROM people WHERE number = $1", number)
        return None if row is None else (Person(number, row["jid"]), row["pin"])

    async def forget(self, record: Record, older: timedelta) -> bool:
        """Delete some of the records that are older; return whether there may be more of them.

        Raises `StoreUnavailableError`, or `StoreRefusedError` if it may not.
        """
        async with self._connection() as connection:
            deleted = await connection.execute(STATEMENTS[record], older, forgetting.AT_ONCE)
        return bool(deleted == f"DELETE {forgetting.AT_ONCE}")

    async def ping(self) -> None:
        """See whether commits succeed. Raises `StoreUnavailableError` or `StoreLostError`.

        A database that answers may be one that does not write: its disk is full, or an
        administrator has locked a table. It is asked by the connection that commits go by, lest
        that be cut for lying idle, and nobody know before a caller is there; while that is in use,
        by another.
        """
        if self._writer.is_busy:
            async with self._connection() as connection:
                await connection.fetch("SELECT 1")
        else:
            with self._watched():
                await self._writer.ping()
        if self._uncommitted is not None:
            self.detail = str(self._uncommitted)
            raise StoreUnavailableError(self.detail) from self._uncommitted.__cause__

    async def _connect(self) -> asyncpg.Connection:
        return await asyncpg.connect(self._url, **self._settings)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[asyncpg.Connection]:
        """Lend a connection; turn the library's errors into ours."""
        assert self._pool is not None, "the store is used inside its context"
        with self._watched():
            async with self._pool.acquire(timeout=self._deadline) as connection:
                with refusals(connection):
                    yield connection

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Remember what the last error said. Any error in connecting means that it is away."""
        try:
            yield
        except (*UNAVAILABLE, asyncpg.PostgresError) as error:
            self.detail = words(error)
            raise StoreUnavailableError(self.detail) from error
        self.detail = ""


async def as_it_is(_: asyncpg.Connection) -> None:
    """Give a connection back to the pool without the statement that undoes what was set on it.

    Nothing is ever set. Whoever waits for a commit or a look-up would wait for a second round trip.
    """
