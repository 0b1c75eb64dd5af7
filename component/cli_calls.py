"""`ivr-pubsub calls`: who waits and who talks, and what is done for those who wait."""

from typing import Annotated, Literal

import typer

from component.cli_asking import TAKES_NEGATIVE, JsonOption, QueueOption, carry_out, group
from component.cli_common import ConfigOption

calls = group("Show calls, move callers, send them back to the dialplan.")

CallArgument = Annotated[str, typer.Argument(help="The call's id, as `calls` shows it.")]


@calls.callback()
def show_calls(
    context: typer.Context,
    queue: QueueOption = "",
    *,
    json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show calls, move callers, send them back to the dialplan."""
    if context.invoked_subcommand is None:
        carry_out("calls", config, json=json, queue=queue)


@calls.command("move")
def move_caller(
    call: CallArgument,
    queue: Annotated[str, typer.Option(help="To this queue.")] = "",
    place: Annotated[
        Literal["keep", "front", "back"], typer.Option(help="To this place in the line.")
    ] = "keep",
    *,
    json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Move a caller who waits: to another place, or queue."""
    carry_out("move-caller", config, json=json, call=call, queue=queue, place=place)


@calls.command("priority", context_settings=TAKES_NEGATIVE)
def set_priority(
    call: CallArgument,
    priority: Annotated[int, typer.Argument(help="The greater, the sooner.")],
    *,
    json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Give a caller who waits another priority."""
    carry_out("set-priority", config, json=json, call=call, priority=str(priority))


@calls.command("withdraw")
def withdraw_caller(
    call: CallArgument,
    info: Annotated[str, typer.Option(help="Why, for the dialplan: QUEUE_WITHDRAW_INFO.")] = "",
    *,
    json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Send a caller back to the dialplan. That decides what follows."""
    carry_out("withdraw-caller", config, json=json, call=call, info=info)
