"""Who a caller is, by one configured SQL statement.

The statement is the operator's: our `customers`, or a table or view of the company's, perhaps in
another database. It is given the code that was keyed ($1, empty if none was) and the caller's
number ($2), as bind parameters and never as text of the statement. Its columns `id`, `code` and
`name` are the customer; all others are attributes.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

import asyncpg
import structlog
from asyncpg.pool import PoolConnectionProxy

from component.domain.model import Customer
from component.ports import StoreUnavailableError
from component.storage.errors import UNAVAILABLE, words
from component.storage.postgres import as_it_is

log = structlog.get_logger(__name__)

CONNECTIONS = 10

IDENTITY = {"id": ("int2", "int4", "int8"), "code": ("text", "varchar", "bpchar"),
            "name": ("text", "varchar", "bpchar")}  # fmt: skip
"""The columns that there must be, and the types that they may have."""

TEXT = IDENTITY["code"]

ATTRIBUTES = "attributes"
"""A column of this name that is a JSON object stands for the attributes in it."""

MOST_CHARACTERS = 32_768
"""Of the attributes of a customer, as JSON. An item has them twice, and escaped they may be five
times as long: it is still smaller than a stanza may be."""

UNREADABLE = (ValueError, OverflowError)
"""What the library raises of values that Python does not have."""

_UNWRITABLE = re.compile("[\0\ud800-\udfff]")
"""What JSON can say, and texts of PostgreSQL or of UTF-8 cannot hold."""


class StatementError(Exception):
    """The statement cannot be used. `remedy` says how to mend it."""

    def __init__(self, detail: str, remedy: str) -> None:
        super().__init__(detail)
        self.remedy = remedy


class SqlDirectory:
    """`component.ports.Directory` by SQL. Use it as an async context manager.

    `deadline` is how long any request may take, in seconds. The database need not be there yet.
    """

    def __init__(self, url: str, lookup: str, deadline: float = 5.0) -> None:
        self._url = url
        self._lookup = _lookup(lookup)
        self._deadline = deadline
        self._pool: asyncpg.Pool | None = None
        self._at_hand: PoolConnectionProxy | None = None
        """A connection that was not given back: to do so, and to lend it again, takes as long as a
        short statement does."""

    async def __aenter__(self) -> Self:
        self._pool = await asyncpg.create_pool(
            self._url,
            min_size=0,
            max_size=CONNECTIONS,
            command_timeout=self._deadline,
            timeout=self._deadline,
            reset=as_it_is,
            server_settings={"application_name": "ivr-pubsub"},
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._pool is not None, "it was entered"
        if self._at_hand is not None:
            await self._pool.release(self._at_hand)
        try:
            await asyncio.wait_for(self._pool.close(), self._deadline)
        except TimeoutError:
            self._pool.terminate()

    async def check(self) -> tuple[str, ...]:
        """Return the names of the attributes that the statement gives.

        Raises `StatementError`, or `StoreUnavailableError` if the database cannot say.
        """
        return await self._check(self._lookup)

    async def use(self, lookup: str) -> None:
        """Find customers by another statement from now on. Raises as `check`, and does not then."""
        wrapped = _lookup(lookup)
        await self._check(wrapped)
        self._lookup = wrapped

    async def _check(self, lookup: str) -> tuple[str, ...]:
        async with self._connection() as connection:
            try:
                statement = await connection.prepare(lookup)
            except (asyncpg.SyntaxOrAccessError, asyncpg.DataError) as error:
                remedy = "correct the statement in customers.lookup"
                raise StatementError(str(error), remedy) from error
            parameters = [parameter.name for parameter in statement.get_parameters()]
            columns = {a.name: a.type.name for a in statement.get_attributes()}
        _check_parameters(parameters, lookup)
        _check_columns(columns)
        return tuple(name for name in columns if name not in IDENTITY)

    async def customer(self, code: str, number: str = "") -> Customer | None:
        """Return who keyed this code, or calls from this number. None: nobody, or several do.

        Raises `StoreUnavailableError`.
        """
        if "\0" in code + number or not code + number:
            return None  # PostgreSQL has no such text
        lookup = self._lookup
        arguments = (code, number) if _takes_number(lookup) else (code,)
        async with self._connection() as connection:
            found = await connection.fetch(lookup, *arguments)
        if len(found) > 1:
            log.warning("several customers found, none taken", code=code, caller=number)
        return _bounded(as_customer(found[0])) if len(found) == 1 else None

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[asyncpg.Connection]:
        """Lend a connection; whatever goes wrong with it means that nobody can be found."""
        assert self._pool is not None, "the directory is used inside its context"
        try:
            connection, self._at_hand = self._at_hand, None
            if connection is None or not _is_there(connection):
                connection = await self._pool.acquire(timeout=self._deadline)
            is_well = False
            try:
                yield connection
                is_well = True
            except asyncpg.InternalClientError:
                # The library takes a connection that was cut while idle for a busy one.
                connection.terminate()
                raise
            finally:
                if is_well and self._at_hand is None:
                    self._at_hand = connection
                else:
                    await self._pool.release(connection)
        except (*UNAVAILABLE, *UNREADABLE, asyncpg.PostgresError) as error:
            raise StoreUnavailableError(reason(error)) from error


def _is_there(connection: PoolConnectionProxy) -> bool:
    try:
        return not connection.is_closed()
    except asyncpg.InterfaceError:
        return False  # it was cut, and the pool has taken it back


def _lookup(statement: str) -> str:
    """Return the statement that is carried out: of no interest are more than two rows."""
    return f"SELECT * FROM ({statement.strip().rstrip(';')}\n) AS found LIMIT 2"  # noqa: S608 - the operator's own


def reason(error: BaseException) -> str:
    """Return why nobody can be found, without what was looked for.

    A `DataError` quotes it, and a function of the operator's may.
    """
    if isinstance(error, UNREADABLE):
        return f"{type(error).__name__}: a value of what was found, like a year after 9999"
    quotes = isinstance(error, asyncpg.DataError | asyncpg.PLPGSQLError)
    return type(error).__name__ if quotes else words(error)


def as_customer(row: Mapping[str, Any]) -> Customer:
    """Return a row that was found as a record; what is NULL in it is left out."""
    attributes: dict[str, str] = {}
    for name, value in row.items():
        if name == ATTRIBUTES and isinstance(value, str):
            attributes |= _object(value)
        elif name not in IDENTITY and value is not None:
            attributes[name] = _text(value)
    return Customer(row["id"] or 0, row["code"] or "", row["name"] or "", attributes)


def _takes_number(lookup: str) -> bool:
    return "$2" in lookup


def _check_parameters(types: list[str], lookup: str) -> None:
    if not 1 <= len(types) <= 2:
        raise StatementError(
            f"it has {len(types)} parameters",
            "use $1, the code that was keyed, and perhaps $2, the caller's number",
        )
    if len(types) == 1 and _takes_number(lookup):
        raise StatementError(
            "it has $2 where it stands for nothing, in a comment or a text",
            "leave it out there, or write it otherwise",
        )
    for number, type_ in enumerate(types, start=1):
        if type_ not in TEXT:
            raise StatementError(
                f"its parameter ${number} is taken for {type_}",
                f"compare it as text, for example: id::text = ${number}",
            )


def _check_columns(columns: Mapping[str, str]) -> None:
    for name, types in IDENTITY.items():
        if name not in columns:
            raise StatementError(f"it has no column {name}", f"select something AS {name}")
        if columns[name] not in types:
            raise StatementError(
                f"its column {name} is of type {columns[name]}",
                f"cast it to {types[-1] if name == 'id' else 'text'}",
            )


def _object(written: str) -> dict[str, str]:
    """Return the attributes that a JSON object has; what is none is one attribute, as it is."""
    try:
        found = json.loads(written)
        if isinstance(found, dict):
            return {_writable(key): _text(v) for key, v in found.items() if v is not None}
    except (ValueError, RecursionError):
        log.debug("attributes are no JSON that can be read")
    return {ATTRIBUTES: written}


def _text(value: object) -> str:
    """Return a value as software would write it: true and false, ISO 8601."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (dict, list)):
        return json.dumps(value, default=_text)
    isoformat = getattr(value, "isoformat", None)
    return _writable(str(value) if isoformat is None else str(isoformat()))


def _writable(text: str) -> str:
    return _UNWRITABLE.sub("\ufffd", text)


def _bounded(customer: Customer) -> Customer:
    """Return a customer without the attributes for which there is no room in an item."""
    kept: dict[str, str] = {}
    left_out, room = [], MOST_CHARACTERS
    for name, value in customer.attributes.items():
        size = len(json.dumps({name: value}))
        if size > room:
            left_out.append(name)
            continue
        kept[name] = value
        room -= size
    if left_out:
        log.warning(
            "attributes of a customer left out, they are too long",
            code=customer.code,
            attributes=[name[:50] for name in left_out[:10]],
            most=MOST_CHARACTERS,
        )
    return replace(customer, attributes=kept)
