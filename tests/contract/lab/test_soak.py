"""`make soak` still runs, and finds what grows."""

import tempfile
from pathlib import Path

import pytest

from lab.soak.__main__ import run
from lab.soak.growth import Found, growth

pytestmark = [pytest.mark.contract, pytest.mark.timeout(120)]


async def test_calls_are_led_and_it_is_said_what_they_leave_behind(
    capsys: pytest.CaptureFixture[str],
) -> None:
    # Not below pytest's, which the user that PostgreSQL runs as may not enter.
    with tempfile.TemporaryDirectory(prefix="ivr") as directory:
        await run(60, Path(directory))
    said = capsys.readouterr().out
    assert "60 calls: " in said
    assert " served" in said
    assert "KiB" in said.partition("What grows, per 1,000 calls:")[2]


def test_growth_is_told_per_thousand_calls_the_most_first() -> None:
    before = Found(1000, {"tasks": 3, "memory": 100, "descriptors": 9})
    after = Found(3000, {"tasks": 3, "memory": 110, "descriptors": 8, "calls": 40})
    assert list(growth(before, after)) == [("calls", 20.0), ("memory", 5.0)]
