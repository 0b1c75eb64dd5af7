"""G.711 µ-law audio: 8,000 one-byte samples a second."""

import math

RATE = 8000
"""Samples, and so bytes, per second."""

_BIAS = 0x84
_CLIP = 0x7FFF - _BIAS
_LOUDNESS = 0.25


def encode(sample: int) -> int:
    """Return the µ-law code of a 16-bit linear sample."""
    sign = 0x80 if sample < 0 else 0
    magnitude = min(abs(sample), _CLIP) + _BIAS
    exponent = magnitude.bit_length() - 8
    mantissa = magnitude >> (exponent + 3) & 0x0F
    return ~(sign | exponent << 4 | mantissa) & 0xFF


def silence(seconds: float) -> bytes:
    """Return silence."""
    return bytes([encode(0)]) * round(seconds * RATE)


def tone(hertz: float, seconds: float) -> bytes:
    """Return a sine tone.

    One whose frequency is a multiple of 40 Hz repeats itself within 25 ms, so that a short tone is
    found in a longer one of the same frequency as soon as 25 ms more than its length were heard.
    """
    amplitude = _LOUDNESS * 0x7FFF
    samples = range(round(seconds * RATE))
    return bytes(encode(round(amplitude * math.sin(math.tau * hertz * n / RATE))) for n in samples)
