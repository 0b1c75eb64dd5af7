"""The documentation is built without a warning, and what it tells to type works."""

import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from lab.paths import PROJECT
from tests.databases import PROGRAMS, Databases

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


async def test_databases_are_made_and_people_imported_as_the_page_on_installing_says(
    databases: Databases, tmp_path: Path
) -> None:
    page = (PROJECT / "docs" / "install" / "index.md").read_text()
    made, people = (
        re.findall(r"(?m)^ {8}(.*)", page[page.index(begin) : page.index(end)])
        for begin, end in (
            ("**Database.**", "**The service.**"), ("**Your people.**", "**Asterisk.**"),
        )
    )  # fmt: skip
    [socket] = parse_qs(urlsplit(databases.server.url).query)["host"]
    url = f"postgresql://ivr-pubsub@/ivr-pubsub?host={socket}"
    (tmp_path / "ivr-pubsub.toml").write_text(CONFIG.format(url=url))
    # In place of becoming another user: the role of that name.
    (tmp_path / "runuser").write_text('#!/bin/sh\nPGUSER=$2\nexport PGUSER\nshift 3\nexec "$@"\n')
    (tmp_path / "runuser").chmod(0o755)

    def type_(*lines: str) -> None:
        path = f"{tmp_path}:{BIN}:{PROGRAMS}:{os.environ['PATH']}"
        env = {"PATH": path, "PGHOST": socket, "IVR_PUBSUB_CONFIG": "ivr-pubsub.toml"}
        script = "\n".join(["set -e", *lines])
        subprocess.run(["bash", "-c", script], cwd=tmp_path, env=env, check=True)

    type_(*(line.replace(" --pwprompt", "") for line in made), "ivr-pubsub migrate", *people)

    connection = await asyncpg.connect(url)
    [member] = await connection.fetch("SELECT * FROM members JOIN extensions USING (extension)")
    [customer] = await connection.fetch("SELECT * FROM customers")
    await connection.close()
    type_("runuser -u postgres -- dropdb ivr-pubsub", "runuser -u postgres -- dropuser ivr-pubsub")
    assert (member["queue"], member["extension"]) == ("support", "1000")
    assert (member["device"], member["jid"]) == ("PJSIP/1000", "ann@example.com")
    assert (customer["code"], customer["name"]) == ("1111", "Company 1")
