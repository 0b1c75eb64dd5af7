"""Memory, where much is loaded at once and is there for good."""

import ctypes
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


def give_back() -> None:
    """Give the system the memory that is needed no longer, as malloc_trim(3) does.

    Tables that grow are copied from one block to the next, and glibc keeps those in between. Other
    libraries have no such function, and keep less.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
