"""The garbage collector of Python, kept away from what is there for good."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collected_never() -> Iterator[None]:
    """Let the collector look neither while much is made, nor at any of it later.

    Nearly half of the time to load a large state would go into looking through it for garbage, time
    and again; and the event loop would stand still whenever that is done later. What is replaced or
    deleted is freed all the same: that takes no collector, unless objects refer to one another.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
