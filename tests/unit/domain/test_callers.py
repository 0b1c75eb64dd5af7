"""What callers do while they wait, and what is done with them."""

from datetime import timedelta
from typing import Any

import pytest

from component.domain.asterisk_ids import talk_bridge
from component.domain.commands import (
    EndCall,
    HangUpLeg,
    HideCall,
    Hold,
    Redirect,
    Release,
    SeekExit,
    ShowCall,
)
from component.domain.errors import NotWaitingError
from component.domain.events import DigitPressed, ExitFound, Withdraw
from component.domain.model import Leg
from component.domain.terms import Terms
from component.domain.words import CallState, Outcome, QueueStatus
from tests.unit.domain.call_centre import CallCentre, of_kind

pytestmark = pytest.mark.unit


def waiting(**settings: Any) -> tuple[CallCentre, str]:
    """A caller who waits because the only agent talks."""
    centre = CallCentre(["1000"], **settings)
    centre.log_on("1000")
    centre.answer(centre.enter())
    return centre, centre.enter()


def press(centre: CallCentre, call_id: str, digit: str) -> list[Any]:
    return list(centre.take(DigitPressed(centre.call(call_id).channel, digit)))


# Keys --------------------------------------------------------------------------------------------


def test_a_key_leads_to_a_look_at_the_queues_context() -> None:
    centre, call = waiting(context="exits")
    assert press(centre, call, "0") == [SeekExit(call, "channel2", "exits", "0")]


def test_without_a_context_a_key_leads_nowhere() -> None:
    centre, call = waiting()
    assert press(centre, call, "0") == []


def test_who_talks_leaves_by_no_key() -> None:
    centre, _ = waiting(context="exits")
    assert of_kind(press(centre, "call1", "0"), SeekExit) == []
    assert centre.take(ExitFound("call1", "0", "exits")) == []


def test_a_key_that_is_an_extension_is_where_the_caller_goes() -> None:
    centre, call = waiting(context="exits")
    press(centre, call, "0")
    assert centre.take(ExitFound(call, "0", "exits")) == [Redirect(call, "channel2", "exits", "0")]
    assert centre.call(call).outcome is Outcome.EXITWITHKEY


def test_who_leaves_by_a_key_is_offered_no_more() -> None:
    centre = CallCentre(["1000"], context="exits")
    centre.log_on("1000")
    call = centre.enter()
    decided = centre.take(ExitFound(call, "0", "exits"))
    kinds = [type(command) for command in decided]
    assert kinds == [HideCall, HangUpLeg, Redirect]


def test_leaving_by_a_key_is_logged_with_the_key_and_the_place() -> None:
    centre, call = waiting(context="exits")
    centre.after(4)
    centre.take(ExitFound(call, "0", "exits"))
    assert centre.logged()[-1] == ("channel2", "NONE", "EXITWITHKEY", ("0", "1", "1", "4"))


def test_a_key_that_is_found_too_late_changes_nothing() -> None:
    centre, call = waiting(context="exits")
    centre.hang_up(call)
    assert centre.take(ExitFound(call, "0", "exits")) == []


def test_what_the_caller_keys_is_added_to_the_digits() -> None:
    centre, call = waiting()
    press(centre, call, "5")
    press(centre, call, "#")
    assert centre.call(call).digits == "11115#"


def test_what_the_caller_keys_while_talking_is_shown_to_the_agent() -> None:
    centre, _ = waiting()
    [show] = of_kind(press(centre, "call1", "7"), ShowCall)
    assert (show.extension, show.call.digits) == ("1000", "11117")
    assert show.call.revision == centre.call("call1").revision == 3


def test_a_caller_who_plays_with_the_keys_fills_no_database() -> None:
    centre, call = waiting()
    for _ in range(200):
        press(centre, call, "1")
    assert len(centre.call(call).digits) == 100


def test_a_caller_who_played_with_the_keys_can_still_leave_by_one() -> None:
    centre, call = waiting(context="exits")
    for _ in range(200):
        press(centre, call, "1")
    assert press(centre, call, "0") == [SeekExit(call, "channel2", "exits", "0")]


def test_several_keys_may_be_an_extension_and_the_code_is_no_part_of_it() -> None:
    centre, call = waiting(context="exits")
    press(centre, call, "7")
    assert press(centre, call, "0") == [SeekExit(call, "channel2", "exits", "70")]
    assert centre.take(ExitFound(call, "70", "exits")) == [
        Redirect(call, "channel2", "exits", "70")
    ]
    assert centre.logged()[-1] == ("channel2", "NONE", "EXITWITHKEY", ("70", "1", "1", "0"))


def test_the_keys_of_a_stranger_mean_nothing() -> None:
    centre, _ = waiting(context="exits")
    assert centre.take(DigitPressed("somebody", "1")) == []


# Withdrawal --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["call2", "channel2"])
def test_a_supervisor_withdraws_a_caller_by_call_or_channel(name: str) -> None:
    centre, call = waiting()
    assert centre.take(Withdraw(name, "closing time")) == [
        Release(call, "channel2", QueueStatus.WITHDRAW, "closing time")
    ]
    assert centre.call(call).outcome is Outcome.WITHDRAW


def test_a_withdrawal_is_logged_with_what_was_said_about_it() -> None:
    centre, _ = waiting()
    centre.after(3)
    centre.take(Withdraw("call2", "closing time"))
    assert centre.logged()[-1] == ("channel2", "NONE", "WITHDRAW", ("1", "1", "3", "closing time"))


@pytest.mark.parametrize("name", ["call1", "nobody"])
def test_who_does_not_wait_cannot_be_withdrawn(name: str) -> None:
    centre, _ = waiting()
    with pytest.raises(NotWaitingError):
        centre.take(Withdraw(name))


# What the dialplan asks for ----------------------------------------------------------------------


def test_a_caller_may_wait_for_another_time_than_the_queue_says() -> None:
    centre, _ = waiting()
    call = centre.enter(terms=Terms(timeout=timedelta(seconds=300)))
    assert centre.all(Hold)[-1].at_most == timedelta(seconds=330)
    centre.after(299)
    assert centre.call(call).state is CallState.WAITING
    centre.after(1)
    assert centre.call(call).outcome is Outcome.TIMEOUT


def test_who_wishes_to_go_on_goes_back_when_the_agent_hangs_up() -> None:
    centre = CallCentre(["1000"])
    centre.log_on("1000")
    call = centre.enter(terms=Terms(continues=True))
    centre.talk(call)
    bridge = talk_bridge(Leg(call, 1), "channel1")
    assert centre.all(Release) == [Release(call, "channel1", QueueStatus.CONTINUE, bridge=bridge)]
    assert centre.all(EndCall) == []
    assert centre.call(call).outcome is Outcome.COMPLETED
    assert centre.logged()[-1][2] == "COMPLETEAGENT"


def test_who_hangs_up_does_not_go_on() -> None:
    centre = CallCentre(["1000"])
    centre.log_on("1000")
    call = centre.enter(terms=Terms(continues=True))
    centre.answer(call)
    centre.hang_up(call)
    assert centre.all(Release) == []
