"""Answers as JSON."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from component.operations.model import Answer, Table
from component.operations.wire import as_json, from_json
from tests.unit.operations.front_desk import SUPERVISOR, FrontDesk

pytestmark = pytest.mark.unit

AT = datetime(2026, 1, 1, 9, tzinfo=UTC)


def test_units_are_in_the_names_and_values_are_plain() -> None:
    table = Table(
        ("extension", "for", "last_call", "calls"),
        (("1000", timedelta(seconds=90.5), AT, 3), ("2000", None, None, 0)),
    )
    written = as_json(Answer("Two.", table))
    assert written["rows"] == [
        {
            "extension": "1000",
            "for_seconds": 90.5,
            "last_call": "2026-01-01T09:00:00+00:00",
            "calls": 3,
        },
        {"extension": "2000", "for_seconds": None, "last_call": None, "calls": 0},
    ]
    assert from_json(json.loads(json.dumps(written))) == Answer("Two.", table)


def test_an_answer_may_be_words_alone() -> None:
    assert from_json(as_json(Answer("Done."))) == Answer("Done.")


@pytest.mark.parametrize("name", ["agents", "queues", "calls"])
async def test_nothing_of_what_is_shown_is_lost_on_the_way(desk: FrontDesk, name: str) -> None:
    await desk.ask("log-on")
    answer = await desk.ask(name, SUPERVISOR)
    assert from_json(json.loads(json.dumps(as_json(answer)))) == answer
