"""Keys that callers press while it is not known yet what there is in Asterisk."""

import asyncio
from datetime import UTC, datetime
from typing import cast

import pytest
from structlog.testing import capture_logs

from component.domain.events import AsteriskFound, CallerLeft, DigitPressed, Event
from component.ports import Directory, Snapshot, WaitingChannel
from component.telephony.asterisk import Asterisk
from tests.unit.telephony.test_asterisk import RingingAlone

pytestmark = pytest.mark.unit


def key(channel: str) -> dict[str, object]:
    return {"type": "ChannelDtmfReceived", "digit": "1", "channel": {"id": channel}}


async def nothing_to_show() -> None:
    """Stand in for the XMPP server."""


async def test_keys_are_told_of_once_it_was_compared_what_there_is() -> None:
    """What somebody hears who presses one may be cut off only by then."""
    ari, told = RingingAlone(), list[Event]()
    for early in (key("caller"), key("leaving")):
        ari.socket.says(early)
    ari.socket.says({"type": "StasisEnd", "channel": {"id": "leaving"}})

    async def compare(_found: Snapshot) -> tuple[WaitingChannel, ...]:
        told.append(AsteriskFound())
        return ()

    with capture_logs():
        whole = Asterisk(
            ari,
            "ivr",
            directory=cast(Directory, None),
            lookup_deadline=1,
            submit=told.append,
            reconcile=compare,
            acted_until=lambda: datetime.now(UTC),
            devices=list,
            shown=nothing_to_show,
        )
        running = asyncio.create_task(whole.run())
        async with asyncio.timeout(20):
            while not whole.state.up:
                await asyncio.sleep(0)
            ari.socket.says(key("later"))
            while DigitPressed("later", "1") not in told:
                await asyncio.sleep(0)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await whole.close()

    assert told[:4] == [
        CallerLeft("leaving"),
        AsteriskFound(),
        DigitPressed("caller", "1"),
        DigitPressed("later", "1"),
    ]
