"""Looking for customers in the service's own database."""

import asyncpg

from component.domain.model import Customer
from component.storage.directory import as_customer

MOST = 100
"""Customers that are found at a time."""


async def find(connection: asyncpg.Connection, text: str) -> list[Customer]:
    """Return customers whose code is, or whose name contains, a text; all, if it is empty.

    Raises as asyncpg does.
    """
    rows = await connection.fetch(
        """
        SELECT id, code, name, attributes FROM customers
        WHERE code = $1 OR position(lower($1) IN lower(name)) > 0
        ORDER BY code LIMIT $2
        """,
        text,
        MOST,
    )
    return [as_customer(row) for row in rows]
