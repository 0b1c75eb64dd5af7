import pytest

from lab.sip import rejecting
from tests.contract.dialplan.conftest import Phones, hears

pytestmark = pytest.mark.contract


async def test_callers_are_greeted_and_reach_the_operator_if_they_press_nothing(
    phones: Phones,
) -> None:
    operator = await phones.agent("3000")
    call = await phones.call()
    await hears(call, "welcome", "menu")
    incoming = await operator.next_call()
    assert incoming.caller_number == "5550100"


async def test_2_is_for_sales_and_need_not_wait_for_the_end_of_the_menu(phones: Phones) -> None:
    sales = await phones.agent("2000")
    call = await phones.call()
    await call.send_digits("2")
    await sales.next_call()


async def test_a_caller_and_sales_can_talk_and_hang_up(phones: Phones) -> None:
    sales = await phones.agent("2000")
    call = await phones.call()
    await call.send_digits("2")
    incoming = await sales.next_call()
    await incoming.answered()
    await incoming.hang_up()
    assert (await call.ended()).status == 200


@pytest.mark.parametrize("key", ["9", "#", "*"])
async def test_an_invalid_key_is_told_and_the_menu_repeated(phones: Phones, key: str) -> None:
    sales = await phones.agent("2000")
    call = await phones.call()
    await call.send_digits(key)
    await hears(call, "invalid-choice")
    await call.send_digits("2")
    await sales.next_call()


async def test_whoever_presses_no_valid_key_three_times_reaches_the_operator(
    phones: Phones,
) -> None:
    operator = await phones.agent("3000")
    call = await phones.call()
    await call.send_digits("999")
    await hears(call, "invalid-choice")
    await operator.next_call()


async def test_callers_are_told_if_nobody_takes_the_call(phones: Phones) -> None:
    sales = await phones.agent("2000")
    sales.on_call = rejecting(486)
    call = await phones.call()
    await call.send_digits("2")
    await hears(call, "nobody", "goodbye")
    assert not (await call.ended()).by_us


@pytest.mark.parametrize("number", ["1000", "*56466*", "*564633*"])
async def test_callers_from_outside_reach_nothing_but_the_ivr(phones: Phones, number: str) -> None:
    outsider = await phones.outsider()
    call = await outsider.dial(number)
    assert (await call.ended()).status == 404


async def test_phones_reach_each_other_and_the_ivr(phones: Phones) -> None:
    ada, grace = await phones.agent("1000"), await phones.agent("2000")
    to_grace = await ada.dial("2000")
    assert (await grace.next_call()).caller_number == "1000"
    await to_grace.answered()
    to_ivr = await ada.dial("0000")
    await hears(to_ivr, "welcome")
