"""The settings of a queue one by one, as people read and write them: by name, each a text."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from enum import StrEnum
from functools import partial
from typing import get_type_hints

from component.domain.presence import conditions
from component.domain.queue import CallingBack, EmptyCondition, Queue

Value = str | int | float | bool
"""As it is stored: durations in seconds, lists as words separated by commas."""

TOO_MUCH = 10.0**9
"""Seconds and counts are less than this."""

_APART = frozenset({"name", "closed_until", "callback"})
"""The queue's key, what `close-queue` sets, and what has settings of its own."""

_CALLBACK = "callback_"

YES_OR_NO = ("yes", "no")


@dataclass(frozen=True, slots=True)
class Setting:
    """One of a queue's settings."""

    name: str
    choices: tuple[str, ...] | None
    """The values that there are; None takes more than can be named."""
    read: Callable[[str], Value]
    """Returns what is to be stored. Raises `ValueError`."""
    now: Callable[[Queue], str]
    """Returns it as it is."""


def _seconds(written: str) -> float:
    if not written.replace(".", "", 1).isdecimal() or not written.isascii():
        raise ValueError("takes seconds, like 30 or 0.5")
    if float(written) >= TOO_MUCH:
        raise ValueError("takes fewer seconds")
    return float(written)


def _whole(written: str) -> int:
    if not written.removeprefix("-").isdecimal() or not written.isascii():
        raise ValueError("takes a whole number")
    if abs(int(written)) >= TOO_MUCH:
        raise ValueError("takes a smaller number")
    return int(written)


def _yes(written: str) -> bool:
    return _one_of(YES_OR_NO, written) == "yes"


def _one_of(choices: tuple[str, ...], written: str) -> str:
    if written not in choices:
        raise ValueError(f"takes one of {', '.join(choices)}")
    return written


def _list(written: str) -> str:
    return ",".join(word.strip() for word in written.split(","))


def _conditions(name: str, written: str) -> str:
    try:
        conditions(written, joining=name == "joinempty")
    except ValueError as error:
        raise ValueError(f"takes words with commas: {error}") from error
    return _list(written)


def _written(name: str, value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case timedelta():
            return f"{value.total_seconds():g}"
        case tuple():
            return ",".join(value)
        case frozenset():
            never = "yes" if name == "joinempty" else "no"
            return ",".join(sorted(condition.value for condition in value)) or never
        case _:
            return str(value)


def _read(name: str, kind: object) -> tuple[tuple[str, ...] | None, Callable[[str], Value]]:
    """Return the values that there are of a kind, and what reads one."""
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        choices = tuple(member.value for member in kind)
        return choices, partial(_one_of, choices)
    if kind == frozenset[EmptyCondition]:
        return None, partial(_conditions, name)
    readers: Mapping[object, Callable[[str], Value]] = {
        timedelta: _seconds, int: _whole, str: str, tuple[str, ...]: _list, bool: _yes,
    }  # fmt: skip
    return YES_OR_NO if kind is bool else None, readers[kind]


def _settings(
    record: type[Queue | CallingBack], prefix: str, part: Callable[[Queue], object]
) -> Iterator[Setting]:
    kinds = get_type_hints(record)
    for field in fields(record):
        if record is Queue and field.name in _APART:
            continue
        name = prefix + field.name
        yield Setting(name, *_read(name, kinds[field.name]), partial(_now, part, name, field.name))


def _now(part: Callable[[Queue], object], name: str, attribute: str, queue: Queue) -> str:
    return _written(name, getattr(part(queue), attribute))


SETTINGS: Mapping[str, Setting] = {
    setting.name: setting
    for setting in (
        *_settings(Queue, "", lambda queue: queue),
        *_settings(CallingBack, _CALLBACK, lambda queue: queue.callback),
    )
}
"""By name, as the columns of the store are called."""
