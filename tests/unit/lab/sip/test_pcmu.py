import pytest

from lab.sip.pcmu import encode, silence, tone

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("sample", "code"),
    [(0, 0xFF), (-1, 0x7F), (8, 0xFE), (1000, 0xCE), (-1000, 0x4E), (32767, 0x80), (-32768, 0x00)],
)
def test_samples_have_the_codes_of_g711(sample: int, code: int) -> None:
    assert encode(sample) == code


def test_silence_is_as_long_as_asked_for() -> None:
    assert silence(0.02) == b"\xff" * 160


def test_a_tone_is_found_in_a_longer_one_wherever_that_is_cut() -> None:
    short, long = tone(440, 0.1), tone(440, 0.5)
    assert all(short in long[cut:] for cut in range(400))


def test_tones_of_different_pitch_are_not_found_in_one_another() -> None:
    assert tone(440, 0.1) not in tone(600, 1.0)
