"""The command line, run as its users do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lab.ports import PortBlock
from lab.service import COMMAND

pytestmark = pytest.mark.contract

PATIENCE = 60

BARE_ENVIRONMENT = {"PATH": os.environ["PATH"]}

CONFIG = """
[xmpp]
domain = "ivr.example.com"
port = {closed}
secret = "secret"
[asterisk]
url = "http://127.0.0.1:{closed}"
username = "ivr"
password = "secret"
[http]
port = {closed}
[database]
directory = "{directory}/postgresql"
"""


def ivr_pubsub(*arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, *map(str, arguments)],
        capture_output=True, text=True, check=False, timeout=PATIENCE, stdin=subprocess.DEVNULL,
        env=BARE_ENVIRONMENT | variables,
    )  # fmt: skip


@pytest.fixture
def config(tmp_path: Path, ports: PortBlock) -> Path:
    file = tmp_path / "ivr-pubsub.toml"
    file.write_text(CONFIG.format(closed=ports.take(), directory=tmp_path))
    return file


def test_the_version_is_shown() -> None:
    assert ivr_pubsub("--version").stdout.startswith("ivr-pubsub 0.")


def test_a_database_url_that_cannot_be_used_ends_it_before_anything_is_opened(config: Path) -> None:
    bad = {"IVR_PUBSUB_DATABASE__URL": "postgresql://ivr:p/ss@localhost/ivr"}
    ended = ivr_pubsub("run", "--config", config, **bad)

    assert ended.returncode == 2
    assert "[database] url: must be like postgresql://" in ended.stderr
    assert "p/ss" not in ended.stderr


def test_help_names_the_commands_and_loads_none_of_them() -> None:
    assert all(name in ivr_pubsub("--help").stdout for name in ("run", "migrate", "watch", "check"))
    heavy = "{'aiohttp', 'asyncpg', 'pydantic', 'slixmpp'}"
    code = f"import sys, component.cli; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("command", ["run", "migrate", "check"])
def test_a_bad_configuration_is_named_and_nothing_is_started(command: str, config: Path) -> None:
    config.write_text(config.read_text() + "[log]\nlevel = 'loud'\n")
    done = ivr_pubsub(command, "--config", config)
    assert done.returncode == 2
    assert "[log] level: must be 'debug', 'info', 'warning' or 'error'" in done.stderr
    assert str(config) in done.stderr
    assert "Traceback" not in done.stderr
    assert not (config.parent / "postgresql").exists()


@pytest.mark.parametrize(
    "command",
    ["run", "migrate", "check", "why 1", "export members -", "import members FILE", "customers"],
)
def test_data_of_another_postgresql_are_refused_in_a_line(command: str, config: Path) -> None:
    data = config.parent / "postgresql"
    data.mkdir()
    (data / "PG_VERSION").write_text("16\n")
    members = config.parent / "members.csv"
    members.write_text("queue,extension\nsupport,1000\n")

    done = ivr_pubsub(*command.replace("FILE", str(members)).split(), "--config", config)
    assert done.returncode == 1
    said = (done.stdout if command == "check" else done.stderr).splitlines()
    [line] = [line for line in said if "are PostgreSQL 16's, and this is" in line][:1]
    assert line.startswith("PROBLEM database: " if command == "check" else "ivr-pubsub: ")
    assert "Traceback" not in done.stderr
    assert [file.name for file in data.iterdir()] == ["PG_VERSION"]


@pytest.mark.parametrize("command", ["run", "customers"])
def test_a_directory_with_other_things_in_it_is_refused_in_a_line(
    command: str, config: Path
) -> None:
    data = config.parent / "postgresql"
    data.mkdir()
    (data / "letter").touch()
    done = ivr_pubsub(command, "--config", config)
    refusal = f"ivr-pubsub: no data can be made in {data}: is it empty, with space for them?\n"
    assert (done.returncode, done.stderr) == (1, refusal)


def test_a_configuration_that_may_not_be_read_is_named(config: Path) -> None:
    config.chmod(0)
    powerless = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]  # root reads all, else
    done = subprocess.run(
        [*(powerless if os.geteuid() == 0 else ()), COMMAND, "run", "--config", config],
        capture_output=True, text=True, check=False, timeout=PATIENCE, env=BARE_ENVIRONMENT,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        f"ivr-pubsub: cannot use the configuration of {config}:",
        f"  the file cannot be read: [Errno 13] Permission denied: '{config}'",
    ]


def test_the_configuration_can_be_named_by_a_variable(config: Path) -> None:
    done = ivr_pubsub("check", IVR_PUBSUB_CONFIG=str(config))
    assert f"OK      configuration: {config}" in done.stdout


def test_check_says_what_is_wrong_and_how_to_mend_it(config: Path) -> None:
    done = ivr_pubsub("check", "-c", config)
    assert done.returncode == 1
    assert "PROBLEM asterisk: " in done.stdout
    assert "check that Asterisk runs" in done.stdout
    assert "PROBLEM xmpp: cannot connect to 127.0.0.1:" in done.stdout
    assert "OK      database: an embedded PostgreSQL will be set up" in done.stdout
    assert "secret" not in done.stdout + done.stderr
