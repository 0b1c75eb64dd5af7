"""Telephone numbers that we may call: an allow-list in the dialplan's own language.

A pattern begins with `_`. Then `X` is any digit, `Z` one from 1 to 9, `N` one from 2 to 9, `[13-5]`
one of these, and a final `.` one digit or more; anything else stands for itself. Without `_` the
pattern is the number. What else the dialplan has in patterns, letters above all, is left out: a
number that is none never matches, whatever the pattern says.
"""

import re

_NUMBER = re.compile(r"\+?[0-9]{1,20}")

_PLACE = re.compile(r"\[[^]]*\]|.", re.DOTALL)

_ALL = "0123456789"

_CLASSES = {"X": _ALL, "Z": _ALL[1:], "N": _ALL[2:]}


def is_number(text: str) -> bool:
    """Tell whether this is a telephone number, and nothing that Asterisk could read otherwise."""
    return _NUMBER.fullmatch(text) is not None


def matches(pattern: str, number: str) -> bool:
    """Tell whether a number is one of those that a pattern describes."""
    if not pattern.startswith("_"):
        return pattern == number
    places = _PLACE.findall(pattern[1:])
    if places and places[-1] == ".":
        places[-1] = "X"
        places += ["X"] * (len(number) - len(places))
    return len(places) == len(number) and all(map(_fits, places, number))


def _fits(place: str, character: str) -> bool:
    if place.startswith("["):
        return character in _listed(place[1:-1])
    return character in _CLASSES.get(place, place)


def _listed(members: str) -> str:
    """Return the digits of a set such as `13-5`."""
    return re.sub(r"(\d)-(\d)", lambda ends: _ALL[int(ends[1]) : int(ends[2]) + 1], members)
