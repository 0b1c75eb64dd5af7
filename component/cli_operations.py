"""The commands that ask the running service: agents, queues, calls, and the live view.

Each command imports what it needs: `--help` is not to wait for all of them.
"""

import asyncio
import json as json_
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from component.cli_common import ConfigOption, fail, load

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from component.control_client import ControlClient
    from component.operations.model import Answer

T = TypeVar("T")


def _group(help_: str) -> typer.Typer:
    return typer.Typer(help=help_, rich_markup_mode=None, invoke_without_command=True)


agents = _group("Show agents; pause them, log them off, add extensions.")
queues = _group("Show queues; close, open and add them.")
calls = _group("Show calls; move callers who wait.")

JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON, for scripts.")]
QueueOption = Annotated[str, typer.Option("--queue", metavar="QUEUE", help="Of this queue alone.")]
ExtensionArgument = Annotated[str, typer.Argument(help="The agent's extension.")]


@agents.callback()
def show_agents(
    context: typer.Context,
    queue: QueueOption = "",
    *,
    json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show agents; pause them, log them off, add extensions."""
    if context.invoked_subcommand is None:
        _carry_out("agents", config, json=json, queue=queue)


@agents.command("pause")
def pause_agent(
    extension: ExtensionArgument,
    reason: Annotated[str, typer.Option(help="Why, for those who look.")] = "",
    queue: QueueOption = "",
    config: ConfigOption = None,
) -> None:
    """Let an agent be offered no calls."""
    _carry_out("pause-agent", config, agent=extension, reason=reason, queue=queue)


@agents.command("resume")
def resume_agent(
    extension: ExtensionArgument, queue: QueueOption = "", config: ConfigOption = None
) -> None:
    """Let an agent who is paused be offered calls again."""
    _carry_out("resume-agent", config, agent=extension, queue=queue)


@agents.command("log-off")
def log_agent_off(
    extension: ExtensionArgument, queue: QueueOption = "", config: ConfigOption = None
) -> None:
    """Log an agent off."""
    _carry_out("log-off-agent", config, agent=extension, queue=queue)


@queues.callback()
def show_queues(
    context: typer.Context, *, json: JsonOption = False, config: ConfigOption = None
) -> None:
    """Show queues; close, open and add them."""
    if context.invoked_subcommand is None:
        _carry_out("queues", config, json=json)


@calls.callback()
def show_calls(
    context: typer.Context,
    queue: QueueOption = "",
    *,
    json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show calls; move callers who wait."""
    if context.invoked_subcommand is None:
        _carry_out("calls", config, json=json, queue=queue)


def top(config: ConfigOption = None) -> None:
    """Show queues and agents, live, until Ctrl-C."""
    from datetime import datetime

    from rich.console import Console

    from component.terminal import top as watch

    async def work(client: "ControlClient") -> None:
        await watch(client.ask, Console(), lambda: datetime.now().astimezone())

    try:
        _asking(config, work)
    except KeyboardInterrupt:
        raise typer.Exit from None


def _carry_out(name: str, config: Path | None, *, json: bool = False, **given: str) -> None:
    """Have an operation carried out by the running service, and show the answer."""
    from rich.console import Console

    from component.operations.wire import as_json
    from component.terminal import in_terminal

    async def work(client: "ControlClient") -> "Answer":
        return await client.ask(name, given)

    answer = _asking(config, work)
    if json:
        typer.echo(json_.dumps(as_json(answer).get("rows", as_json(answer))))
    else:
        Console().print(in_terminal(answer))


def _asking(config: Path | None, work: "Callable[[ControlClient], Awaitable[T]]") -> "T":
    settings = load(config)
    from component.control_client import ControlClient, ControlError

    async def connected() -> "T":
        async with ControlClient(settings.control.socket) as client:
            return await work(client)

    try:
        return asyncio.run(connected())
    except ControlError as error:
        fail(str(error))
