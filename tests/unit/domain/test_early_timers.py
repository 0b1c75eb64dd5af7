"""Timers that come too early, as when the clock was set back: nothing is forgotten for that."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from component.domain.commands import WakeAt
from component.domain.events import (
    CallbackDue,
    CallbackExpired,
    CallbackTimedOut,
    Event,
    SkillsWaived,
    StickyOver,
    WaitTimedOut,
    WrapUpOver,
)
from component.domain.terms import Need, Terms
from tests.unit.domain.call_centre import COMPANY_1, CallCentre
from tests.unit.domain.callbacks import TERMS, CallbackCentre

pytestmark = pytest.mark.unit

SECOND = timedelta(seconds=1)

Due = tuple[CallCentre, datetime, Event]
"""A call centre, and when something is due in it."""


def a_wait_ends() -> Due:
    centre = CallCentre(["1000"])
    centre.log_on("1000")
    centre.pause("1000")
    return centre, centre.now + 60 * SECOND, WaitTimedOut(centre.enter())


def skills_are_waived() -> Due:
    centre = CallCentre(["1000"], skills_timeout=20 * SECOND)
    centre.log_on("1000")
    french = Terms(Need(skills=frozenset({("french", 1)})))
    return centre, centre.now + 20 * SECOND, SkillsWaived(centre.enter(terms=french))


def another_agent_will_do() -> Due:
    centre = CallCentre(["1000", "2000"], sticky=3600 * SECOND, sticky_wait=20 * SECOND)
    centre.log_on("1000")
    centre.talk(centre.enter(COMPANY_1))
    centre.talk(centre.enter())
    centre.answer(centre.enter())
    centre.log_on("2000")
    return centre, centre.now + 20 * SECOND, StickyOver(centre.enter(COMPANY_1))


def a_wrap_up_ends() -> Due:
    centre = CallCentre(["1000"], wrapuptime=10 * SECOND)
    centre.log_on("1000")
    centre.talk(centre.enter())
    return centre, centre.now + 10 * SECOND, WrapUpOver("1000")


def a_customer_is_called_again() -> Due:
    centre = CallbackCentre()
    call = centre.called()
    centre.customer_hangs_up(call)
    return centre, centre.now + TERMS.retry, CallbackDue(call)


def a_customer_is_given_up() -> Due:
    centre = CallbackCentre()
    return centre, centre.now + TERMS.max_age, CallbackExpired(centre.kept())


def a_customer_has_rung_long_enough() -> Due:
    centre = CallbackCentre()
    channel = centre.call(centre.called()).channel
    return centre, centre.now + TERMS.timeout, CallbackTimedOut(channel)


@pytest.mark.parametrize(
    "due",
    [
        a_wait_ends,
        skills_are_waived,
        another_agent_will_do,
        a_wrap_up_ends,
        a_customer_is_called_again,
        a_customer_is_given_up,
        a_customer_has_rung_long_enough,
    ],
)
def test_what_is_due_later_is_done_later(due: Callable[[], Due]) -> None:
    centre, at, event = due()
    centre.now = at - SECOND
    before = centre.state.ledger.mark()

    assert centre.take(event) == [WakeAt(at, event)]
    assert centre.state.ledger.mark() == before
    centre.now = at
    assert centre.take(event) != [WakeAt(at, event)]
