"""`scripts/setup`, in a project where everything is installed."""

import asyncio
import fcntl
import os
import shutil
import subprocess
import sys
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path

import pytest

from lab import asterisk

pytestmark = pytest.mark.contract

SETUP = Path(__file__).parents[2] / "scripts" / "setup"
PATIENCE = 20.0


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for directory in ("scripts", ".state", ".venv"):
        (tmp_path / directory).mkdir()
    shutil.copy(SETUP, tmp_path / "scripts")
    for script in ("get-asterisk", "make-prompts"):
        (tmp_path / "scripts" / script).symlink_to("/bin/true")
    (tmp_path / "pyproject.toml").touch()
    os.utime(tmp_path / "pyproject.toml", (0, 0))
    version = f"Python {sys.version.split()[0]}"
    (tmp_path / ".venv" / "installed").write_text(f"{version} for {tmp_path}, all\n")
    return tmp_path


async def test_two_do_not_run_at_the_same_time(project: Path) -> None:
    with (project / ".state" / "setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # as the first holds it
        second = await asyncio.create_subprocess_exec(
            project / "scripts" / "setup",
            stdout=PIPE, stderr=STDOUT, env=os.environ | {"PYTHON": sys.executable},
        )  # fmt: skip
        assert second.stdout is not None
        line = await asyncio.wait_for(second.stdout.readline(), PATIENCE)
        assert line == b"Waiting for another setup to end\n"
        assert not (project / ".state/log/setup-asterisk.log").exists()

    rest, _ = await asyncio.wait_for(second.communicate(), PATIENCE)
    assert (second.returncode, rest) == (0, b"")
    assert (project / ".state/log/setup-asterisk.log").exists()


@pytest.mark.parametrize(
    ("scope", "wanted"),
    [
        ("run", {"prosody", "prometheus", "espeak-ng", "sox"}),
        ("all", {"prosody", "prometheus", "espeak-ng", "sox"}
            | {"ejabberd", "mmdebstrap", "openssl", "shellcheck"}),
    ],
)  # fmt: skip
def test_running_it_takes_fewer_packages_than_testing_it(
    scope: str, wanted: set[str], project: Path
) -> None:
    programs = project / "bin"  # those of a machine that has hardly any
    programs.mkdir()
    for name in ("cat", "dirname", "flock", "mkdir"):
        (programs / name).symlink_to(shutil.which(name) or name)
    (programs / "id").write_text("#!/bin/sh\necho 1000\n")
    (programs / "id").chmod(0o755)

    ended = subprocess.run(
        ["/bin/bash", project / "scripts" / "setup", scope],
        env={"PATH": str(programs), "PYTHON": sys.executable},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 1
    asked, _, packages = ended.stderr.strip().partition(": apt-get install ")
    assert asked == "setup: packages are missing; as root"
    # These, which are no programs in everybody's path, may be here.
    assert set(packages.split()) - {"postgresql", "pgbouncer"} == wanted


@pytest.mark.parametrize(
    ("installed", "scope", "installs"),
    [("run", "run", False), ("run", "all", True), ("all", "run", False), ("all", "all", False)],
)
def test_the_environment_is_made_complete_when_more_is_asked_for(
    installed: str, scope: str, installs: bool, project: Path
) -> None:
    marker = project / ".venv" / "installed"
    marker.write_text(marker.read_text().replace(", all", f", {installed}"))
    pip = project / ".venv" / "bin" / "pip"
    pip.parent.mkdir()
    pip.write_text(f'#!/bin/sh\necho "$@" >{project}/asked\n')
    pip.chmod(0o755)

    subprocess.run(
        [project / "scripts" / "setup", scope],
        env=os.environ | {"PYTHON": sys.executable}, check=True,
    )  # fmt: skip
    asked = project / "asked"
    assert asked.exists() == installs
    if installs:
        assert asked.read_text().rstrip().endswith(".[dev]")
        assert marker.read_text().rstrip().endswith(", all")


def test_a_copied_cache_brings_its_asterisk_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, copied = tmp_path / "made", tmp_path / "copied"
    program = Path("asterisk/usr/sbin/asterisk")
    (made / program).parent.mkdir(parents=True)
    (made / program).touch(mode=0o755)
    (made / "asterisk-root").write_text("asterisk\n")
    made.rename(copied)

    subprocess.run([SETUP.with_name("get-asterisk"), copied], check=True, env={"PATH": "/bin"})
    monkeypatch.setattr(asterisk, "CACHE", copied)
    assert asterisk.Installation.find().root == copied / "asterisk"
