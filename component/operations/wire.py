"""Answers as JSON, for programs: what the control socket speaks and `--json` shows."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from component.operations.model import Answer, Cell, Table

DURATIONS = frozenset({"for", "longest_wait", "waited", "talked"})
"""Columns that have durations; for programs their names end in _seconds."""

MOMENTS = frozenset({"last_call", "logged_on_at"})
"""Columns that have times."""

_UNIT = "_seconds"


def as_json(answer: Answer) -> dict[str, object]:
    """Return an answer for programs: `rows` are objects, times are ISO 8601."""
    if answer.table is None:
        return {"text": answer.text}
    columns = [_key(column) for column in answer.table.columns]
    rows = [dict(zip(columns, map(_plain, row), strict=True)) for row in answer.table.rows]
    return {"text": answer.text, "columns": columns, "rows": rows}


def from_json(written: Mapping[str, Any]) -> Answer:
    """Return an answer that was written by `as_json`."""
    if "columns" not in written:
        return Answer(written["text"])
    columns = tuple(key.removesuffix(_UNIT) for key in written["columns"])
    rows = (tuple(row[key] for key in written["columns"]) for row in written["rows"])
    read = tuple(tuple(map(_cell, columns, row)) for row in rows)
    return Answer(written["text"], Table(columns, read))


def _key(column: str) -> str:
    return f"{column}{_UNIT}" if column in DURATIONS else column


def _plain(cell: Cell) -> str | int | float | None:
    match cell:
        case timedelta():
            return round(cell.total_seconds(), 3)
        case datetime():
            return cell.isoformat()
        case _:
            return cell


def _cell(column: str, plain: Any) -> Cell:
    if plain is not None and column in DURATIONS:
        return timedelta(seconds=plain)
    if plain is not None and column in MOMENTS:
        return datetime.fromisoformat(plain)
    read: Cell = plain
    return read
