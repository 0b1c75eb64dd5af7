import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from component.call_event import CallEvent
from component.watch import as_json, as_line

pytestmark = pytest.mark.unit

ENTERED = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)

ANSWERED = CallEvent(
    state="answered", call_id="c1", revision=2, queue="support", extension="1000",
    caller_number="4711", caller_name="Alice", customer_code="1111", customer_name="Company 1",
    customer_attributes={"contract": "gold"}, digits="1111", waiting=3.2, entered=ENTERED,
    offered=ENTERED + timedelta(seconds=3), answered=ENTERED + timedelta(seconds=5), ended=None,
)  # fmt: skip


def test_a_line_for_people_says_when_who_and_since_when() -> None:
    at = (ENTERED + timedelta(seconds=5)).astimezone()
    assert as_line(ANSWERED) == (
        f"{at:%H:%M:%S}  answered   Company 1 (1111), calling from 4711 Alice"
        "  [support, waited 3 s]"
    )


def test_what_is_unknown_is_called_so() -> None:
    unknown = replace(
        ANSWERED, customer_code="", customer_name="", caller_number="", caller_name=""
    )
    assert "unknown customer, calling from unknown number" in as_line(unknown)


def test_a_withdrawal_happens_now() -> None:
    before = datetime.now(UTC).astimezone()
    shown = as_line(replace(ANSWERED, state="withdrawn")).split()[0]
    after = datetime.now(UTC).astimezone()
    assert shown in (f"{before:%H:%M:%S}", f"{after:%H:%M:%S}")


def test_a_line_for_scripts_has_every_field() -> None:
    before = datetime.now(UTC)
    line = json.loads(as_json(ANSWERED))
    received = datetime.fromisoformat(line.pop("received"))
    assert before <= received <= datetime.now(UTC)
    assert line == {
        "state": "answered",
        "call_id": "c1",
        "revision": 2,
        "queue": "support",
        "extension": "1000",
        "caller_number": "4711",
        "caller_name": "Alice",
        "customer_code": "1111",
        "customer_name": "Company 1",
        "customer_attributes": {"contract": "gold"},
        "digits": "1111",
        "waiting": 3.2,
        "entered": "2026-01-31T12:00:00+00:00",
        "offered": "2026-01-31T12:00:03+00:00",
        "answered": "2026-01-31T12:00:05+00:00",
        "ended": None,
        "transferred_from": [],
        "called_back": "",
    }


def test_a_line_for_scripts_is_one_line() -> None:
    assert "\n" not in as_json(replace(ANSWERED, caller_name="a\nb"))
