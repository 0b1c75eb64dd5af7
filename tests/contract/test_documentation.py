"""The documentation is built without a warning, and what it tells to type works."""

import os
import re
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from lab.paths import PROJECT
from tests.databases import Databases

pytestmark = pytest.mark.contract

BIN = Path(sys.executable).parent

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


def test_it_is_built_without_a_warning_and_no_link_is_broken(tmp_path: Path) -> None:
    built = subprocess.run(
        [BIN / "mkdocs", "build", "--strict", "--site-dir", tmp_path],
        cwd=PROJECT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert built.returncode == 0, built.stderr
    assert "WARNING" not in built.stderr
    pages = {page.name: shown(page) for page in tmp_path.rglob("*.html")}
    assert "index.html" in pages
    # What is not taken for a file to be shown stands there as it is written.
    assert [name for name, text in pages.items() if "--8" in text] == []


def shown(page: Path) -> str:
    """The words of a page, without the markup."""
    return re.sub(r"<[^>]*>", "", page.read_text())


async def test_people_are_imported_as_the_page_on_installing_says(
    databases: Databases, tmp_path: Path
) -> None:
    page = (PROJECT / "docs" / "install" / "index.md").read_text()
    step = page[page.index("**Your people.**") : page.index("**Asterisk.**")]
    [statement] = re.findall(r'psql -c "(.*)" ivr-pubsub', step)
    commands = [line for line in re.findall(r"(?m)^ {8}(.*)", step) if "psql" not in line]
    url = await databases.empty("documentation")
    (tmp_path / "ivr-pubsub.toml").write_text(CONFIG.format(url=url))

    def type_(*lines: str) -> None:
        path = f"{BIN}:{os.environ['PATH']}"
        script, env = ["set -e", *lines], {"PATH": path, "IVR_PUBSUB_CONFIG": "ivr-pubsub.toml"}
        subprocess.run(["bash", "-c", "\n".join(script)], cwd=tmp_path, env=env, check=True)

    type_("ivr-pubsub migrate")
    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    type_(*commands)

    [member] = await connection.fetch("SELECT * FROM members JOIN extensions USING (extension)")
    [customer] = await connection.fetch("SELECT * FROM customers")
    await connection.close()
    assert (member["queue"], member["extension"]) == ("support", "1000")
    assert (member["device"], member["jid"]) == ("PJSIP/1000", "ann@example.com")
    assert (customer["code"], customer["name"]) == ("1111", "Company 1")
