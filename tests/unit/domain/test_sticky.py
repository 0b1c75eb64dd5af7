"""The sticky agent: who last spoke with a customer is offered the customer's next call first."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from component.domain.events import (
    AgentChanged,
    BlindTransfer,
    CallerEntered,
    CallerLeft,
    DeviceStateChanged,
    MemberChanged,
    MemberRemoved,
    NumberLookedUp,
    QueueChanged,
)
from component.domain.model import Caller, Customer, Leg, Spoke
from component.domain.queue import StrategyName
from component.domain.terms import Need, Terms
from component.domain.words import CallState, DeviceState
from tests.unit.domain.call_centre import COMPANY_1, CallCentre

pytestmark = pytest.mark.unit

COMPANY_2 = Customer(2, "2222", "Company 2")
HOUR = timedelta(hours=1)


def acquainted(**settings: Any) -> CallCentre:
    """2000 spoke with company 2, then 1000 with company 1: it would be 2000's turn."""
    centre = CallCentre(["1000", "2000"], **{"sticky": HOUR, "max_wait": HOUR, **settings})
    for extension, customer in (("2000", COMPANY_2), ("1000", COMPANY_1)):
        centre.log_on(extension)
        centre.talk(centre.enter(customer))
        centre.log_off(extension)
    centre.log_on("1000", "2000")
    return centre


def busy(centre: CallCentre, extension: str) -> str:
    """Let one agent be on the phone, with a call that only this agent may take."""
    call = centre.enter(terms=Terms(Need(skills=frozenset({(extension, 1)}))))
    centre.answer(call)
    return call


SKILLS = {e: {e: 1} for e in ("1000", "2000")}


def test_who_spoke_with_the_customer_comes_first_whatever_the_strategy_says() -> None:
    centre = acquainted()
    assert centre.call(centre.enter(COMPANY_1)).extension == "1000"
    assert centre.call(centre.enter(COMPANY_2)).extension == "2000"


def test_customers_without_an_id_are_not_taken_for_one_another() -> None:
    centre = acquainted()
    assert centre.talk(centre.enter(Customer(0, "a7", "Ann"))) == "2000"
    assert centre.call(centre.enter(Customer(0, "b8", "Bob"))).extension == "1000"


def test_nor_are_they_after_a_restart() -> None:
    centre = acquainted(sticky_wait=HOUR, skills=SKILLS)
    centre.state.spoke.load(0, Spoke(0, "1000", centre.now))
    busy(centre, "1000")
    assert centre.call(centre.enter(Customer(0, "b8", "Bob"))).extension == "2000"


def test_who_passed_the_customer_on_to_somebody_outside_spoke_with_the_customer_last() -> None:
    centre = acquainted(strategy=StrategyName.LINEAR)
    centre.log_off("2000")
    centre.answer(call := centre.enter(COMPANY_2))
    leg = centre.call(call).leg
    centre.take(BlindTransfer(leg, "0800", "from-phones"))
    centre.take(NumberLookedUp(leg, "0800", "from-phones", exists=True))
    centre.leg_ends(leg)
    centre.log_on("2000")
    assert centre.call(centre.enter(COMPANY_2)).extension == "1000"


@pytest.mark.parametrize("there", ["a colleague", "a queue"])
def test_who_passed_the_customer_on_in_vain_spoke_with_the_customer_last(there: str) -> None:
    centre = acquainted(strategy=StrategyName.LINEAR)
    centre.log_off("2000")
    centre.answer(call := centre.enter(COMPANY_2))
    leg, channel = centre.call(call).leg, centre.call(call).channel
    centre.after(5)
    if there == "a colleague":
        centre.take(BlindTransfer(leg, "2000", "from-phones"))
    else:
        asking = centre.enter()
        consult = centre.call(asking).channel
        centre.after(5)
        centre.take(BlindTransfer(leg, "s", "ivr-support", consult))
    centre.leg_ends(leg)
    centre.take(CallerLeft(channel))
    centre.leg_ends(Leg(call, 2))
    centre.log_on("2000")
    assert centre.call(centre.enter(COMPANY_2)).extension == "1000"


def test_but_not_if_the_customer_has_spoken_with_another_since() -> None:
    centre = acquainted()
    centre.answer(call := centre.enter(COMPANY_1))
    leg = centre.call(call).leg
    centre.log_off("2000")
    centre.after(5)
    centre.take(BlindTransfer(leg, "2000", "from-phones"))
    centre.leg_ends(leg)
    centre.state.spoke.put(1, Spoke(1, "3000", centre.now + timedelta(seconds=1)))
    centre.after(2)
    centre.hang_up(call)
    assert centre.state.spoke[1].extension == "3000"


def test_without_the_setting_the_strategy_decides() -> None:
    centre = acquainted(sticky=timedelta(0))
    assert centre.call(centre.enter(COMPANY_1)).extension == "2000"


def test_it_is_forgotten_after_the_time_that_the_queue_sets() -> None:
    centre = acquainted(sticky=timedelta(seconds=60))
    centre.after(61)
    assert centre.call(centre.enter(COMPANY_1)).extension == "2000"


def test_the_customer_takes_another_agent_if_that_one_is_busy() -> None:
    centre = acquainted(skills=SKILLS)
    busy(centre, "1000")
    assert centre.call(centre.enter(COMPANY_1)).extension == "2000"


def test_or_waits_for_so_long_if_the_queue_says_so() -> None:
    centre = acquainted(skills=SKILLS, sticky_wait=timedelta(seconds=20))
    busy(centre, "1000")
    call = centre.enter(COMPANY_1)
    centre.after(19)
    assert centre.call(call).state is CallState.WAITING
    centre.after(1)
    assert centre.call(call).extension == "2000"


def test_who_waits_follows_the_operator_who_changes_for_how_long() -> None:
    centre = acquainted(skills=SKILLS, sticky_wait=timedelta(seconds=20))
    busy(centre, "1000")
    call = centre.enter(COMPANY_1)
    queue = centre.state.queues["support"]

    centre.take(QueueChanged(replace(queue, sticky_wait=timedelta(seconds=40))))
    centre.after(30)
    assert centre.call(call).state is CallState.WAITING
    centre.take(QueueChanged(replace(queue, sticky_wait=timedelta(seconds=31))))
    centre.after(1)
    assert centre.call(call).extension == "2000"


def test_who_begins_to_wait_for_an_agent_by_a_change_stops_in_time() -> None:
    centre = acquainted(skills=SKILLS)
    busy(centre, "1000")
    other = busy(centre, "2000")
    call = centre.enter(COMPANY_1)

    queue = replace(centre.state.queues["support"], sticky_wait=timedelta(seconds=20))
    centre.take(QueueChanged(queue))
    centre.hang_up(other)
    centre.leg_ends(centre.call(other).leg)
    assert centre.call(call).state is CallState.WAITING
    centre.after(20)
    assert centre.call(call).extension == "2000"


def test_who_waits_gets_the_agent_who_comes_free() -> None:
    centre = acquainted(skills=SKILLS, sticky_wait=timedelta(seconds=20))
    talking = busy(centre, "1000")
    call = centre.enter(COMPANY_1)
    centre.leg_ends(centre.call(talking).leg)
    assert centre.call(call).extension == "1000"


def test_who_waits_behind_another_call_of_the_same_customer_gets_the_same_agent() -> None:
    centre = acquainted(sticky_wait=timedelta(seconds=20))
    talking = centre.enter(COMPANY_1)
    centre.answer(talking)
    waiting = centre.enter(COMPANY_1)
    centre.after(1)
    centre.leg_ends(centre.call(talking).leg)
    assert centre.call(waiting).extension == "1000"


def test_nobody_waits_for_whom_the_customer_has_spoken_with_only_since() -> None:
    wrap_up, company_3 = timedelta(seconds=5), Customer(3, "3333", "Company 3")
    centre = acquainted(sticky_wait=timedelta(seconds=20), wrapuptime=wrap_up)
    centre.after(5)
    with_2000, with_1000 = centre.enter(company_3), centre.enter()
    centre.answer(with_2000)
    centre.answer(with_1000)
    waiting = centre.enter(company_3)
    centre.leg_ends(centre.call(with_1000).leg)
    centre.after(1)
    centre.leg_ends(centre.call(with_2000).leg)
    centre.after(4)
    assert centre.call(waiting).extension == "1000"


def test_who_enters_when_another_call_of_the_customer_ends_waits_no_longer_than_others() -> None:
    wrap_up, company_3 = timedelta(seconds=30), Customer(3, "3333", "Company 3")
    centre = acquainted(sticky_wait=timedelta(seconds=20), wrapuptime=wrap_up)
    centre.after(wrap_up.total_seconds())
    centre.pause("1000")
    with_2000 = centre.enter(company_3)
    centre.answer(with_2000)
    waiting = centre.enter(company_3)
    centre.leg_ends(centre.call(with_2000).leg)
    centre.unpause("1000")
    assert centre.call(waiting).state is CallState.WAITING
    centre.after(20)
    assert centre.call(waiting).extension == "1000"


@pytest.mark.parametrize("by_whom", ["the caller", "the agent", "a transfer"])
def test_who_waits_for_an_agent_takes_another_as_soon_as_the_customer_has_spoken_with_one(
    by_whom: str,
) -> None:
    """Though that talk was of another queue, in which nobody serves who is free in this one."""
    centre = acquainted(skills=SKILLS, sticky_wait=timedelta(seconds=20))
    sales = replace(centre.state.queues["support"], name="sales")
    centre.take(QueueChanged(sales))
    centre.take(AgentChanged("3000", "PJSIP/3000", "user3000@example.com"))
    centre.take(MemberChanged("sales", "3000"))
    centre.log_on_to("sales", "3000")
    caller = Caller("5550177")
    centre.take(CallerEntered("other", "sales", "channel-other", caller, "1111", COMPANY_1))
    centre.answer("other")
    busy(centre, "1000")
    waiting = centre.enter(COMPANY_1)
    centre.after(5)
    assert centre.call(waiting).state is CallState.WAITING

    match by_whom:
        case "the caller":
            centre.hang_up("other")
        case "the agent":
            centre.leg_ends(centre.call("other").leg)
        case "a transfer":
            leg = centre.call("other").leg
            centre.take(NumberLookedUp(leg, "0800", "from-phones", exists=True))
    assert centre.call(waiting).extension == "2000"


def test_others_do_not_wait_behind_who_waits_for_one_agent() -> None:
    centre = acquainted(skills=SKILLS, sticky_wait=timedelta(seconds=20))
    busy(centre, "1000")
    centre.enter(COMPANY_1)
    assert centre.call(centre.enter()).extension == "2000"


@pytest.mark.parametrize("gone", ["log_off", "pause"])
def test_nobody_waits_for_an_agent_who_is_not_at_work(gone: str) -> None:
    centre = acquainted(sticky_wait=timedelta(seconds=20))
    getattr(centre, gone)("1000")
    assert centre.call(centre.enter(COMPANY_1)).extension == "2000"


def test_who_waits_for_an_agent_takes_another_once_that_one_is_no_member() -> None:
    centre = acquainted(skills=SKILLS, sticky_wait=timedelta(seconds=20))
    busy(centre, "1000")
    call = centre.enter(COMPANY_1)
    centre.take(MemberRemoved("support", "1000"))
    assert centre.call(call).extension == "2000"


def test_nobody_waits_for_an_agent_who_wants_no_calls() -> None:
    centre = acquainted(sticky_wait=timedelta(seconds=20))
    centre.take(DeviceStateChanged("Custom:DND1000", DeviceState.BUSY))
    assert centre.call(centre.enter(COMPANY_1)).extension == "2000"


def test_an_agent_who_does_not_take_the_call_is_preferred_no_more() -> None:
    centre = acquainted(sticky_wait=timedelta(seconds=20))
    call = centre.enter(COMPANY_1)
    centre.reject(call)
    assert centre.call(call).extension == "2000"


def test_limits_and_skills_go_before() -> None:
    centre = acquainted(sticky_wait=timedelta(seconds=20), skills=SKILLS)
    need = Need(skills=frozenset({("2000", 1)}))
    assert centre.call(centre.enter(COMPANY_1, Terms(need))).extension == "2000"


def test_who_is_tried_last_and_busy_then_is_waited_for_no_longer() -> None:
    centre = acquainted(sticky_wait=timedelta(seconds=30))
    centre.answer(call := centre.enter(COMPANY_1))
    leg, channel = centre.call(call).leg, centre.call(call).channel
    centre.take(BlindTransfer(leg, "4100", "from-phones"))
    centre.take(NumberLookedUp(leg, "4100", "from-phones", exists=True))
    centre.leg_ends(leg)
    centre.device("1000", DeviceState.INUSE)
    centre.decided.clear()  # with the call the timers are over
    centre.take(CallerEntered("again", "support", channel, Caller("5550101")))
    assert centre.ringing() == ["2000"], "who passed the customer on comes last"
    centre.reject(call)

    centre.after(29)
    assert centre.ringing() == []
    centre.after(1)
    assert centre.ringing() == ["2000"]


@pytest.mark.parametrize(("hours", "is_known"), [(0, False), (1, False), (26, True)])
def test_it_is_forgotten_who_spoke_with_a_customer_before_any_queue_would_heed(
    hours: int, is_known: bool
) -> None:
    """There may be as many customers as there are people."""
    centre = acquainted(sticky=hours * HOUR)
    centre.after(25 * 3600)
    centre.talk(centre.enter(COMPANY_2))
    assert (1 in centre.state.spoke, 2 in centre.state.spoke) == (is_known, True)
