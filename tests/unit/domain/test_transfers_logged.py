"""What the queue log tells of calls that are passed on."""

import pytest

from component.domain.asterisk_ids import talk_bridge
from component.domain.events import LegAnswered
from component.domain.words import LegEnd
from tests.unit.domain.transfers import FIRST, SECOND, attended, blind, talking, transfer_rows

pytestmark = pytest.mark.unit


def test_the_queue_log_tells_of_a_blind_transfer_and_of_nothing_after_it() -> None:
    centre = talking("2000")
    blind(centre)
    centre.leg_ends(FIRST)
    centre.take(LegAnswered(SECOND))
    centre.leg_ends(SECOND)

    times = ("3", "20", "1")
    assert transfer_rows(centre) == [("1000", "BLINDTRANSFER", ("2000", "from-phones", *times))]


@pytest.mark.parametrize("device", ["PJSIP/2000", "PJSIP/anonymous"])
def test_the_queue_log_tells_of_an_attended_transfer(device: str) -> None:
    centre = talking("2000")
    attended(centre, device)

    data = ("BRIDGE", talk_bridge(FIRST, "channel1"), "3", "20", "1")
    assert transfer_rows(centre) == [("1000", "ATTENDEDTRANSFER", data)]


def test_the_queue_log_tells_that_a_caller_came_back() -> None:
    centre = talking()
    blind(centre)
    centre.leg_ends(FIRST)
    centre.leg_ends(SECOND, LegEnd.REJECTED)
    centre.hang_up("call1")

    assert transfer_rows(centre)[1:] == [
        ("NONE", "ENTERQUEUE", ("", "5550101", "1")),
        ("NONE", "ABANDON", ("1", "1", "23")),
    ]
