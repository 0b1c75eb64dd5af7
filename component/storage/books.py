"""Changes of the configuration that people ask the running service for, as rows of the database."""

import json
from datetime import datetime, timedelta
from typing import assert_never

import asyncpg

from component.operations.changes import (
    AddCustomer,
    AddExtension,
    AddMember,
    AddQueue,
    Change,
    CloseQueue,
    OpenQueue,
    Reload,
)
from component.operations.model import RefusedError
from component.ports import StoreUnavailableError
from component.storage.feed import CHANNEL
from component.storage.postgres import UNAVAILABLE, words

Statement = tuple[str, tuple[object, ...]]

REFUSALS = (
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.DataError,
    asyncpg.InsufficientPrivilegeError,
)
"""What says that the database does not take a row, however often it is tried."""


class SqlBooks:
    """`component.ports.Books` by SQL. `deadline` is how long any request may take, in seconds."""

    def __init__(self, url: str, deadline: float = 5.0) -> None:
        self._url = url
        self._deadline = deadline

    async def write(self, change: Change) -> None:
        """Change the configuration. Raises `RefusedError`, or `StoreUnavailableError`."""
        text, arguments = _statement(change)
        try:
            connection = await asyncpg.connect(
                self._url,
                timeout=self._deadline,
                command_timeout=self._deadline,
                server_settings={"application_name": "ivr-pubsub"},
            )
            try:
                await connection.execute(text, *arguments)
            finally:
                connection.terminate()
        except REFUSALS as error:
            raise RefusedError(_reason(error)) from None
        except (*UNAVAILABLE, asyncpg.PostgresError) as error:
            raise StoreUnavailableError(words(error)) from error


def _statement(change: Change) -> Statement:
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
        case CloseQueue(queue):
            return "UPDATE queues SET closed_until = $2 WHERE name = $1", (queue, _midnight())
        case OpenQueue(queue):
            return "UPDATE queues SET closed_until = NULL WHERE name = $1", (queue,)
        case Reload():
            return "SELECT pg_notify($1, '')", (CHANNEL,)
    assert_never(change)


def _reason(error: asyncpg.PostgresError) -> str:
    """Return why a row is not taken, for people."""
    match error:
        case asyncpg.UniqueViolationError():
            return "There is one already that is called so, or has the same device."
        case asyncpg.ForeignKeyViolationError():
            return "There is no such queue or extension."
        case asyncpg.InsufficientPrivilegeError():
            return "The service's database role may not change this: see sql/grants.sql."
        case asyncpg.CheckViolationError():
            return f"The database does not take this: {error.constraint_name}."
    return "The database does not take this."


def _midnight() -> datetime:
    """Return when the day is over, where this machine is."""
    tomorrow = datetime.now().astimezone().date() + timedelta(days=1)
    return datetime(tomorrow.year, tomorrow.month, tomorrow.day).astimezone()
