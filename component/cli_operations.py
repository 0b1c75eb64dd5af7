"""The commands that ask the running service: agents, queues, calls, and the live view.

Each command imports what it needs: `--help` is not to wait for all of them.
"""

import asyncio
import json as json_
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

import typer

from component.cli_common import ConfigOption, fail, load, using_database

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
QueueArgument = Annotated[str, typer.Argument(help="The queue's name.")]
CallArgument = Annotated[str, typer.Argument(help="The call's id, as `calls` shows it.")]
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


@agents.command("add")
def add_extension(
    extension: ExtensionArgument,
    device: Annotated[str, typer.Argument(help="What Asterisk rings, like PJSIP/1000.")],
    jid: Annotated[str, typer.Argument(help="The agent's XMPP account.")],
    config: ConfigOption = None,
) -> None:
    """Add an extension."""
    _carry_out("add-extension", config, extension=extension, device=device, jid=jid)


@queues.command("close")
def close_queue(queue: QueueArgument, config: ConfigOption = None) -> None:
    """Let nobody in for the rest of the day; who waits is served."""
    _carry_out("close-queue", config, queue=queue)


@queues.command("open")
def open_queue(queue: QueueArgument, config: ConfigOption = None) -> None:
    """Let callers in again."""
    _carry_out("open-queue", config, queue=queue)


@queues.command("add")
def add_queue(
    name: QueueArgument,
    strategy: Annotated[str, typer.Option(help="How it chooses agents.")] = "leastrecent",
    config: ConfigOption = None,
) -> None:
    """Add a queue."""
    _carry_out("add-queue", config, name=name, strategy=strategy)


@queues.command("add-member")
def add_member(
    queue: QueueArgument,
    extension: ExtensionArgument,
    penalty: Annotated[int, typer.Option(min=0, help="The lowest comes first.")] = 0,
    config: ConfigOption = None,
) -> None:
    """Let an extension log on to a queue."""
    _carry_out("add-member", config, queue=queue, extension=extension, penalty=str(penalty))


@calls.command("move")
def move_caller(
    call: CallArgument,
    queue: Annotated[str, typer.Option(help="To this queue.")] = "",
    place: Annotated[
        Literal["keep", "front", "back"], typer.Option(help="To this place in the line.")
    ] = "keep",
    config: ConfigOption = None,
) -> None:
    """Move a caller who waits: to another place, to another queue, or both."""
    _carry_out("move-caller", config, call=call, queue=queue, place=place)


@calls.command("priority")
def set_priority(
    call: CallArgument,
    priority: Annotated[int, typer.Argument(help="The greater, the sooner.")],
    config: ConfigOption = None,
) -> None:
    """Give a caller who waits another priority."""
    _carry_out("set-priority", config, call=call, priority=str(priority))


customers = _group("Find customers in the service's database; add them.")


@customers.callback()
def show_customers(
    context: typer.Context,
    find: Annotated[str, typer.Option(help="Code, or part of the name.")] = "",
    *,
    json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Find customers in the service's database; add them."""
    if context.invoked_subcommand is None:
        from component.transfer import find_customers

        _show(using_database(find_customers(load(config).database, find)), json=json)


@customers.command("add")
def add_customer(
    code: Annotated[str, typer.Argument(help="What the customer keys.")],
    name: Annotated[str, typer.Argument(help="What the agent is shown.")],
    phone: Annotated[str, typer.Option(help="The number that the customer calls from.")] = "",
    config: ConfigOption = None,
) -> None:
    """Add a customer."""
    _carry_out("add-customer", config, code=code, name=name, phone=phone)


def drain(
    *,
    wait: Annotated[bool, typer.Option("--wait", help="Until no call is left.")] = False,
    config: ConfigOption = None,
) -> None:
    """Take no new callers, for maintenance; calls go on, and who waits is served."""
    _carry_out("drain", config)
    if wait:
        _asking(config, _until_no_call_is_left)


def undrain(config: ConfigOption = None) -> None:
    """Take new callers again."""
    _carry_out("undrain", config)


def reload(config: ConfigOption = None) -> None:
    """Compare the configuration in the database with what the service knows."""
    _carry_out("reload", config)


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


def _carry_out(name: str, config: Path | None, /, *, json: bool = False, **given: str) -> None:
    """Have an operation carried out by the running service, and show the answer."""

    async def work(client: "ControlClient") -> "Answer":
        return await client.ask(name, given)

    _show(_asking(config, work), json=json)


def _show(answer: "Answer", *, json: bool) -> None:
    from rich.console import Console

    from component.operations.wire import as_json
    from component.terminal import in_terminal

    if json:
        typer.echo(json_.dumps(as_json(answer).get("rows", as_json(answer))))
    else:
        Console().print(in_terminal(answer))


async def _until_no_call_is_left(client: "ControlClient") -> None:
    while True:
        answer = await client.ask("calls", {})
        if answer.table is None or not answer.table.rows:
            return
        await asyncio.sleep(1)


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
