from datetime import UTC, datetime, timedelta, timezone

import pytest

from component.handlers.times import read_time, written_time
from tests.unit.handlers.dialogue import Dialogue
from tests.unit.pubsub.provisioned import DOMAIN

pytestmark = pytest.mark.unit

NOON = datetime(2026, 2, 28, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "time"),
    [
        ("2026-02-28T12:00:00Z", NOON),
        ("2026-02-28T13:30:00+01:30", NOON),
        ("2026-02-28T07:00:00-05:00", NOON),
        ("2026-02-28T12:00:00.5Z", NOON.replace(microsecond=500_000)),
        ("2026-02-28T12:00:00.123456789Z", NOON.replace(microsecond=123_456)),
        ("\n  2026-02-28T12:00:00Z\t", NOON),
        ("2026-02-27T24:00:00Z", NOON.replace(hour=0)),
        ("2026-02-27T24:00:00.00+12:00", NOON - timedelta(days=1)),
        ("1969-07-21T02:56:15Z", datetime(1969, 7, 21, 2, 56, 15, tzinfo=UTC)),
        ("1969-07-20T21:56:15-05:00", datetime(1969, 7, 21, 2, 56, 15, tzinfo=UTC)),
    ],
)
def test_times_are_read(written: str, time: datetime) -> None:
    assert read_time(written) == time


@pytest.mark.parametrize(
    "written",
    [
        "", "now", "2026-02-28", "2026-02-28T12:00:00", "2026-02-28 12:00:00Z",
        "2026-02-30T12:00:00Z", "2026-02-28T25:00:00Z", "2026-02-28T24:00:01Z",
        "9999-12-31T24:00:00Z", "2026-02-28T12:00:00Z Z", "2026-02-28T12:00:60Z",
        "-0044-03-15T12:00:00Z", "12026-02-28T12:00:00Z", "\u00a02026-02-28T12:00:00Z",
        "20260228T12:00:00", "12:00:00Z", "20260228T120000Z", "2026-W09-6T12:00:00Z",
        "2026-02-28T12:00Z", "2026-02-28T12:00:00+0130", "2026-02-28T12:00:00+99:00",
        "0001-01-01T00:00:00+01:00", "2026-02-28T12:00:00.Z", "\uff12026-02-28T12:00:00Z",
    ],
)  # fmt: skip
def test_what_is_no_time_is_not(written: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_time(written)


def test_times_are_written_in_utc() -> None:
    east = timezone(timedelta(hours=2))
    assert written_time(datetime(2026, 2, 28, 14, tzinfo=east)) == "2026-02-28T12:00:00Z"
    assert written_time(NOON.replace(microsecond=5)) == "2026-02-28T12:00:00.000005Z"


@pytest.mark.parametrize("address", [DOMAIN, f"ext1000@{DOMAIN}"])
async def test_one_can_ask_what_time_it_is(dialogue: Dialogue, address: str) -> None:
    await dialogue.expect(
        f"""
        <iq type='get' id='t' from='user1@example.com/r' to='{address}'>
          <time xmlns='urn:xmpp:time'/>
        </iq>
        """,
        f"""
        <iq type='result' id='t' from='{address}' to='user1@example.com/r'>
          <time xmlns='urn:xmpp:time'><tzo>+00:00</tzo><utc>2026-01-01T09:00:00Z</utc></time>
        </iq>
        """,
    )
