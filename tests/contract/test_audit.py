"""`scripts/audit` and `scripts/find-secrets`, in a project of two files."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from lab.paths import PROJECT

pytestmark = pytest.mark.contract

LIBRARY = {"name": "leaky", "version": "1.0"}
WEAKNESS = {"id": "EX-2026-1", "fix_versions": ["1.1"], "aliases": [], "description": ""}
TOKEN = "ghp_" + "A1b2C3d4E5f6G7h8I9j0" + "K1l2M3n4O5p6Q7r8"
"""In two parts, for this file is looked at, too."""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "scripts").mkdir()
    for script in ("audit", "find-secrets"):
        shutil.copy(PROJECT / "scripts" / script, tmp_path / "scripts")
    (tmp_path / ".venv").symlink_to(Path(sys.executable).parents[1])
    (tmp_path / ".gitignore").write_text(".venv\n.state\n")
    (tmp_path / "harmless.py").write_text('"""Nothing."""\n')
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    return tmp_path


def index_says(project: Path, script: str) -> None:
    """Let the index of packages, which is elsewhere, be in some state: what pip-audit makes of it.

    The script finds the name of the report in its last argument.
    """
    program = project / ".state" / "audit" / "bin" / "pip-audit"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/bash\nreport=${{@: -1}}\n{script}\n")
    program.chmod(0o755)


def report(*libraries: Mapping[str, object]) -> str:
    return f"echo '{json.dumps({'dependencies': libraries})}' >\"$report\""


def run(project: Path, script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [project / "scripts" / script], capture_output=True, text=True, check=False, timeout=60,
        env=os.environ,
    )  # fmt: skip


def test_all_is_well_if_nothing_is_known_against_any_library(project: Path) -> None:
    unknown = {"name": "ours", "skip_reason": "not found"}
    index_says(project, report(LIBRARY | {"vulns": []}, unknown))
    done = run(project, "audit")
    assert (done.returncode, done.stderr) == (0, "")
    assert "unknown to the index: ours" in done.stdout
    assert "1 libraries looked at, 0 with a known weakness" in done.stdout


def test_a_weakness_is_named_with_the_version_that_mends_it(project: Path) -> None:
    index_says(project, f"{report(LIBRARY | {'vulns': [WEAKNESS]})}; exit 1")
    done = run(project, "audit")
    assert done.returncode == 1
    assert "leaky 1.0: EX-2026-1, mended in 1.1" in done.stdout


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("echo Traceback; echo 'ConnectionError: no route'; exit 1",
            "the advisories cannot be had: ConnectionError: no route"),
        (report(LIBRARY | {"skip_reason": "not found"}), "the index knows none of them"),
    ],
)  # fmt: skip
def test_that_nobody_could_be_asked_is_no_good_news(script: str, why: str, project: Path) -> None:
    index_says(project, script)
    done = run(project, "audit")
    assert done.returncode == 3
    assert done.stderr.strip() == (
        f"audit: no secret was found; the libraries were NOT looked at: {why}"
    )


def test_a_secret_is_found_again_until_it_is_gone(project: Path) -> None:
    leak = project / "leak.py"
    leak.write_text(f'token = "{TOKEN}"\n')
    for _ in range(2):
        found = run(project, "find-secrets")
        assert found.returncode != 0
        assert "leak.py:1" in found.stdout
    assert run(project, "audit").returncode not in (0, 3)

    leak.write_text("token = None\n")
    assert run(project, "find-secrets").returncode == 0


def test_a_secret_in_a_file_that_was_clean_is_found(project: Path) -> None:
    assert run(project, "find-secrets").returncode == 0
    with (project / "harmless.py").open("a") as file:
        file.write(f'token = "{TOKEN}"\n')
    found = run(project, "find-secrets")
    assert found.returncode != 0
    assert "harmless.py:2" in found.stdout
