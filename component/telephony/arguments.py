"""What the dialplan may ask for in the arguments of `Stasis()`: a priority, and by name:

    timeout=300       how long to wait, in seconds
    min_penalty=1     QUEUE_MIN_PENALTY and QUEUE_MAX_PENALTY of app_queue
    max_penalty=5
    skills=french:2&billing    skills that the agent must have, with the least level or 1
    options=c         as app_queue's option c: go on here when the agent hangs up

What cannot be understood is said in the log and left out: the caller is not to suffer.
"""

from collections.abc import Callable, Iterable
from datetime import timedelta

import structlog

from component.domain.terms import Need, Terms

log = structlog.get_logger(__name__)


def terms(words: Iterable[str]) -> Terms:
    """Return what the arguments that have a name ask for."""
    found: dict[str, str] = {}
    for word in filter(None, words):
        name, _, value = word.partition("=")
        if name in _UNDERSTOOD and _UNDERSTOOD[name](value):
            found[name] = value
        else:
            log.error("argument of Stasis() not understood", argument=word)
    seconds = number(found.get("timeout", ""))
    need = Need(
        number(found.get("min_penalty", "")) or 0,
        number(found.get("max_penalty", "")),
        _skills(found.get("skills", "")) or frozenset(),
    )
    return Terms(
        need,
        timeout=timedelta(seconds=seconds) if seconds else None,
        continues="c" in found.get("options", ""),
    )


def priority_of(word: str) -> int:
    """Return what QUEUE_PRIO would say: a whole number, below 0 too; what is none is 0."""
    size = number(word.removeprefix("-"))
    if size is None:
        if word:
            log.error("argument of Stasis() not understood", argument=word)
        return 0
    return -size if word.startswith("-") else size


def number(word: str) -> int | None:
    """Return a number of at most nine digits, None if it is none."""
    return int(word) if word.isascii() and word.isdigit() and len(word) < 10 else None


def _skills(word: str) -> frozenset[tuple[str, int]] | None:
    skills = set()
    for part in filter(None, word.split("&")):
        name, colon, level = part.partition(":")
        least = number(level) if colon else 1
        if not name or not least:
            return None
        skills.add((name, least))
    return frozenset(skills)


_UNDERSTOOD: dict[str, Callable[[str], bool]] = {
    "timeout": lambda value: bool(number(value)),
    "min_penalty": lambda value: number(value) is not None,
    "max_penalty": lambda value: number(value) is not None,
    "skills": lambda value: _skills(value) is not None,
    "options": lambda value: set(value) <= {"c"},
}
