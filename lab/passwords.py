"""Passwords that are made once and then stay, so that a softphone need be set up only once."""

import json
import secrets
from collections.abc import Iterable
from pathlib import Path


def passwords(file: Path, names: Iterable[str]) -> dict[str, str]:
    """Return a password for each name; those that the file does not have yet are added to it."""
    known: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    missing = [name for name in names if name not in known]
    if missing:
        known |= {name: secrets.token_urlsafe(9) for name in missing}
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(json.dumps(known, indent=2) + "\n")
    return known
