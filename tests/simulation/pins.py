"""The PINs of people who log on at any desk, and what is to be said to whom keys one.

After three wrong PINs a person is refused for five minutes from the last of them, whatever is
keyed; the right one makes the wrong ones forgotten.
"""

from base64 import b64encode
from hashlib import scrypt

from component.domain.model import Person

TRIES = 3

LOCKED_SECONDS = 300.0

NOBODYS = "9999"
"""A number that nobody has."""

RIGHT, WRONG = "1234", "0000"

ADMITTED = "admitted"


def person(number: str) -> Person:
    """Return who has a number."""
    return Person(number, f"person{number}@example.com")


def is_somebody(number: str) -> bool:
    """Tell whether anybody has a number."""
    return number != NOBODYS


def has_pin(number: str) -> bool:
    """Tell whether somebody needs a PIN: every other one does."""
    return is_somebody(number) and number[-1:] in ("1", "3", "5", "7", "9")


def stored(number: str) -> str:
    """Return somebody's PIN as the store has it, hashed as quickly as it goes."""
    if not has_pin(number):
        return ""
    salt = number.encode()
    found = scrypt(RIGHT.encode(), salt=salt, n=2, r=1, p=1)
    return f"scrypt$2$1$1${b64encode(salt).decode()}${b64encode(found).decode()}"


class Slate:
    """The wrong PINs of one person, as somebody counts them who only sees the answers.

    When exactly a PIN was looked at is not known, and of one that was not answered in time, not
    whether it was at all.
    """

    def __init__(self) -> None:
        self._wrong = 0
        self._doubtful = 0
        self._last = (0.0, 0.0)
        """Between when and when the last one was looked at."""
        self._maybe_over = -1.0
        """When somebody was answered while it was not known whether the lock was over."""

    def answers(self, pin: str, begun: float, now: float, *, at_once: int = 1) -> set[str]:
        """Return what may be said to who keys a PIN, `at_once` several times."""
        fewest, most = self._wrong, self._wrong + self._doubtful + at_once - 1
        if now >= self._last[0] + LOCKED_SECONDS:
            fewest = 0
        if begun >= self._last[1] + LOCKED_SECONDS:
            most = at_once - 1
        return {_answer(pin, tries) for tries in range(fewest, most + 1)}

    def note(self, pin: str, answer: str, begun: float, now: float) -> None:
        """Take note of an answer."""
        if begun >= self._last[1] + LOCKED_SECONDS:
            self._wrong = self._doubtful = 0
        elif now >= self._last[0] + LOCKED_SECONDS:
            self._doubtful, self._wrong = self._doubtful + self._wrong, 0
            self._maybe_over = now
        match answer:
            case "FAILED":
                is_first = self._wrong + self._doubtful == 0
                self._doubtful += 1
                self._last = (begun if is_first else self._last[0], now)
            case "WRONGPIN":
                self._wrong = min(self._wrong + 1, TRIES - 1)
                self._last = (begun, now)
            case "LOCKED":
                self._lock(pin, begun, now)
            case _:
                self._wrong = self._doubtful = 0

    def _lock(self, pin: str, begun: float, now: float) -> None:
        """Take note that three were wrong: this one may be the third.

        Or it was keyed together with those that came after the end of an earlier lock.
        """
        if self._maybe_over == now and self._wrong:
            self._doubtful = TRIES - self._wrong
            return
        is_third = pin == WRONG and self._wrong < TRIES
        if is_third:
            surely = self._wrong + self._doubtful < TRIES
            self._last = (begun if surely else self._last[0], now)
        self._wrong, self._doubtful = TRIES, 0


def _answer(pin: str, tries: int) -> str:
    """Return what is said when so many wrong ones were keyed before."""
    if tries >= TRIES:
        return "LOCKED"
    if pin == RIGHT:
        return ADMITTED
    return "LOCKED" if tries + 1 == TRIES else "WRONGPIN"
