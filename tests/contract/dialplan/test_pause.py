import asyncio

import pytest

from tests.contract.dialplan.conftest import Phones, hears
from tests.contract.dialplan.service import HANGS, Agi

pytestmark = pytest.mark.contract

PAUSE, UNPAUSE = "*72873", "*8672873"

OUTCOMES = {
    "pause": {
        "PAUSED": "paused",
        "NOTFOUND": "not-logged-on",
        "FAILED": "service-unavailable",
    },
    "unpause": {
        "UNPAUSED": "unpaused",
        "NOTFOUND": "not-logged-on",
        "FAILED": "service-unavailable",
    },
}


@pytest.mark.parametrize(
    ("code", "script", "wishes"),
    [
        (PAUSE, "pause", ("", "")),
        (f"{PAUSE}*1", "pause", ("support", "")),
        (f"{PAUSE}**2", "pause", ("", "lunch")),
        (f"{PAUSE}*1*3", "pause", ("support", "training")),
        (UNPAUSE, "unpause", ("",)),
        (f"{UNPAUSE}*1", "unpause", ("support",)),
    ],
)
async def test_each_outcome_is_told(
    phones: Phones, agi: Agi, code: str, script: str, wishes: tuple[str, ...]
) -> None:
    phone = await phones.agent("1000")
    told = []
    for agi.status, sentence in OUTCOMES[script].items():
        agi.asked.clear()
        call = await phone.dial(code)
        await agi.was_asked(script, "PJSIP/1000", *wishes)
        told.append(hears(call, sentence))
    # The calls are under way at the same time.
    await asyncio.gather(*told)


async def test_for_a_reason_that_there_is_not_nobody_is_paused(phones: Phones, agi: Agi) -> None:
    phone = await phones.agent("1000")
    calls = [await phone.dial(code) for code in (f"{PAUSE}**9", f"{PAUSE}*1*0")]
    await asyncio.gather(*(hears(call, "invalid-choice") for call in calls))
    assert agi.asked == []


async def test_that_the_service_is_away_is_told(phones: Phones) -> None:
    phone = await phones.agent("1000")
    calls = [await phone.dial(code) for code in (PAUSE, UNPAUSE)]
    await asyncio.gather(*(hears(call, "service-unavailable") for call in calls))
    for call in calls:
        assert not (await call.ended()).by_us


@pytest.mark.usefixtures("impatient")
async def test_that_the_service_hangs_is_told(phones: Phones, agi: Agi) -> None:
    agi.status = HANGS
    phone = await phones.agent("1000")
    calls = [await phone.dial(code) for code in (PAUSE, UNPAUSE)]
    await asyncio.gather(*(hears(call, "service-unavailable") for call in calls))
