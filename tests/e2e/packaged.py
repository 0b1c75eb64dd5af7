"""The service as its Debian package installs it, on a machine of its own."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import asyncpg

from lab.asterisk import PHONES, Asterisk
from lab.debian import CommandError, Debian, succeed
from lab.paths import PROJECT, STATE
from lab.process import Process
from lab.service import Service, Settings, toml
from lab.stack import DEMO
from lab.xmpp_server import XmppServer
from tests.e2e.world import World

UNIT = "ivr-pubsub.service"
CONFIG = "/etc/ivr-pubsub/ivr-pubsub.toml"
DATABASE = "/var/lib/ivr-pubsub/postgresql"
SOURCES = (
    "asterisk", "component", "docs", "monitoring", "packaging", "scripts", "sql",
    "xmpp-server-config", "CHANGELOG.md", "README.md", "ivr-pubsub.example.toml", "pyproject.toml",
)  # fmt: skip


async def build(project: Path, directory: Path) -> Path:
    """Build the package; return its file."""
    await succeed(project / "scripts" / "make-deb", STATE, directory, patience=600)
    [package] = directory.glob("*.deb")  # noqa: ASYNC240 - nothing else goes on
    return package


def next_version(directory: Path) -> Path:
    """Return a project with a later version of this one: one more migration, another example."""
    for source in SOURCES:
        copy = shutil.copytree if (PROJECT / source).is_dir() else shutil.copy2
        copy(PROJECT / source, directory / source)
    version = directory / "pyproject.toml"
    version.write_text(version.read_text().replace('version = "', 'version = "9.', 1))
    migrations = directory / "sql" / "migrations"
    last = max(migrations.glob("[0-9]*.sql")).stem
    (migrations / "9999_later.sql").write_text(
        f"-- What a later version changes.\n-- depends: {last}\n\n"
        "-- migrate: apply\nCREATE TABLE later (id integer);\n"
        "-- migrate: rollback\nDROP TABLE later;\n"
    )
    with (directory / "ivr-pubsub.example.toml").open("a") as example:
        example.write("# A later version explains more.\n")
    return directory


class PackagedService(Service):
    """The unit, started and stopped by systemd."""

    def __init__(self, machine: Debian, directory: Path, settings: Settings) -> None:
        super().__init__(directory, settings)
        self._machine = machine
        self._secrets = {
            "/etc/ivr-pubsub/xmpp-secret": str(settings["xmpp"]["secret"]),
            "/etc/ivr-pubsub/ari-password": str(settings["asterisk"]["password"]),
        }
        self._in_files = _with_secrets_in_files(settings)

    @property
    def process(self) -> Process:
        """The machine: there is no service without it."""
        return self._machine.process

    async def start(self) -> None:
        """Configure it as an operator would, secrets in files of root's, and start it."""
        self._machine.write({CONFIG: toml(self._in_files), **self._secrets})
        for secret in self._secrets:
            self._machine.path(secret).chmod(0o600)
        await self._machine.run("systemctl", "daemon-reload")
        try:
            await self._machine.run("systemctl", "start", UNIT)
        except CommandError as error:
            raise CommandError(f"{error}\n{await self.journal()}") from error

    async def stop(self) -> None:
        """Stop it."""
        await self._machine.run("systemctl", "stop", UNIT)

    async def journal(self) -> str:
        """Return what it logged."""
        return await self._machine.run("journalctl", "--no-pager", "--unit", UNIT)

    async def property(self, name: str) -> str:
        """Return what systemd says of the unit."""
        return (await self._machine.run("systemctl", "show", "-P", name, UNIT)).strip()


class PackagedWorld(World):
    """Asterisk, an XMPP server, people, and the installed package with a database of its own."""

    service: PackagedService

    def __init__(
        self,
        machine: Debian,
        asterisk: Asterisk,
        xmpp: XmppServer,
        directory: Path,
        http_port: int,
    ) -> None:
        # The machine's socket is reached through /proc, with the path that is short enough.
        url = f"postgresql://postgres@/postgres?host={machine.path(DATABASE)}"
        super().__init__(asterisk, xmpp, url, directory, http_port, {})
        settings = {**self._settings(http_port), "database": {"directory": DATABASE}}
        self.service = PackagedService(machine, directory, settings)

    async def __aenter__(self) -> Self:
        """Start the service, whose database is there only then, and fill that."""
        await self.service.start()
        await super().__aenter__()
        await self._connection.execute(DEMO.read_text())
        await self.until(self._knows_the_agents, "the service has taken the agents over")
        return self

    async def _knows_the_agents(self) -> bool:
        metrics = await self.service.metrics()
        agents = (name for name in metrics if name.startswith('ivr_agents{queue="support"'))
        return sum(metrics[name] for name in agents) == len(PHONES)

    async def sql(self, statement: str, *arguments: object) -> list[Any]:
        """Return the rows of a statement; the server may have been restarted since the last."""
        connection = await asyncpg.connect(self.database)
        try:
            rows: list[Any] = await connection.fetch(statement, *arguments)
            return rows
        finally:
            await connection.close()


def _with_secrets_in_files(settings: Settings) -> Mapping[str, Mapping[str, object]]:
    """Have the secrets read where systemd puts the unit's credentials."""
    credentials = f"/run/credentials/{UNIT}"
    changed = {section: dict(keys) for section, keys in settings.items()}
    del changed["xmpp"]["secret"], changed["asterisk"]["password"]
    changed["xmpp"]["secret_file"] = f"{credentials}/xmpp-secret"
    changed["asterisk"]["password_file"] = f"{credentials}/ari-password"
    return changed
