"""The numbered migrations, as files."""

import re

import pytest

from component.storage.migrations import directory

pytestmark = pytest.mark.unit


def test_each_depends_on_the_one_before_whatever_order_a_directory_lists_them_in() -> None:
    files = sorted(directory().glob("[0-9]*.sql"))
    depends = [re.findall(r"^-- depends: *(.*)$", file.read_text(), re.M) for file in files]
    assert depends == [[""], *([file.stem] for file in files[:-1])]
