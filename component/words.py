"""Words of the code, as others spell them."""

import re

_BEFORE_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


def snake_case(name: str) -> str:
    """Return the name of a class as Prometheus spells words: `ItemPublished`, item_published."""
    return _BEFORE_CAPITAL.sub("_", name).lower()
