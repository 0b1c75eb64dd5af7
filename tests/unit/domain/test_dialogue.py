"""How a caller who waits asks to be called back."""

from dataclasses import replace
from datetime import timedelta

import pytest

from component.domain.commands import Command, HangUpCustomer, Hush, Say, SeekExit, Sound
from component.domain.dialogue import (
    CONFIRM,
    GOODBYE,
    NUMBER,
    OFFER,
    REFUSED,
    THANKS,
    UNAVAILABLE,
)
from component.domain.events import ExitFound, Withdraw
from component.domain.queue import CallingBack
from component.domain.words import CallState
from tests.unit.domain.call_centre import of_kind
from tests.unit.domain.callbacks import TERMS, CallbackCentre

pytestmark = pytest.mark.unit


def said(commands: list[Command]) -> list[Sound]:
    return [sound for say in of_kind(commands, Say) for sound in say.sounds]


def test_the_key_leads_to_the_offer_and_the_caller_waits_on() -> None:
    centre = CallbackCentre()
    call = centre.waiting()
    assert said(centre.keys(call, "2")) == [OFFER]
    assert centre.call(call).state is CallState.WAITING


@pytest.mark.parametrize("terms", [CallingBack(), replace(TERMS, key=""), replace(TERMS, dial="")])
def test_where_nobody_is_called_back_the_key_is_one_like_others(terms: CallingBack) -> None:
    centre = CallbackCentre(callback=terms, context="exits")
    call = centre.waiting()
    assert centre.keys(call, "2") == [SeekExit(call, "channel2", "exits", "2")]
    assert centre.call(call).digits == "11112"


def test_hash_alone_means_the_number_that_the_call_comes_from() -> None:
    centre = CallbackCentre()
    call = centre.waiting("5550142")
    digits = [f"digits/{digit}" for digit in "5550142"]
    assert said(centre.keys(call, "2#")) == [OFFER, NUMBER, *digits, CONFIRM]


def test_another_number_may_be_keyed() -> None:
    centre = CallbackCentre()
    call = centre.waiting()
    centre.keys(call, "2" + "5550177#" + "1")
    callback = centre.call(call).callback
    assert callback is not None
    assert callback.number == "5550177"


def test_who_confirms_the_number_keeps_the_place_and_is_let_go() -> None:
    centre = CallbackCentre()
    call = centre.waiting()
    assert said(centre.keys(call, "2#1"))[-2:] == [THANKS, GOODBYE]
    assert centre.call(call).state is CallState.AWAY
    assert centre.said(call) == [HangUpCustomer(call, "channel2")]


def test_who_does_not_confirm_keys_another_number() -> None:
    centre = CallbackCentre()
    call = centre.waiting()
    assert said(centre.keys(call, "2#2"))[-1] == OFFER
    centre.keys(call, "5550177#1")
    assert centre.state.callbacks_to("5550177") == 1


def test_keys_cut_off_what_is_being_said() -> None:
    centre = CallbackCentre()
    call = centre.waiting()
    centre.keys(call, "2")
    assert centre.keys(call, "5") == [Hush(call, 1)]
    assert of_kind(centre.keys(call, "550142#"), Hush)[-1:] == [Hush(call, 1)]


@pytest.mark.parametrize("keys", ["2*", "2#*", "255*"])
def test_star_ends_it(keys: str) -> None:
    centre = CallbackCentre(context="exits")
    call = centre.waiting()
    centre.keys(call, keys)
    assert centre.call(call).dialogue is None
    assert of_kind(centre.keys(call, "1"), SeekExit) != []


def test_silence_ends_it() -> None:
    centre = CallbackCentre(context="exits")
    call = centre.waiting()
    centre.keys(call, "255")
    centre.after(30)
    assert of_kind(centre.keys(call, "0"), SeekExit) != []
    assert said(centre.keys(call, "2")) == [OFFER]


def test_what_is_keyed_meanwhile_is_no_customer_code() -> None:
    centre = CallbackCentre()
    call = centre.waiting()
    centre.keys(call, "25550177#1")
    assert centre.call(call).digits == "1111"


@pytest.mark.parametrize("number", ["0049301234", "112", "9" * 30])
def test_a_number_that_may_not_be_called_is_refused_and_another_one_asked_for(number: str) -> None:
    centre = CallbackCentre()
    call = centre.waiting()
    assert said(centre.keys(call, f"2{number}#"))[-2:] == [REFUSED, OFFER]
    centre.keys(call, "5550177#1")
    assert centre.state.callbacks_to("5550177") == 1


@pytest.mark.parametrize("number", ["-", "anonymous", "555,1", "5550101&PJSIP"])
def test_a_number_that_the_network_sends_is_believed_no_more(number: str) -> None:
    centre = CallbackCentre()
    call = centre.waiting(number)
    assert said(centre.keys(call, "2#"))[-2:] == [REFUSED, OFFER]


def test_one_number_is_called_for_one_caller_at_a_time() -> None:
    centre = CallbackCentre()
    centre.kept("5550142")
    call = centre.waiting("5550142")
    assert said(centre.keys(call, "2#"))[-1] == UNAVAILABLE
    assert centre.call(call).dialogue is None


def test_there_may_be_more_for_one_number_if_the_operator_says_so() -> None:
    centre = CallbackCentre(callback=replace(TERMS, per_number=2))
    centre.kept("5550142")
    centre.kept("5550142")
    assert centre.state.callbacks_to("5550142") == 2


def served(centre: CallbackCentre, number: str, called: str = "") -> None:
    """Let somebody ask to be called back, be called, and decline."""
    call = centre.waiting(number)
    centre.keys(call, f"2{called}#1")
    centre.take(Withdraw(call))


def test_one_number_is_called_so_often_within_a_day_and_no_more() -> None:
    centre = CallbackCentre(callback=replace(TERMS, per_day=2))
    served(centre, "5550142")
    served(centre, "5550143", called="5550142")
    assert said(centre.keys(centre.waiting("5550144"), "25550142#"))[-1] == UNAVAILABLE

    centre.now += timedelta(days=1)
    centre.kept("5550142")
    assert centre.state.callbacks_to("5550142") == 1


def test_one_caller_has_so_many_numbers_called_within_a_day_and_no_more() -> None:
    """Else anybody could run up a bill by naming one number after another."""
    centre = CallbackCentre(callback=replace(TERMS, per_day=2))
    for called in ("5550151", "5550152"):
        served(centre, "5550142", called)
    assert said(centre.keys(centre.waiting("5550142"), "25550153#"))[-1] == UNAVAILABLE


def test_who_withholds_the_number_is_not_taken_for_all_others_who_do() -> None:
    centre = CallbackCentre(callback=replace(TERMS, per_day=1))
    served(centre, "-anonymous", "5550151")
    served(centre, "-anonymous", "5550152")
    assert len(centre.state.asked) == 2


def test_there_are_no_more_places_than_the_operator_allows() -> None:
    centre = CallbackCentre(callback=replace(TERMS, maxlen=1))
    first, second = centre.waiting(), centre.waiting()
    centre.keys(first, "2#")
    centre.keys(second, "2#")
    centre.keys(first, "1")
    assert said(centre.keys(second, "1"))[-1] == UNAVAILABLE
    assert said(centre.keys(centre.waiting(), "2")) == [UNAVAILABLE]


def test_a_phone_that_rings_for_the_call_ends_it() -> None:
    centre = CallbackCentre()
    call = centre.waiting()
    centre.keys(call, "255501")
    centre.free("call1")
    assert centre.call(call).state is CallState.OFFERED
    centre.keys(call, "42#1")
    assert centre.call(call).state is CallState.OFFERED


def test_no_position_is_told_meanwhile() -> None:
    centre = CallbackCentre(announce_frequency=timedelta(seconds=20), max_wait=timedelta(hours=1))
    call = centre.waiting()
    centre.said(call)
    centre.keys(call, "2")
    centre.said(call)
    centre.decided.clear()
    centre.after(25)
    assert of_kind(centre.decided, Say) == []


def test_an_exit_that_is_found_too_late_is_no_way_out() -> None:
    centre = CallbackCentre(context="exits")
    call = centre.kept()
    assert centre.take(ExitFound(call, "0", "exits")) == []
