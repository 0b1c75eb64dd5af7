"""What is put into a table and what is deleted from it, as rows of one statement."""

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")

Row = dict[str, object]


def few(table: str, columns: str = "*") -> str:
    """Return a part of a statement that stands for the given rows; `{rows}` stands for JSON.

    PostgreSQL takes JSON for 100 rows, and would read a table of thousands rather than look so many
    up in an index, with each transaction. A limit that it does not know in advance makes it expect
    a tenth.
    """
    return f"""(
            SELECT {columns} FROM json_populate_recordset(NULL::{table}, {{rows}})
            LIMIT json_array_length({{rows}})
        )"""  # noqa: S608 - names are ours


def deletion(table: str, *key: str) -> str:
    """Return the part of a statement that deletes rows by their key; `{rows}` stands for JSON."""
    ours, gone = (", ".join(f"{name}.{column}" for column in key) for name in (table, "gone"))
    return f"""
        DELETE FROM {table} USING {few(table, ", ".join(key))} AS gone
        WHERE ({ours}) = ({gone})"""  # noqa: S608 - names are ours


def keyed(
    part: str, records: Mapping[K, V | None], row: Callable[[V], Row], names: tuple[str, ...]
) -> Iterator[tuple[str, list[Row]]]:
    """Yield what is put and what is deleted; `names` are the columns that the keys consist of."""
    if records:
        yield part, [row(record) for record in records.values() if record is not None]
        yield f"{part}_gone", gone(records, names)


def gone(records: Mapping[K, object], names: tuple[str, ...]) -> list[Row]:
    """Return the keys of what is deleted."""
    keys = (key for key, record in records.items() if record is None)
    return [
        dict(zip(names, key if isinstance(key, tuple) else (key,), strict=True)) for key in keys
    ]
