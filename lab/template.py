"""Server configuration with placeholders: `@NAME@` is filled in where the files are installed."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

PLACEHOLDER = re.compile(r"@([A-Z][A-Z0-9_]*)@")


def fill(text: str, values: Mapping[str, object]) -> str:
    """Return the text with its placeholders replaced. Raises KeyError for one without a value."""
    return PLACEHOLDER.sub(lambda match: str(values[match[1]]), text)


def install(sources: Iterable[Path], target: Path, values: Mapping[str, object]) -> None:
    """Write each source file, filled in, to the directory `target`.

    Raises KeyError for a placeholder without a value.
    """
    for source in sources:
        write_private(target / source.name, fill(source.read_text(), values))


def write_private(path: Path, text: str) -> None:
    """Write a file, and the directories above it, that may hold secrets."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(text)
