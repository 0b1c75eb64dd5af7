"""For how long a caller waits: what the dialplan asks for goes before the queue, in every wait."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from component.domain.commands import Hold, Release
from component.domain.events import BlindTransfer, MoveCaller, QueueChanged
from component.domain.holding import GRACE
from component.domain.presence import NEVER
from component.domain.terms import USUAL, Terms
from component.domain.words import CallState, LegEnd, QueueStatus
from tests.unit.domain.call_centre import SUPPORT, CallCentre
from tests.unit.domain.callbacks import CallbackCentre
from tests.unit.domain.transfers import FIRST, SECOND, attended, blind, talking

pytestmark = pytest.mark.unit

Begun = Callable[..., tuple[CallCentre, str]]

PATIENT = Terms(timeout=timedelta(seconds=200))
"""The queue lets callers wait for a minute."""


def entered() -> tuple[CallCentre, str]:
    centre = CallCentre(["1000"])
    centre.log_on("1000")
    centre.pause("1000")
    return centre, centre.enter(terms=PATIENT)


def moved() -> tuple[CallCentre, str]:
    centre, call = entered()
    sales = replace(SUPPORT, name="sales", joinempty=NEVER, leavewhenempty=NEVER)
    centre.take(QueueChanged(sales))
    centre.after(50)
    centre.take(MoveCaller(call, "sales"))
    return centre, call


def passed_on(terms: Terms = PATIENT) -> tuple[CallCentre, str]:
    """To a colleague who does not take the call."""
    centre = talking("2000")
    centre.state.calls.put("call1", replace(centre.call("call1"), terms=terms))
    centre.pause("1000")
    centre.pause("2000")
    blind(centre)
    centre.leg_ends(FIRST)
    centre.leg_ends(SECOND, LegEnd.REJECTED)
    return centre, "call1"


def fetched_in_vain() -> tuple[CallCentre, str]:
    """To a colleague who was asked, and is gone before Asterisk has fetched him."""
    centre = talking("2000")
    centre.state.calls.put("call1", replace(centre.call("call1"), terms=PATIENT))
    centre.pause("1000")
    centre.pause("2000")
    attended(centre)
    centre.leg_ends(FIRST)
    centre.leg_ends(SECOND, LegEnd.UNAVAILABLE)
    return centre, "call1"


def in_an_agents_place(terms: Terms = PATIENT) -> tuple[CallCentre, str]:
    """The agent had dialled a number of the dialplan's that asks for this."""
    centre = talking()
    call = centre.enter(terms=terms)
    centre.after(50)
    centre.take(BlindTransfer(FIRST, "s", "ivr-support", "channel2"))
    return centre, call


def called_back() -> tuple[CallCentre, str]:
    """The agent who was kept free is not there any more."""
    centre = CallbackCentre()
    call = centre.enter(terms=PATIENT)
    centre.keys(call, "2#1")
    centre.hang_up(call)
    centre.free("call1")
    centre.pause("1000")
    centre.customer_answers(call)
    centre.keys(call, "1")
    return centre, call


@pytest.mark.parametrize(
    "begun", [entered, moved, passed_on, fetched_in_vain, in_an_agents_place, called_back]
)
def test_the_callers_own_timeout_counts_from_when_the_wait_begins(begun: Begun) -> None:
    centre, call = begun()
    assert centre.all(Hold)[-1].at_most == timedelta(seconds=200) + GRACE

    centre.after(199)
    assert centre.call(call).state is CallState.WAITING
    centre.after(1)
    assert [(r.call_id, r.status) for r in centre.all(Release)] == [(call, QueueStatus.TIMEOUT)]


@pytest.mark.parametrize("begun", [passed_on, in_an_agents_place])
def test_who_brings_none_along_waits_for_as_long_as_the_queue_says(begun: Begun) -> None:
    centre, call = begun(USUAL)
    centre.after(59)
    assert centre.call(call).state is CallState.WAITING
    centre.after(1)
    assert [(r.call_id, r.status) for r in centre.all(Release)] == [(call, QueueStatus.TIMEOUT)]


def test_who_takes_an_agents_place_waits_as_that_queue_was_asked_to() -> None:
    """As for any other who comes by that number: this wait is none that the caller's own dialplan
    knew of."""
    centre = talking()
    centre.state.calls.put("call1", replace(centre.call("call1"), terms=PATIENT))
    call = centre.enter()
    centre.take(BlindTransfer(FIRST, "s", "ivr-support", "channel2"))
    centre.after(59)
    assert centre.call(call).state is CallState.WAITING
    centre.after(1)
    assert [(r.call_id, r.status) for r in centre.all(Release)] == [(call, QueueStatus.TIMEOUT)]
