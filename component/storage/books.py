"""Changes of the configuration that people ask the running service for, as rows of the database."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import assert_never

import asyncpg

from component.domain.model import Person
from component.domain.settings_by_name import SETTINGS
from component.operations.changes import (
    AddCustomer,
    AddExtension,
    Addition,
    AddMember,
    AddQueue,
    Alteration,
    Change,
    ChangeCustomer,
    ChangeExtension,
    ChangeMember,
    ChangeQueue,
    CloseQueue,
    OpenQueue,
    Reload,
    Removal,
    RemoveCustomer,
    RemoveExtension,
    RemoveMember,
    RemoveQueue,
)
from component.operations.model import RefusedError
from component.ports import StoreUnavailableError
from component.storage.errors import UNAVAILABLE, words
from component.storage.feed import CHANNEL

Statement = tuple[str, tuple[object, ...]]

REFUSALS = (
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.DataError,
    asyncpg.InsufficientPrivilegeError,
)
"""What says that the database does not take a row, however often it is tried."""


CHANGE_CUSTOMER = """
UPDATE customers SET name = coalesce(nullif($2, ''), name), attributes = (
    SELECT coalesce(jsonb_object_agg(key, value), '{}')
    FROM jsonb_each(attributes || $3::jsonb) WHERE value <> '""'
) WHERE code = $1
"""


class SqlBooks:
    """`component.operations.desk.Books` by SQL. `deadline` is how long any request may take, in
    seconds."""

    def __init__(self, url: str, deadline: float = 5.0) -> None:
        self._url = url
        self._deadline = deadline

    async def write(self, change: Change) -> str:
        """Change the configuration; there is nothing else to be said of that.

        Raises `RefusedError`, or `StoreUnavailableError`.
        """
        text, arguments = _statement(change)
        try:
            async with self._connection() as connection:
                done = await connection.execute(text, *arguments)
        except REFUSALS as error:
            raise RefusedError(_reason(error, change)) from None
        if done.endswith(" 0"):
            raise RefusedError("There is none that is called so.")
        return ""

    async def person(self, number: str) -> Person | None:
        """Return who logs on by this number, None if nobody. Raises as `write` does."""
        try:
            async with self._connection() as connection:
                jid = await connection.fetchval("SELECT jid FROM people WHERE number = $1", number)
        except asyncpg.DataError:
            return None  # PostgreSQL has no such text
        except REFUSALS as error:
            raise RefusedError(_reason(error)) from None
        return None if jid is None else Person(number, jid)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[asyncpg.Connection]:
        """Lend a connection. Raises `StoreUnavailableError` unless what goes wrong is a refusal."""
        try:
            connection = await asyncpg.connect(
                self._url,
                timeout=self._deadline,
                command_timeout=self._deadline,
                server_settings={"application_name": "ivr-pubsub"},
            )
            try:
                yield connection
            finally:
                connection.terminate()
        except REFUSALS:
            raise
        except (*UNAVAILABLE, asyncpg.PostgresError) as error:
            raise StoreUnavailableError(words(error)) from error


def _statement(change: Change) -> Statement:
    match change:
        case AddExtension() | AddCustomer() | AddQueue() | AddMember():
            return _addition(change)
        case RemoveExtension() | RemoveCustomer() | RemoveQueue() | RemoveMember():
            return _removal(change)
        case Reload():
            return "SELECT pg_notify($1, '')", (CHANNEL,)
        case _:
            return _alteration(change)


def _addition(change: Addition) -> Statement:
    match change:
        case AddExtension(extension, device, jid):
            row = (extension, device, jid)
            return "INSERT INTO extensions (extension, device, jid) VALUES ($1, $2, $3)", row
        case AddCustomer(code, name, attributes):
            text = "INSERT INTO customers (code, name, attributes) VALUES ($1, $2, $3)"
            return text, (code, name, json.dumps(attributes))
        case AddQueue(name, strategy):
            return "INSERT INTO queues (name, strategy) VALUES ($1, $2)", (name, strategy)
        case AddMember(queue, extension, penalty):
            text = "INSERT INTO members (queue, extension, penalty) VALUES ($1, $2, $3)"
            return text, (queue, extension, penalty)
    assert_never(change)


def _alteration(change: Alteration) -> Statement:
    match change:
        case ChangeExtension(extension, device, jid, skills):
            text = "UPDATE extensions SET device = $2, jid = $3, skills = $4 WHERE extension = $1"
            return text, (extension, device, jid, json.dumps(dict(skills)))
        case ChangeCustomer(code, name, attributes):
            return CHANGE_CUSTOMER, (code, name, json.dumps(dict(attributes)))
        case ChangeQueue(queue, setting, value):
            column = SETTINGS[setting].name
            return f"UPDATE queues SET {column} = $2 WHERE name = $1", (queue, value)  # noqa: S608 - one of ours
        case ChangeMember(queue, extension, penalty):
            text = "UPDATE members SET penalty = $3 WHERE queue = $1 AND extension = $2"
            return text, (queue, extension, penalty)
        case CloseQueue(queue):
            return "UPDATE queues SET closed_until = $2 WHERE name = $1", (queue, _midnight())
        case OpenQueue(queue):
            return "UPDATE queues SET closed_until = NULL WHERE name = $1", (queue,)
    assert_never(change)


def _removal(change: Removal) -> Statement:
    match change:
        case RemoveExtension(extension):
            return "DELETE FROM extensions WHERE extension = $1", (extension,)
        case RemoveCustomer(code):
            return "DELETE FROM customers WHERE code = $1", (code,)
        case RemoveQueue(queue):
            return "DELETE FROM queues WHERE name = $1", (queue,)
        case RemoveMember(queue, extension):
            text = "DELETE FROM members WHERE queue = $1 AND extension = $2"
            return text, (queue, extension)
    assert_never(change)


def _reason(error: asyncpg.PostgresError, change: Change | None = None) -> str:
    """Return why a row is not taken, or not told, for people."""
    match error:
        case asyncpg.CheckViolationError() if isinstance(change, ChangeQueue):
            return f"{change.setting} cannot be {change.value}: see docs/queues.md."
        case asyncpg.UniqueViolationError():
            return "There is one already that is called so, or has the same device."
        case asyncpg.ForeignKeyViolationError():
            return "There is no such queue or extension."
        case asyncpg.InsufficientPrivilegeError():
            return "The service's database role may not do this: see sql/grants.sql."
        case asyncpg.CheckViolationError():
            return f"The database does not take this: {error.constraint_name}."
    return "The database does not take this."


def _midnight() -> datetime:
    """Return when the day is over, where this machine is."""
    tomorrow = datetime.now().astimezone().date() + timedelta(days=1)
    return datetime(tomorrow.year, tomorrow.month, tomorrow.day).astimezone()
