"""What all commands of the command line have in common."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, TypeVar

import typer

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from component.config import Config

T = TypeVar("T")

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", metavar="FILE", envvar="IVR_PUBSUB_CONFIG", show_envvar=True,
        readable=False,  # who reads it says why that is impossible
        help="Configuration. Without it: /etc/ivr-pubsub/ivr-pubsub.toml, if there is one.",
    ),
]  # fmt: skip


def load(file: Path | None) -> "Config":
    """Load the configuration, or say what is wrong with it and exit."""
    from component.config import ConfigError, find_file, load

    try:
        return load(find_file(file))
    except ConfigError as error:
        fail(str(error), status=2)


def fail(message: str, status: int = 1) -> NoReturn:
    """Say what went wrong, and exit."""
    typer.echo(f"ivr-pubsub: {message}", err=True)
    raise typer.Exit(status)


def using_database(work: "Coroutine[None, None, T]") -> "T":
    """Do what needs the database, or say what is wrong with it and exit."""
    import asyncpg

    from component import logs
    from component.database import remedy
    from component.settings import LogConfig

    logs.configure(LogConfig(level="error"))
    try:
        return asyncio.run(work)
    except asyncpg.UndefinedTableError:
        fail("the database has no schema yet: run `ivr-pubsub migrate`")
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        fail(f"the database refused: {error}: {remedy(error)}")
    except OSError as error:
        fail(in_words(error))


def in_words(error: OSError) -> str:
    """Say what cannot be reached: without a file that it is about, it is the database's server."""
    from component.database import remedy
    from component.storage.embedded import UnusableDirectoryError

    if error.filename is not None or isinstance(error, UnusableDirectoryError):
        return str(error)
    return f"the database cannot be reached: {error}: {remedy(error)}"
