"""What all commands have in common that ask the running service.

Each command imports what it needs: `--help` is not to wait for all of them.
"""

import asyncio
import json as json_
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from component.cli_common import fail, load

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from component.control_client import ControlClient
    from component.operations.model import Answer

T = TypeVar("T")

JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON, for scripts.")]
QueueOption = Annotated[str, typer.Option("--queue", metavar="QUEUE", help="Of this queue alone.")]
QueueArgument = Annotated[str, typer.Argument(help="The queue's name.")]
ExtensionArgument = Annotated[str, typer.Argument(help="The agent's extension.")]

TAKES_NEGATIVE = {"ignore_unknown_options": True}
"""Of a command one of whose arguments may be a number below 0: that is no option."""


def group(help_: str) -> typer.Typer:
    """Return a command that shows something, and has commands of its own."""
    return typer.Typer(help=help_, rich_markup_mode=None, invoke_without_command=True)


def carry_out(
    name: str, config: Path | None, /, *, json: bool = False, **given: str | None
) -> None:
    """Have an operation carried out by the running service, and show the answer.

    What is None is not given.
    """
    known = {argument: value for argument, value in given.items() if value is not None}

    async def work(client: "ControlClient") -> "Answer":
        return await client.ask(name, known)

    show(asking(config, work), json=json)


def show(answer: "Answer", *, json: bool) -> None:
    """Write an answer to standard output."""
    from rich.console import Console

    from component.operations.wire import as_json
    from component.terminal import show_in

    if json:
        typer.echo(json_.dumps(as_json(answer).get("rows", as_json(answer))))
    else:
        show_in(Console(), answer)


def asking(config: Path | None, work: "Callable[[ControlClient], Awaitable[T]]") -> "T":
    """Do what needs the running service, or say why it cannot be done and exit."""
    settings = load(config)
    from component.control_client import ControlClient, ControlError

    async def connected() -> "T":
        async with ControlClient(settings.control.socket) as client:
            return await work(client)

    try:
        return asyncio.run(connected())
    except ControlError as error:
        fail(str(error))
