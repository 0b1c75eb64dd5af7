"""The operator's tables as CSV: what the columns are, and what is wrong with a file.

The first line names the columns, in any order. Fields are separated by commas, semicolons or tabs,
whatever the first line uses, and quoted as RFC 4180 says.
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from component import pins

if TYPE_CHECKING:
    import _csv

Value = str | int | dict[str, str]

DELIMITERS = ",;\t"

MOST_PROBLEMS = 20
"""After so many the rest of a file is not looked at."""

MOST_CALLS = 100
"""So many calls at once are the most that may be allowed to one extension."""

_EXTENSION = re.compile(r"[0-9A-Za-z_.-]+")
_DEVICE = re.compile(r"[^,\x00-\x1f\x7f-\x9f]{1,250}")
_JID = re.compile(r"[^/@\s]+@[^/@\s]+")
_LARGEST_INTEGER = 2**31 - 1


class TableError(Exception):
    """A file cannot be taken. `problems` says why, each with the number of the line."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


class TableName(StrEnum):
    """What can be imported and exported."""

    CUSTOMERS = "customers"
    EXTENSIONS = "extensions"
    MEMBERS = "members"
    PEOPLE = "people"


@dataclass(frozen=True, slots=True)
class Table:
    """The columns of a table, each with what reads a field; that raises `ValueError`."""

    key: tuple[str, ...]
    columns: Mapping[str, Callable[[str], Value]]
    optional: Mapping[str, Value] = field(default_factory=dict)
    """Columns that a file may leave out, and what is put in their place."""
    extra: str | None = None
    """The column that further columns of a file go to, as attributes; None: there may be none."""


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a file; `line` is where it ends."""

    line: int
    values: tuple[Value, ...]
    """By `columns_of` the table."""


def _text(value: str) -> str:
    if "\0" in value:
        raise ValueError("has a NUL character")
    return value


def _required(value: str) -> str:
    if not value:
        raise ValueError("is empty")
    return _text(value)


def _extension(value: str) -> str:
    if not _EXTENSION.fullmatch(value):
        raise ValueError("must consist of letters, digits and _ . -")
    return value


def _device(value: str) -> str:
    if not all(value.partition("/")):
        raise ValueError("must be a device like PJSIP/1000")
    if not _DEVICE.fullmatch(value):
        raise ValueError("must have no comma or control character, and at most 250 characters")
    return value


def _jid(value: str) -> str:
    if not _JID.fullmatch(value):
        raise ValueError("must be an account like user@example.com, without a resource")
    return _text(value).lower()


def _digits(value: str) -> str:
    if not (value.isascii() and value.isdecimal()):
        raise ValueError("must consist of digits")
    return value


def _pin(value: str) -> str:
    """Return it hashed; what is hashed already, by an export, stays as it is."""
    if not value or pins.is_hashed(value):
        return value
    if not pins.PIN.fullmatch(value):
        raise ValueError("must be empty or 4 to 12 digits")
    return pins.hashed(value)


def _penalty(value: str) -> int:
    if not value.isdecimal() or int(value) > _LARGEST_INTEGER:
        raise ValueError("must be a whole number from 0")
    return int(value)


def _max_calls(value: str) -> int:
    if not value.isdecimal() or not 1 <= int(value) <= MOST_CALLS:
        raise ValueError(f"must be a whole number from 1 to {MOST_CALLS}")
    return int(value)


TABLES: Mapping[TableName, Table] = {
    TableName.CUSTOMERS: Table(
        key=("code",), columns={"code": _required, "name": _required}, extra="attributes"
    ),
    TableName.EXTENSIONS: Table(
        key=("extension",),
        columns={
            "extension": _extension,
            "device": _device,
            "jid": _jid,
            "max_calls": _max_calls,
        },
        optional={"max_calls": 1},
    ),
    TableName.MEMBERS: Table(
        key=("queue", "extension"),
        columns={"queue": _required, "extension": _extension, "penalty": _penalty},
        optional={"penalty": 0},
    ),
    TableName.PEOPLE: Table(
        key=("number",),
        columns={"number": _digits, "name": _required, "jid": _jid, "pin": _pin},
    ),
}


def columns_of(table: Table) -> tuple[str, ...]:
    """Return the columns that the values of a row are for."""
    return (*table.columns, table.extra) if table.extra else tuple(table.columns)


def parse(table: Table, lines: Iterable[str]) -> list[Row]:
    """Read a file, whose lines are given with their ends. Raises `TableError`."""
    reader = _reader(lines)
    rows: list[Row] = []
    problems: list[str] = []
    seen: dict[tuple[Value, ...], int] = {}
    try:
        header: list[str] = next(reader, [])
        problems += _header_problems(table, header)
        if problems:
            raise TableError(problems)
        for fields in reader:
            line = reader.line_num
            row, wrong = _row(table, header, fields)
            if row:
                key = row[: len(table.key)]
                if key in seen:
                    wrong.append(f"{'/'.join(map(str, key))} is in line {seen[key]} already")
                seen.setdefault(key, line)
                rows.append(Row(line, row))
            problems += [f"line {line}: {problem}" for problem in wrong]
            if len(problems) >= MOST_PROBLEMS:
                problems.append("and perhaps more after that")
                break
    except csv.Error as error:
        problems.append(f"line {reader.line_num}: {error}")
    if problems:
        raise TableError(problems)
    return rows


def _reader(lines: Iterable[str]) -> "_csv.Reader":
    iterator = iter(lines)
    first = next(iterator, "").removeprefix("\ufeff")
    delimiter = max(DELIMITERS, key=first.count)

    def everything() -> Iterator[str]:
        if first:
            yield first
        yield from iterator

    return csv.reader(everything(), delimiter=delimiter, strict=True)


def _header_problems(table: Table, header: list[str]) -> Iterator[str]:
    known = ", ".join(table.columns)
    for name in table.columns:
        if name not in header and name not in table.optional:
            yield f"line 1: column {name} is missing; known are {known}"
    for place, name in enumerate(header):
        if not name:
            yield f"line 1: column {place + 1} has no name"
        elif "\0" in name:
            yield f"line 1: the name of column {place + 1} has a NUL character"
        elif name in header[:place]:
            yield f"line 1: column {name} is there twice"
        elif name not in table.columns and table.extra is None:
            yield f"line 1: unknown column {name}; known are {known}"


def _row(table: Table, header: list[str], fields: list[str]) -> tuple[tuple[Value, ...], list[str]]:
    """Return the values, none if they cannot be used, and what is wrong."""
    if not fields:
        return (), []  # an empty line
    if len(fields) != len(header):
        return (), [f"{len(fields)} fields, but {len(header)} columns"]
    found = dict(zip(header, fields, strict=True))
    values: list[Value] = []
    problems: list[str] = []
    for name, read in table.columns.items():
        try:
            values.append(read(found[name]) if name in found else table.optional[name])
        except ValueError as error:
            problems.append(f"{name} {error}")
    if table.extra:
        extra = {n: value for n, value in found.items() if value and n not in table.columns}
        problems += [f"{name} has a NUL character" for name in extra if "\0" in extra[name]]
        values.append(extra)
    return (() if problems else tuple(values)), problems
