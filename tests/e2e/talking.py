"""People on the phone, and whether they hear each other."""

import asyncio
import itertools

from lab.sip import Call, tone

_pitches = itertools.cycle(range(400, 3200, 40))
"""Of tones, in hertz; none is heard twice in a call."""


async def hear_each_other(one: Call, other: Call) -> None:
    """Have both speak now, and wait until each has heard what the other says.

    Raises `CallEndedError` or `TimeoutError`.
    """
    await asyncio.gather(_hears(one, other), _hears(other, one))


async def _hears(listener: Call, speaker: Call) -> None:
    pitch = next(_pitches)
    await asyncio.gather(speaker.play(tone(pitch, 0.6)), listener.hears(tone(pitch, 0.2), 10))
