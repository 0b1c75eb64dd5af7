"""Whole tables in and out, by COPY. An import is one transaction: all of a file, or nothing."""

import csv
import io
import json
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

import asyncpg

from component.tables import TABLES, Row, Table, TableError, TableName, columns_of

PATIENCE = 600.0
"""Seconds for any statement of an import."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did."""

    new: int
    changed: int
    unchanged: int
    deleted: int


class _DryRunError(Exception):
    """Undoes the transaction."""


_TYPES = {"penalty": "integer", "max_calls": "integer", "attributes": "jsonb"}

_CHECKS: dict[TableName, tuple[str, ...]] = {
    TableName.CUSTOMERS: (),
    TableName.EXTENSIONS: (
        """SELECT line, 'device ' || device || ' is in line ' || first || ' already' AS problem
        FROM (
            SELECT line, device, min(line) OVER (PARTITION BY device) AS first FROM imported
        ) AS devices
        WHERE line > first""",
        """SELECT line, 'extension ' || old.extension || ' has device ' || new.device AS problem
        FROM imported AS new JOIN extensions AS old USING (device)
        WHERE old.extension <> new.extension""",
        """SELECT line, 'extension ' || extension || ' has the address of ' || other AS problem
        FROM imported JOIN (
            SELECT extension AS other FROM extensions UNION SELECT extension FROM imported
        ) AS others ON lower(extension COLLATE "C") = lower(other COLLATE "C")
        WHERE extension <> other""",
    ),
    TableName.MEMBERS: (
        """SELECT line, 'there is no queue ' || queue AS problem
        FROM imported WHERE queue NOT IN (SELECT name FROM queues)""",
        """SELECT line, 'there is no extension ' || extension AS problem
        FROM imported WHERE extension NOT IN (SELECT extension FROM extensions)""",
    ),
    TableName.PEOPLE: (),
}
"""What only the database can say about the rows of a file."""


async def load(
    connection: asyncpg.Connection,
    name: TableName,
    rows: Iterable[Row],
    *,
    replace: bool = False,
    dry_run: bool = False,
) -> Imported:
    """Insert rows, or change those of the same key. Raises `TableError`, or as asyncpg does.

    `replace` also deletes what has none of their keys; `dry_run` undoes all in the end.
    """
    table = TABLES[name]
    done = Imported(0, 0, 0, 0)
    try:
        async with connection.transaction():
            await _copy(connection, table, rows)
            deleted = await _delete_others(connection, name) if replace else 0
            await _check(connection, name)
            done = await _merge(connection, name, deleted)
            if dry_run:
                raise _DryRunError
    except _DryRunError:
        pass
    return done


async def dump(
    connection: asyncpg.Connection, name: TableName, write: Callable[[bytes], Awaitable[None]]
) -> None:
    """Write a table as `load` reads it. Raises `TableError`, or as asyncpg does."""
    table = TABLES[name]
    expressions = [_quoted(column) for column in table.columns]
    header = list(table.columns)
    if table.extra:
        keys = f"{name}, jsonb_object_keys({table.extra}) AS key"
        attributes = await connection.fetch(
            f"SELECT DISTINCT key, quote_literal(key) AS literal FROM {keys} ORDER BY key"  # noqa: S608 - ours
        )
        clash = [row["key"] for row in attributes if row["key"] in table.columns]
        if clash:
            raise TableError([f"an attribute has the name of a column: {clash[0]}"])
        header += [row["key"] for row in attributes]
        expressions += [f"{table.extra} ->> {row['literal']}" for row in attributes]
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(header)
    await write(line.getvalue().encode())
    keys = ", ".join(map(_quoted, table.key))
    await connection.copy_from_query(
        f"SELECT {', '.join(expressions)} FROM {name} ORDER BY {keys}",  # noqa: S608 - names are ours, literals the database's
        output=write, format="csv", encoding="utf-8", timeout=PATIENCE,
    )  # fmt: skip


async def _copy(connection: asyncpg.Connection, table: Table, rows: Iterable[Row]) -> None:
    columns = columns_of(table)
    declared = ", ".join(f"{_quoted(name)} {_TYPES.get(name, 'text')}" for name in columns)
    await connection.execute(
        f"CREATE TEMPORARY TABLE imported (line integer, {declared}) ON COMMIT DROP"
    )
    records = (
        (row.line, *(json.dumps(v) if isinstance(v, dict) else v for v in row.values))
        for row in rows
    )
    await connection.copy_records_to_table(
        "imported", records=records, columns=("line", *columns), timeout=PATIENCE
    )
    await connection.execute("ANALYZE imported")


async def _check(connection: asyncpg.Connection, name: TableName) -> None:
    problems = [
        (row["line"], row["problem"])
        for statement in _CHECKS[name]
        for row in await connection.fetch(f"{statement} ORDER BY line LIMIT 20", timeout=PATIENCE)
    ]
    if problems:
        raise TableError(f"line {line}: {problem}" for line, problem in sorted(problems))


async def _delete_others(connection: asyncpg.Connection, name: TableName) -> int:
    key = map(_quoted, TABLES[name].key)
    same = " AND ".join(f"imported.{column} = old.{column}" for column in key)
    # Not NOT IN: with more keys than work_mem holds, that compares each with each.
    status = await connection.execute(
        f"DELETE FROM {name} AS old WHERE NOT EXISTS (SELECT FROM imported WHERE {same})",  # noqa: S608 - ours
        timeout=PATIENCE,
    )
    return int(status.rpartition(" ")[2])


async def _merge(connection: asyncpg.Connection, name: TableName, deleted: int) -> Imported:
    table = TABLES[name]
    columns = columns_of(table)
    names, key = ", ".join(map(_quoted, columns)), ", ".join(map(_quoted, table.key))
    rest = [_quoted(column) for column in columns if column not in table.key]
    now, wanted = (
        ", ".join(f"{source}.{column}" for column in rest) for source in ("old", "excluded")
    )
    # A row that the statement inserted has no xmax, one that it changed has its own transaction's.
    counts = await connection.fetchrow(
        f"""
        WITH written AS (
            INSERT INTO {name} AS old ({names}) SELECT {names} FROM imported
            ON CONFLICT ({key}) DO UPDATE
                SET {", ".join(f"{column} = excluded.{column}" for column in rest)}
                WHERE ({now}) IS DISTINCT FROM ({wanted})
            RETURNING old.xmax = 0 AS is_new
        )
        SELECT count(*) FILTER (WHERE is_new) AS new, count(*) AS written,
            (SELECT count(*) FROM imported) AS found
        FROM written
        """,  # noqa: S608 - names are ours
        timeout=PATIENCE,
    )
    new, written, found = counts["new"], counts["written"], counts["found"]
    return Imported(new, written - new, found - written, deleted)


def _quoted(column: str) -> str:
    return f'"{column}"'
