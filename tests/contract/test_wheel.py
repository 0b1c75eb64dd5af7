"""What `make wheel` builds, in a virtual environment that has nothing else of the project."""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import asyncpg
import pytest

from component.storage.migrations import directory
from lab.paths import PROJECT
from tests.databases import Databases

pytestmark = [pytest.mark.contract, pytest.mark.timeout(300)]

CONFIG = """
[xmpp]
domain = "ivr.example.com"
secret = "secret"
[asterisk]
username = "ivr"
password = "secret"
[database]
url = "{url}"
"""


def pip(*arguments: str | Path) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    subprocess.run(command, cwd=PROJECT, check=True)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The environment. The libraries are those of this one: fetching them takes too long."""
    wheels = tmp_path_factory.mktemp("wheels")
    pip("wheel", "--no-deps", "--wheel-dir", wheels, ".")
    [wheel] = wheels.glob("ivr_pubsub-*-py3-none-any.whl")
    environment = tmp_path_factory.mktemp("environment")
    venv.create(environment)
    pip("--python", environment / "bin" / "python", "install", "--no-deps", "--no-index", wheel)
    [site] = environment.glob("lib/python3*/site-packages")
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib"))
    return environment


def run(program: Path, *arguments: str | Path, cwd: Path) -> str:
    env = {**os.environ, "IVR_PUBSUB_CONFIG": "ivr-pubsub.toml"}
    done = subprocess.run(
        [program, *arguments], cwd=cwd, env=env, capture_output=True, text=True, check=False,
        timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


async def test_it_brings_a_database_up_to_date_away_from_the_project(
    installed: Path, databases: Databases, tmp_path: Path
) -> None:
    url = await databases.empty("wheel")
    (tmp_path / "ivr-pubsub.toml").write_text(CONFIG.format(url=url))
    python, program = installed / "bin" / "python", installed / "bin" / "ivr-pubsub"
    imported = run(python, "-c", "import component; print(component.__file__)", cwd=tmp_path)
    assert imported.startswith(str(installed))

    applied = run(program, "migrate", cwd=tmp_path).split()
    assert applied[1::2] == sorted(file.stem for file in directory().glob("[0-9]*.sql"))
    assert "up to date" in run(program, "migrate", cwd=tmp_path)
    connection = await asyncpg.connect(url)
    await connection.execute("INSERT INTO queues (name) VALUES ('support')")
    await connection.close()
    (tmp_path / "members.csv").write_text("queue,extension\n")
    run(program, "import", "members", "members.csv", cwd=tmp_path)


def test_it_brings_what_the_other_servers_are_configured_with(
    installed: Path, tmp_path: Path
) -> None:
    share = installed / "share" / "ivr-pubsub"
    for folder in ("asterisk", "monitoring", "xmpp-server-config"):
        files = (file for file in (PROJECT / folder).rglob("*") if file.is_file())
        for file in files:
            there = share / file.relative_to(PROJECT)
            assert there.read_bytes() == file.read_bytes()
    [package] = installed.glob("lib/python3*/site-packages/component")
    for name in ("sql/grants.sql", "sql/demo.sql", "ivr-pubsub.example.toml"):
        assert (package / name).read_bytes() == (PROJECT / name).read_bytes()

    run(share / "scripts" / "make-prompts", tmp_path / "prompts", cwd=tmp_path)
    sentences = (share / "asterisk" / "prompts" / "sentences").read_text().splitlines()
    names = {line.split("|")[0] for line in sentences if line and not line.startswith("#")}
    assert {file.stem for file in (tmp_path / "prompts" / "ivr").iterdir()} == names
