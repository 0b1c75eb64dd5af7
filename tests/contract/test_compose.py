"""The compose file, as Docker's Compose reads it."""

import json
import os
import subprocess
import sysconfig
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from component.storage.migrations import migrate
from lab.paths import PROJECT
from tests.databases import PROGRAMS, Databases

pytestmark = pytest.mark.contract

COMPOSE = Path(sysconfig.get_path("purelib"), "compose", "docker-compose")
"""The program itself: what its package has in `bin` always succeeds."""

FILE = PROJECT / "packaging" / "compose.yaml"
ROLES = PROJECT / "packaging" / "containers" / "postgresql" / "database.sh"
REQUIRED = {"XMPP_HOST": "example.com", "DATABASE_PASSWORD": "word"}


def read(variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMPOSE, "--file", FILE, "--env-file", "/dev/null", "config", "--format", "json"],
        env=variables, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_it_is_valid_and_listens_on_loopback_unless_told_otherwise() -> None:
    done = read(REQUIRED)
    assert (done.returncode, done.stderr) == (0, "")
    services = json.loads(done.stdout)["services"]
    assert set(services) == {
        "asterisk", "grafana", "ivr-pubsub", "postgresql", "prometheus", "prosody"
    }  # fmt: skip
    addresses = [
        services["asterisk"]["environment"]["SIP_ADDRESS"],
        services["prosody"]["environment"]["XMPP_ADDRESS"],
        services["ivr-pubsub"]["environment"]["IVR_PUBSUB_AGI__HOST"],
        services["ivr-pubsub"]["environment"]["IVR_PUBSUB_HTTP__HOST"],
        services["grafana"]["environment"]["GF_SERVER_HTTP_ADDR"],
    ]
    assert set(addresses) == {"127.0.0.1"}
    assert "listen_addresses=127.0.0.1" in services["postgresql"]["command"]
    assert all("ports" not in service for service in services.values())
    service = services["ivr-pubsub"]["environment"]
    assert service["IVR_PUBSUB_DATABASE__URL"] == "postgresql://ivr:word@127.0.0.1:5432/ivr"
    assert service["IVR_PUBSUB_XMPP__DOMAIN"] == "ivr.example.com"


def test_everything_is_started_again_with_the_machine_too() -> None:
    services = json.loads(read(REQUIRED).stdout)["services"]
    assert {service["restart"] for service in services.values()} == {"always"}


def make_role(socket: str, password: str) -> None:
    """Do what the image does when its data are new."""
    superuser = {"POSTGRES_USER": "postgres", "POSTGRES_PASSWORD": password, "PGHOST": socket}
    path = f"{PROGRAMS}:{os.environ['PATH']}"
    subprocess.run([ROLES], env={**superuser, "PATH": path}, check=True)


async def test_the_services_role_owns_its_database_and_no_more(databases: Databases) -> None:
    [socket] = parse_qs(urlsplit(databases.server.url).query)["host"]
    make_role(socket, "it's a word")

    url = f"postgresql://ivr@/ivr?host={socket}"
    assert await migrate(url)
    connection = await asyncpg.connect(url)
    role = "SELECT rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user"
    assert list(await connection.fetchrow(role)) == [False, False, False]
    await connection.close()

    administrator = await asyncpg.connect(databases.server.url)
    stored = "SELECT rolname, rolpassword FROM pg_authid WHERE rolname IN ('ivr', 'postgres')"
    passwords = dict(await administrator.fetch(stored))
    assert passwords["ivr"].startswith("SCRAM-SHA-256")
    assert passwords["postgres"] is None
    await administrator.execute("DROP DATABASE ivr")
    await administrator.execute("DROP ROLE ivr")
    await administrator.close()


def test_nobody_on_the_machine_is_trusted_by_the_database() -> None:
    database = json.loads(read(REQUIRED).stdout)["services"]["postgresql"]
    assert database["environment"]["POSTGRES_INITDB_ARGS"] == "--auth-host=scram-sha-256"
    scripts = {volume["source"]: volume["target"] for volume in database["volumes"]}
    assert scripts[str(ROLES.parent)] == "/docker-entrypoint-initdb.d"


@pytest.mark.parametrize("missing", REQUIRED)
def test_what_is_missing_is_named(missing: str) -> None:
    done = read({name: value for name, value in REQUIRED.items() if name != missing})
    assert done.returncode != 0
    assert f"required variable {missing} is missing a value" in done.stderr
