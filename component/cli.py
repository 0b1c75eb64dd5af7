"""The command line. Each command imports what it needs: `--help` is not to wait for all of them."""

import asyncio
import getpass
import os
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from component import cli_operations
from component.cli_agents import agents
from component.cli_calls import calls
from component.cli_common import ConfigOption, in_words, using_database
from component.cli_common import fail as _fail
from component.cli_common import load as _load
from component.cli_customers import customers
from component.cli_queues import queues

app = typer.Typer(
    help="Asterisk call queue that shows each call in the agent's software before the phone rings.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    # A traceback with local variables would show secrets.
    pretty_exceptions_enable=False,
)

TableArgument = Annotated[
    Literal["customers", "extensions", "members", "people"],
    typer.Argument(help="What it is about."),
]


def _show_version(wanted: bool) -> None:
    if wanted:
        from component.version import version

        typer.echo(f"ivr-pubsub {version()}")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    pass


@app.command()
def run(config: ConfigOption = None) -> None:
    """Run the service until SIGTERM or Ctrl-C. SIGHUP is `reload`.

    Exit status: 0 it was told to stop; 1 something that it needs cannot be used, such as a port
    that is taken, a database whose schema cannot be brought up to date, a customer look-up that is
    wrong; 2 the configuration is wrong. What is merely away is waited for, and so is the end of
    another service that has the database.
    """
    settings = _load(config)
    import uvloop

    from component import logs
    from component.app import run as serve
    from component.config import ConfigError, find_file
    from component.config import load as read
    from component.ports import StoreLostError, StoreRefusedError
    from component.storage.directory import StatementError
    from component.storage.migrations import MigrationError

    logs.configure(settings.log)
    try:
        uvloop.run(serve(settings, lambda: read(find_file(config))))
    except StatementError as error:
        _fail(f"customers cannot be looked up: {error}: {error.remedy}")
    except ConfigError as error:
        _fail(str(error), status=2)
    except StoreRefusedError as error:
        _fail(f"the database cannot be read: {error}")
    except (OSError, MigrationError, StoreLostError) as error:
        _fail(str(error))


@app.command()
def migrate(config: ConfigOption = None) -> None:
    """Bring the schema of the database up to date. `run` does so, too."""
    settings = _load(config)
    import asyncpg

    from component import logs
    from component.database import database_url, remedy
    from component.storage.migrations import MigrationError
    from component.storage.migrations import migrate as apply

    logs.configure(settings.log.model_copy(update={"level": "error"}))

    async def work() -> list[str]:
        async with database_url(settings.database) as url:
            return await apply(url)

    try:
        applied = asyncio.run(work())
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        _fail(f"cannot migrate the database: {error}: {remedy(error)}")
    except MigrationError as error:
        _fail(f"cannot migrate the database: {error}")
    except OSError as error:
        _fail(in_words(error))
    typer.echo("\n".join(f"applied {name}" for name in applied) or "the schema is up to date")


@app.command()
def check(config: ConfigOption = None) -> None:
    """Try the configuration, Asterisk, XMPP server, database.

    While no service runs here, this logs in at the XMPP server in its place for a moment.
    """
    settings = _load(config)
    from component import logs
    from component.checks import check as try_everything
    from component.config import find_file

    logs.configure(settings.log.model_copy(update={"level": "error"}))
    findings = asyncio.run(try_everything(settings))
    typer.echo(f"{_verdict(True)} configuration: {find_file(config) or 'the environment'}")
    for finding in findings:
        typer.echo(f"{_verdict(finding.ok)} {finding.name}: {finding.detail}")
        if finding.remedy:
            typer.echo(f"        {finding.remedy}")
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


@app.command(name="import")
def import_(
    table: TableArgument,
    file: Annotated[Path, typer.Argument(help="CSV file; - is standard input.")],
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="Also delete what is not in the file.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be done.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Take over rows from a CSV file: all of it, or nothing.

    The first line names the columns. customers: code, name; all further columns are attributes
    that travel with the call. extensions: extension, device, jid, and max_calls if not 1. members:
    queue, extension, and penalty if not 0. people: number, name, jid, pin (empty: none). A row
    replaces the one with the same key. A running service follows.
    """
    settings = _load(config)
    from component.tables import TableError, TableName
    from component.transfer import import_file

    work = import_file(settings.database, TableName(table), file, replace=replace, dry_run=dry_run)
    try:
        done = using_database(work)
    except TableError as error:
        _fail(f"nothing was taken over from {file}:\n  " + "\n  ".join(error.problems))
    except UnicodeDecodeError:
        _fail(f"{file} is not in UTF-8")
    typer.echo(
        f"{'would be ' if dry_run else ''}new {done.new}, changed {done.changed},"
        f" unchanged {done.unchanged}, deleted {done.deleted}",
        err=True,
    )
    if table == "customers" and settings.customers.url.get_secret_value():
        typer.echo("no caller is looked up there, but at customers.url", err=True)


@app.command()
def export(
    table: TableArgument,
    file: Annotated[Path, typer.Argument(help="CSV file to write; - is standard output.")],
    config: ConfigOption = None,
) -> None:
    """Write rows to a CSV file, as `import` reads it."""
    settings = _load(config)
    from component.tables import TableError, TableName
    from component.transfer import export_file

    try:
        using_database(export_file(settings.database, TableName(table), file))
    except TableError as error:
        _fail(str(error))


@app.command()
def why(
    call: Annotated[str, typer.Argument(help="Id of the call, or of its channel in Asterisk.")],
    *,
    json: Annotated[bool, typer.Option("--json", help="Write JSON, for scripts.")] = False,
    config: ConfigOption = None,
) -> None:
    """Show why a call was offered to whom. Candidates in order, and who was passed over."""
    settings = _load(config)
    from component.why import UnknownCallError, as_json, explain, show

    try:
        explained = using_database(explain(settings.database, call))
    except UnknownCallError as error:
        _fail(str(error))
    if json:
        typer.echo(as_json(explained))
    else:
        show(explained)


@app.command()
def watch(
    extension: Annotated[str, typer.Argument(help="Extension whose calls are shown.")],
    *,
    jid: Annotated[str, typer.Option(help="XMPP account that may see them, its agent's for one.")],
    password_file: Annotated[
        Path | None,
        typer.Option(
            help="File with its password. Else: $IVR_PUBSUB_WATCH_PASSWORD, or you are asked."
        ),
    ] = None,
    service: Annotated[
        str, typer.Option(help="Address of the service. Default: ivr. and the account's domain.")
    ] = "",
    host: Annotated[str, typer.Option(help="XMPP server. Default: found by DNS.")] = "",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Its port; with --host.")] = 5222,
    plaintext: Annotated[
        bool, typer.Option("--plaintext", help="Connect without TLS: in a laboratory only.")
    ] = False,
    history: Annotated[
        bool, typer.Option("--history", help="Show also the last calls that have ended.")
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Write a JSON object per line, for scripts.")
    ] = False,
) -> None:
    """Show the calls of an extension as they come and go."""
    from slixmpp import InvalidJID

    from component import logs
    from component.settings import LogConfig
    from component.subscriber import RefusedError, Subscriber
    from component.watch import as_json, as_line
    from component.watch import watch as follow

    logs.configure(LogConfig())
    write = as_json if json else as_line
    try:
        subscriber = Subscriber(
            jid, _watch_password(password_file), extension=extension, service=service,
            host=host, port=port, plaintext=plaintext, history=history,
        )  # fmt: skip
        asyncio.run(follow(subscriber, lambda event: print(write(event), flush=True)))
    except InvalidJID as error:
        _fail(f"--jid and --service take XMPP addresses: {error}", status=2)
    except RefusedError as error:
        _fail(str(error))


def _watch_password(file: Path | None) -> str:
    if file is not None:
        try:
            return file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            _fail(f"cannot read the password: {error}", status=2)
    password = os.environ.get("IVR_PUBSUB_WATCH_PASSWORD", "")
    if not password and not sys.stdin.isatty():
        _fail("set IVR_PUBSUB_WATCH_PASSWORD or name a --password-file", status=2)
    return password or getpass.getpass()


def _verdict(ok: bool) -> str:
    word, colour = ("OK", typer.colors.GREEN) if ok else ("PROBLEM", typer.colors.RED)
    return typer.style(f"{word:7}", fg=colour)


app.add_typer(agents, name="agents")
app.add_typer(queues, name="queues")
app.add_typer(calls, name="calls")
app.add_typer(customers, name="customers")
for command in (
    cli_operations.top,
    cli_operations.drain,
    cli_operations.undrain,
    cli_operations.reload,
):
    app.command()(command)


def main() -> None:
    """Run the command that the arguments name."""
    app()
