import asyncio

import pytest

from lab.asterisk import Asterisk
from tests.contract.dialplan.conftest import Phones, hears, prompt
from tests.contract.dialplan.service import HANGS, Agi

pytestmark = pytest.mark.contract

LOG_ON, LOG_OFF = "*56466*", "*564633*"

OUTCOMES = {
    LOG_ON: {
        "ADDED": "logged-on",
        "MEMBERALREADY": "already-logged-on",
        "NOTAMEMBER": "unknown-extension",
        "NOSUCHQUEUE": "unknown-queue",
        "EXTENSIONINUSE": "extension-in-use",
        "FAILED": "service-unavailable",
    },
    LOG_OFF: {
        "REMOVED": "logged-off",
        "NOTINQUEUE": "not-logged-on",
        "NOTAMEMBER": "unknown-extension",
        "NOSUCHQUEUE": "unknown-queue",
        "FAILED": "service-unavailable",
    },
}


@pytest.mark.parametrize(("code", "script"), [(LOG_ON, "logon"), (LOG_OFF, "logoff")])
async def test_each_outcome_is_told(phones: Phones, agi: Agi, code: str, script: str) -> None:
    phone = await phones.agent("1000")
    told = []
    for agi.status, sentence in OUTCOMES[code].items():
        agi.asked.clear()
        call = await phone.dial(code)
        await agi.was_asked(script, "PJSIP/1000", "support")
        told.append(hears(call, sentence))
    # The calls are under way at the same time.
    await asyncio.gather(*told)


async def test_that_the_service_is_away_is_told(phones: Phones) -> None:
    phone = await phones.agent("1000")
    calls = [await phone.dial(code) for code in (LOG_ON, LOG_OFF)]
    await asyncio.gather(*(hears(call, "service-unavailable") for call in calls))
    for call in calls:
        assert not (await call.ended()).by_us


@pytest.mark.usefixtures("impatient")
async def test_that_the_service_hangs_is_told(phones: Phones, agi: Agi) -> None:
    agi.status = HANGS
    phone = await phones.agent("1000")
    calls = [await phone.dial(code) for code in (LOG_ON, LOG_OFF)]
    await asyncio.gather(*(hears(call, "service-unavailable") for call in calls))


async def test_who_logs_on_is_told_that_the_phone_is_not_to_be_disturbed(
    phones: Phones, agi: Agi, asterisk: Asterisk
) -> None:
    phone, other = await phones.agent("1000"), await phones.agent("2000")
    await asterisk.cli("devstate change Custom:DND1000 BUSY")
    agi.status = "ADDED"
    first, another = await phone.dial(LOG_ON), await other.dial(LOG_ON)
    await asyncio.gather(hears(first, "logged-on", "no-calls"), another.ended())
    assert prompt("no-calls") not in another.heard

    agi.status = "MEMBERALREADY"
    await hears(await phone.dial(LOG_ON), "already-logged-on", "no-calls")
    await asterisk.cli("devstate change Custom:DND1000 NOT_INUSE")


@pytest.mark.parametrize(("digit", "queue"), [("0", ""), ("1", "support")], ids=["all", "one"])
async def test_a_digit_says_which_queue(phones: Phones, agi: Agi, digit: str, queue: str) -> None:
    phone = await phones.agent("1000")
    for code, script in ((LOG_ON, "logon"), (LOG_OFF, "logoff")):
        await phone.dial(code + digit)
        await agi.was_asked(script, "PJSIP/1000", queue)


@pytest.mark.parametrize(("digit", "queue"), [("", "support"), ("0", ""), ("1", "support")])
async def test_with_another_star_a_number_is_asked_for(
    phones: Phones, agi: Agi, digit: str, queue: str
) -> None:
    agi.status = "ADDED"
    phone = await phones.agent("1000")
    call = await phone.dial(f"{LOG_ON}*{digit}")
    await hears(call, "enter-agent")
    await call.send_digits("71#")
    await agi.was_asked("logon", "PJSIP/1000", queue, "71")
    await hears(call, "logged-on")


async def test_a_pin_is_asked_for_until_it_is_right(phones: Phones, agi: Agi) -> None:
    agi.status = "PINREQUIRED"
    phone = await phones.agent("1000")
    call = await phone.dial(f"{LOG_ON}*")
    await hears(call, "enter-agent")
    await call.send_digits("71#")
    await hears(call, "enter-pin")
    agi.status = "WRONGPIN"
    await call.send_digits("4321#")
    await agi.was_asked("logon", "PJSIP/1000", "support", "71", "4321")
    await hears(call, "wrong-pin", "enter-pin")
    agi.status = "LOCKED"
    await call.send_digits("1234#")
    await agi.was_asked("logon", "PJSIP/1000", "support", "71", "1234")
    await hears(call, "pin-locked")
    assert not (await call.ended()).by_us


async def test_the_service_may_go_away_and_come_back_while_a_pin_is_asked_for(
    phones: Phones, asterisk: Asterisk
) -> None:
    phone = await phones.agent("1000")
    call = await phone.dial(f"{LOG_ON}*")
    await call.answered()
    async with Agi(asterisk.settings) as before:
        before.status = "PINREQUIRED"
        await call.send_digits("71#")
        await hears(call, "enter-pin")
    async with Agi(asterisk.settings) as after:
        after.status = "ADDED"
        await call.send_digits("1234#")
        await after.was_asked("logon", "PJSIP/1000", "support", "71", "1234")
        await hears(call, "logged-on")


@pytest.mark.parametrize(
    ("status", "sentence"),
    [("NOSUCHAGENT", "unknown-agent"), ("AGENTELSEWHERE", "agent-elsewhere")],
)
async def test_why_a_person_cannot_log_on_is_told(
    phones: Phones, agi: Agi, status: str, sentence: str
) -> None:
    agi.status = status
    phone = await phones.agent("1000")
    call = await phone.dial(f"{LOG_ON}*")
    await hears(call, "enter-agent")
    await call.send_digits("71#")
    await hears(call, sentence)
