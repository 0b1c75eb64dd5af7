"""What agents can do, as people write it: `french:2, billing`. A level that is not given is 1."""

from collections.abc import Mapping

HIGHEST = 10**9
"""Levels are less than this."""


def read(written: str) -> dict[str, int]:
    """Return levels by skill. Raises `ValueError`."""
    skills: dict[str, int] = {}
    for part in filter(None, (part.strip() for part in written.split(","))):
        name, colon, level = (word.strip() for word in part.partition(":"))
        if not name or "&" in name or name in skills:
            raise ValueError("names each skill once, like french:2, billing:1")
        if colon and not (level.isascii() and level.isdecimal() and int(level) < HIGHEST):
            raise ValueError(f"gives {name} a level that is no whole number")
        skills[name] = int(level) if colon else 1
    return skills


def written(skills: Mapping[str, int]) -> str:
    """Return it as `read` reads it."""
    return ", ".join(f"{name}:{level}" for name, level in skills.items())
