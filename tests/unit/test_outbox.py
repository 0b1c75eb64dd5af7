"""Messages that are owed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from component.outbox import Outbox
from component.ports import Changes, Outgoing

pytestmark = pytest.mark.unit

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def message(seq: int) -> Outgoing:
    return Outgoing(seq, "ivr.example.com", ("user1@example.com",), "headline", "<event/>")


def test_numbers_after_a_restart_are_greater_than_any_before() -> None:
    before = Outbox([], NOW).next_seq(NOW)

    later = NOW + timedelta(seconds=1)
    assert Outbox([], later).next_seq(later) > before


def test_numbers_are_greater_than_those_owed_even_if_the_clock_went_back() -> None:
    ahead = int((NOW + timedelta(days=1)).timestamp() * 1e6)

    assert Outbox([message(ahead)], NOW).next_seq(NOW) == ahead + 1


def test_what_is_confirmed_during_a_commit_is_deleted_by_the_next() -> None:
    outbox = Outbox([message(1), message(2)], NOW)
    outbox.confirm([1])
    first = Changes()
    outbox.include_in(first)
    outbox.confirm([2])
    outbox.committed(first)
    second = Changes()
    outbox.include_in(second)

    assert (first.delivered, second.delivered) == ([1], [2])


def test_what_is_withheld_from_all_is_owed_no_longer() -> None:
    outbox = Outbox([message(1), message(2)], NOW)
    outbox.withhold(lambda owed: owed.recipients if owed.seq == 2 else ())
    changes = Changes()
    outbox.include_in(changes)

    assert outbox.owed(NOW) == [message(2)]
    assert changes.delivered == [1]


def test_what_is_withheld_from_one_is_owed_to_the_others() -> None:
    eve, ann = "eve@example.com", "ann@example.com"
    outbox = Outbox([replace(message(1), recipients=(eve, ann))], NOW)
    outbox.withhold(lambda _: (ann,))

    assert outbox.owed(NOW) == [replace(message(1), recipients=(ann,))]


def test_who_lost_the_right_is_sent_nothing_either_after_the_next_restart() -> None:
    eve, ann = "eve@example.com", "ann@example.com"
    outbox = Outbox([replace(message(1), recipients=(eve, ann)), message(2)], NOW)
    outbox.withhold(lambda owed: tuple(r for r in owed.recipients if r != eve))
    first, second = Changes(), Changes()
    outbox.include_in(first)
    outbox.committed(first)
    outbox.include_in(second)

    assert first.narrowed == [replace(message(1), recipients=(ann,))]
    assert second.narrowed == []


def test_what_is_withheld_once_more_during_a_commit_is_written_by_the_next() -> None:
    eve, ann, bob = "eve@example.com", "ann@example.com", "bob@example.com"
    outbox = Outbox([replace(message(1), recipients=(eve, ann, bob))], NOW)
    outbox.withhold(lambda _: (ann, bob))
    first, second = Changes(), Changes()
    outbox.include_in(first)
    outbox.withhold(lambda _: (bob,))
    outbox.committed(first)
    outbox.include_in(second)

    assert second.narrowed == [replace(message(1), recipients=(bob,))]


def test_what_is_delivered_meanwhile_is_deleted_only() -> None:
    eve, ann = "eve@example.com", "ann@example.com"
    outbox = Outbox([replace(message(1), recipients=(eve, ann))], NOW)
    outbox.withhold(lambda _: (ann,))
    outbox.confirm([1])
    changes = Changes()
    outbox.include_in(changes)

    assert (changes.delivered, changes.narrowed) == ([1], [])


def test_a_deletion_whose_commit_failed_is_tried_again() -> None:
    outbox = Outbox([message(1)], NOW)
    outbox.confirm([1])
    outbox.include_in(Changes())
    again = Changes()
    outbox.include_in(again)

    assert again.delivered == [1]
