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
        HANGS: "service-unavailable",
    },
    "unpause": {
        "UNPAUSED": "unpaused",
        "NOTFOUND": "not-logged-on",
        "FAILED": "service-unavailable",
        HANGS: "service-unavailable",
    },
}


@pytest.mark.parametrize(
    ("code", "script", "queue"),
    [
        (PAUSE, "pause", ""),
        (f"{PAUSE}*1", "pause", "support"),
        (UNPAUSE, "unpause", ""),
        (f"{UNPAUSE}*1", "unpause", "support"),
    ],
)
async def test_each_outcome_is_told(
    phones: Phones, agi: Agi, code: str, script: str, queue: str
) -> None:
    phone = await phones.agent("1000")
    told = []
    for agi.status, sentence in OUTCOMES[script].items():
        agi.asked.clear()
        call = await phone.dial(code)
        await agi.was_asked(script, "PJSIP/1000", queue)
        told.append(hears(call, sentence))
    # The calls are under way at the same time.
    await asyncio.gather(*told)


async def test_that_the_service_is_away_is_told(phones: Phones) -> None:
    phone = await phones.agent("1000")
    calls = [await phone.dial(code) for code in (PAUSE, UNPAUSE)]
    await asyncio.gather(*(hears(call, "service-unavailable") for call in calls))
    for call in calls:
        assert not (await call.ended()).by_us
