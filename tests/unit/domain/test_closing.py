"""A queue that is closed for the day, and a service that takes no new callers."""

from dataclasses import replace
from datetime import timedelta

import pytest

from component.domain.commands import Release
from component.domain.events import (
    BlindTransfer,
    CallerEntered,
    DrainBegun,
    DrainEnded,
    NumberLookedUp,
    QueueChanged,
)
from component.domain.model import Caller
from component.domain.returning import AWAITED
from component.domain.words import CallState, QueueStatus, TurnedAway
from tests.unit.domain.call_centre import SUPPORT, CallCentre
from tests.unit.domain.callbacks import CallbackCentre
from tests.unit.domain.transfers import FIRST, talking

pytestmark = pytest.mark.unit


def statuses(centre: CallCentre) -> list[QueueStatus]:
    return [release.status for release in centre.all(Release)]


def test_a_closed_queue_lets_nobody_in_until_it_opens_by_itself() -> None:
    centre = CallCentre()
    centre.log_on("1000")
    waiting = [centre.enter(), centre.enter()]
    hour = timedelta(hours=1)
    centre.take(QueueChanged(replace(SUPPORT, max_wait=2 * hour, closed_until=centre.now + hour)))
    centre.enter()
    assert statuses(centre) == [QueueStatus.JOINEMPTY]
    centre.talk(waiting[0])
    assert centre.call(waiting[1]).state is CallState.OFFERED
    centre.talk(waiting[1])
    centre.after(3600)
    assert centre.call(centre.enter()).state is CallState.OFFERED


def test_while_it_drains_the_service_takes_nobody_and_calls_go_on() -> None:
    centre = CallCentre()
    centre.log_on("1000")
    talking, waiting = centre.enter(), centre.enter()
    centre.answer(talking)
    centre.take(DrainBegun())
    centre.take(DrainBegun())
    refused = centre.enter()
    assert refused not in centre.state.calls
    assert statuses(centre) == [QueueStatus.UNAVAILABLE]
    [release] = centre.all(Release)
    assert (release.turned_away, release.queue) == (TurnedAway.DRAINING, "support")
    centre.leg_ends(centre.call(talking).leg)
    assert centre.call(waiting).state is CallState.OFFERED
    centre.take(DrainEnded())
    assert centre.call(centre.enter()).state is CallState.WAITING


def passed_on() -> CallCentre:
    """A caller whom an agent passes on goes to a number of the dialplan's, while it drains."""
    centre = talking()
    centre.take(DrainBegun())
    centre.take(BlindTransfer(FIRST, "4100", "from-phones"))
    centre.take(NumberLookedUp(FIRST, "4100", "from-phones", exists=True))
    centre.leg_ends(FIRST)
    return centre


def test_while_it_drains_who_is_passed_on_to_a_queue_is_let_in() -> None:
    centre = passed_on()
    centre.take(CallerEntered("again", "support", "channel1", Caller("5550101")))
    assert statuses(centre) == []
    assert centre.call("call1").state is CallState.WAITING


def test_but_not_once_the_call_is_as_good_as_forgotten() -> None:
    centre = passed_on()
    centre.after(AWAITED.total_seconds())
    centre.take(CallerEntered("again", "support", "channel1", Caller("5550101")))
    assert statuses(centre) == [QueueStatus.UNAVAILABLE]


def test_while_it_drains_nobody_is_called_back_and_others_are_served() -> None:
    centre = CallbackCentre()
    kept, waiting = centre.kept(), centre.waiting()
    assert centre.state.going_on() == 2
    centre.take(DrainBegun())
    centre.free("call1")
    assert centre.call(waiting).state is CallState.OFFERED
    centre.talk(waiting)
    assert (centre.called_numbers(), centre.state.going_on()) == ([], 0)
    centre.take(DrainEnded())
    assert centre.call(kept).state is CallState.CALLING
    assert centre.state.going_on() == 1


def test_a_customer_who_is_called_already_as_it_begins_to_drain_is_connected() -> None:
    centre = CallbackCentre()
    call = centre.called()
    centre.take(DrainBegun())
    centre.customer_answers(call)
    centre.keys(call, "1")
    assert centre.call(call).state is CallState.OFFERED
