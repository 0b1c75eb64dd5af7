"""People on the phone, and whether they hear each other."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import NoReturn

from lab.sip import Call, CallEndedError, silence, tone

PATIENCE = 20.0
"""Seconds that Asterisk may take, once told to connect people, until they hear each other."""

_pitches = itertools.cycle(range(400, 3200, 40))
"""Of tones, in hertz; none is heard twice in a call."""


async def hear_each_other(one: Call, other: Call) -> None:
    """Have both speak until each has heard what the other says, with nothing else in between.

    That they are to be connected may be known before they are. Raises `CallEndedError` or
    `TimeoutError`.
    """
    await asyncio.gather(hears(one, other), hears(other, one))


async def hears(listener: Call, speaker: Call) -> bytes:
    """Have one speak until the other has heard it, with nothing in between; return what.

    Raises `CallEndedError` or `TimeoutError`.
    """
    pitch = next(_pitches)
    speaking = asyncio.create_task(_speak(speaker, pitch))
    said = tone(pitch, 0.2)
    try:
        await listener.hears(said, PATIENCE)
    finally:
        speaking.cancel()
        await asyncio.gather(speaking, return_exceptions=True)
    return said


@asynccontextmanager
async def silent(*calls: Call) -> AsyncIterator[None]:
    """Have people say nothing meanwhile, at phones that send audio all the time, as most do."""
    sending = [asyncio.create_task(_send_silence(call)) for call in calls]
    try:
        yield
    finally:
        for task in sending:
            task.cancel()
        await asyncio.gather(*sending, return_exceptions=True)


async def hears_something(call: Call) -> bool:
    """Tell whether there is more than silence within the next half second, as music would be."""
    before = len(call.heard)
    await asyncio.sleep(0.5)
    return _sounds(call.heard[before:])


async def hears_nothing(call: Call) -> bool:
    """Tell whether there is but silence within the next half second."""
    return not await hears_something(call)


async def _send_silence(call: Call) -> None:
    with suppress(CallEndedError):
        while True:
            await call.play(silence(0.2))


async def _speak(speaker: Call, pitch: int) -> NoReturn:
    said = tone(pitch, 0.5)
    while True:
        await speaker.play(said)


def _sounds(audio: bytes) -> bool:
    """Tell whether there is more than silence in it; PCMU has two values for zero."""
    return len(audio) - audio.count(b"\xff") - audio.count(b"\x7f") > 800
