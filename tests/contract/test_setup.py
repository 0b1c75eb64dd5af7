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
    (tmp_path / ".venv" / "installed").write_text(f"{version} for {tmp_path}\n")
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
