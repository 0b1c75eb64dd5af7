"""`docs/commands.md` has a row for each operation, and each says what is so."""

import re
from typing import Any

import pytest
import typer

from component.cli import app
from component.operations.catalogue import OPERATIONS
from component.operations.model import Role
from component.operations.spoken import usage
from lab.paths import PROJECT

pytestmark = pytest.mark.unit

PAGE = (PROJECT / "docs" / "commands.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip().strip("`") for cell in line.strip("|\n").split("|")]
    for line in PAGE.splitlines()
    if re.match(r"\| [^|]+ \| `[a-z-]+` \| (agent|supervisor|administrator) \|", line)
]


def test_the_table_has_what_there_is() -> None:
    assert [row[:4] for row in ROWS] == [
        [o.title, o.name, o.role.value, usage(o)] for o in OPERATIONS.values()
    ]


@pytest.mark.parametrize("row", ROWS, ids=[row[1] for row in ROWS])
def test_what_is_said_of_the_command_line_is_there(row: list[str]) -> None:
    *_, role, _, line = row
    assert bool(line) is (role != Role.AGENT)
    command: Any = typer.main.get_command(app)
    for word in line.split():
        command = command.commands[word]
