"""`ivr-pubsub queues`: how they are, who may log on to them, what is set."""

from typing import Annotated

import typer

from component.cli_asking import (
    TAKES_NEGATIVE,
    ExtensionArgument,
    JsonOption,
    QueueArgument,
    carry_out,
    group,
)
from component.cli_common import ConfigOption

queues = group("Show queues, close them, change them and their members.")


@queues.callback()
def show_queues(
    context: typer.Context, *, json: JsonOption = False, config: ConfigOption = None
) -> None:
    """Show queues, close them, change them and their members."""
    if context.invoked_subcommand is None:
        carry_out("queues", config, json=json)


@queues.command("close")
def close_queue(
    queue: QueueArgument, *, json: JsonOption = False, config: ConfigOption = None
) -> None:
    """Let nobody in for the rest of the day; who waits is served."""
    carry_out("close-queue", config, json=json, queue=queue)


@queues.command("open")
def open_queue(
    queue: QueueArgument, *, json: JsonOption = False, config: ConfigOption = None
) -> None:
    """Let callers in again."""
    carry_out("open-queue", config, json=json, queue=queue)


@queues.command("settings")
def show_settings(
    queue: QueueArgument, *, json: JsonOption = False, config: ConfigOption = None
) -> None:
    """Show the settings of a queue."""
    carry_out("queue-settings", config, json=json, queue=queue)


@queues.command("set", context_settings=TAKES_NEGATIVE)
def change_queue(
    queue: QueueArgument,
    setting: Annotated[str, typer.Argument(help="One that `settings` shows.")],
    value: Annotated[str, typer.Argument(help="Seconds, a number, yes or no, words.")],
    *,
    json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Change a setting of a queue. It counts for those who wait, too."""
    carry_out("change-queue", config, json=json, queue=queue, setting=setting, value=value)


@queues.command("add")
def add_queue(
    name: QueueArgument,
    strategy: Annotated[str, typer.Option(help="How it chooses agents.")] = "leastrecent",
    *,
    json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Add a queue."""
    carry_out("add-queue", config, json=json, name=name, strategy=strategy)


@queues.command("remove")
def remove_queue(
    queue: QueueArgument, *, json: JsonOption = False, config: ConfigOption = None
) -> None:
    """Remove a queue where nobody waits. Its memberships go, too."""
    carry_out("remove-queue", config, json=json, queue=queue)


@queues.command("add-member")
def add_member(
    queue: QueueArgument,
    extension: ExtensionArgument,
    penalty: Annotated[int, typer.Option(min=0, help="The lowest comes first.")] = 0,
    *,
    json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Let an extension log on to a queue."""
    carry_out(
        "add-member", config, json=json, queue=queue, extension=extension, penalty=str(penalty)
    )


@queues.command("change-member")
def change_member(
    queue: QueueArgument,
    extension: ExtensionArgument,
    penalty: Annotated[int, typer.Argument(min=0, help="The lowest comes first.")],
    *,
    json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Give a member of a queue another penalty."""
    carry_out(
        "change-member", config, json=json, queue=queue, extension=extension, penalty=str(penalty)
    )


@queues.command("remove-member")
def remove_member(
    queue: QueueArgument,
    extension: ExtensionArgument,
    *,
    json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Let an extension log on to a queue no more. A call that goes on is not ended."""
    carry_out("remove-member", config, json=json, queue=queue, extension=extension)
