"""PostgreSQL over TLS: Debian's server, since the embedded one has none and needs none."""

import asyncio
import os
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from component.ports import StoreUnavailableError
from component.storage.migrations import migrate
from component.storage.postgres import PostgresStore
from component.storage.writer import Writer
from lab.certificate import Certificate
from lab.ports import PortBlock
from lab.process import Process

pytestmark = pytest.mark.contract

PATIENCE = 30.0
UNPRIVILEGED = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")
"""PostgreSQL does not run as root."""


@dataclass(frozen=True, slots=True)
class Server:
    """One that takes encrypted connections only, and a password."""

    port: int
    certificate: Certificate

    def url(self, **parameters: object) -> str:
        query = "&".join(f"{name}={value}" for name, value in parameters.items())
        return f"postgresql://owner:secret@127.0.0.1:{self.port}/postgres?{query}"


@pytest.fixture(scope="module")
def server(ports: PortBlock, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Debian's newest."""
    [*_, programs] = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    directory = Path("/tmp") / f"ivr-tls-{os.getpid()}"  # where others may go, too
    directory.mkdir(mode=0o755)
    try:
        certificate = Certificate.make(directory)
        password = directory / "password"
        password.write_text("secret\n")
        data = directory / "data"
        for path in (directory, certificate.key, password):
            shutil.chown(path, "nobody", "nogroup")
        subprocess.run(
            [
                *UNPRIVILEGED, programs / "initdb", "--pgdata", data, "--username=owner",
                "--auth=scram-sha-256", f"--pwfile={password}", "--no-sync",
            ],
            check=True, capture_output=True,
        )  # fmt: skip
        (data / "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 scram-sha-256\n")
        made = Server(ports.take(), certificate)
        options = {
            "listen_addresses": "127.0.0.1",
            "port": made.port,
            "unix_socket_directories": "",
            "ssl": "on",
            "ssl_cert_file": certificate.file,
            "ssl_key_file": certificate.key,
        }
        settings = [f"--{name}={value}" for name, value in options.items()]
        command: list[str | Path] = [*UNPRIVILEGED, programs / "postgres", "-D", data, *settings]
        process = Process(command, name="postgres", log=directory / "log")
        asyncio.run(process.wait_until(lambda: is_up(made), PATIENCE))
        yield made
        asyncio.run(process.kill())
    finally:
        shutil.rmtree(directory)


async def is_up(server: Server) -> bool:
    try:
        connection = await asyncpg.connect(server.url(sslmode="require"))
    except (OSError, asyncpg.CannotConnectNowError):
        return False
    await connection.close()
    return True


async def test_everything_goes_over_tls_to_whom_the_file_names(server: Server) -> None:
    url = server.url(sslmode="verify-full", sslrootcert=server.certificate.file)
    assert await migrate(url)
    async with PostgresStore(url) as store:
        await store.ping()
        connection = await asyncpg.connect(server.url(sslmode="require"))
        rows = await connection.fetch(
            "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)"
            " WHERE application_name = 'ivr-pubsub'"
        )
        await connection.close()
    assert rows
    assert all(row["ssl"] for row in rows)


async def test_nobody_else_is_given_the_password(server: Server, tmp_path: Path) -> None:
    other = Certificate.make(tmp_path, "other")
    url = server.url(sslmode="verify-full", sslrootcert=other.file)
    with pytest.raises(ssl.SSLCertVerificationError):
        await migrate(url)
    async with PostgresStore(url) as store:
        with pytest.raises(StoreUnavailableError, match="certificate verify failed"):
            await store.ping()


async def test_this_server_takes_nothing_that_is_not_encrypted(server: Server) -> None:
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError, match="no encryption"):
        await migrate(server.url(sslmode="disable"))


async def test_a_machine_that_is_cut_off_does_not_keep_the_lock_for_long(server: Server) -> None:
    writer = Writer(lambda: asyncpg.connect(server.url(sslmode="require")), patience=1.0)
    settings = "tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count"
    told = [int((await writer.run(f"SHOW {setting}"))[0][0]) for setting in settings]
    await writer.close()

    idle, interval, count = told
    assert idle + interval * count <= 20
