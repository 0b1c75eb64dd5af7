"""`ivr-pubsub customers`: those in the service's own database."""

from typing import Annotated

import typer

from component.cli_asking import JsonOption, carry_out, group, show
from component.cli_common import ConfigOption, load, using_database

customers = group("Find customers, add, change and remove them.")

CodeArgument = Annotated[str, typer.Argument(help="What the customer keys.")]


@customers.callback()
def show_customers(
    context: typer.Context,
    find: Annotated[str, typer.Option(help="Code, or part of the name.")] = "",
    *,
    json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Find customers, add, change and remove them."""
    if context.invoked_subcommand is None:
        from component.transfer import find_customers

        show(using_database(find_customers(load(config).database, find)), json=json)


@customers.command("add")
def add_customer(
    code: CodeArgument,
    name: Annotated[str, typer.Argument(help="What the agent is shown.")],
    phone: Annotated[str, typer.Option(help="The number that the customer calls from.")] = "",
    *,
    json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Add a customer."""
    carry_out("add-customer", config, json=json, code=code, name=name, phone=phone)


@customers.command("change")
def change_customer(
    code: CodeArgument,
    name: Annotated[str, typer.Option(help="What the agent is shown.")] = "",
    attributes: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=VALUE",
            help="An attribute that travels with the call; without a value it is taken away.",
        ),
    ] = None,
    *,
    json: JsonOption = False,
    config: ConfigOption = None,
) -> None:  # fmt: skip
    """Change a customer. What is not named stays as it is."""
    lines = "\n".join(attributes or ())
    carry_out("change-customer", config, json=json, code=code, name=name, attributes=lines)


@customers.command("remove")
def remove_customer(
    code: CodeArgument, *, json: JsonOption = False, config: ConfigOption = None
) -> None:
    """Remove a customer. Calls that go on still show who it is."""
    carry_out("remove-customer", config, json=json, code=code)
