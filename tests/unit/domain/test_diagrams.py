"""The diagrams in the documentation."""

from enum import StrEnum
from pathlib import Path

import pytest

from component.domain.diagrams import document, mermaid

pytestmark = pytest.mark.unit

PAGE = Path(__file__).parents[3] / "docs/state-machines.md"


class Light(StrEnum):
    OFF = "off"
    LIT = "lit up"
    BROKEN = "broken"


class Deed(StrEnum):
    SWITCH = "switch"
    DROP = "drop"


def test_a_table_is_drawn_with_its_beginning_and_its_end() -> None:
    table = {
        (Light.OFF, Deed.SWITCH): Light.LIT,
        (Light.LIT, Deed.DROP): Light.BROKEN,
    }

    assert mermaid(table, Light.OFF).splitlines() == [
        "stateDiagram-v2",
        '    state "off" as off',
        '    state "lit up" as lit',
        '    state "broken" as broken',
        "    [*] --> off",
        "    off --> lit: switch",
        "    lit --> broken: drop",
        "    broken --> [*]",
    ]


def test_the_diagrams_are_current() -> None:
    assert PAGE.read_text() == document(), "run: make diagrams"
