"""`ivr-pubsub import` and `export`: between a CSV file and the database, with a progress bar."""

import io
import sys
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO, TypeVar

import asyncpg
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from component.database import database_url
from component.operations.model import Answer, Table
from component.settings import DatabaseConfig
from component.storage import bulk, customers
from component.storage.bulk import Imported
from component.tables import TABLES, TableName, parse

T = TypeVar("T")

STANDARD = Path("-")
"""Standard input or output, in place of a file."""


async def import_file(
    database: DatabaseConfig, name: TableName, file: Path, *, replace: bool, dry_run: bool
) -> Imported:
    """Take over a file, all of it or nothing.

    Raises `TableError`, `OSError`, `UnicodeDecodeError`, or as asyncpg does.
    """
    with _progress() as progress, _input(file) as lines:
        rows = parse(TABLES[name], _counted(lines, progress, "reading", None))
        async with _connected(database) as connection:
            written = _counted(rows, progress, "writing", len(rows))
            return await bulk.load(connection, name, written, replace=replace, dry_run=dry_run)


async def export_file(database: DatabaseConfig, name: TableName, file: Path) -> None:
    """Write a file. Raises `TableError`, `OSError`, or as asyncpg does."""
    async with _connected(database) as connection:
        with _output(file) as target:

            async def write(data: bytes) -> None:
                target.write(data)

            await bulk.dump(connection, name, write)


async def find_customers(database: DatabaseConfig, text: str) -> Answer:
    """Find customers by code or part of the name. Raises `OSError`, or as asyncpg does."""
    async with _connected(database) as connection:
        found = await customers.find(connection, text)
    rows = tuple(
        (c.code, c.name, ", ".join(f"{name}: {value}" for name, value in c.attributes.items()))
        for c in found
    )
    return Answer(f"Customers: {len(rows)}.", Table(("code", "name", "attributes"), rows))


@asynccontextmanager
async def _connected(database: DatabaseConfig) -> AsyncIterator[asyncpg.Connection]:
    async with database_url(database) as url:
        connection = await asyncpg.connect(url)
        try:
            yield connection
        finally:
            await connection.close()


def _progress() -> Progress:
    """Return a bar on standard error, that is nothing unless that is a terminal."""
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    )


def _counted(items: Iterable[T], progress: Progress, what: str, total: int | None) -> Iterator[T]:
    task = progress.add_task(what, total=total)
    for item in items:
        yield item
        progress.advance(task)
    progress.update(task, total=progress.tasks[task].completed)


@contextmanager
def _input(file: Path) -> Iterator[TextIO]:
    if file == STANDARD:
        yield io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", newline="")
        return
    with file.open(encoding="utf-8", newline="") as opened:
        yield opened


@contextmanager
def _output(file: Path) -> Iterator[BinaryIO]:
    """Provide a file that is complete or not there: written beside its place, then moved."""
    if file == STANDARD:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    beside = file.with_name(f".{file.name}.part")
    try:
        with beside.open("wb") as opened:
            yield opened
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)
