"""The list of end-to-end scenarios in the documentation."""

from pathlib import Path

import pytest

from tests.e2e.scenarios import document

pytestmark = pytest.mark.unit

PAGE = Path(__file__).parents[2] / "docs/end-to-end.md"


def test_the_list_is_current() -> None:
    assert PAGE.read_text() == document(), "run: make scenarios"
