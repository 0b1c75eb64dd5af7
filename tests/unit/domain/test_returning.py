"""A caller is passed on to a number of the dialplan's that leads into a queue: the call goes on."""

from dataclasses import replace
from datetime import timedelta

import pytest

from component.domain.asterisk_ids import talk_bridge
from component.domain.commands import (
    AnswerTransfer,
    Command,
    Connect,
    EndCall,
    HangUpLeg,
    HideCall,
    Release,
    Ring,
    ShowCall,
)
from component.domain.events import (
    BlindTransfer,
    CallerEntered,
    CallerLeft,
    MemberChanged,
    NumberLookedUp,
    QueueChanged,
)
from component.domain.model import Call, Caller, Customer, Leg, Transfer
from component.domain.words import CallState, Outcome, QueueStatus
from tests.unit.domain.call_centre import COMPANY_1, SUPPORT, CallCentre, of_kind
from tests.unit.domain.transfers import moved_item

pytestmark = pytest.mark.unit

FIRST, SECOND = Leg("call1", 1), Leg("call1", 2)
COMPANY_2 = Customer(2, "2222", "Company 2")


def passed_on_by_support() -> CallCentre:
    """1000 of support has passed a caller on to a number that leads to sales, which is 2000's."""
    centre = CallCentre(["1000", "2000"])
    centre.state.members.delete(("support", "2000"))
    for queue in ("sales", "third"):
        centre.take(QueueChanged(replace(SUPPORT, name=queue)))
        centre.take(MemberChanged(queue, "2000"))
        centre.log_on_to(queue, "2000")
    centre.log_on("1000")
    centre.answer(centre.enter(COMPANY_1))
    centre.after(20)
    pass_on(centre, FIRST)
    return centre


def pass_on(centre: CallCentre, leg: Leg) -> list[Command]:
    centre.take(BlindTransfer(leg, "5000", "from-phones"))
    commands = centre.take(NumberLookedUp(leg, "5000", "from-phones", exists=True))
    assert AnswerTransfer(leg, accepted=True) in commands
    centre.leg_ends(leg)
    centre.state.forget_ended(list(centre.state.calls.values()))
    return commands


def enter(
    centre: CallCentre,
    queue: str = "sales",
    *,
    digits: str = "",
    customer: Customer | None = None,
    channel: str = "channel1",
) -> list[Command]:
    """A channel comes to a queue, as any that is new does."""
    caller = Caller("5550101", "Caller")
    return centre.take(CallerEntered("new", queue, channel, caller, digits, customer))


def the_call(centre: CallCentre) -> Call:
    [call] = centre.state.calls.values()
    return call


def test_the_item_goes_from_the_first_extension_to_that_of_the_next_queue() -> None:
    centre = passed_on_by_support()
    centre.after(30)
    commands = enter(centre)

    was, (extension, call) = moved_item(commands)
    assert (was, extension) == (("1000", "call1"), "2000")
    assert (call.id, call.state, call.queue) == ("call1", CallState.OFFERED, "sales")
    assert (call.customer, call.digits) == (COMPANY_1, "1111")
    passed_on_at = centre.now - timedelta(seconds=30)
    assert call.transfers == (Transfer("1000", passed_on_at, attended=False),)
    assert [ring.leg for ring in of_kind(commands, Ring)] == [SECOND]


def test_what_is_published_grows_older_with_each_step() -> None:
    centre = passed_on_by_support()
    enter(centre)
    published = [c.call for c in centre.decided if isinstance(c, ShowCall | HideCall)]

    revisions = [call.revision for call in published]
    assert revisions == sorted(set(revisions))


def test_it_is_a_caller_like_any_other_in_the_next_queue() -> None:
    centre = passed_on_by_support()
    entered = centre.now
    enter(centre)

    assert the_call(centre).entered_at == entered
    assert of_kind(centre.answer("call1"), Connect) == [Connect(SECOND, "channel1")]
    commands = centre.leg_ends(SECOND)
    bridge = talk_bridge(SECOND, "channel1")
    assert of_kind(commands, EndCall) == [EndCall("call1", "channel1", bridge)]
    assert the_call(centre).outcome is Outcome.COMPLETED
    rows = [(entry[1], entry[2]) for entry in centre.logged() if entry[0] == "channel1"]
    assert rows == [
        ("NONE", "ENTERQUEUE"),
        ("1000", "CONNECT"),
        ("1000", "BLINDTRANSFER"),
        ("NONE", "ENTERQUEUE"),
        ("2000", "CONNECT"),
        ("2000", "COMPLETEAGENT"),
    ]


@pytest.mark.parametrize(
    ("digits", "found", "known"),
    [
        ("2222", COMPANY_2, COMPANY_2),
        ("9999", None, None),
        ("", COMPANY_2, COMPANY_1),  # found by the number of the phone alone
        ("", None, COMPANY_1),
    ],
)
def test_who_keys_a_code_anew_is_the_customer_of_that_code(
    digits: str, found: Customer | None, known: Customer | None
) -> None:
    centre = passed_on_by_support()
    enter(centre, digits=digits, customer=found)

    assert the_call(centre).customer == known
    assert the_call(centre).digits == (digits or "1111")


def test_it_may_be_passed_on_from_queue_to_queue() -> None:
    centre = passed_on_by_support()
    enter(centre)
    centre.answer("call1")
    pass_on(centre, SECOND)
    commands = enter(centre, "third")

    assert [hidden.extension for hidden in of_kind(commands, HideCall)] == ["2000"]
    assert [t.extension for t in the_call(centre).transfers] == ["1000", "2000"]
    assert (the_call(centre).queue, the_call(centre).customer) == ("third", COMPANY_1)


def test_a_queue_in_which_nobody_takes_it_lies_between() -> None:
    centre = passed_on_by_support()
    centre.take(MemberChanged("sales", "1000"))
    centre.log_on_to("sales", "1000")
    for queue in ("support", "sales", "third"):
        centre.pause("2000" if queue != "support" else "1000", queue)
    centre.pause("1000", "sales")
    enter(centre)
    centre.after(60)
    assert centre.all(Release) == [Release("call1", "channel1", QueueStatus.TIMEOUT)]
    centre.state.forget_ended(list(centre.state.calls.values()))
    centre.unpause("2000", "third")
    commands = enter(centre, "third")

    assert of_kind(commands, HideCall) == [], "nobody has the item"
    [shown] = of_kind(commands, ShowCall)
    assert (shown.extension, shown.call.id) == ("2000", "call1")
    assert [t.extension for t in shown.call.transfers] == ["1000"]


def test_the_agent_who_passed_it_on_is_asked_last() -> None:
    centre = CallCentre(["1000", "2000"])
    centre.log_on("1000", "2000")
    centre.answer(centre.enter())
    centre.after(1)
    pass_on(centre, FIRST)
    centre.talk(centre.enter())  # 2000 has had a call since, so it would be the turn of 1000
    enter(centre, "support")

    assert the_call_of(centre, "channel1").extension == "2000"
    centre.reject("call1")
    centre.after(5)
    assert the_call_of(centre, "channel1").extension == "1000"


def the_call_of(centre: CallCentre, channel: str) -> Call:
    call = centre.state.call_on(channel)
    assert call is not None
    return call


def test_a_queue_that_does_not_let_the_caller_in_takes_nothing_from_the_call() -> None:
    centre = passed_on_by_support()
    centre.take(QueueChanged(replace(SUPPORT, name="sales", closed_until=centre.now)))
    centre.now -= timedelta(seconds=1)
    commands = enter(centre)
    assert [type(command) for command in commands] == [Release]
    centre.state.forget_ended(list(centre.state.calls.values()))

    centre.now += timedelta(seconds=1)
    enter(centre)
    assert the_call(centre).id == "call1"


@pytest.mark.parametrize("end", ["the caller hangs up", "the agent hangs up"])
def test_a_call_that_is_over_does_not_go_on(end: str) -> None:
    centre = passed_on_by_support()
    enter(centre)
    centre.answer("call1")
    centre.take(CallerLeft("channel1")) if "caller" in end else centre.leg_ends(SECOND)
    centre.state.forget_ended(list(centre.state.calls.values()))
    enter(centre)

    assert (the_call(centre).id, the_call(centre).transfers) == ("new", ())


def test_another_caller_is_another_call() -> None:
    centre = passed_on_by_support()
    enter(centre, channel="channel9")

    assert (the_call(centre).id, the_call(centre).transfers) == ("new", ())


def test_who_does_not_come_for_hours_is_not_awaited_any_more() -> None:
    centre = passed_on_by_support()
    centre.after(4 * 3600)
    enter(centre, "support", channel="channel9")
    centre.answer("new")
    pass_on(centre, Leg("new", 1))

    assert list(centre.state.passed_on) == ["channel9"]


def test_who_comes_after_hours_is_a_caller_like_any_new_one() -> None:
    centre = passed_on_by_support()
    centre.after(4 * 3600)
    enter(centre)

    assert (the_call(centre).id, the_call(centre).transfers) == ("new", ())
    assert list(centre.state.passed_on) == []


def test_who_is_still_awaited_stays_when_older_ones_are_forgotten() -> None:
    centre = passed_on_by_support()
    for hours, channel in ((2, "channel8"), (2, "channel9")):
        centre.after(hours * 3600)
        centre.take(CallerEntered(channel, "support", channel, Caller("5550102")))
        centre.answer(channel)
        pass_on(centre, centre.call(channel).leg)

    assert list(centre.state.passed_on) == ["channel8", "channel9"]


def test_that_a_caller_came_again_can_be_undone() -> None:
    centre = passed_on_by_support()
    before = dict(zip(centre.state.passed_on, centre.state.passed_on.values(), strict=True))
    centre.state.ledger.committed()
    enter(centre)
    centre.state.ledger.rollback()

    assert dict(zip(centre.state.passed_on, centre.state.passed_on.values(), strict=True)) == before
    assert list(centre.state.calls) == []


def test_the_first_leg_is_hung_up_once() -> None:
    centre = passed_on_by_support()
    enter(centre)

    assert centre.all(HangUpLeg) == [HangUpLeg(FIRST)]
