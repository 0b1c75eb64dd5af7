"""What `ivr-pubsub why` prints."""

from datetime import UTC, datetime

import pytest

from component.why import Explained, show

pytestmark = pytest.mark.unit


def choice(queue: str, extension: str) -> Explained:
    return {
        "queue": queue,
        "at": datetime(2026, 5, 4, 9, 0, tzinfo=UTC),
        "chosen_by": "strategy",
        "strategy": "linear",
        "offered": [extension],
        "line": [{"extension": extension, "penalty": 0, "logon_order": 1}],
        "candidates": 1,
        "passed_over": {},
    }


def test_what_was_chosen_before_the_call_was_moved_names_the_queue_it_was_in(
    capsys: pytest.CaptureFixture[str],
) -> None:
    choices = [choice("support", "1000"), choice("sales", "2000")]
    show({"id": "call1", "queue": "sales", "outcome": "completed", "choices": choices})

    told = [line for line in capsys.readouterr().out.splitlines() if "strategy" in line]
    at = "2026-05-04 09:00:00.000 UTC"
    assert told == [
        f"{at}  offered in queue support to 1000: strategy linear, 1 candidates",
        f"{at}  offered to 2000: strategy linear, 1 candidates",
    ]


def test_of_who_is_not_among_the_first_no_place_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    drawn = choice("support", "2042") | {"strategy": "random", "candidates": 100}
    first = [{"extension": f"10{n:02}", "penalty": 0} for n in range(10)]
    drawn["line"] = [*first, {"extension": "2042", "penalty": 0}]
    show({"id": "call1", "queue": "support", "outcome": "completed", "choices": [drawn]})

    rows = [
        line.replace("\N{BOX DRAWINGS LIGHT VERTICAL}", " ").split()
        for line in capsys.readouterr().out.splitlines()
    ]
    assert ["10", "1009", "0"] in rows
    assert ["...", "2042", "0", "offered"] in rows
