"""The commands about the running service as a whole: the live view, maintenance."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from component.cli_asking import JsonOption, asking, carry_out
from component.cli_common import ConfigOption

if TYPE_CHECKING:
    from component.control_client import ControlClient

SECONDS_BETWEEN_LOOKS = 1.0
"""At the calls that are left."""


def drain(
    *,
    wait: Annotated[bool, typer.Option("--wait", help="Until no call is left.")] = False,
    json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Take no new callers, before maintenance. Calls go on, and who waits is served."""
    carry_out("drain", config, json=json)
    if wait:
        asking(config, _until_no_call_is_left)


def undrain(*, json: JsonOption = False, config: ConfigOption = None) -> None:
    """Take new callers again."""
    carry_out("undrain", config, json=json)


def reload(*, json: JsonOption = False, config: ConfigOption = None) -> None:
    """Read the configuration anew. Says which settings need a restart."""
    carry_out("reload", config, json=json)


def top(*, json: JsonOption = False, config: ConfigOption = None) -> None:
    """Show queues and agents, live. Until Ctrl-C; with --json, a line each second."""
    from datetime import datetime

    from rich.console import Console

    from component.terminal import top as watch
    from component.terminal import top_in_json

    async def work(client: "ControlClient") -> None:
        if json:
            await top_in_json(client.ask_plainly, typer.echo)
        else:
            await watch(client.ask, Console(), lambda: datetime.now().astimezone())

    try:
        asking(config, work)
    except KeyboardInterrupt:
        raise typer.Exit from None


async def _until_no_call_is_left(client: "ControlClient") -> None:
    """Wait until nobody is on the line. Who is to be called back, is so after a restart, too."""
    from component.domain.words import CallState

    while True:
        table = (await client.ask("calls", {})).table
        states = () if table is None else (row[table.columns.index("state")] for row in table.rows)
        if all(state == CallState.AWAY for state in states):
            return
        await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
