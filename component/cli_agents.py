"""`ivr-pubsub agents`: who is there, and what is done to them and their extensions."""

from typing import Annotated

import typer

from component.cli_asking import ExtensionArgument, JsonOption, QueueOption, carry_out, group
from component.cli_common import ConfigOption

agents = group("Show agents, log them on, pause them, change extensions.")


@agents.callback()
def show_agents(
    context: typer.Context,
    queue: QueueOption = "",
    *,
    json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show agents, log them on, pause them, change extensions."""
    if context.invoked_subcommand is None:
        carry_out("agents", config, json=json, queue=queue)


@agents.command("log-on")
def log_agent_on(
    extension: ExtensionArgument,
    person: Annotated[
        str, typer.Option(help="Number of the person who sits there; no PIN is asked for.")
    ] = "",
    queue: QueueOption = "",
    *,
    json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Log an agent on."""
    carry_out("log-on-agent", config, json=json, agent=extension, person=person, queue=queue)


@agents.command("log-off")
def log_agent_off(
    extension: ExtensionArgument,
    queue: QueueOption = "",
    *,
    json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Log an agent off."""
    carry_out("log-off-agent", config, json=json, agent=extension, queue=queue)


@agents.command("pause")
def pause_agent(
    extension: ExtensionArgument,
    reason: Annotated[str, typer.Option(help="Why, for those who look.")] = "",
    queue: QueueOption = "",
    *,
    json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Let an agent be offered no calls."""
    carry_out("pause-agent", config, json=json, agent=extension, reason=reason, queue=queue)


@agents.command("resume")
def resume_agent(
    extension: ExtensionArgument,
    queue: QueueOption = "",
    *,
    json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Let an agent who is paused be offered calls again."""
    carry_out("resume-agent", config, json=json, agent=extension, queue=queue)


@agents.command("extend")
def extend_wrap_up(
    extension: ExtensionArgument,
    minutes: Annotated[int, typer.Argument(min=1, max=60, help="How much longer.")] = 5,
    *,
    json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Give an agent more time after a call."""
    carry_out("extend-agent", config, json=json, agent=extension, minutes=str(minutes))


@agents.command("add")
def add_extension(
    extension: ExtensionArgument,
    device: Annotated[str, typer.Argument(help="What Asterisk rings, like PJSIP/1000.")],
    jid: Annotated[str, typer.Argument(help="The agent's XMPP account.")],
    *,
    json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Add an extension."""
    carry_out("add-extension", config, json=json, extension=extension, device=device, jid=jid)


@agents.command("change")
def change_extension(
    extension: ExtensionArgument,
    device: Annotated[
        str | None, typer.Option(help="What Asterisk rings, like PJSIP/1000.")
    ] = None,
    jid: Annotated[str | None, typer.Option(help="The agent's XMPP account.")] = None,
    skills: Annotated[
        str | None, typer.Option(help="All that the agent can do, like french:2,billing:1.")
    ] = None,
    *,
    json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Change an extension. What is not named stays as it is."""
    carry_out(
        "change-extension", config, json=json,
        extension=extension, device=device, jid=jid, skills=skills,
    )  # fmt: skip


@agents.command("remove")
def remove_extension(
    extension: ExtensionArgument, *, json: JsonOption = False, config: ConfigOption = None
) -> None:
    """Remove an extension that has no call. Its memberships go, too."""
    carry_out("remove-extension", config, json=json, extension=extension)
