"""A phone that is no agent's calls the queue for somebody, and passes him on there."""

import pytest

from component.domain.asterisk_ids import talk_bridge
from component.domain.commands import (
    Connect,
    HangUpLeg,
    Hold,
    Hush,
    Part,
    Release,
    ShowCall,
)
from component.domain.events import CallerLeft, CallerReplaced
from component.domain.model import Caller, Leg
from component.domain.words import CallState, QueueStatus
from tests.unit.domain.call_centre import CallCentre, of_kind
from tests.unit.domain.test_announcements import told_often
from tests.unit.domain.transfers import blind, talking

pytestmark = pytest.mark.unit

CUSTOMER = Caller("5550199", "Customer")
PASSED_ON = CallerReplaced("channel1", "customers", CUSTOMER)
PHONE_LEAVES = CallerLeft("channel1")
LEG = Leg("call1", 1)


def calling(*agents: str) -> CallCentre:
    """Somebody calls the queue for a customer."""
    centre = CallCentre(["1000"])
    centre.log_on(*agents)
    centre.enter()
    centre.after(5)
    return centre


def state_of_both(centre: CallCentre) -> list[str]:
    return [centre.call(call).state.value for call in ("call2", "call3")]


def test_who_is_passed_on_to_an_agent_talks_with_the_agent() -> None:
    centre = calling("1000")
    centre.answer("call1")
    commands = centre.take(PASSED_ON)

    assert [c for c in commands if isinstance(c, Connect | Part)] == [
        Connect(LEG, "customers"),
        Part("call1", talk_bridge(LEG, "channel1")),
    ]
    [shown] = of_kind(commands, ShowCall)
    assert (shown.extension, shown.call.caller) == ("1000", CUSTOMER)
    assert centre.take(PHONE_LEAVES) == []
    assert centre.call("call1").state is CallState.ANSWERED
    assert HangUpLeg(LEG) in centre.take(CallerLeft("customers"))


def test_who_is_passed_on_into_the_line_waits_in_the_old_place() -> None:
    centre = calling("1000")
    centre.answer("call1")
    centre.enter()
    centre.enter()
    [held] = of_kind(centre.take(CallerReplaced("channel2", "customers", CUSTOMER)), Hold)

    assert (held.call_id, held.channel) == ("call2", "customers")
    assert centre.take(CallerLeft("channel2")) == []
    assert state_of_both(centre) == ["waiting", "waiting"]
    centre.hang_up("call1")
    centre.leg_ends(LEG)
    assert state_of_both(centre) == ["offered", "waiting"]


def test_what_the_phone_was_being_told_is_cut_off_before_the_customer_hears_music() -> None:
    centre = told_often()
    call = centre.enter()
    said = centre.call(call).told.number
    commands = centre.take(CallerReplaced("channel2", "customers", CUSTOMER))

    assert [c for c in commands if isinstance(c, Hush | Hold)] == [
        Hush(call, said),
        *of_kind(commands, Hold),
    ]
    assert [held.in_anothers_place for held in of_kind(commands, Hold)] == [True]


def test_what_rings_goes_on_ringing_and_the_screen_shows_who_calls_now() -> None:
    centre = calling("1000")
    commands = centre.take(PASSED_ON)

    assert of_kind(commands, HangUpLeg) == []
    [shown] = of_kind(commands, ShowCall)
    assert shown.call.caller == CUSTOMER
    assert Connect(LEG, "customers") in centre.answer("call1")


def test_a_number_that_asterisk_does_not_know_yet_does_not_hide_who_called() -> None:
    centre = calling("1000")
    called = centre.call("call1").caller
    centre.take(CallerReplaced("channel1", "customers", Caller("")))
    assert centre.call("call1").caller == called


def test_who_is_passed_on_to_a_call_that_is_over_goes_back_to_the_dialplan() -> None:
    """Also if it was only taken to be over, as the other channel was missed."""
    centre = calling("1000")
    centre.take(PHONE_LEAVES)
    back = Release("customers", "customers", QueueStatus.UNAVAILABLE)
    assert centre.take(PASSED_ON) == [back]


def test_who_is_passed_on_to_one_who_may_be_found_yet_is_not_hung_up() -> None:
    centre = calling("1000")
    passed_on = CallerReplaced("another", "customers", CUSTOMER, unsettled=True)
    assert centre.take(passed_on) == []


def test_who_is_told_of_again_to_have_taken_a_place_keeps_it() -> None:
    centre = calling("1000")
    centre.answer("call1")
    centre.take(PASSED_ON)
    assert centre.take(PASSED_ON) == []


def test_the_log_names_the_channel_that_is_in_the_queue() -> None:
    centre = calling("1000")
    centre.answer("call1")
    centre.take(PASSED_ON)
    centre.take(CallerLeft("customers"))
    events = [(call, event) for call, _, event, _ in centre.logged()]
    assert events[-2:] == [("channel1", "CONNECT"), ("customers", "COMPLETECALLER")]


def test_the_log_tells_which_place_in_the_line_the_two_have() -> None:
    centre = calling("1000")
    centre.answer("call1")
    centre.enter()
    centre.enter()
    centre.take(CallerReplaced("channel3", "customers", CUSTOMER))
    left, entered = [(call, data) for call, _, _, data in centre.logged()[-2:]]
    assert left == ("channel3", ("2", "2", "0", "taken over by customers"))
    assert entered == ("customers", ("", "5550199", "2"))


def test_the_log_is_told_no_more_of_a_call_that_an_agent_has_passed_on() -> None:
    centre = talking("2000")
    blind(centre)
    logged = centre.logged()
    centre.take(PASSED_ON)
    assert centre.call("call1").channel == "customers"
    assert centre.logged() == logged
