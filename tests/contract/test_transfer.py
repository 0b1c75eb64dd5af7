"""`ivr-pubsub import` and `export`, on a real database."""

import json
import os
import re
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import asyncpg
import pytest

from lab.service import COMMAND
from tests.databases import Databases

pytestmark = pytest.mark.contract

Run = Callable[..., "subprocess.CompletedProcess[str]"]

CONFIG = """\
[xmpp]
domain = "ivr.example.com"
secret = "x"
[asterisk]
username = "ivr"
password = "x"
[database]
url = "{url}"
"""


@pytest.fixture
async def url(databases: Databases) -> AsyncIterator[str]:
    async with databases.fresh() as url:
        yield url


@pytest.fixture
def run(url: str, tmp_path: Path) -> Run:
    """Run the command; what is given to it as text is its standard input."""
    config = tmp_path / "ivr-pubsub.toml"
    config.write_text(CONFIG.format(url=url))

    def run(
        *arguments: str, text: str = "", stderr: int = subprocess.PIPE
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [COMMAND, *arguments, "--config", config],
            input=text,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            check=False,
            timeout=60,
        )

    return run


async def rows(url: str, statement: str) -> list[tuple[object, ...]]:
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(statement)]
    finally:
        await connection.close()


async def test_customers_are_imported_with_their_attributes(run: Run, url: str) -> None:
    done = run("import", "customers", "-", text="code;name;vip\n1111;Company One;yes\n3333;C;\n")

    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "new 1, changed 1, unchanged 0, deleted 0\n"
    found = await rows(url, "SELECT code, name, attributes FROM customers ORDER BY code")
    assert [(code, name, json.loads(str(found))) for code, name, found in found] == [
        ("1111", "Company One", {"vip": "yes"}),
        ("2222", "Company 2", {"contract": "silver"}),
        ("3333", "C", {}),
    ]


async def test_what_was_exported_is_imported_without_a_change(
    run: Run, url: str, tmp_path: Path
) -> None:
    await rows(
        url,
        """INSERT INTO customers (code, name, attributes)
        VALUES ('4', 'a, "b"', '{"x\\"y, z": "1", "contract": "''"}')""",
    )
    for table in ("customers", "members", "extensions"):
        file = tmp_path / f"{table}.csv"
        assert run("export", table, str(file)).returncode == 0
        again = run("import", table, str(file), "--replace")
        assert again.stderr == "new 0, changed 0, unchanged 3, deleted 0\n"


async def test_on_a_terminal_a_bar_shows_how_far_it_is(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "customers.csv"
    file.write_text("code,name\n" + "".join(f"{n},Company\n" for n in range(1000)))
    terminal, end = os.openpty()
    try:
        assert run("import", "customers", str(file), stderr=end).returncode == 0
        shown = os.read(terminal, 65536).decode()
    finally:
        os.close(terminal)
        os.close(end)

    assert re.search(r"reading .*1001/1001", shown)
    assert re.search(r"writing .*1000/1000", shown)
    assert "new 1000," in shown


async def test_what_is_not_in_the_file_is_deleted_if_asked(run: Run, url: str) -> None:
    done = run("import", "members", "-", "--replace", text="queue,extension\nsupport,2000\n")

    assert done.stderr == "new 0, changed 0, unchanged 1, deleted 2\n"
    assert await rows(url, "SELECT extension FROM members") == [("2000",)]


async def test_what_is_not_in_a_file_is_found_though_its_keys_fit_in_no_memory(
    run: Run, url: str
) -> None:
    """Statements must not compare each row with each: that takes minutes, with a million hours."""
    settings = ("work_mem = '64kB'", "statement_timeout = '20s'")
    [[database]] = await rows(url, "SELECT quote_ident(current_database())")
    for setting in settings:
        await rows(url, f"ALTER DATABASE {database} SET {setting}")
    many = "".join(f"{n:06},Company {n}\n" for n in range(60_000))
    assert run("import", "customers", "-", text=f"code,name\n{many}").returncode == 0

    done = run("import", "customers", "-", "--replace", text=f"code,name\n{many}")
    assert done.stderr == "new 0, changed 0, unchanged 60000, deleted 2\n"


async def test_a_device_may_go_from_an_extension_that_is_deleted_to_a_new_one(
    run: Run, url: str
) -> None:
    text = "extension,device,jid\n1001,PJSIP/1000,user1@example.com\n"
    done = run("import", "extensions", "-", "--replace", text=text)

    assert done.returncode == 0
    assert await rows(url, "SELECT extension, device FROM extensions") == [("1001", "PJSIP/1000")]


async def test_a_dry_run_changes_nothing(run: Run, url: str) -> None:
    done = run("import", "customers", "-", "--dry-run", "--replace", text="code,name\n9,x\n")

    assert done.stderr == "would be new 1, changed 0, unchanged 0, deleted 2\n"
    assert await rows(url, "SELECT count(*) FROM customers") == [(2,)]


async def test_who_imports_customers_is_told_if_callers_are_looked_up_elsewhere(
    run: Run, tmp_path: Path
) -> None:
    with (tmp_path / "ivr-pubsub.toml").open("a") as config:
        config.write('[customers]\nurl = "postgresql://127.0.0.1/crm"\n')
    done = run("import", "customers", "-", text="code,name\n9,x\n")

    assert done.returncode == 0
    assert done.stderr == (
        "new 1, changed 0, unchanged 0, deleted 0\n"
        "no caller is looked up there, but at customers.url\n"
    )
    done = run("import", "extensions", "-", text="extension,device,jid\n1,PJSIP/1,a@example.com\n")
    assert "looked up" not in done.stderr


@pytest.mark.parametrize(
    ("table", "text", "problem"),
    [
        ("customers", "code,name\n1,a\n,b\n", "line 3: code is empty"),
        (
            "members",
            "queue,extension\nsupport,1000\nsales,1000\n",
            "line 3: there is no queue sales",
        ),
        ("members", "queue,extension\nsupport,77\n", "line 2: there is no extension 77"),
        (
            "extensions",
            "extension,device,jid\n8,PJSIP/8,a@b\n9,PJSIP/8,a@b\n",
            "line 3: device PJSIP/8 is in line 2 already",
        ),
        (
            "extensions",
            "extension,device,jid\n8,PJSIP/8,a@b\n9,PJSIP/1000,a@b\n",
            "line 3: extension 1000 has device PJSIP/1000",
        ),
        (
            "extensions",
            "extension,device,jid\nann,PJSIP/8,a@b\nAnn,PJSIP/9,a@b\n",
            "line 2: extension ann has the address of Ann\n"
            "  line 3: extension Ann has the address of ann",
        ),
    ],
)
async def test_a_file_with_a_fault_is_refused_as_a_whole(
    run: Run, url: str, table: str, text: str, problem: str
) -> None:
    before = await rows(url, f"SELECT * FROM {table}")
    done = run("import", table, "-", text=text)

    assert done.returncode == 1
    assert done.stderr == f"ivr-pubsub: nothing was taken over from -:\n  {problem}\n"
    assert await rows(url, f"SELECT * FROM {table}") == before


async def test_what_cannot_be_read_is_said(run: Run, tmp_path: Path) -> None:
    latin = tmp_path / "latin.csv"
    latin.write_bytes("code,name\n1,Müller\n".encode("latin-1"))

    for file, said in ((latin, "is not in UTF-8"), (tmp_path / "absent.csv", "No such file")):
        done = run("import", "customers", str(file))
        assert done.returncode == 1
        assert said in done.stderr


async def test_a_hundred_thousand_customers_are_imported_and_exported(
    run: Run, url: str, tmp_path: Path
) -> None:
    file, copy = tmp_path / "many.csv", tmp_path / "copy.csv"
    lines = [f"{n:06},Company {n},gold\n" for n in range(100_000)]
    file.write_text("".join(["code,name,contract\n", *lines]))

    done = run("import", "customers", str(file), "--replace")
    assert done.stderr == "new 100000, changed 0, unchanged 0, deleted 2\n"
    assert run("export", "customers", str(copy)).returncode == 0
    assert copy.read_text() == file.read_text()
