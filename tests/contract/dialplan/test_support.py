import time

import pytest

from lab.paths import PROMPTS
from lab.sip import OutgoingCall
from tests.contract.dialplan.conftest import Phones, hears
from tests.contract.dialplan.service import HANGS, Agi, App

pytestmark = pytest.mark.contract


async def support_call(phones: Phones, code: str = "1111") -> OutgoingCall:
    call = await phones.call()
    await call.send_digits(f"1{code}")
    return call


@pytest.mark.parametrize("status", ["FOUND", "TIMEOUT"])
async def test_identified_or_not_the_caller_enters_the_queue_with_the_digits(
    phones: Phones, agi: Agi, app: App, status: str
) -> None:
    agi.status = status
    await support_call(phones)
    _, arguments = await app.caller()
    assert arguments == ["support", "1111"]
    assert agi.asked == [("customer", "1111")]


async def test_the_code_is_asked_for(phones: Phones) -> None:
    call = await phones.call()
    await call.send_digits("1")
    await hears(call, "enter-code")


async def test_an_unknown_code_is_told_and_may_be_corrected(
    phones: Phones, agi: Agi, app: App
) -> None:
    agi.status = "UNKNOWN"
    call = await support_call(phones, "9999")
    await hears(call, "invalid-code")
    agi.status = "FOUND"
    await call.send_digits("2222")
    _, arguments = await app.caller()
    assert arguments == ["support", "2222"]


async def test_after_three_invalid_codes_the_ivr_says_goodbye(phones: Phones, agi: Agi) -> None:
    agi.status = "UNKNOWN"
    call = await support_call(phones, "9999")
    await hears(call, "invalid-code")
    await call.send_digits("22#")
    await hears(call, "invalid-code")
    await call.send_digits("1*11")
    await hears(call, "invalid-code", "goodbye")
    assert not (await call.ended()).by_us
    # What cannot be a code is not looked up.
    assert agi.asked == [("customer", "9999")]


@pytest.mark.parametrize("status", ["FOUND", "TIMEOUT"])
async def test_who_keys_nothing_enters_the_queue_if_known_by_number_or_if_nobody_can_tell(
    phones: Phones, agi: Agi, app: App, status: str
) -> None:
    agi.status = status
    await support_call(phones, "#")
    _, arguments = await app.caller()
    assert arguments == ["support", ""]


async def test_who_keys_nothing_and_is_not_known_is_asked_again(phones: Phones, agi: Agi) -> None:
    agi.status = "UNKNOWN"
    call = await support_call(phones, "#")
    await hears(call, "invalid-code")


@pytest.mark.parametrize("keyed", ["1111", "#"])
async def test_the_operator_takes_the_call_if_fastagi_is_away(phones: Phones, keyed: str) -> None:
    operator = await phones.agent("3000")
    await support_call(phones, keyed)
    await operator.next_call()


@pytest.mark.usefixtures("impatient")
async def test_the_operator_takes_the_call_if_fastagi_hangs(phones: Phones, agi: Agi) -> None:
    agi.status = HANGS
    operator = await phones.agent("3000")
    await support_call(phones)
    await operator.next_call()


async def test_the_operator_takes_the_call_if_the_application_is_away(
    phones: Phones, agi: Agi
) -> None:
    operator = await phones.agent("3000")
    await support_call(phones)
    await operator.next_call()


@pytest.mark.usefixtures("impatient")
async def test_the_operator_takes_the_call_if_the_application_hangs(
    phones: Phones, agi: Agi, app: App
) -> None:
    operator = await phones.agent("3000")
    await support_call(phones)
    await operator.next_call()


async def test_the_service_can_have_a_caller_wait_longer(
    phones: Phones, agi: Agi, app: App
) -> None:
    operator = await phones.agent("3000")
    call = await support_call(phones)
    channel, _ = await app.caller()
    held = time.monotonic()
    await app.hold(channel, at_most=8)
    music = (PROMPTS / "moh/chords.ulaw").read_bytes()
    await call.hears(music[:8000])
    incoming = await operator.next_call()
    assert incoming.times["invite"] - held > 7


async def test_the_service_can_lift_the_limit(phones: Phones, agi: Agi, app: App) -> None:
    call = await support_call(phones)
    channel, _ = await app.caller()
    await app.hold(channel, at_most=0)
    music = (PROMPTS / "moh/chords.ulaw").read_bytes()
    # Longer than the dialplan would have waited.
    await call.hears(music[:48_000])
    assert call.ending is None


async def test_the_operator_takes_a_call_that_the_service_gives_back(
    phones: Phones, agi: Agi, app: App
) -> None:
    operator = await phones.agent("3000")
    await support_call(phones)
    channel, _ = await app.caller()
    await app.give_back(channel, "TIMEOUT")
    await operator.next_call()


async def test_a_call_that_is_over_is_hung_up(phones: Phones, agi: Agi, app: App) -> None:
    call = await support_call(phones)
    channel, _ = await app.caller()
    await app.give_back(channel, "")
    assert not (await call.ended()).by_us
