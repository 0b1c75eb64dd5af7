"""What other software is told about the specifications that are implemented."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

pytestmark = pytest.mark.unit

PROJECT = Path(__file__).parents[2]
XEP = "{https://linkmauve.fr/ns/xmpp-doap#}xep"
RESOURCE = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}resource"

NOT_NEEDED = {"0106"}


def test_doap_names_the_specifications_of_the_documentation() -> None:
    page = (PROJECT / "docs" / "xeps.md").read_text()
    first_column = " ".join(re.findall(r"(?m)^\| ([0-9, ]+) \|", page))
    documented = set(re.findall(r"\d{4}", first_column))

    named = {
        xep.get(RESOURCE, "").removesuffix(".html")[-4:]
        for xep in ET.parse(PROJECT / "doap.xml").iter(XEP)
    }

    assert named == documented - NOT_NEEDED | {"0060"}
