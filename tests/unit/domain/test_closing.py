"""A queue that is closed for the day, and a service that takes no new callers."""

from dataclasses import replace
from datetime import timedelta

import pytest

from component.domain.commands import Release
from component.domain.events import DrainBegun, DrainEnded, QueueChanged
from component.domain.words import CallState, QueueStatus
from tests.unit.domain.call_centre import SUPPORT, CallCentre

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
    centre.leg_ends(centre.call(talking).leg)
    assert centre.call(waiting).state is CallState.OFFERED
    centre.take(DrainEnded())
    assert centre.call(centre.enter()).state is CallState.WAITING
